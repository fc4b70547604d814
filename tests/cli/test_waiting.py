"""Commands that write wait for the edges when they are asked to, and tell what is live where."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from provider.cli.client import Client, Unreachable
from tests.cli.running import Run, silence
from tests.running import Service, http_client

StartService = Callable[..., Service]

EXPOSE = ("expose", "alvin.xyz", "http://127.0.0.1:3000")
POLL = "/traefik/configuration?edge="


@pytest.fixture
def own(start_service: StartService) -> Service:
    """A service that knows no edge."""
    return start_service(coalesce_ms=0)


@pytest.fixture
def own_cli(run: Run, own: Service, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command against that service."""
    monkeypatch.setenv("PROVIDER_URL", own.url)
    return run


@contextmanager
def polling(service: Service, edge: str) -> Iterator[None]:
    """Poll as an edge whose own API nobody knows."""
    over = threading.Event()
    with http_client(service.url) as client:
        client.get(POLL + edge).raise_for_status()

        def poll() -> None:
            while not over.is_set():
                client.get(f"{POLL}{edge}&wait=1").raise_for_status()

        thread = threading.Thread(target=poll)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@contextmanager
def poll_twice(service: Service, edge: str) -> Iterator[None]:
    """Poll as an edge, which came back once, and will not come back for another document."""
    with http_client(service.url) as before, http_client(service.url) as client:
        for connection in (before, client):  # the first poll on each is answered at once
            connection.get(f"{POLL}{edge}&wait=5").raise_for_status()
        yield


@pytest.mark.usefixtures("traefik", "exposed")
@pytest.mark.parametrize(
    "command",
    [
        "domain add belajar.example",
        "service set wayshub --strategy p2c",
        "server set wayshub c http://127.0.0.1:3003 --create",
        "router remove wayshub",
    ],
)
def test_a_change_that_was_waited_for_is_told_to_be_live(cli: Run, command: str) -> None:
    done, *warnings, live = cli(*command.split(), "--wait", "10").check().out.splitlines()
    assert all(line.startswith("Warning: ") for line in warnings)
    assert "(revision " in done
    assert live == "Live on every edge."


@pytest.mark.usefixtures("traefik", "exposed")
def test_what_is_told_to_be_live_is_what_traefik_runs(cli: Run, service: Service) -> None:
    cli("server", "set", "wayshub", "a", "--weight", "9", "--wait", "10").check()
    [edge] = json.loads(cli("edge", "list", "-o", "json").check().out)
    assert (edge["state"], edge["running"]) == ("live", service.digest())


@pytest.mark.usefixtures("traefik", "exposed")
def test_programs_get_the_object_alone_when_it_is_live(cli: Run, client: httpx.Client) -> None:
    out = cli("server", "set", "wayshub", "a", "--weight", "7", "--wait", "10", "-o", "json").check().out
    assert json.loads(out)["weight"] == 7
    assert json.loads(out).keys() == client.get("/services/wayshub/servers/a").json().keys()
    removed = cli("router", "remove", "wayshub", "--wait", "10", "-o", "json")
    unused = "Warning: no router takes requests for alvin.xyz: Traefik answers 404"
    unreached = "Warning: no router points to the service wayshub"
    assert (removed.status, removed.out, removed.err.splitlines()) == (0, "", [unused, unreached])


def test_an_edge_that_does_not_fetch_the_change_is_named_with_why(own_cli: Run, own: Service) -> None:
    with poll_twice(own, "paris"):
        told = own_cli(*EXPOSE, "--wait", "1")
    assert told.status == 3
    assert told.out.startswith("Exposed alvin.xyz (revision 1).\n")
    head, edge = told.err.splitlines()
    assert head == "The change is saved, but was not seen live on every edge:"
    assert edge == "  paris is pending: it has not fetched revision 1 yet"


def test_programs_get_the_object_and_the_exit_status_when_it_is_not_live(own_cli: Run, own: Service) -> None:
    with poll_twice(own, "paris"):
        told = own_cli(*EXPOSE, "--wait", "1", "-o", "json")
    assert told.status == 3
    assert json.loads(told.out)["name"] == "alvin"
    assert "  paris is pending: " in told.err


def test_nobody_waits_for_an_edge_that_can_never_tell(own_cli: Run, own: Service) -> None:
    with polling(own, "plain"):
        told = own_cli(*EXPOSE, "--wait", "300")  # longer than any test may take
    assert told.status == 3
    assert "  plain is unconfirmed: it was given revision 1; the address of its API is not set" in told.err
    assert "set PROVIDER_TRAEFIK_API to its URL" in told.err


def test_expose_waits_by_itself_and_leaves_the_exit_status_alone(own_cli: Run, own: Service) -> None:
    with polling(own, "plain"):
        told = own_cli(*EXPOSE)
    assert told.status == 0
    assert "\nTry it: curl " in told.out
    assert "  plain is unconfirmed: " in told.err


@pytest.mark.usefixtures("traefik")
def test_expose_tells_that_it_is_live(cli: Run) -> None:
    assert "\nLive on every edge.\nTry it: " in cli(*EXPOSE).check().out


def test_expose_does_not_wait_when_it_is_told_not_to(own_cli: Run, own: Service) -> None:
    with poll_twice(own, "paris"):
        out = own_cli(*EXPOSE, "--wait", "0").check().out
    assert "Exposed alvin.xyz" in out
    assert "ive on" not in out


@pytest.mark.usefixtures("traefik", "exposed")
def test_a_router_that_the_edge_disabled_is_not_told_to_be_live(cli: Run) -> None:
    warning = (
        "Warning: edge default has no entry point nope (it has other, traefik, web, websecure): "
        "it disables the router shop, and requests get 404"
    )
    add = (
        "router",
        "add",
        "shop",
        "--service",
        "wayshub",
        "--domain",
        "alvin.xyz",
        "--path-prefix",
        "/shop",
        "--entry-point",
    )
    cli("domain", "add", "budi.xyz", "--wait", "20").check()
    assert warning in cli(*add, "nope", "--dry-run").check().out.splitlines()
    told = cli(*add, "nope", "--wait", "20")
    assert (told.status, warning in told.out.splitlines()) == (3, True)
    head, edge = told.err.splitlines()
    assert head == "The change is saved, but was not seen live on every edge:"
    assert edge.startswith("  default is degraded: it disabled router shop: ")

    other = cli("expose", "budi.xyz", "http://127.0.0.1:3000", "--wait", "20")
    assert (other.status, "\nLive on every edge.\n" in other.out) == (0, True)
    assert other.err.startswith("Edge default is degraded: it runs revision ")

    again = cli("router", "set", "shop", "--entry-point", "nope", "--wait", "20")
    assert again.status == 3
    partly = cli("router", "set", "shop", "--entry-point", "web", "--entry-point", "nope", "--wait", "20")
    assert partly.status == 3
    assert "Warning: edge default has no entry point nope: it serves the router shop on web only" in partly.out
    assert "  default is degraded: it serves only in part router shop: " in partly.err
    mended = cli("router", "set", "shop", "--entry-point", "web", "--wait", "20").check()
    assert mended.out.endswith("\nLive on every edge.\n")


def test_without_an_edge_nothing_is_told_to_be_live(own_cli: Run) -> None:
    told = "No Traefik is connected yet: the change is saved, and goes live as soon as one connects."
    added = own_cli("service", "add", "api", "--wait", "5")
    assert (added.status, added.out.splitlines()[-1]) == (3, told)
    written = own_cli("service", "set", "api", "--strategy", "p2c", "--wait", "5", "-o", "json")
    unreached = "Warning: no router points to the service api"
    assert (written.status, written.err) == (3, f"{unreached}\n{told}\n")
    assert json.loads(written.out)["strategy"] == "p2c"


def test_a_refused_change_waits_for_nothing(own_cli: Run) -> None:
    assert own_cli("service", "set", "nope", "--strategy", "p2c", "--wait", "60").error() == "there is no service nope"


@pytest.mark.parametrize("time", ["-1", "301", "5m1s", "1.5", "x"])
def test_a_time_that_is_none_is_a_usage_error(run: Run, time: str) -> None:
    assert run("service", "add", "api", "--wait", time).usage_error().startswith("Invalid value for '--wait'")


@pytest.mark.parametrize("time", ["300", "300s", "5m", "1500ms"])
def test_how_long_to_wait_is_a_time_or_a_number_of_seconds(own_cli: Run, time: str) -> None:
    assert own_cli("service", "add", "api", "--wait", time).status == 3  # no edge polls


def test_the_time_to_wait_comes_on_top_of_the_time_for_an_answer() -> None:
    with silence() as url, Client(url, timeout_seconds=0.1, wait_seconds=1) as client:
        with pytest.raises(Unreachable, match=r"did not answer within 0\.1 s"):
            client.get("/domains/alvin.xyz")
        with pytest.raises(Unreachable, match=r"did not answer within 1\.1 s; the change may have been made"):
            client.post("/domains", {"name": "alvin.xyz"})
