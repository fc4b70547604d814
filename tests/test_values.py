"""What names, paths, URLs, durations and weights may be."""

import ipaddress
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider import directories, hosts, server_urls, values
from provider.addresses import find_refusal
from provider.nouns.router import check_rule
from provider.values import Refusal
from tests import strategies

CHECKS: list[Callable[[str], Any]] = [
    check_rule,
    values.check_name,
    values.check_text,
    hosts.to_ascii,
    hosts.check_hostname,
    values.check_path_prefix,
    values.check_health_path,
    values.check_duration,
    values.check_cookie_name,
    server_urls.check_server_url,
]


def refusal(check: Callable[[Any], Any], value: object) -> str:
    with pytest.raises(Refusal) as caught:
        check(value)
    assert caught.value.detail
    return caught.value.code


@pytest.mark.parametrize("name", ["a", "0", "a-b", "a--b", "wayshub", "1-2", "x" * 63])
def test_a_name_is_letters_digits_and_inner_hyphens(name: str) -> None:
    assert values.check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-a",
        "a-",
        "A",
        "a.b",
        "a_b",
        "a b",
        "a@file",
        "a`",
        "a||b",
        "ä",
        "a\n",
        "a\x00",
        "x" * 64,
        "../a",
        "٣",
        "\ud800",
    ],
)
def test_nothing_else_is_a_name(name: str) -> None:
    assert refusal(values.check_name, name) == "name.format"


@pytest.mark.parametrize(
    "text", ["", "The class's own name", "ünïcödé 例え 🚢", "<b> & ` || %_", "\u200d", "\ufffd\U0001ffff"]
)
def test_a_text_is_one_line_of_anything(text: str) -> None:
    assert values.check_text(text) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\x00b", "text.control"),
        ("a\nb", "text.control"),
        ("\x1b[31m", "text.control"),
        ("\x7f", "text.control"),
        ("\x85", "text.control"),
        ("\u2028", "text.control"),
        ("\ufeffa", "text.control"),
        ("\ud800", "text.surrogate"),
        ("a\udfff", "text.surrogate"),
        ("\ufffe", "text.character"),
        ("a\uffff", "text.character"),
    ],
)
def test_a_text_has_no_control_characters_and_no_half_characters(text: str, code: str) -> None:
    assert refusal(values.check_text, text) == code


@pytest.mark.parametrize("path", ["/", "/api", "/api/", "/a.b/c", "/~user/x,y;z=1", "/a:b@c", "/..a", "/" + "x" * 254])
def test_a_path_prefix_begins_with_a_slash(path: str) -> None:
    assert values.check_path_prefix(path) == path


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("", "path.format"),
        ("api", "path.format"),
        ("/a b", "path.format"),
        ("/a%20b", "path.format"),
        ("/a?b", "path.format"),
        ("/a#b", "path.format"),
        ("/a`) || Host(`b", "path.format"),
        ("/{id}", "path.format"),
        ("/ü", "path.format"),
        ("/a\n", "path.format"),
        ("/a\x00", "path.format"),
        ("//a", "path.segments"),
        ("/a//b", "path.segments"),
        ("/a/../b", "path.segments"),
        ("/.", "path.segments"),
    ],
)
def test_a_path_prefix_that_never_matches_is_refused(path: str, code: str) -> None:
    assert refusal(values.check_path_prefix, path) == code


@pytest.mark.parametrize("path", ["/", "/health", "/health?deep=1&x=%20", "/a%2Fb", "/?"])
def test_a_health_check_may_have_a_query(path: str) -> None:
    assert values.check_health_path(path) == path


@pytest.mark.parametrize(
    "path", ["", "health", "//evil.test/", "/a#b", "/a b", "/%zz", "/a\r\nX: y", "http://evil.test/"]
)
def test_a_health_check_stays_on_its_server(path: str) -> None:
    assert refusal(values.check_health_path, path) == "path.format"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("100ms", 0.1), ("5s", 5), ("1m30s", 90), ("1.5s", 1.5), ("1h", 3600), ("0.5m", 30), ("60m", 3600), ("005s", 5)],
)
def test_a_duration_has_its_units(text: str, seconds: float) -> None:
    assert values.check_duration(text) == text
    assert values.read_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "duration.format"),
        ("5", "duration.format"),
        ("5 s", "duration.format"),
        ("5S", "duration.format"),
        ("-5s", "duration.format"),
        ("+5s", "duration.format"),
        ("1e3s", "duration.format"),
        ("5s\n", "duration.format"),
        ("5d", "duration.format"),
        (".5s", "duration.format"),
        ("٣s", "duration.format"),  # a digit to Python, and none to Go: Traefik rejected the whole document
        ("\uff15s", "duration.format"),
        ("9999999s", "duration.format"),
        ("99ms", "duration.range"),
        ("0s", "duration.range"),
        ("1h1ms", "duration.range"),
        ("999999h", "duration.range"),
    ],
)
def test_what_is_not_a_duration_between_100_ms_and_an_hour_is_refused(text: str, code: str) -> None:
    assert refusal(values.check_duration, text) == code


@pytest.mark.parametrize("name", ["wayshub", "A_b-1", "x" * 64])
def test_a_cookie_has_a_plain_name(name: str) -> None:
    assert values.check_cookie_name(name) == name


@pytest.mark.parametrize("name", ["", "a b", "a;b", "a=b", "a,b", "ü", "a\n", "x" * 65, "a.b"])
def test_no_other_name_is_a_cookies(name: str) -> None:
    assert refusal(values.check_cookie_name, name) == "cookie.name"


@pytest.mark.parametrize("weight", [1, 2, 999, 1000])
def test_a_weight_is_from_1_to_1000(weight: int) -> None:
    assert values.check_weight(weight) == weight


@pytest.mark.parametrize(
    ("weight", "code"), [(0, "weight.zero"), (-1, "weight.range"), (1001, "weight.range"), (2**63, "weight.range")]
)
def test_a_weight_of_0_is_refused_with_the_advice_to_drain(weight: int, code: str) -> None:
    assert refusal(values.check_weight, weight) == code
    if weight == 0:
        with pytest.raises(Refusal, match="drain the server instead"):
            values.check_weight(weight)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("http://10.0.0.11:3000", "http://10.0.0.11:3000"),
        ("HTTP://A.Example/", "http://a.example"),
        ("https://a.example", "https://a.example"),
        ("h2c://a_b:1", "h2c://a_b:1"),
        ("http://localhost:080", "http://localhost:80"),
        ("http://[2001:DB8:0:0::1]:80", "http://[2001:db8::1]:80"),
        ("http://[::ffff:1.2.3.4]", "http://[::ffff:102:304]"),
        ("http://münchen.example", "http://xn--mnchen-3ya.example"),
        ("http://a:65535", "http://a:65535"),
        ("http://App.svc.cluster.local.", "http://app.svc.cluster.local."),
        ("http://app.svc.cluster.local.:080/", "http://app.svc.cluster.local.:80"),
        ("http://münchen.example\u3002:1", "http://xn--mnchen-3ya.example.:1"),
        ("http://" + "a" * 63 + ":1", "http://" + "a" * 63 + ":1"),
    ],
)
def test_a_server_url_has_one_spelling(typed: str, normal: str) -> None:
    assert server_urls.check_server_url(typed) == normal


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "url.scheme"),
        ("10.0.0.11:3000", "url.scheme"),
        ("ftp://a", "url.scheme"),
        ("//a", "url.scheme"),
        ("http:a", "url.scheme"),
        ("javascript:alert(1)", "url.scheme"),
        (" http://a", "url.scheme"),
        ("http://u@a", "url.user"),
        ("http://u:p@a", "url.user"),
        ("http://a@", "url.user"),
        ("http://a/x", "url.path"),
        ("http://a//", "url.path"),
        ("http://a/?q", "url.query"),
        ("http://a?", "url.query"),
        ("http://a#f", "url.fragment"),
        ("http://a#", "url.fragment"),
        ("http://", "url.host"),
        ("http:///", "url.host"),
        ("http://:80", "url.host"),
        ("http://a b", "url.host"),
        ("http://a\n", "url.host"),
        ("http://a\x00b", "url.host"),
        ("http://a`b", "url.host"),
        ("http://a||b", "url.host"),
        ("http://-a", "url.host"),
        ("http://a..b", "url.host"),
        ("http://a.", "url.host"),
        ("http://a.b..", "url.host"),
        ("http://.", "url.host"),
        ("http://10.0.0.11.", "url.host"),
        ("http://a\u3002", "url.host"),
        ("http://1.2.3", "url.host"),
        ("http://0x7f.1", "url.host"),
        ("http://2130706433", "url.host"),
        ("http://1.2.3.4.5", "url.host"),
        ("http://[::1", "url.host"),
        ("http://[::1]x", "url.host"),
        ("http://[1.2.3.4]", "url.host"),
        ("http://[fe80::1%25eth0]", "url.host"),
        ("http://::1", "url.host"),
        ("http://a\\b", "url.host"),
        ("http://\ud800", "url.host"),
        ("http://" + "a" * 64, "url.host"),
        ("http://a:", "url.port"),
        ("http://a:0", "url.port"),
        ("http://a:65536", "url.port"),
        ("http://a:-1", "url.port"),
        ("http://a:٣", "url.port"),
        ("http://a:80\n", "url.port"),
        ("http://a:999999", "url.port"),
        ("http://" + "a." * 147 + "a", "url.length"),
    ],
)
def test_what_is_not_a_servers_url_is_refused_with_a_reason(url: str, code: str) -> None:
    assert refusal(server_urls.check_server_url, url) == code


@given(strategies.urls | strategies.hostile | strategies.hostile.map("http://".__add__))
def test_the_normal_form_of_a_url_is_its_own_normal_form(url: str) -> None:
    try:
        normal = server_urls.check_server_url(url)
    except Refusal:
        return
    assert server_urls.check_server_url(normal) == normal
    parts = urlsplit(normal)
    assert (parts.path, parts.query, parts.fragment, parts.username) == ("", "", "", None)
    assert parts.port is None or 1 <= parts.port <= 65535
    assert normal.isascii()
    assert normal == normal.lower()


@given(st.ip_addresses().filter(lambda address: find_refusal(str(address)) is None), st.integers(1, 65535))
def test_every_address_and_port_is_a_server(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> None:
    host = f"[{address}]" if address.version == 6 else str(address)
    assert urlsplit(server_urls.check_server_url(f"http://{host}:{port}")).port == port


@given(strategies.hostile)
@pytest.mark.parametrize("check", CHECKS)
def test_no_text_makes_a_check_fail_other_than_by_refusing_it(check: Callable[[str], Any], text: str) -> None:
    try:
        check(text)
    except Refusal as error:
        assert re.fullmatch(r"[a-z]+\.[a-z]+", error.code)  # noqa: PT017  # most texts are refused, some are not
        assert len(error.detail) < 500  # noqa: PT017


@pytest.mark.parametrize("check", CHECKS)
def test_a_text_of_a_megabyte_is_answered_at_once_and_is_not_repeated(check: Callable[[str], Any]) -> None:
    for text in ("a" * 1_000_000, "/" + "a" * 1_000_000 + " ", "1s" * 500_000 + "x", "a." * 500_000 + "\x00"):
        try:
            check(text)
        except Refusal as error:
            assert len(error.detail) < 500  # noqa: PT017
        else:
            assert check in {values.check_text, values.check_path_prefix, values.check_health_path}


@pytest.mark.parametrize(
    "url", ["https://ca.test", "https://ca.test:14000/dir?a=b", "https://[::1]:14000/dir", "https://127.0.0.1/@/$"]
)
def test_a_ca_is_chosen_by_the_url_of_its_directory(url: str) -> None:
    assert directories.check_directory(url) == url


def test_a_well_known_ca_is_chosen_by_its_name() -> None:
    for name, url in directories.DIRECTORIES.items():
        assert directories.check_directory(name) == directories.check_directory(url) == url


@pytest.mark.parametrize(
    "url",
    [
        *("", "0", "letsencrypt\n", "http://ca.test/", "https://", "https:///dir", "https://a@ca.test/"),
        *("https://[", "https://[zz]/", "https://[1:2]/", "https://℀/", "https://ca.test:b/", "https://ca.test:99999/"),
        *("https://ca.test/a b", "https://ca.test/#a", "https://ca.test/\x00", "https://ca.test/" + "a" * 2_048),
    ],
)
def test_what_no_client_can_ask_is_no_directory_of_a_ca(url: str) -> None:
    assert refusal(directories.check_directory, url) == "directory.format"
