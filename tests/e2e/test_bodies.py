"""Compressed answers, and bodies that are held: each field of `compress` and `buffering` acts on real answers."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.e2e.acting import Recorder, Running, Servers, acting, acts, pool, routed
from tests.running import wait_until

Given = Mapping[str, Any]

SIZES: Final = {"/text": 4_000, "/page": 4_000, "/short": 100, "/huge": 60_000_000}
ALL: Final = "gzip, br, zstd"
MIDDLEWARES: Final[Mapping[str, Given]] = {
    "usual": {"compress": {}},
    "zstd-first": {"compress": {"encodings": ["zstd", "gzip"]}},
    "brotli-only": {"compress": {"encodings": ["br"]}},
    "by-default": {"compress": {"defaultEncoding": "br"}},
    "any-size": {"compress": {"minResponseBodyBytes": 10}},
    "html-only": {"compress": {"includedContentTypes": ["text/html"]}},
    "not-html": {"compress": {"excludedContentTypes": ["text/html"]}},
    "small": {"buffering": {"maxRequestBodyBytes": 4, "maxResponseBodyBytes": 50}},
    "in-memory": {"buffering": {"memRequestBodyBytes": 1_000_000, "memResponseBodyBytes": 100_000_000}},
    "on-disk": {"buffering": {"memRequestBodyBytes": 1}},
    "answered-on-disk": {"buffering": {"memResponseBodyBytes": 1}},
    "retrying": {"buffering": {"retryExpression": "ResponseCode() == 503 && Attempts() < 3"}},
}


@pytest.fixture(scope="module")
def app() -> Iterator[Recorder]:
    with Servers() as servers:
        (made,) = servers.http("app", bad=503)
        made.contents |= {path: b"a" * size for path, size in SIZES.items()}
        made.headers |= {path: {"Content-Type": "text/html" if path == "/page" else "text/plain"} for path in SIZES}
        yield made


@pytest.fixture(scope="module")
def edge(app: Recorder, migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with acting(tmp_path_factory.mktemp("bodies"), migrated) as made:
        routers = {name: routed(name, service="app", middlewares=[name])[name] for name in MIDDLEWARES}
        made.apply({"middlewares": MIDDLEWARES, "services": {"app": pool(app)}, "routers": routers})
        yield made


def encoding(edge: Running, name: str, path: str = "/text", accepted: str | None = ALL) -> str | None:
    """Return how an answer is compressed for a client that accepts some encodings, or says nothing of them."""
    headers = {"Host": f"{name}.test", **({} if accepted is None else {"Accept-Encoding": accepted})}
    with httpx.Client(trust_env=False, timeout=60) as client:
        del client.headers["Accept-Encoding"]
        with client.stream("GET", edge.traefik.web + path, headers=headers) as answer:
            assert answer.status_code == 200
            size = len(b"".join(answer.iter_raw()))
    found: str | None = answer.headers.get("Content-Encoding")
    assert (size < 50) == (found is not None)
    return found


@acts("http.middlewares.*.compress.{encodings,defaultEncoding}")
def test_answers_are_compressed_as_the_middleware_and_the_client_like(edge: Running) -> None:
    assert encoding(edge, "usual") == "gzip"
    assert encoding(edge, "usual", accepted="br") == "br"
    assert encoding(edge, "zstd-first") == "zstd"
    assert encoding(edge, "zstd-first", accepted="gzip") == "gzip"
    assert encoding(edge, "brotli-only") == "br"
    assert encoding(edge, "brotli-only", accepted="gzip") is None
    assert [encoding(edge, name, accepted=None) for name in ("usual", "by-default")] == [None, "br"]


@acts("http.middlewares.*.compress.minResponseBodyBytes")
def test_short_answers_stay_as_they_are(edge: Running) -> None:
    assert [encoding(edge, name, "/short") for name in ("usual", "any-size")] == [None, "gzip"]


@acts("http.middlewares.*.compress.{includedContentTypes,excludedContentTypes}")
def test_only_some_media_types_are_compressed(edge: Running) -> None:
    assert [encoding(edge, "html-only", path) for path in ("/text", "/page")] == [None, "gzip"]
    assert [encoding(edge, "not-html", path) for path in ("/text", "/page")] == ["gzip", None]


@acts("http.middlewares.*.buffering.{maxRequestBodyBytes,maxResponseBodyBytes}")
def test_bodies_that_are_too_long_go_no_further(edge: Running) -> None:
    sent = {body: edge.get("small", method="POST", content=body).status_code for body in (b"1234", b"12345")}
    assert sent == {b"1234": 200, b"12345": 413}
    assert edge.get("small", "/short").status_code == 500


def is_held_on_disk(edge: Running) -> bool:
    """Tell whether Traefik holds a body in a file."""
    folder = Path(f"/proc/{edge.traefik.process.pid}/fd")
    return any("multibuf" in str(each.readlink()) for each in folder.iterdir() if each.is_symlink())


@acts("http.middlewares.*.buffering.memRequestBodyBytes")
def test_a_long_request_is_held_on_the_disk_of_the_edge(edge: Running, app: Recorder) -> None:
    found = {}
    with ThreadPoolExecutor(1) as asking:
        for name in ("in-memory", "on-disk"):
            before = len(app.asked)
            app.go.clear()
            try:
                slow = asking.submit(edge.get, name, "/slow", method="POST", content=b"1234")
                wait_until(lambda count=before: len(app.asked) > count, "the server is asked")  # type: ignore[misc]
                found[name] = is_held_on_disk(edge)
            finally:
                app.go.set()
            slow.result().raise_for_status()
    assert found == {"in-memory": False, "on-disk": True}


@acts("http.middlewares.*.buffering.memResponseBodyBytes")
def test_a_long_answer_is_held_on_the_disk_of_the_edge(edge: Running) -> None:
    found = {}
    for name in ("in-memory", "answered-on-disk"):
        # The client reads the head of an answer that does not fit into any buffer between.
        with (
            httpx.Client(trust_env=False, timeout=60) as client,
            client.stream("GET", f"{edge.traefik.web}/huge", headers={"Host": f"{name}.test"}) as answer,
        ):
            answer.raise_for_status()
            found[name] = is_held_on_disk(edge)
    assert found == {"in-memory": False, "answered-on-disk": True}


@acts("http.middlewares.*.buffering.retryExpression")
def test_a_request_is_sent_again_while_the_condition_holds(edge: Running, app: Recorder) -> None:
    asked = []
    for body in (b"1", b""):
        before = len(app.asked)
        assert edge.get("retrying", "/bad", method="POST", content=body).status_code == 503
        asked.append(len(app.asked) - before)
    # Traefik 3.7.15 sends one without a body once only.
    assert asked == [3, 1]
