"""What host names may be, and the one spelling in which Traefik gets them."""

import re

import idna
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provider.hosts import HOST_LENGTH, check_hostname, to_ascii
from provider.values import Refusal
from tests import strategies


@pytest.mark.parametrize(
    ("typed", "ascii_name"),
    [
        ("alvin.xyz", "alvin.xyz"),
        ("ALVIN.xyz", "alvin.xyz"),
        ("localhost", "localhost"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("MÜNCHEN.example", "xn--mnchen-3ya.example"),
        ("mu\u0308nchen.example", "xn--mnchen-3ya.example"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"),
        ("faß.de", "xn--fa-hia.de"),  # 2003 would have made it fass.de
        ("a\u3002test", "a.test"),
        ("\uff41.test", "a.test"),
        ("*.example.com", "*.example.com"),
        ("*.MÜNCHEN.example", "*.xn--mnchen-3ya.example"),
        ("10.0.0.11", "10.0.0.11"),
        ("a" * 63 + ".test", "a" * 63 + ".test"),
        (".".join(["a" * 49] * 5) + ".tt", ".".join(["a" * 49] * 5) + ".tt"),
    ],
)
def test_a_host_has_one_spelling(typed: str, ascii_name: str) -> None:
    assert to_ascii(typed) == ascii_name
    assert check_hostname(typed) == typed


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("", "host.length"),
        ("a" * 254, "host.length"),
        (".".join(["a" * 49] * 5) + ".test", "host.length"),
        (".".join(["ü" * 45] * 5) + ".test", "host.format"),
        ("*", "host.wildcard"),
        ("*.", "host.wildcard"),
        ("*.*.example.com", "host.wildcard"),
        ("a.*.example.com", "host.wildcard"),
        ("*a.example.com", "host.wildcard"),
        ("*\u3002example.com", "host.wildcard"),
        ("a.test.", "host.dot"),
        ("a.test\u3002", "host.dot"),
        ("a.test\uff0e", "host.dot"),
        ("*.a.test\uff61", "host.dot"),
        ("a..test", "host.format"),
        (".test", "host.format"),
        (".", "host.format"),
        ("a b.test", "host.format"),
        ("a_b.test", "host.format"),
        ("-a.test", "host.format"),
        ("a-.test", "host.format"),
        ("a" * 64 + ".test", "host.format"),
        ("a.test:80", "host.format"),
        ("http://a.test", "host.format"),
        ("a.test/x", "host.format"),
        ("a@b.test", "host.format"),
        ("a`) || PathPrefix(`/", "host.format"),
        ("a||b", "host.format"),
        ("a\x00.test", "host.format"),
        ("a\n", "host.format"),
        ("\ud800.test", "host.format"),
        ("☃.test", "host.format"),
        ("xn--a.test", "host.format"),
        ("[::1]", "host.format"),
        ("1.2.3", "host.numeric"),
        ("1.2.3.256", "host.numeric"),
        ("0x7f.1", "host.numeric"),
        ("a.0x7f", "host.numeric"),
        ("*.1.2.3.4", "host.numeric"),
        ("2130706433", "host.numeric"),
    ],
)
def test_what_is_not_a_host_is_refused_with_a_reason(host: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        to_ascii(host)
    assert refused.value.detail
    assert refused.value.code == code


@given(strategies.hosts | strategies.hostile)
@example("a\u3002")
def test_the_ascii_form_of_a_host_is_its_own_ascii_form(host: str) -> None:
    try:
        encoded = to_ascii(host)
    except Refusal:
        return
    assert to_ascii(encoded) == encoded
    assert re.fullmatch(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*", encoded)
    assert len(encoded) <= HOST_LENGTH


@given(strategies.hosts)
def test_every_host_of_ordinary_labels_is_taken(host: str) -> None:
    assert check_hostname(host) == host


@given(st.from_regex(r"[a-z0-9-]{1,64}(\.[a-z0-9-]{1,8}){0,3}", fullmatch=True))
@example("a--b.example")
@example("xn--mnchen-3ya.test")
@example("-a.example")
def test_a_plain_host_is_its_own_ascii_form_only_where_idna_says_so(host: str) -> None:
    try:
        taken = to_ascii(host)
    except Refusal:
        return
    assert taken == idna.encode(host, uts46=True, std3_rules=True).decode() == host
