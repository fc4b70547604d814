"""Lists, a page at a time."""

from itertools import chain
from typing import Any

import httpx
import pytest

from provider.cursors import read_cursor, write_cursor
from tests.api.checks import problem

BAD_CURSORS = ["", "x", "!", "====", "YQ==", "YQ=", "Y Q", "Y\tQ", "ÿ", "%00", "_w", "AAAA=", "YR"]


def names(answer: httpx.Response) -> list[str]:
    return [item["name"] for item in answer.raise_for_status().json()["items"]]


def pages(client: httpx.Client, path: str, **parameters: Any) -> list[list[str]]:
    found, cursor = [], None
    while True:
        given = parameters | ({"cursor": cursor} if cursor else {})
        answer = client.get(path, params=given)
        found.append(names(answer))
        cursor = answer.json()["next"]
        if cursor is None:
            return found


@pytest.fixture
def seven(client: httpx.Client) -> httpx.Client:
    """A client of a service with seven of everything."""
    client.post("/services", json={"name": "s"}).raise_for_status()
    for number in range(7):
        client.put(f"/services/s{number}", json={}).raise_for_status()
        client.put(f"/services/s/servers/n{number}", json={"url": f"http://u{number}"}).raise_for_status()
        client.put(f"/domains/d{number}.test", json={}).raise_for_status()
        client.put(f"/routers/r{number}", json={"pathPrefix": f"/p{number}", "service": "s"}).raise_for_status()
    client.delete("/services/s6").raise_for_status()
    return client


PATHS = ["/services", "/services/s/servers", "/domains", "/routers"]


@pytest.mark.parametrize("path", ["/services", "/domains", "/routers"])
def test_an_empty_list_has_no_items_and_no_next(client: httpx.Client, path: str) -> None:
    assert client.get(path).json() == {"items": [], "next": None}


def test_the_pages_make_up_the_list(seven: httpx.Client) -> None:
    for path in PATHS:
        check_pages(seven, path)


def check_pages(seven: httpx.Client, path: str) -> None:
    whole = names(seven.get(path))
    assert len(whole) == 7
    assert whole == sorted(whole)
    for limit in (1, 2, 3, 6, 7, 8, 1000):
        found = pages(seven, path, limit=limit)
        assert list(chain(*found)) == whole
        assert [len(page) for page in found] == [limit] * (7 // limit) + ([7 % limit] if 7 % limit else [])
    for item in seven.get(path).json()["items"]:
        assert seven.get(f"{path}/{item['name']}").json() == item


def test_a_page_is_of_100_items_unless_asked_otherwise(client: httpx.Client) -> None:
    servers = [{"name": f"n{number}", "url": "http://a"} for number in range(101)]
    client.post("/expose", json={"domain": "a.test", "name": "s", "servers": servers}).raise_for_status()
    assert [len(page) for page in pages(client, "/services/s/servers")] == [100, 1]
    assert [len(page) for page in pages(client, "/services/s/servers", limit=1000)] == [101]


def test_a_list_may_change_between_its_pages(seven: httpx.Client) -> None:
    first = seven.get("/domains", params={"limit": 3})
    seven.delete("/domains/d2.test").raise_for_status()
    seven.put("/domains/a.test", json={}).raise_for_status()
    rest = seven.get("/domains", params={"limit": 10, "cursor": first.json()["next"]})
    assert names(rest) == ["d3.test", "d4.test", "d5.test", "d6.test"]


def test_domains_come_in_the_order_of_their_a_labels(client: httpx.Client) -> None:
    typed = ["ÄRZTE.example", "*.b.example", "Zug.example", "aal.example", "xo.example"]
    for name in typed:
        client.post("/domains", json={"name": name}).raise_for_status()
    expected = ["*.b.example", "aal.example", "ÄRZTE.example", "xo.example", "Zug.example"]
    assert list(chain(*pages(client, "/domains", limit=2))) == expected


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("alvin", ["alvin.xyz"]),
        ("ALVIN", ["alvin.xyz"]),
        ("münchen", ["München.example"]),
        ("MÜNCHEN", ["München.example"]),
        ("xn--mnchen", ["München.example"]),
        ("straße", ["alvin.xyz"]),
        ("STRASSE", ["alvin.xyz"]),
        ("100%", ["München.example"]),
        ("%", ["München.example"]),
        ("_", ["b-c.test"]),
        ("\\", ["b-c.test"]),
        ("a", ["alvin.xyz", "b-c.test", "München.example"]),
        ("'", ["b-c.test"]),
        ("", ["alvin.xyz", "b-c.test", "München.example"]),
        ("nothing has this", []),
        ("\U0001f6a2", ["b-c.test"]),
    ],
)
def test_q_finds_text_in_either_case_and_nothing_in_it_is_special(
    client: httpx.Client, q: str, found: list[str]
) -> None:
    for name, description in (
        ("alvin.xyz", "in der Straße"),
        ("München.example", "100% example"),
        ("b-c.test", "a_b \\ it's \U0001f6a2"),
    ):
        client.post("/domains", json={"name": name, "description": description}).raise_for_status()
    assert names(client.get("/domains", params={"q": q})) == found
    assert list(chain(*pages(client, "/domains", q=q, limit=1))) == found


def test_q_looks_where_it_says(client: httpx.Client) -> None:
    application = {"domain": "Alvin.xyz", "name": "shop", "servers": [{"name": "one", "url": "http://10.0.0.11"}]}
    client.post("/expose", json=application | {"pathPrefix": "/cart"}).raise_for_status()
    client.post("/services", json={"name": "other"}).raise_for_status()
    client.post("/routers", json={"name": "r", "pathPrefix": "/", "service": "other"}).raise_for_status()
    for q in ("sho", "alvin", "/CART"):
        assert names(client.get("/routers", params={"q": q})) == ["shop"]
    assert names(client.get("/routers", params={"q": "oth"})) == ["r"]
    assert names(client.get("/services", params={"q": "SHOP"})) == ["shop"]
    for q in ("one", "10.0.0"):
        assert names(client.get("/services/shop/servers", params={"q": q})) == ["one"]
    assert names(client.get("/services/shop/servers", params={"q": "shop"})) == []


@pytest.mark.parametrize(
    ("parameters", "pointer", "code"),
    [
        ({"limit": "0"}, "/limit", "value.small"),
        ({"limit": "-1"}, "/limit", "value.small"),
        ({"limit": "1001"}, "/limit", "value.large"),
        ({"limit": "9" * 30}, "/limit", "value.large"),
        ({"limit": "9" * 5000}, "/limit", "type.integer"),
        ({"limit": ""}, "/limit", "type.integer"),
        ({"limit": "ten"}, "/limit", "type.integer"),
        ({"limit": "1.5"}, "/limit", "type.integer"),
        ({"limit": "1e400"}, "/limit", "type.integer"),
        ({"limit": "NaN"}, "/limit", "type.integer"),
        ({"limit": "\x00"}, "/limit", "type.integer"),
        ({"q": "x" * 201}, "/q", "value.long"),
        ({"q": "x" * 20_000}, "/q", "value.long"),
        ({"q": "a\x00b"}, "/q", "text.control"),
        ({"q": "a\n"}, "/q", "text.control"),
        ({"dryRun": "true"}, "/dryRun", "query.unknown"),
        ({"Limit": "1"}, "/Limit", "query.unknown"),
        ({"\x00": "1"}, "/\x00", "query.unknown"),
        ({"a/b~": "1"}, "/a~1b~0", "query.unknown"),
        ({"limit": ["1", "2"]}, "/limit", "query.duplicate"),
        ({"cursor": "x" * 501}, "/cursor", "value.long"),
        *(({"cursor": cursor}, "/cursor", "cursor.format") for cursor in BAD_CURSORS),
    ],
)
def test_a_wrong_parameter_is_named(client: httpx.Client, parameters: dict[str, Any], pointer: str, code: str) -> None:
    for path in ("/services", "/domains", "/routers"):
        found = problem(client.get(path, params=parameters), "invalid", (pointer, code))
        assert found["errors"][0]["in"] == "query"


@pytest.mark.parametrize("path", ["/domains/a.test", "/services/s"])
@pytest.mark.parametrize("value", ["", "maybe", "2", "\x00", "TRUE ", "null"])
def test_cascade_is_true_or_false(client: httpx.Client, path: str, value: str) -> None:
    problem(client.delete(path, params={"cascade": value}), "invalid", ("/cascade", "type.boolean"))


@pytest.mark.parametrize("name", ["a", "alvin.xyz", "*.xn--mnchen-3ya.example", "x" * 253])
def test_a_cursor_leads_back_to_its_name(name: str) -> None:
    assert read_cursor(write_cursor(name)) == name
    assert "=" not in write_cursor(name)
