"""Whether a name leads to an edge, where something else answers in its place."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from provider.issuing import leading
from provider.issuing.means import Means


@contextmanager
def answering(status: int, headers: dict[str, str], content: bytes = b"") -> Iterator[Means]:
    """Answer all requests in one way, and give what finds the way there."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_given: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Means(http_port=server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "location",
    ["http://[", "http://alvin.test:99999/x", "http://alvin.test:x/", "ftp://alvin.test/", "http://other.test/", "//"],
)
def test_a_redirect_to_anything_is_no_answer_of_ours(location: str) -> None:
    with answering(302, {"Location": location}) as means:
        try:
            found = leading._ask("127.0.0.1", "alvin.test", "token", means)
        except httpx.HTTPError:
            found = None
    assert found is None


def test_what_is_compressed_is_no_answer_of_ours_and_is_not_inflated() -> None:
    with answering(200, {"Content-Encoding": "gzip"}, gzip.compress(b"content")) as means:
        assert leading._ask("127.0.0.1", "alvin.test", "token", means) != "content"
    with answering(200, {}, b"content\n") as means:
        assert leading._ask("127.0.0.1", "alvin.test", "token", means) == "content"
