"""What a service does with a request whose server fails, with a real Traefik: one server refuses, or answers 503."""

from email.message import Message

import httpx
import pytest

from tests.e2e.traffic import HOST, expose, goes_on, load, spread
from tests.running import NamedServer, Service, Traefik, cases, named_servers, wait_until


class Failing(NamedServer):
    """A server that answers with this status, and with its name."""

    status = 200

    def answer(self, path: str, headers: Message) -> tuple[int, str]:
        return (int(path[1:]) if path[1:].isdecimal() else self.status), self.name


def stop(server: NamedServer) -> None:
    """Let a server refuse connections."""
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("refuses", [True, False], ids=["refuses", "answers-503"])
def test_with_failing_servers_kept_out_one_costs_no_request_however_often_edges_reload(
    client: httpx.Client, service: Service, traefik: Traefik, refuses: bool
) -> None:
    failing = Failing("c")
    with named_servers("a", "b") as (a, b):
        expose(client, (a, 1), (b, 1), (failing, 1), onFailure="hold-back")
        traefik.wait_for(service)
        with load(traefik.web, clients=cases(2, 8)) as requests:
            goes_on(requests)
            stop(failing) if refuses else setattr(failing, "status", 503)
            for number in range(cases(3, 60)):
                client.put(f"/services/other-{number}", json={}).raise_for_status()
                goes_on(requests, 100)
        assert requests.failures == []
    if not refuses:
        stop(failing)


def test_without_it_the_failure_reaches_visitors(client: httpx.Client, service: Service, traefik: Traefik) -> None:
    failing = Failing("b")
    with named_servers("a") as (a,):
        expose(client, (a, 1), (failing, 1))
        traefik.wait_for(service)
        failing.status = 503
        assert {traefik.get(HOST).status_code for _ in range(10)} == {200, 503}
        client.patch("/services/alvin", json={"onFailure": "retry"}).raise_for_status()
        traefik.wait_for(service)
        assert {traefik.get(HOST).status_code for _ in range(10)} == {200}
        client.patch("/services/alvin", json={"onFailure": "none"}).raise_for_status()
        traefik.wait_for(service)
        assert {traefik.get(HOST).status_code for _ in range(10)} == {200, 503}
        assert "provider.retry" not in traefik.objects("middlewares")
    stop(failing)


def test_what_fails_is_held_back_and_an_error_page_takes_all_out(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    servers = Failing("a"), Failing("b")
    expose(client, *((server, 1) for server in servers), onFailure="hold-back")
    traefik.wait_for(service)
    assert spread(traefik, 10) == {"a": 5, "b": 5}
    for _ in servers:
        assert traefik.get(HOST, "/500").status_code == 500  # a page that always fails
    assert traefik.get(HOST).status_code == 503
    wait_until(lambda: traefik.get(HOST).status_code == 200, "the servers are back after ten seconds")
    for server in servers:
        stop(server)
