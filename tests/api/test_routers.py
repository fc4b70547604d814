"""`/api/v1/routers`."""

from typing import Any

import httpx
import pytest

from tests.api.checks import problem, revision
from tests.running import Service

ROUTER: dict[str, Any] = {
    "name": "wayshub",
    "domains": ["alvin.xyz"],
    "pathPrefix": None,
    "rule": None,
    "service": "wayshub",
    "middlewares": [],
    "entryPoints": None,
    "priority": None,
    "tls": None,
    "observability": None,
    "enabled": True,
    "labels": {},
}


@pytest.fixture
def client(client: httpx.Client) -> httpx.Client:
    """A client of a service that has two domains and a service, and no router."""
    for name in ("alvin.xyz", "Bücher.example", "*.alvin.xyz"):
        client.post("/domains", json={"name": name}).raise_for_status()
    client.post("/services", json={"name": "wayshub"}).raise_for_status()
    return client


def in_document(service: Service) -> dict[str, Any] | None:
    found: dict[str, Any] | None = service.configuration()["http"].get("routers", {}).get("wayshub")
    return found


def test_a_router_is_added_shown_replaced_changed_and_removed(client: httpx.Client) -> None:
    added = client.post("/routers", json={"name": "wayshub", "domains": ["alvin.xyz"], "service": "wayshub"})
    assert (added.status_code, added.json()) == (201, ROUTER)
    assert added.headers["location"] == "/api/v1/routers/wayshub"
    shown = client.get("/routers/wayshub")
    assert (shown.json(), shown.headers["etag"]) == (ROUTER, added.headers["etag"])
    other = ROUTER | {"domains": [], "pathPrefix": "/x", "priority": 7, "entryPoints": ["web", "websecure"]}
    replaced = client.put("/routers/wayshub", json=other)
    assert (replaced.status_code, replaced.json()) == (200, other)
    changed = client.patch("/routers/wayshub", json={"priority": None, "entryPoints": None})
    assert changed.json() == other | {"priority": None, "entryPoints": None}
    removed = client.delete("/routers/wayshub")
    assert removed.status_code == 204
    assert revision(removed) > revision(changed) > revision(replaced) > revision(added)
    problem(client.get("/routers/wayshub"), "not-found")


def test_a_router_is_in_the_document_while_it_is_enabled(client: httpx.Client, service: Service) -> None:
    client.post("/routers", json=ROUTER).raise_for_status()
    expected = {
        "entryPoints": ["web"],
        "priority": 25,
        "rule": "Host(`alvin.xyz`)",
        "service": "wayshub",
    }
    assert in_document(service) == expected
    client.patch("/routers/wayshub", json={"enabled": False}).raise_for_status()
    assert in_document(service) is None
    client.patch("/routers/wayshub", json={"enabled": True, "pathPrefix": "/api", "priority": 5}).raise_for_status()
    assert in_document(service) == {
        "entryPoints": ["web"],
        "rule": "Host(`alvin.xyz`) && PathPrefix(`/api`)",
        "service": "wayshub",
        "priority": 5,
    }


def test_domains_keep_their_order_and_are_shown_as_they_were_typed(client: httpx.Client, service: Service) -> None:
    given = ["xn--bcher-kva.example", "ALVIN.xyz"]
    added = client.post("/routers", json=ROUTER | {"domains": given})
    assert added.json()["domains"] == ["Bücher.example", "alvin.xyz"]
    assert client.get("/routers/wayshub").json()["domains"] == ["Bücher.example", "alvin.xyz"]
    rule = "Host(`xn--bcher-kva.example`) || Host(`alvin.xyz`)"
    assert (in_document(service) or {})["rule"] == rule
    number = revision(added)
    assert revision(client.put("/routers/wayshub", json=ROUTER | {"domains": given})) == number
    turned = client.patch("/routers/wayshub", json={"domains": given[::-1]})
    assert turned.json()["domains"] == ["alvin.xyz", "Bücher.example"]
    assert revision(turned) == number + 1


def test_a_wildcard_ranks_below_the_host_that_it_covers(client: httpx.Client, service: Service) -> None:
    client.post("/domains", json={"name": "www.alvin.xyz"}).raise_for_status()
    client.post("/routers", json=ROUTER | {"name": "exact", "domains": ["www.alvin.xyz"]}).raise_for_status()
    client.post("/routers", json=ROUTER | {"domains": ["*.alvin.xyz"]}).raise_for_status()
    routers = service.configuration()["http"]["routers"]
    assert routers["wayshub"]["rule"] == r"HostRegexp(`^[^.]+\.alvin\.xyz\.?$`)"
    assert 0 < routers["wayshub"]["priority"] < routers["exact"]["priority"]
    client.patch("/routers/wayshub", json={"domains": ["*.alvin.xyz", "alvin.xyz"]}).raise_for_status()
    split = service.configuration()["http"]["routers"]
    assert split["wayshub.wildcards"] == routers["wayshub"]
    assert split["wayshub"]["rule"] == "Host(`alvin.xyz`)"
    assert split["wayshub"]["priority"] == routers["exact"]["priority"]


def test_an_alias_changes_nobody_elses_requests(client: httpx.Client) -> None:
    client.post("/routers", json=ROUTER).raise_for_status()
    client.post("/routers", json=ROUTER | {"name": "second", "pathPrefix": "/v2"}).raise_for_status()
    aliases = [f"a-rather-long-alias-{number}.example" for number in range(3)]
    for alias in aliases:
        client.post("/domains", json={"name": alias}).raise_for_status()
    client.patch("/routers/wayshub", json={"domains": ["alvin.xyz", *aliases]}).raise_for_status()
    explained = client.get("/explain", params={"url": "http://alvin.xyz/v2"}).json()
    assert (explained["router"], explained["candidates"][1]["router"]) == ("second", "wayshub")


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"domains": ["missing.test"]}, "/domains/0", "domain.unknown"),
    ({"domains": ["alvin.xyz", "missing.test"]}, "/domains/1", "domain.unknown"),
    ({"domains": ["www.alvin.xyz"]}, "/domains/0", "domain.unknown"),
    ({"service": "missing"}, "/service", "service.unknown"),
    ({"domains": []}, "/domains", "router.match"),
    ({"domains": None}, "/domains", "router.match"),
    ({"domains": ["alvin.xyz", "ALVIN.xyz"]}, "/domains", "domains.duplicate"),
    ({"domains": ["a`) || PathPrefix(`/"]}, "/domains/0", "host.format"),
    ({"domains": "alvin.xyz"}, "/domains", "type.array"),
    ({"domains": [1]}, "/domains/0", "type.string"),
    ({"domains": ["a.test"] * 101}, "/domains", "value.many"),
    ({"service": "wayshub@http"}, "/service", "reference.own"),
    ({"service": None}, "/service", "field.required"),
    ({"entryPoints": []}, "/entryPoints", "value.few"),
    ({"entryPoints": ["web", "web"]}, "/entryPoints", "entryPoints.duplicate"),
    ({"entryPoints": ["web\n"]}, "/entryPoints/0", "name.format"),
    ({"pathPrefix": "api"}, "/pathPrefix", "path.format"),
    ({"pathPrefix": "/`"}, "/pathPrefix", "path.format"),
    ({"pathPrefix": "/a//b"}, "/pathPrefix", "path.segments"),
    ({"pathPrefix": "/" + "x" * 255}, "/pathPrefix", "value.long"),
    ({"priority": 0}, "/priority", "priority.zero"),
    ({"priority": -1_000_000_001}, "/priority", "value.small"),
    ({"priority": 1_000_000_001}, "/priority", "value.large"),
    ({"priority": "7"}, "/priority", "type.integer"),
    ({"enabled": "yes"}, "/enabled", "type.boolean"),
    ({"enabled": 1}, "/enabled", "type.boolean"),
    ({"rule": "Host(`a`)"}, "/domains", "rule.exclusive"),
    ({"rule": "Host(`a`)", "pathPrefix": "/x", "domains": []}, "/rule", "rule.exclusive"),
    ({"rule": "", "domains": []}, "/rule", "rule.syntax"),
    ({"rule": "Host(`a`", "domains": []}, "/rule", "rule.syntax"),
    ({"rule": "Hots(`a`)", "domains": []}, "/rule", "rule.matcher"),
    ({"rule": "Host(`a`, `b`)", "domains": []}, "/rule", "rule.arguments"),
    ({"rule": "Host(`münchen.example`)", "domains": []}, "/rule", "rule.host"),
    ({"rule": "Path(`a`)", "domains": []}, "/rule", "rule.path"),
    ({"rule": "PathRegexp(`(`)", "domains": []}, "/rule", "rule.expression"),
    ({"rule": "ClientIP(`10.0.0.0/33`)", "domains": []}, "/rule", "rule.network"),
    ({"rule": "(" * 51 + "Host(`a`)" + ")" * 51, "domains": []}, "/rule", "rule.depth"),
    ({"rule": "Host(`a`) &&\nPath(`/`)", "domains": []}, "/rule", "text.control"),
    ({"rule": "Host(`a`)" + " " * 10_000, "domains": []}, "/rule", "value.long"),
    ({"rule": 7, "domains": []}, "/rule", "type.string"),
    ({"middlewares": ["absent"]}, "/middlewares/0", "middleware.unknown"),
    ({"middlewares": ["a", "a"]}, "/middlewares", "middlewares.duplicate"),
    ({"middlewares": ["a@internal"]}, "/middlewares/0", "reference.internal"),
    ({"middlewares": ["api@internal"]}, "/middlewares/0", "reference.internal"),
    ({"service": "dashboard_redirect@internal"}, "/service", "reference.internal"),
    ({"tls": {"resolver": "letsencrypt"}}, "/tls/resolver", "field.unknown"),
    ({"tls": {"options": "absent"}}, "/tls/options", "tlsOption.unknown"),
]


def test_what_is_wrong_is_named_and_nothing_changes(client: httpx.Client, service: Service) -> None:
    client.post("/routers", json=ROUTER).raise_for_status()
    before = service.configuration()
    for change, pointer, code in WRONG:
        problem(client.patch("/routers/wayshub", json=change), "invalid", (pointer, code))
    assert service.configuration() == before
    assert client.get("/routers/wayshub").json() == ROUTER


def test_every_reference_to_nothing_is_named_at_once(client: httpx.Client) -> None:
    router = {"name": "r", "domains": ["a.test", "alvin.xyz", "b.test"], "service": "missing"}
    problem(
        client.post("/routers", json=router),
        "invalid",
        ("/domains/0", "domain.unknown"),
        ("/domains/2", "domain.unknown"),
        ("/service", "service.unknown"),
    )


def test_a_router_needs_something_to_match(client: httpx.Client) -> None:
    answer = client.post("/routers", json={"name": "r", "service": "wayshub"})
    assert (
        "a router needs a domain, a path prefix or both, or a rule"
        in problem(answer, "invalid", ("/domains", "router.match"))["detail"]
    )
    assert client.post("/routers", json={"name": "r", "service": "wayshub", "pathPrefix": "/"}).status_code == 201


def test_a_name_is_taken_once(client: httpx.Client) -> None:
    client.post("/routers", json=ROUTER).raise_for_status()
    problem(client.post("/routers", json=ROUTER), "already-exists", ("/name", "name.taken"))


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH"])
def test_what_is_not_there_is_not_found(client: httpx.Client, method: str) -> None:
    answer = client.request(method, "/routers/missing", json={} if method == "PATCH" else None)
    assert problem(answer, "not-found")["detail"] == "there is no router missing"


def test_a_rule_takes_the_place_of_domains_and_a_path_prefix(client: httpx.Client, service: Service) -> None:
    rule = 'HostRegexp(`^a\\.`) && (Method(`POST`) || !Query("é"))'
    added = client.post("/routers", json={"name": "wayshub", "rule": rule, "service": "wayshub"})
    assert (added.status_code, added.json()) == (201, ROUTER | {"domains": [], "rule": rule})
    assert in_document(service) == {"entryPoints": ["web"], "rule": rule, "service": "wayshub"}
    client.patch("/routers/wayshub", json={"rule": rule + " && Path(`/x`)"}).raise_for_status()
    changed = client.patch("/routers/wayshub", json={"rule": None, "domains": ["alvin.xyz"]})
    assert changed.json() == ROUTER
    back = client.patch("/routers/wayshub", json={"rule": rule, "domains": [], "priority": 7})
    assert (in_document(service) or {})["priority"] == 7
    assert revision(client.put("/routers/wayshub", json=back.json())) == revision(back)
    assert [item["name"] for item in client.get("/routers", params={"q": "hostregexp"}).json()["items"]] == ["wayshub"]


def test_a_mistake_in_a_rule_is_told_with_its_place(client: httpx.Client) -> None:
    wrong = {"name": "r", "rule": "Host(`a.test`) && PathPrefixx(`/a`)", "service": "wayshub"}
    told = problem(client.post("/routers", json=wrong), "invalid", ("/rule", "rule.matcher"))
    assert told["errors"][0]["detail"] == "at character 19: there is no matcher PathPrefixx: did you mean PathPrefix?"
