"""What a service can be told, shows in Traefik and works there."""

from email.message import Message

import httpx
import pytest

from tests.e2e.acting import acts
from tests.e2e.traffic import HOST, expose, spread
from tests.running import NamedServer, Service, Traefik, fetch, http_client, named_servers, running_servers, wait_until


class HostServer(NamedServer):
    """A server that answers with the Host header that it was sent."""

    def answer(self, path: str, headers: Message) -> tuple[int, str]:
        return 200, str(headers["Host"])


class SickServer(NamedServer):
    """A server whose health a test decides."""

    healthy = True

    def answer(self, path: str, headers: Message) -> tuple[int, str]:
        return 200 if self.healthy or path != "/health?deep=1" else 500, self.name


def shown(traefik: Traefik, name: str = "alvin") -> dict[str, object]:
    """Return a service's load balancer as Traefik has it."""
    found = fetch(f"{traefik.api}/api/http/services/{name}@http").raise_for_status().json()
    assert found["status"] == "enabled"
    balancer: dict[str, object] = found["loadBalancer"]
    return balancer


@acts("http.services.*.loadBalancer.strategy")
@pytest.mark.parametrize("strategy", ["wrr", "p2c", "hrw", "leasttime"])
def test_each_strategy_shows_in_traefik_and_serves(
    client: httpx.Client, service: Service, traefik: Traefik, strategy: str
) -> None:
    with named_servers("a", "b") as (a, b):
        expose(client, (a, 1), (b, 1))
        client.patch("/services/alvin", json={"strategy": strategy}).raise_for_status()
        traefik.wait_for(service)
        assert shown(traefik)["strategy"] == strategy
        answered = spread(traefik, 20)
        assert answered.total() == 20
        if strategy == "wrr":
            assert answered == {"a": 10, "b": 10}
        if strategy == "hrw":  # one client, one server
            assert len(answered) == 1


def test_a_sticky_cookie_keeps_a_client_until_its_server_is_drained(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    with named_servers("a", "b") as (a, b), http_client(headers={"Host": HOST}) as browser:
        expose(client, (a, 1), (b, 1))
        client.patch("/services/alvin", json={"sticky": {"cookie": {"name": "Way_s-1"}}}).raise_for_status()
        traefik.wait_for(service)
        assert shown(traefik)["sticky"] == {"cookie": {"name": "Way_s-1", "path": "/"}}
        first = browser.get(traefik.web).text
        assert "Way_s-1" in browser.cookies
        assert {browser.get(traefik.web).text for _ in range(10)} == {first}
        assert spread(traefik, 10) == {"a": 5, "b": 5}
        client.patch(f"/services/alvin/servers/{first}", json={"state": "drain"}).raise_for_status()
        traefik.wait_for(service)
        assert {browser.get(traefik.web).raise_for_status().text for _ in range(10)} == {"a", "b"} - {first}


@acts("http.services.*.loadBalancer.passHostHeader")
def test_pass_host_header_decides_which_host_a_server_sees(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    with running_servers(HostServer("a")) as (a,):
        expose(client, (a, 1))
        traefik.wait_for(service)
        assert shown(traefik)["passHostHeader"] is True
        assert traefik.get(HOST).text == HOST
        client.patch("/services/alvin", json={"passHostHeader": False}).raise_for_status()
        traefik.wait_for(service)
        assert shown(traefik)["passHostHeader"] is False
        assert traefik.get(HOST).text == f"127.0.0.1:{a.server_port}"


def test_a_health_check_takes_a_sick_server_out_and_back(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    check = {"path": "/health?deep=1", "interval": "100ms", "timeout": "100ms"}
    with running_servers(SickServer("a"), SickServer("b")) as (a, b):

        def statuses() -> dict[str, str]:
            found = fetch(f"{traefik.api}/api/http/services/alvin@http").raise_for_status().json()
            return dict(found.get("serverStatus", {}))

        expose(client, (a, 1), (b, 1), healthCheck=check)
        traefik.wait_for(service)
        told = shown(traefik)["healthCheck"]
        assert isinstance(told, dict)
        assert check.items() <= told.items()
        assert statuses() == {a.url: "UP", b.url: "UP"}
        b.healthy = False
        wait_until(lambda: statuses() == {a.url: "UP", b.url: "DOWN"}, "b is down")
        assert spread(traefik, 10) == {"a": 10}
        b.healthy = True
        wait_until(lambda: statuses() == {a.url: "UP", b.url: "UP"}, "b is up again")
        assert spread(traefik, 10) == {"a": 5, "b": 5}


def test_each_way_to_write_a_duration_is_read_by_traefik(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    written = ["100ms", "0.1s", "000001s", "1m30s", "0.5m", "1h", "59m59s999.999ms", "0h0m0.250s"]
    for number, interval in enumerate(written):
        check = {"interval": interval, "timeout": "100ms"}
        client.put(f"/services/s{number}", json={"healthCheck": check}).raise_for_status()
    traefik.wait_for(service)
    assert {service["status"] for service in traefik.objects("services").values()} == {"enabled"}
    assert len(traefik.objects("services")) == len(written)


@pytest.mark.parametrize(
    "interval", ["\u0665s", "\uff15s", "5\u200bs", "+5s", "1_0s", "5", "5 s", ".5s", "5.s", "5us", "1d", "1e1s"]
)
def test_a_duration_that_traefik_would_not_read_is_refused(client: httpx.Client, interval: str) -> None:
    # One of them in the document, and Traefik would reject it as a whole.
    client.put("/services/s", json={}).raise_for_status()
    answer = client.patch("/services/s", json={"healthCheck": {"interval": interval, "timeout": "100ms"}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/healthCheck/interval"
