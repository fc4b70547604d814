"""The document: what Traefik gets of an object follows from its declaration, and is read strictly."""

import json
from typing import Any

import msgspec
import pytest

from provider.errors import Unverified
from provider.nouns import Router, Service, document, field
from provider.nouns.middleware import Middleware
from provider.nouns.middlewares import KINDS
from provider.nouns.tcp_router import TCPRouter
from provider.nouns.texts import Text
from tests.nouns.middleware_rows import ROWS, Document, good, read, users

CALM: dict[str, Any] = {"name": "app", "healthCheck": {}, "sticky": {"cookie": {"name": "way"}}}


def decode(content: bytes) -> Any:
    return msgspec.json.decode(content, type=document.struct(Middleware))


def empty_places(value: Any, where: str = "") -> list[str]:
    """Return the places of empty maps and lists."""
    if isinstance(value, dict):
        return (
            [where] if not value else [place for key in value for place in empty_places(value[key], f"{where}/{key}")]
        )
    return [where] if value == [] else []


@pytest.mark.parametrize("kind", ROWS)
def test_nothing_empty_is_written_but_where_traefik_takes_it(kind: str) -> None:
    for given in ROWS[kind].good:
        made = read(kind, given)
        content = document.encode(made)
        written = json.loads(content)
        assert list(written) == [kind]
        places = [place for place in empty_places(written) if not place.startswith("/plugin/")]
        assert places == ([f"/{kind}"] if written[kind] == {} and KINDS[kind].is_empty_meant else [])
        assert json.loads(document.encode(Middleware.read({"name": "two", **written}))) == written
        assert msgspec.to_builtins(decode(content)) == written


@pytest.mark.parametrize(
    ("kind", "given", "written"),
    [
        ("rateLimit", {"average": 0, "period": "1s", "burst": 1}, {"average": 0}),
        ("rateLimit", {"average": 1, "redis": {"tls": {}}}, None),
        ("compress", {"encodings": ["gzip", "br", "zstd"], "minResponseBodyBytes": 1024}, {}),
        ("headers", {"frameDeny": True, "stsSeconds": None, "customRequestHeaders": {}}, {"frameDeny": True}),
        ("buffering", {"memRequestBodyBytes": 0}, {"maxRequestBodyBytes": 0}),
        ("encodedCharacters", {}, {"allowEncodedSlash": False}),
        ("retry", {"attempts": 2, "timeout": "0s", "maxRequestBodyBytes": 2_097_152}, {"attempts": 2}),
        ("ipAllowList", {"sourceRange": ["::1"], "ipStrategy": {}}, {"sourceRange": ["::1"]}),
        ("ipAllowList", {"sourceRange": ["::1"], "rejectStatusCode": 403}, {"sourceRange": ["::1"]}),
    ],
)
def test_what_is_at_traefiks_default_is_left_out(kind: str, given: Document, written: Document | None) -> None:
    if written is None:
        redis = {"endpoints": ["localhost:6379"], "tls": {"insecureSkipVerify": False}}
        written = {"average": 1, "redis": redis}
    assert document.write(read(kind, given)) == {kind: written}


def test_a_service_is_written_as_it_always_was() -> None:
    check = {"path": "/", "interval": "5s", "timeout": "2s"}

    assert document.write(Service.read({"name": "app"})) == {}
    assert json.loads(document.encode(Service.read(CALM | {"strategy": "p2c", "passHostHeader": False}))) == {
        "healthCheck": check,
        "sticky": {"cookie": {"name": "way"}},
        "strategy": "p2c",
        "passHostHeader": False,
    }


@pytest.mark.parametrize(
    "content",
    [
        b'{"buffering":{}}',
        b'{"addPrefix":{}}',
        b'{"addPrefix":{"prefix":"/a","more":1}}',
        b'{"rateLimit":{"average":"1"}}',
        b'{"rateLimit":{"average":-1}}',
        b'{"stripPrefix":{"prefixes":[]}}',
        b'{"headers":{"customRequestHeaders":{}}}',
        b'{"headers":{"accessControlAllowMethods":[" GET"]}}',
        b'{"compress":{"encodings":["deflate"]}}',
        b'{"name":"one","compress":{}}',
    ],
)
def test_what_no_declaration_has_is_not_read(content: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(content)


def test_a_field_of_ours_never_gets_to_traefik() -> None:
    class Noted(Middleware):
        note: str = field(Text(), default="", ours=True)

    noted = Noted.read({"name": "a", "addPrefix": {"prefix": "/a"}, "note": "for people"})
    assert noted.json()["note"] == "for people"
    assert document.write(noted) == {"addPrefix": {"prefix": "/a"}}


def test_a_router_gives_traefik_each_field_that_is_not_ours() -> None:
    for noun in (Router, TCPRouter):
        made = {"domains", "pathPrefix", "rule", "entryPoints", "priority"}
        given = {key for key, each in noun.fields.items() if not each.is_ours}
        assert noun.served is not None
        assert given - made <= noun.served.fields.keys()


def test_a_mask_never_gets_to_traefik() -> None:
    masked = read("basicAuth", users("alvin:********"))

    with pytest.raises(Unverified):
        document.encode(masked)


def test_the_same_is_written_alike_whatever_its_order_was() -> None:
    for kind, given in good():
        turned = dict(reversed(list(given.items())))
        assert document.encode(read(kind, given)) == document.encode(read(kind, turned))
