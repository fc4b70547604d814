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
        "/" + "x" * 20_000,
        "/\ud800",
    ],
)
def test_what_may_lead_elsewhere_leads_home(path: str) -> None:
    assert paths.local(path) == "/"


def test_a_link_changes_what_it_names_in_the_query_and_keeps_the_rest() -> None:
    assert paths.with_query("/services?q=a%26b&cursor=x", cursor="y z") == "/services?q=a%26b&cursor=y+z"
    assert paths.with_query("/services?q=&cursor=x", cursor=None) == "/services?q="
    assert paths.with_query("/services", cursor=None) == "/services"


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/routers/alvin", "router/alvin"),
        ("/routers/alvin/edit", "router/alvin"),
        ("/applications/alvin", "router/alvin"),
        ("/domains/*.a.test", "domain/*.a.test"),
        ("/services/new/", "service/new"),
        ("/services/wayshub/servers/a", "server/wayshub/a"),
        ("/revisions/7", None),
        ("/routers", None),
    ],
)
def test_the_address_of_an_object_names_it_also_where_it_is_gone(path: str, named: str | None) -> None:
    assert paths.find_object(path) == named
