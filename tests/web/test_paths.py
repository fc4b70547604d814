"""Paths within the console."""

import pytest

from provider.web import paths


@pytest.mark.parametrize(
    "path", ["/", "/services/a", "/services?q=a%20b&cursor=x", "/a//b", "/%2f%2fevil.example", "/é"]
)
def test_a_path_of_this_service_is_kept(path: str) -> None:
    kept = path if path.isascii() else "/"
    assert paths.local(path) == kept


@pytest.mark.parametrize(
    "path",
    [
        "",
        "services",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a\r\nSet-Cookie: a=b",
        " //evil.example",
        "/ /evil.example",
        "/" + "x" * 3000,
        "/\ud800",
    ],
)
def test_what_may_lead_elsewhere_leads_home(path: str) -> None:
    assert paths.local(path) == "/"


def test_a_link_changes_what_it_names_in_the_query_and_keeps_the_rest() -> None:
    assert paths.with_query("/services?q=a%26b&cursor=x", cursor="y z") == "/services?q=a%26b&cursor=y+z"
    assert paths.with_query("/services?q=&cursor=x", cursor=None) == "/services?q="
    assert paths.with_query("/services", cursor=None) == "/services"
