"""Which version of Traefik knows what is set of an object."""

from typing import Any

import pytest

from provider.nouns import Middleware, Router, Service, versions
from provider.nouns.service import served
from provider.overlays import find_newer, lay
from provider.parts import Part, Parts


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("3.7.15", (3, 7, 15)),
        ("3.6", (3, 6, 0)),
        ("v3.0.0-rc1", (3, 0, 0)),
        ("3.4.1+build", (3, 4, 1)),
        ("dev", None),
        ("", None),
        (None, None),
        ("3.7.15.1", None),
    ],
)
def test_versions_are_read(text: str | None, version: versions.Version | None) -> None:
    assert versions.read(text) == version


def test_versions_are_written_as_people_do() -> None:
    assert [versions.written(version) for version in ((3, 6, 0), (3, 6, 9))] == ["3.6", "3.6.9"]


@pytest.mark.parametrize(
    ("fields", "version"),
    [
        ({}, ()),
        ({"strategy": "wrr", "healthCheck": {}, "sticky": {"cookie": {"name": "a"}}}, ()),
        ({"strategy": "p2c"}, (3, 4, 0)),
        ({"sticky": {"cookie": {"name": "a", "path": "/x"}}}, (3, 3, 0)),
        ({"strategy": "p2c", "passiveHealthCheck": {}}, (3, 6, 0)),
        ({"weighted": {"services": [{"name": "b"}]}}, ()),
        ({"weighted": {"services": [{"name": "b"}], "sticky": {"cookie": {"name": "a", "domain": "x.y"}}}}, (3, 4, 0)),
        ({"highestRandomWeight": {"services": [{"name": "b"}]}}, (3, 6, 0)),
        ({"failover": {"service": "b", "fallback": "c", "errors": {"status": ["503"]}}}, (3, 7, 0)),
    ],
)
def test_a_service_needs_the_newest_version_of_what_is_set(fields: dict[str, Any], version: versions.Version) -> None:
    assert versions.needed(served(Service.read({"name": "a", **fields}), [])) == version


def test_so_do_middlewares_and_what_is_in_them() -> None:
    assert versions.needed(Middleware.read({"name": "a", "addPrefix": {"prefix": "/a"}})) == ()
    assert versions.needed(Middleware.read({"name": "a", "compress": {"encodings": ["br"]}})) == (3, 2, 0)
    assert versions.needed(Router.read({"name": "a", "pathPrefix": "/", "service": "s"})) == ()


def test_what_a_version_does_not_know_is_left_out_with_what_needs_it() -> None:
    parts = Parts().replaced(
        {
            ("service", "new"): Part(b'"new":{}', since=(3, 6, 0)),
            ("service", "old"): Part(b'"old":{}'),
            ("router", "a"): Part(b'"a":{}', needs=(("service", "new"),)),
            ("router", "b"): Part(b'"b":{}', needs=(("service", "old"),)),
        }
    )
    left = lay(find_newer(parts, (3, 5, 9)), parts)
    assert (list(left.services.parts), list(left.routers.parts)) == (["old"], ["b"])
    assert find_newer(parts, (3, 6, 0)) == {}
