"""URLs are taken apart as Traefik does it, each of these tried on 3.7.15."""

import pytest

from provider.imports.go_url import GoURL, find_url, resolve

REFUSED = [
    *("10.0.0.1:80", "host_name:3000", "http://a:${PORT}", "http://a b:80", "http://a%zz:80", "http://a/%zz"),
    *("http://a%41:80", "http://[::1", "http://::1:80", "http://a\x01b:80", ":80", "http://a:80 ", " http://a:80"),
    *(
        "1http://a:80",
        "ht tp://a",
        "http://a^b:80",
        "http://a|b:80",
        "http://a{b}:80",
        "http://a:8 0",
        "http://a\\b:80",
    ),
    *("http://[fe80::1%eth0]:80", "://a", "http://a:+80", "http://a:\uff18\uff10", "http://us er@a", "http://a/x#%zz"),
]
NOWHERE = [
    *("", "localhost:3000", "my-app:3000", "//a:80", "http//a:80", "http:/a:80", "http:a:80", "https://", "tcp://a:80"),
    *("ftp://a:80", "http:///x", "unix:///x.sock", "ws://a:80", "/a:80", "a/b:80", "?a:b", "#a:b", "a.b-c+d:80"),
]
SOMEWHERE = [
    *("http://a:99999", "http://a:", "http://[::1]:80", "http://:80", "HTTP://127.0.0.1:80", "http://user:pw@a:80"),
    *(
        "http://a:80?x=1",
        "http://a:80#f",
        "http://\u00e4.test:80",
        "http://a_b:80",
        "http://a,b:80",
        "http://<port>:80",
    ),
    *("http://*:80", "http://1.2.3.4.5:80", "http://a..b:80", "http://[fe80::1%25eth0]:80", "h2c://a:80"),
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_go_cannot_take_apart_is_refused(text: str) -> None:
    assert find_url(text) is None


@pytest.mark.parametrize("text", NOWHERE)
def test_what_has_no_host_or_another_scheme_leads_nowhere(text: str) -> None:
    found = find_url(text)
    assert found is not None
    assert not found.leads_somewhere


@pytest.mark.parametrize("text", SOMEWHERE)
def test_what_has_a_scheme_and_a_host_leads_somewhere(text: str) -> None:
    found = find_url(text)
    assert found is not None
    assert found.leads_somewhere


def test_the_scheme_is_in_lower_case_and_the_host_has_its_port() -> None:
    assert find_url("HTTP://me:pw@a.test:80/x?y#z") == GoURL("http", "a.test:80")


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        *[("up", "/base/up"), ("./up", "/base/up"), ("../up", "/up"), ("", "/base/app"), ("?x", "/base/app?x")],
        *[("/up?x=1", "/up?x=1"), ("/up#x", "/up"), ("/a b", "/a%20b"), ("/\u00fc", "/%C3%BC"), ("/{x}", "/%7Bx%7D")],
        *[("/a/../b", "/b"), ("/a//b", "/a//b"), ("/x%2Fy", "/x%2Fy"), ("/[x]", "/[x]"), ('/"x"', "/%22x%22")],
        *[("/a|b", "/a%7Cb"), ("/a\\b", "/a%5Cb"), ("*", "/base/*"), ("/x?a=%zz", "/x?a=%zz"), ("#f", "/base/app")],
        *[("//up", None), ("http://x.test/up", None), ("/%zz", None), ("a:b", None)],
    ],
)
def test_the_path_of_a_check_counts_from_the_servers_url(reference: str, path: str | None) -> None:
    assert resolve(reference, "/base/app") == path
