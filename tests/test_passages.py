"""What requests pass between a router and its service."""

from typing import Any

from provider import passages
from provider.nouns import Middleware


def known(**kinds: dict[str, Any]) -> dict[str, Middleware]:
    """Return middlewares by name: `strip_api` is `strip-api`."""
    named = {name.replace("_", "-"): given for name, given in kinds.items()}
    return {name: Middleware.read({"name": name, **given}) for name, given in named.items()}


KNOWN = known(
    login={"basicAuth": {"users": ["alvin:secret"]}},
    strip_api={"stripPrefix": {"prefixes": ["/api"]}},
    inner={"chain": {"middlewares": ["login", "limit@file"]}},
    outer={"chain": {"middlewares": ["inner", "strip-api"]}},
)


def test_middlewares_are_passed_in_order_and_say_what_they_do() -> None:
    found = passages.stops(["strip-api", "login"], KNOWN)
    assert [(each.name, each.words, each.chain) for each in found] == [
        ("strip-api", "Removes /api from the path", None),
        ("login", "Asks for a password (1 user)", None),
    ]


def test_the_members_of_chains_stand_in_their_place() -> None:
    found = passages.stops(["outer", "login"], KNOWN)
    assert [(each.name, each.chain) for each in found] == [
        ("login", "inner"),
        ("limit@file", "inner"),
        ("strip-api", "outer"),
        ("login", None),
    ]


def test_of_one_of_another_provider_the_name_is_known() -> None:
    (found,) = passages.stops(["sso@file"], KNOWN)
    assert (found.name, found.is_elsewhere) == ("sso@file", True)


def test_chains_that_double_with_each_other_are_not_followed_for_ever() -> None:
    chains = {f"c{n}": {"chain": {"middlewares": [f"c{n + 1}", f"d{n}"]}} for n in range(40)} | {
        f"d{n}": {"chain": {"middlewares": [f"c{n + 1}"]}} for n in range(40)
    }
    found = passages.stops(["c0"], known(**chains, c40={"compress": {}}))
    assert len(found) == passages.MOST
