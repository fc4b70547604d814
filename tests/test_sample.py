"""The sample server, as a process and as a page."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.running import http_client


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A sample server `x&y` that was started by hand, on a port that is free."""
    command = [sys.executable, "-m", "provider.sample", "x&y"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        told = process.stdout.readline()
        found = re.fullmatch(r"Sample server x&y listens on (http://127\.0\.0\.1:\d+); Ctrl-C stops it\.\n", told)
        assert found
        try:
            yield found[1]
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()


@pytest.fixture
def asking(url: str) -> Iterator[httpx.Client]:
    with http_client(url) as client:
        yield client


def test_it_answers_its_name(asking: httpx.Client) -> None:
    answer = asking.get("/any/path?at=all")
    assert answer.text == "sample server x&y\n"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_it_answers_any_method_alike(asking: httpx.Client, method: str) -> None:
    for _ in range(2):
        assert asking.request(method, "/", content=b"x" * 10_000).text == "sample server x&y\n"


def test_it_sends_no_body_to_head(asking: httpx.Client) -> None:
    answer = asking.head("/")
    assert answer.headers["Content-Length"] == "18"
    assert answer.content == b""


def test_its_page_shows_what_was_sent_as_text(asking: httpx.Client) -> None:
    headers = {"Accept": "text/html", "X-Forwarded-Server": "<b>bold</b>", "Host": '"><i>'}
    page = asking.get("/", headers=headers).text
    assert "<h1>Sample server x&amp;y</h1>" in page
    assert "on &lt;b&gt;bold&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "<i>" not in page


def test_its_page_tells_whether_a_proxy_stands_in_front(asking: httpx.Client) -> None:
    assert "<dt>Proxy</dt><dd>none</dd>" in asking.get("/", headers={"Accept": "text/html"}).text
    behind = asking.get("/", headers={"Accept": "text/html", "X-Forwarded-Server": "laptop"}).text
    assert "<dt>Proxy</dt><dd>on laptop</dd>" in behind


def test_health_checks_are_not_counted(asking: httpx.Client) -> None:
    def counted() -> int:
        found = re.search(r"(\d+) requests? answered", asking.get("/", headers={"Accept": "text/html"}).text)
        assert found
        return int(found[1])

    before = counted()
    assert asking.get("/health").text == "ok\n"
    assert counted() == before + 1


def test_a_client_that_goes_away_does_no_harm(url: str, asking: httpx.Client) -> None:
    port = httpx.URL(url).port
    with socket.create_connection(("127.0.0.1", port)) as half:
        half.sendall(b"GET / HTTP/1.1\r\nHost")
    assert asking.get("/").text == "sample server x&y\n"


def test_a_port_that_is_taken_is_told(url: str) -> None:
    port = str(httpx.URL(url).port)
    command = [sys.executable, "-m", "provider.sample", "z", "--port", port]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"port {port} of 127.0.0.1 cannot be used: ")
