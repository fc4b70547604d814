"""The fallback file: the same routes, in the same order, below all others."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from provider import rules
from provider.configuration import Document
from provider.edges import fallback
from provider.snapshots import Served
from tests.running import Service, fetch, http_client, wait_until

Router = dict[str, Any]


def written(routers: dict[str, Router]) -> dict[str, Router]:
    """Return the routers as the fallback has them."""
    content = json.dumps({"http": {"middlewares": {"provider.beacon": {}}, "routers": routers}}).encode()
    found: dict[str, Router] = json.loads(fallback.fallback(content))["http"].get("routers", {})
    return found


routers = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4),
    st.fixed_dictionaries(
        {"rule": st.text("Host(`a.test`)é", min_size=1, max_size=30), "service": st.just("s")},
        optional={"priority": st.integers(-1_000_000_000, 1_000_000_000)},
    ),
    max_size=30,
)


@given(routers)
def test_routers_keep_their_order_below_all_that_are_served(before: dict[str, Router]) -> None:
    after = written(before)
    assert after.keys() == before.keys()
    lowest = rules.priority([], "/")  # the lowest of the routers that are served while the service is there
    for name, router in after.items():
        assert router["priority"] < lowest
        assert router | {"priority": None} == before[name] | {"priority": None}
        for other, rival in after.items():
            one, two = dict(before[name]), dict(before[other])
            one_rank = one.get("priority") or len(one["rule"].encode())
            two_rank = two.get("priority") or len(two["rule"].encode())
            assert (router["priority"] > rival["priority"]) == (one_rank > two_rank)
            assert (router["priority"] == rival["priority"]) == (one_rank == two_rank)


def test_a_document_without_routers_stays_without() -> None:
    content = b'{"http":{"middlewares":{"provider.beacon":{"headers":{}}},"services":{"a":{}}}}'
    assert json.loads(fallback.fallback(content)) == json.loads(content)


def test_routers_that_leave_their_requests_to_another_provider_are_not_in_the_file() -> None:
    waiting = {"rule": "Host(`a.test`)", "service": "s", "priority": -1_599_999_986}
    beacon: dict[str, Any] = {"provider.beacon": {"headers": {}}}
    tcp = {"routers": {"t": waiting}, "services": {"s": 1}}
    document = {"http": {"middlewares": beacon, "routers": {"a": waiting}}, "tcp": tcp}
    found = json.loads(fallback.fallback(json.dumps(document).encode()))
    assert found == {"http": {"middlewares": beacon}, "tcp": {"services": {"s": 1}}}

    del tcp["services"]  # the service is of the other provider, too
    assert json.loads(fallback.fallback(json.dumps(document).encode())) == {"http": {"middlewares": beacon}}


def test_the_file_says_nothing_of_tls_that_only_one_provider_may_say() -> None:
    """Traefik has it beside the document that it polls, and takes neither of two that say the same."""
    routers: dict[str, Router] = {
        name: {"rule": f"Host(`{name}.test`)", "service": "s", **tls}
        for name, tls in (
            ("plain", {}),
            ("usual", {"tls": dict[str, str]()}),
            ("strict", {"tls": {"options": "strict"}}),
            ("foreign", {"tls": {"options": "strict@file"}}),
        )
    }
    certificate = {"certFile": "…", "keyFile": "…"}
    options: dict[str, Any] = {"strict": {"minVersion": "VersionTLS13"}, "default": {"minVersion": "VersionTLS12"}}
    tls = {
        "certificates": [certificate],
        "options": options,
        "stores": {"default": {"defaultCertificate": certificate}},
    }

    def made() -> dict[str, Any]:
        content = {"http": {"middlewares": {"m": {}}, "routers": routers}, "tcp": {"routers": routers}, "tls": tls}
        found: dict[str, Any] = json.loads(fallback.fallback(json.dumps(content).encode()))
        return found

    found = made()
    assert found["tls"] == {"certificates": [certificate]}
    for root in ("http", "tcp"):
        said = {name: router.get("tls") for name, router in found[root]["routers"].items()}
        named = {"strict": {"options": "strict@http"}, "foreign": {"options": "strict@file"}}
        assert said == {"plain": None, "usual": {}, **named}

    options["default"] = {"clientAuth": {"clientAuthType": "RequireAndVerifyClientCert"}}
    assert made()["http"]["routers"].keys() == {"plain", "strict", "foreign"}


def test_the_file_is_yaml_too() -> None:
    content = json.dumps({"http": {"routers": {"é": {"rule": 'Host(`a.test`) && Path("/`\\u00e9")', "service": "s"}}}})
    made = fallback.fallback(content.encode())
    assert yaml.safe_load(made) == json.loads(made)


def test_a_file_is_put_in_place_as_a_whole_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "fallback.yml"
    fallback.write(path, b"one")
    first = path.stat().st_ino
    fallback.write(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_ino != first
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("middleware", "mode"),
    [({"compress": {}}, 0o644), ({"basicAuth": {"users": ["a:$2y$05$hash"]}}, 0o640)],
)
def test_a_file_with_hashes_of_passwords_is_not_for_everybody(
    tmp_path: Path, middleware: dict[str, object], mode: int
) -> None:
    path = tmp_path / "fallback.yml"
    content = json.dumps({"http": {"middlewares": {"m": middleware}}}).encode()
    fallback._update(path, Served(1, Document(content, "0" * 12)), None)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_private_file_is_its_owners_alone_whatever_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "fallback.yml"
    fallback.prepare(path)
    plain: dict[str, Any] = {"compress": {}}
    for middleware in (plain, {"basicAuth": {"users": ["a:$2y$05$hash"]}}, plain):
        content = json.dumps({"http": {"middlewares": {"m": middleware}}}).encode()
        fallback._update(path, Served(1, Document(content, "0" * 12)), None, is_private=True)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "fallback.yml"
    path.mkdir()
    with pytest.raises(OSError, match="fallback"):
        fallback.write(path, b"one")
    assert [found.name for found in tmp_path.iterdir()] == ["fallback.yml"]


def test_a_prepared_file_has_no_routes_and_one_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "fallback.yml"
    fallback.prepare(path)
    assert list(yaml.safe_load(path.read_text())["http"]) == ["middlewares"]
    path.write_text("as it was")
    fallback.prepare(path)
    assert path.read_text() == "as it was"


@given(st.text(st.characters(codec="utf-8") | st.sampled_from('{}"\\`'), min_size=1, max_size=40))
def test_no_text_begins_a_template_and_each_reads_back_as_it_was(text: str) -> None:
    document = {"http": {"routers": {text: {"rule": text, "service": text, "priority": -1}}}}
    made = fallback.written(document)
    assert b"{{" not in made
    assert json.loads(made) == document


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    kept, link = tmp_path / "kept" / "real.yml", tmp_path / "fallback.yml"
    link.symlink_to("kept/real.yml")
    fallback.prepare(link)
    assert list(json.loads(kept.read_text())["http"]) == ["middlewares"]
    fallback.write(link, b"two")
    assert link.is_symlink()
    assert kept.read_bytes() == b"two"
    assert [found.name for found in kept.parent.iterdir()] == ["real.yml"]


@pytest.mark.parametrize(
    ("what", "make"),
    [
        ("a named pipe", os.mkfifo),
        ("a folder", Path.mkdir),
        ("a socket", lambda path: os.mknod(path, stat.S_IFSOCK | 0o600)),
        ("a device", lambda path: path.symlink_to("/dev/zero")),
    ],
)
def test_what_is_no_file_is_refused_in_words_and_left_alone(
    start_service: Callable[..., Service], tmp_path: Path, what: str, make: Callable[[Path], object]
) -> None:
    path = tmp_path / "f.yml"
    make(path)
    mode = path.stat().st_mode
    service = start_service(fallback_file=path)
    told = f"the fallback file {path} cannot be written: it is {what}: give the path of a file"
    wait_until(lambda: fetch(f"{service.url}/readyz").json()["warnings"] == [told], told)
    with http_client(f"{service.url}/api/v1") as client:
        client.put("/services/a", json={}).raise_for_status()
    assert path.stat().st_mode == mode
