"""What people type or paste where a host name is asked for."""

import pytest

from provider.hosts import to_ascii
from provider.typed_hosts import meant
from provider.values import Refusal


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("http://alvin.xyz", "alvin.xyz"),
        ("https://alvin.xyz/", "alvin.xyz"),
        ("alvin.xyz/", "alvin.xyz"),
        (" alvin.xyz:8080 ", "alvin.xyz"),
        ("http://Bücher.example:80/", "Bücher.example"),
        ("*.alvin.xyz", "*.alvin.xyz"),
        ("alvin.xyz", "alvin.xyz"),
        ("//alvin.xyz", "alvin.xyz"),
        ("https://*.alvin.xyz/", "*.alvin.xyz"),
        ("http://alvin.xyz/shop", "http://alvin.xyz/shop"),
        ("http://user@alvin.xyz", "http://user@alvin.xyz"),
        ("a b.xyz", "a b.xyz"),
        ("", ""),
    ],
)
def test_an_address_is_meant_as_its_host_where_nothing_else_is_lost(typed: str, host: str) -> None:
    assert meant(typed) == host


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("http://alvin.xyz", "is not a host name: type only alvin.xyz"),
        ("alvin.xyz/", "is not a host name: type only alvin.xyz"),
        ("alvin.xyz:8080", "is not a host name: type only alvin.xyz"),
        ("user@alvin.xyz", "is not a host name: type only alvin.xyz"),
        ("//alvin.xyz/", "is not a host name: type only alvin.xyz"),
        (" alvin.xyz", "is not a host name: type only alvin.xyz"),
        ("*.alvin.xyz/", "is not a host name: type only *.alvin.xyz"),
        ("https://*.alvin.xyz", "is not a host name: type only *.alvin.xyz"),
        ("*.alvin_shop.xyz", "it has an underscore; type a hyphen, *.alvin-shop.xyz"),
        ("Host(`alvin.xyz`)", "it has (, but host names have only letters, digits, hyphens and dots"),
        *[
            (typed, "it is an IPv6 address; use a rule to match it")
            for typed in ("::1", "[fd00::7]", "http://[::1]:8080/")
        ],
        ("alvin xyz", "it has a space, and host names have none"),
        ("alvin_shop.xyz", "it has an underscore; type a hyphen, alvin-shop.xyz"),
        (".alvin.xyz", "it begins with a dot; type *.alvin.xyz for all names below, or leave out the dot"),
        ("alvin..xyz", "it has two dots in a row"),
        ("-alvin.xyz", "-alvin begins or ends with a hyphen"),
        ("al--vin.xyz", "al--vin has hyphens as its third and fourth characters, which only xn-- names may have"),
        ("a" * 64 + ".xyz", "a" * 20 + "… is longer than 63 characters"),
        ("alvin!.xyz", "it has !, but host names have only letters, digits, hyphens and dots"),
        ("a\u202eb.xyz", "it has an invisible character"),
        ("💩.xyz", "it has characters that host names cannot have, or not in this order"),
    ],
)
def test_what_is_no_host_name_is_told_with_what_to_type(typed: str, told: str) -> None:
    with pytest.raises(Refusal) as refused:
        to_ascii(typed)
    assert refused.value.code == "host.format"
    assert refused.value.detail.endswith(told)
