"""Requests are seen as Traefik's matchers see them, after its entry point has cleaned them."""

import ipaddress

import pytest

from provider import rules
from provider.rules import BadRequest


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ("/", "/"),
        ("/a/../b/./c//d/", "/b/c/d/"),
        ("//a", "/a"),
        ("/../..", "/"),
        ("/a/%2e%2E/b", "/b"),
        ("/a%20b", "/a b"),
        ("/%c3%a9", "/é"),
        ("/é", "/é"),
        ("/%FF", "/\udcff"),
        ("/a%2fb", "/a%2Fb"),
        ("/a%25%3f%22", '/a%25%3F"'),
        ("/[a]", "/[a]"),
        ("/a|b%2Fc", "/a|b/c"),
        ("/%61%7E", "/a~"),
    ],
)
def test_a_path_is_cleaned_and_decoded_but_for_what_is_reserved(sent: str, path: str) -> None:
    assert rules.received("a.test", sent).path == path


@pytest.mark.parametrize(
    ("sent", "host"),
    [
        ("A.Test", "a.test"),
        ("a.test:8080", "a.test"),
        ("a.test.:80", "a.test."),
        ("[::1]:80", "::1"),
        ("[::1]", "::1"),
        ("::1", "::1"),
        ("a:b:c", "a:b:c"),
        ("a.test:", "a.test"),
        ("", ""),
    ],
)
def test_a_host_is_in_lower_case_and_without_port(sent: str, host: str) -> None:
    assert rules.received(sent, "/").host == host


def test_a_query_is_decoded_and_what_cannot_be_is_left_out() -> None:
    found = rules.received("a.test", "/?a=1;a=2&b&c=%zz&%C3%A9+x=%2C&=3&d=e=f").query
    assert found == {"a": ("1", "2"), "b": ("",), "é x": (",",), "": ("3",), "d": ("e=f",)}


def test_headers_have_canonical_names_and_those_of_traefik_are_its_own() -> None:
    sent = [
        *(("x-team", " video "), ("X-TEAM", "b"), ("X-Real-IP", "6.6.6.6"), ("X_Forwarded_For", "6.6.6.6")),
        *(("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"), ("Host", "other.test"), ("Pragma", "no-cache")),
    ]
    assert rules.received("a.test:8080", "/", headers=sent, client="127.0.0.7").headers == {
        "X-Team": ("video", "b"),
        "Pragma": ("no-cache",),
        "Cache-Control": ("no-cache",),
        "X-Forwarded-Proto": ("http",),
        "X-Forwarded-Port": ("8080",),
        "X-Forwarded-Host": ("a.test:8080",),
        "X-Real-Ip": ("127.0.0.7",),
    }


def test_an_upgrade_keeps_its_headers() -> None:
    sent = [("Connection", "Upgrade"), ("Upgrade", "websocket")]
    found = rules.received("a.test", "/", headers=sent, secure=True).headers
    assert found["Connection"] == ("Upgrade",)
    assert found["Upgrade"] == ("websocket",)
    assert found["X-Forwarded-Proto"] == ("wss",)
    assert found["X-Forwarded-Port"] == ("443",)


@pytest.mark.parametrize(
    ("client", "address"),
    [("10.0.0.7", "10.0.0.7"), ("::ffff:10.0.0.7", "10.0.0.7"), ("fe80::1%eth0", "fe80::1"), ("::1", "::1")],
)
def test_a_client_is_an_address(client: str, address: str) -> None:
    assert rules.received("a.test", "/", client=client).client == ipaddress.ip_address(address)


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "a b"},
        {"host": "é.test"},
        {"target": "a"},
        {"target": "/a b"},
        {"target": "/%zz"},
        {"target": "/a#b"},
        {"target": "/\x01"},
        {"method": "GE T"},
        {"method": ""},
        {"headers": [("a b", "c")]},
        {"headers": [("a", "b\nc")]},
        {"client": "10.0.0.07"},
        {"client": "fe80::1%"},
        {"client": "10.0.0.7%eth0"},
        {"client": "somebody"},
    ],
)
def test_what_traefik_would_not_take_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        rules.received(**({"host": "a.test", "target": "/"} | wrong))  # type: ignore[arg-type]  # wrong on purpose


def test_a_url_is_asked_for_as_a_client_does_it() -> None:
    request = rules.asked("https://user:secret@Alvin.xyz:8443/é b?q=ü#part", "POST", [("X-Team", "video")])
    assert (request.host, request.path, request.method, request.client) == ("alvin.xyz", "/é b", "POST", None)
    assert request.query == {"q": ("ü",)}
    assert request.headers["X-Forwarded-Host"] == ("Alvin.xyz:8443",)
    assert rules.asked("http://alvin.xyz", headers=[("host", "other.test")]).host == "other.test"
    assert rules.asked("http://münchen.test/").host == "xn--mnchen-3ya.test"
    for url in ("alvin.xyz", "ftp://alvin.xyz/", "http://", "/a", "http://[::1/", "http://a b/"):
        with pytest.raises(BadRequest):
            rules.asked(url)
