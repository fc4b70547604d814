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


MORE = KNOWN | known(
    rate={"rateLimit": {"average": 1}},
    office={"ipAllowList": {"sourceRange": ["10.0.0.0/8"]}},
    behind={"ipAllowList": {"sourceRange": ["10.0.0.0/8"], "ipStrategy": {"depth": 1}}},
    subnet={"ipAllowList": {"sourceRange": ["2001:db8::"], "ipStrategy": {"ipv6Subnet": 64}}},
    sso={"forwardAuth": {"address": "http://sso:9000/verify?token=secret"}},
    odd={"plugin": {"demo": {"a": "b"}}},
    zip={"compress": {}},
    named={"headers": {"customRequestHeaders": {"X-A": "1", "Host": "other.test"}}},
    old={"redirectRegex": {"regex": "^http://other.test/(.*)$", "replacement": "https://new.test/$1"}},
)


def follow(*names: str, url: str = "http://alvin.xyz/api/one", client: str | None = None) -> passages.Passage:
    """Return what becomes of a request on its way through some middlewares."""
    return passages.follow(passages.begin(url, client=client), passages.stops(names, MORE))


def fates(found: passages.Passage) -> list[str]:
    """Return what became of a request at each stop."""
    return [step.effect.fate.value for step in found.steps]


def test_what_is_not_known_is_what_it_depends_on() -> None:
    found = follow("rate", "office", "behind", "sso", "odd", "limit@file", "zip")
    assert fates(found) == ["depends"] * 6 + ["changes"]
    assert found.target == "/api/one"
    assert found.steps[0].effect.why == "depends on how many requests arrive: too many get 429"
    assert not any("secret" in step.effect.why for step in found.steps)


def test_clients_are_let_in_by_their_networks() -> None:
    assert fates(follow("office", client="10.9.8.7")) == ["passes"]
    assert fates(follow("office", client="::1")) == ["ends"]
    assert fates(follow("subnet", client="2001:db8::1")) == ["passes"]
    assert fates(follow("subnet", client="2001:db8:0:1::1")) == ["ends"]


def test_the_way_ends_with_the_first_answer() -> None:
    found = follow("strip-api", "login", "zip")
    assert fates(found) == ["changes", "ends"]
    assert found.end is not None
    assert (found.end.stop.name, found.end.effect.status, found.target) == ("login", 401, None)


def test_each_middleware_sees_what_the_one_before_made() -> None:
    found = follow("strip-api", "named", "old")
    assert found.end is not None
    assert found.end.effect.location == "https://new.test/one"
