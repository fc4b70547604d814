"""Of which requests a change alters the handling, in words."""

from typing import Any

import httpx
import pytest

from provider import handling
from provider.models import Change
from provider.nouns import Middleware, Router

STRIP = {"stripPrefix": {"prefixes": ["/api"]}}
LOGIN = {"basicAuth": {"users": ["alvin:secret"]}}
HTTPS = {"redirectScheme": {"scheme": "https"}}


def middleware(name: str, given: dict[str, Any]) -> Middleware:
    return Middleware.read({"name": name, **given}).kept(None)


def router(name: str, *middlewares: str, **fields: Any) -> Router:
    return Router.read(
        {"name": name, "domains": [f"{name}.xyz"], "service": name, "middlewares": list(middlewares), **fields}
    )


def changed(before: Middleware | Router | None, after: Middleware | Router | None) -> Change:
    (kind, name) = next((each.kind, each.name) for each in (before, after) if each is not None)
    return Change(kind, name, *(None if each is None else each.json() for each in (before, after)))


def told(*changes: Change, routers: list[Router], known: list[Middleware]) -> list[str]:
    return handling.tell(changes, routers, {each.name: each for each in known})


def test_a_middleware_that_comes_to_a_router_and_one_that_goes_are_told() -> None:
    known = [middleware("login", LOGIN), middleware("strip", STRIP)]
    before, after = router("alvin", "strip"), router("alvin", "login", pathPrefix="/a")
    assert told(changed(before, after), routers=[after], known=known) == [
        "requests for alvin.xyz/a no longer: Removes /api from the path",
        "requests for alvin.xyz/a from now on: Asks for a password (1 user)",
    ]


def test_a_middleware_that_changes_is_told_of_all_routers_that_pass_it() -> None:
    before, after = middleware("way", STRIP), middleware("way", HTTPS)
    chain = middleware("outer", {"chain": {"middlewares": ["inner"]}})
    inner = middleware("inner", {"chain": {"middlewares": ["way", "sso@file"]}})
    routers = [router("a", "way"), router("b", "outer"), router("c"), router("d", "way", enabled=False)]
    assert told(changed(before, after), routers=routers, known=[after, chain, inner]) == [
        "requests for a.xyz and b.xyz: Redirects to https (302), and no longer: Removes /api from the path"
    ]


def test_a_chain_that_gets_a_member_is_told_by_the_member() -> None:
    before, after = (middleware("common", {"chain": {"middlewares": each}}) for each in (["login"], ["login", "way"]))
    known = [after, middleware("login", LOGIN), middleware("way", HTTPS)]
    assert told(changed(before, after), routers=[router("a", "common")], known=known) == [
        "requests for a.xyz from now on: Redirects to https (302)"
    ]


def test_another_password_is_told_without_it() -> None:
    before, after = (middleware("login", {"basicAuth": {"users": [f"alvin:secret-{each}"]}}) for each in "ab")
    (words,) = told(changed(before, after), routers=[router("a", "login")], known=[after])
    assert words == "requests for a.xyz: Asks for a password (1 user), with other values in login"


def test_another_order_and_tls_are_told() -> None:
    known = [middleware("login", LOGIN), middleware("way", HTTPS)]
    before, after = router("a", "login", "way"), router("a", "way", "login", tls={})
    assert told(changed(before, after), routers=[after], known=known) == [
        "requests for a.xyz from now on: Over TLS only",
        "requests for a.xyz pass through their middlewares in another order: way, login",
    ]


def test_nothing_is_told_of_what_is_new_or_off_or_only_called_otherwise() -> None:
    known = [middleware("login", LOGIN), middleware("way", LOGIN)]
    new, off = router("a", "login"), router("b", "login", enabled=False)
    assert told(changed(None, new), changed(router("b"), off), routers=[new, off], known=known) == []
    assert told(changed(router("a", "way"), new), changed(known[1], None), routers=[new], known=known[:1]) == []


def test_many_changes_are_counted() -> None:
    pairs = [(router(f"r{n}"), router(f"r{n}", f"m{n}")) for n in range(12)]
    known = [middleware(f"m{n}", {"addPrefix": {"prefix": f"/{n}"}}) for n in range(12)]
    words = told(*(changed(*pair) for pair in pairs), routers=[after for _before, after in pairs], known=known)
    assert len(words) == 11
    assert words[-1] == "and more changes to how requests are handled"


def test_a_domain_that_is_served_over_https_is_told(client: httpx.Client) -> None:
    client.post("/expose", json={"domain": "alvin.xyz", "servers": [{"url": "http://10.0.0.1"}]}).raise_for_status()
    secured = {"tls": {"from": "resolver", "certResolver": "acme"}}
    tried = client.patch("/domains/alvin.xyz?dryRun=true", json=secured).raise_for_status().json()
    assert tried["difference"]["words"][-2:] == [
        "requests for alvin.xyz from now on: Over TLS only, with a certificate from acme",
        "requests for alvin.xyz from now on: Redirects HTTP to HTTPS (301)",
    ]
    client.patch("/domains/alvin.xyz", json=secured).raise_for_status()
    last = client.get("/revisions").json()["items"][0]["number"]
    compared = client.get(f"/revisions/{last}/difference").raise_for_status().json()
    assert compared["difference"]["words"][-2:] == tried["difference"]["words"][-2:]


@pytest.fixture
def handled(client: httpx.Client) -> httpx.Client:
    """A client of a service with a router through a chain."""
    body = {"domain": "alvin.xyz", "name": "alvin", "servers": [{"url": "http://10.0.0.1"}]}
    client.post("/expose", json=body).raise_for_status()
    client.put("/middlewares/way", json=STRIP).raise_for_status()
    client.put("/middlewares/common", json={"chain": {"middlewares": ["way"]}}).raise_for_status()
    client.patch("/routers/alvin", json={"middlewares": ["common"]}).raise_for_status()
    return client


def test_it_is_told_before_a_change_is_made_and_when_it_is_undone(handled: httpx.Client) -> None:
    said = "requests for alvin.xyz: Redirects to https (302), and no longer: Removes /api from the path"
    tried = handled.put("/middlewares/way?dryRun=true", json=HTTPS).raise_for_status().json()
    assert tried["difference"]["words"][-1] == said
    state = {"middlewares": {"way": HTTPS}}
    applied = handled.post("/apply?dryRun=true", json=state).raise_for_status().json()
    assert applied["difference"]["words"][-1] == said
    removed = handled.patch("/routers/alvin?dryRun=true", json={"middlewares": []}).raise_for_status().json()
    assert removed["difference"]["words"][-1] == "requests for alvin.xyz no longer: Removes /api from the path"
    handled.put("/middlewares/way", json=HTTPS).raise_for_status()
    last = handled.get("/revisions").json()["items"][0]["number"]
    compared = handled.get(f"/revisions/{last}/difference").raise_for_status().json()
    assert compared["difference"]["words"][-1] == said
