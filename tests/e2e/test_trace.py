"""What the page of traces sends for real: through the edge's own entry point, bounded, and counted honestly."""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import Message

import httpx
import pytest

from provider.sample import SampleServer
from tests.e2e.traffic import HOST, expose
from tests.running import NamedServer, Service, Traefik, free_port, http_client, running_servers, wait_until
from tests.web.test_rendering import Outline

REQUESTS = 60


class Told(NamedServer):
    """A server that notes what it was asked, and how many asked at the same time."""

    def __init__(self, name: str) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.at_once = 0
        self.most_at_once = 0
        self.held = threading.Event()
        self.held.set()
        self._counting = threading.Lock()
        super().__init__(name)

    def answer(self, path: str, headers: Message) -> tuple[int, str]:
        with self._counting:
            self.asked.append((path, dict(headers)))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        self.held.wait(30)
        with self._counting:
            self.at_once -= 1
        return 200, f"{self.name} says hello"


@pytest.fixture
def pages(service: Service) -> Iterator[httpx.Client]:
    with http_client(service.url, headers={"Accept": "text/html"}) as made:
        yield made


@pytest.fixture
def servers() -> Iterator[Sequence[Told]]:
    with running_servers(Told("a"), Told("b"), Told("c")) as running:
        yield running


@contextmanager
def sample_servers(*names: str) -> Iterator[Sequence[SampleServer]]:
    """Run the servers of the demo, which name themselves."""
    running = [SampleServer(name, 0) for name in names]
    for server in running:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield running
    finally:
        for server in running:
            server.shutdown()
            server.server_close()


def known(pages: httpx.Client, url: str = f"http://{HOST}/") -> bool:
    """Tell whether the entry point has been read back from Traefik's API."""
    page = pages.get("/trace", params={"url": url}).text
    return 'action="/trace/send"' in page


def send(pages: httpx.Client, **fields: str) -> str:
    """Press the button, and return the path of the page that counts the answers."""
    wait_until(lambda: known(pages, fields.get("url", f"http://{HOST}/")), "the entry point is known")
    asked = {"url": f"http://{HOST}/", "method": "GET", "headers": "", "client": "", "entry_point": "web", **fields}
    answer = pages.post("/trace/send", data=asked)
    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert location.startswith("/trace/sent/")
    return str(location)


def is_over(pages: httpx.Client, location: str) -> bool:
    return "hx-trigger" not in pages.get(location).text.partition('id="results"')[2].partition(">")[0]


def result(pages: httpx.Client, location: str) -> str:
    """Wait until all is over, and return what the page says then."""
    wait_until(lambda: is_over(pages, location), "all requests are answered")
    outline = Outline(pages.get(location).text.replace("</t", " </t"))  # each cell is a word of its own
    assert outline.open == []
    return " ".join(outline.text.split())


def test_the_servers_that_name_themselves_answer_as_the_weights_promise(
    client: httpx.Client, pages: httpx.Client, service: Service, traefik: Traefik
) -> None:
    with sample_servers("a", "b", "c") as samples:
        weights = {"a": 3, "b": 2, "c": 1}
        listed = [{"name": f"my-{s.name}", "url": f"http://{s.address}", "weight": weights[s.name]} for s in samples]
        client.post("/expose", json={"domain": HOST, "servers": listed}).raise_for_status()
        traefik.wait_for(service)
        said = result(pages, send(pages))
        assert [sample.count for sample in samples] == [30, 20, 10]
    assert f"All 60 requests went through the entry point web of the edge default, at {traefik.web}." in said
    assert "Server Answered Expected my-a 30 30 my-b 20 20 my-c 10 10" in said
    assert "The servers themselves say which one answered, in the header X-Served-By" in said
    assert "do not name their server" not in said


def test_the_sticky_cookie_tells_the_server_and_binds_no_request_to_it(
    client: httpx.Client, pages: httpx.Client, service: Service, traefik: Traefik, servers: Sequence[Told]
) -> None:
    a, b, _c = servers
    expose(client, (a, 3), (b, 1))
    client.patch("/services/alvin", json={"sticky": {"cookie": {"name": "stays"}}}).raise_for_status()
    traefik.wait_for(service)
    said = result(pages, send(pages))
    assert "Server Answered Expected a 45 45 b 15 15" in said
    assert "The cookie stays, which Traefik set on each response" in said
    assert (len(a.asked), len(b.asked)) == (45, 15)
    assert not [headers for _path, headers in a.asked + b.asked if "Cookie" in headers]


def test_where_nothing_tells_the_server_it_is_said_and_not_guessed(
    client: httpx.Client, pages: httpx.Client, service: Service, traefik: Traefik, servers: Sequence[Told]
) -> None:
    a, b, _c = servers
    expose(client, (a, 2), (b, 1))
    traefik.wait_for(service)
    said = result(pages, send(pages))
    assert "60 responses do not say which server sent them, and neither does Traefik." in said
    assert "40 200 a says hello 20 200 b says hello" in said
    assert "Who answered" not in said


def test_the_request_is_sent_as_it_was_typed(
    client: httpx.Client, pages: httpx.Client, service: Service, traefik: Traefik, servers: Sequence[Told]
) -> None:
    a, *_ = servers
    expose(client, (a, 1))
    traefik.wait_for(service)
    result(
        pages, send(pages, url=f"{HOST}/caf\u00e9 au lait?q=\u00fc&q=2#top", headers="X-Team: video\nUser-Agent: mine")
    )
    assert {path for path, _headers in a.asked} == {"/caf%C3%A9%20au%20lait?q=%C3%BC&q=2"}
    headers = a.asked[0][1]
    assert (headers["Host"], headers["X-Team"], headers["User-Agent"]) == (HOST, "video", "mine")


def test_the_result_is_reloaded_without_sending_again(
    client: httpx.Client, pages: httpx.Client, service: Service, traefik: Traefik, servers: Sequence[Told]
) -> None:
    a, *_ = servers
    expose(client, (a, 1))
    traefik.wait_for(service)
    location = send(pages)
    said = result(pages, location)
    assert [result(pages, location).partition(" ago")[2] for _ in range(3)] == [said.partition(" ago")[2]] * 3
    assert len(a.asked) == REQUESTS


def test_there_are_few_requests_at_a_time_and_few_trials(
    client: httpx.Client, pages: httpx.Client, service: Service, traefik: Traefik, servers: Sequence[Told]
) -> None:
    a, *_ = servers
    expose(client, (a, 1))
    traefik.wait_for(service)
    wait_until(lambda: known(pages), "the entry point is known")
    a.held.clear()
    first, second = send(pages), send(pages)
    wait_until(lambda: a.at_once == 8, "four of each are on their way")
    third = pages.post("/trace/send", data={"url": f"http://{HOST}/"})
    assert third.headers["Location"].startswith("/trace?")
    assert "Other requests are being sent." in pages.get(third.headers["Location"]).text
    assert "0 of 60 answered" in pages.get(first).text
    a.held.set()
    for location in (first, second):
        result(pages, location)
    assert a.most_at_once == 8
    assert len(a.asked) == 2 * REQUESTS


@pytest.mark.soak
def test_who_does_not_answer_is_not_waited_for_for_ever(
    client: httpx.Client, pages: httpx.Client, service: Service, traefik: Traefik, servers: Sequence[Told]
) -> None:
    a, *_ = servers
    expose(client, (a, 1))
    traefik.wait_for(service)
    a.held.clear()
    location = send(pages)
    wait_until(lambda: is_over(pages, location), "the time is up", 60)
    said = result(pages, location)
    a.held.set()
    assert "No answer within 5 s." in said
    assert "Time ran out before it was answered." in said
    assert len(a.asked) <= REQUESTS


def test_a_server_that_is_gone_is_told_by_the_statuses(
    client: httpx.Client, pages: httpx.Client, service: Service, traefik: Traefik, servers: Sequence[Told]
) -> None:
    a, *_ = servers
    listed = [
        {"name": "a", "url": a.url, "weight": 1},
        {"name": "gone", "url": f"http://127.0.0.1:{free_port()}", "weight": 1},
    ]
    client.post("/expose", json={"domain": HOST, "servers": listed}).raise_for_status()
    traefik.wait_for(service)
    said = result(pages, send(pages))
    assert "200: 30" in said
    assert "502: 30 \u00b7 Traefik asked a server that did not answer" in said


def test_an_application_with_https_is_asked_over_tls_by_its_name(
    client: httpx.Client, pages: httpx.Client, service: Service, traefik: Traefik
) -> None:
    with sample_servers("a", "b") as samples:
        listed = [{"name": s.name, "url": f"http://{s.address}"} for s in samples]
        body = {"domain": HOST, "servers": listed, "tls": {"from": "stored"}}
        client.post("/expose", json=body).raise_for_status()
        traefik.wait_for(service)
        said = result(pages, send(pages, url=f"https://{HOST}/", entry_point=""))
        assert [sample.count for sample in samples] == [30, 30]
        page = pages.get("/trace", params={"url": f"https://{HOST}/"}).text
    assert "All 60 requests went through the entry point websecure" in said
    assert re.search(r"60 real requests go to the edge default at <code>https://127\.0\.0\.1:\d+</code>", page)
