"""From the desired state to the document that Traefik polls."""

import hashlib
import json
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provider import configuration, rules, verification
from provider.configuration import Document
from provider.errors import Unverified
from provider.listening import Listening
from provider.nouns import Named, Router, Server, Service
from provider.parts import Part, Parts, Section
from tests import strategies
from tests.running import cases, compact

State = tuple[Sequence[tuple[Service, Sequence[Server]]], Sequence[Router]]

SERVICE = Service.read({"name": "wayshub"})
ROUTER = Router.read({"name": "wayshub", "domains": ["alvin.xyz"], "service": "wayshub"})


def server(name: str, weight: int = 1, state: str = "ready") -> Server:
    return Server.read({"name": name, "url": f"http://{name}.test:3000", "weight": weight, "state": state})


def parts_of(state: State) -> Parts:
    pools, routers = state
    made = {router.name: configuration.router_part(router, Listening()) for router in routers}
    services = {service.name: configuration.service_part(service, pool) for service, pool in pools}
    return Parts(
        {
            "router": Section({name: part for name, part in made.items() if part is not None}),
            "service": Section(services),
        }
    )


def document_of(state: State) -> Document:
    return configuration.assemble(parts_of(state))


def load_balancer(service: Service, *servers: Server) -> dict[str, Any]:
    document = json.loads(document_of(([(service, servers)], [])).content)
    found: dict[str, Any] = document["http"]["services"][service.name]["loadBalancer"]
    return found


def routers_in_document(**changes: Any) -> dict[str, dict[str, Any]]:
    router = Router.read({**ROUTER.json(), **changes})
    document = json.loads(document_of(([(SERVICE, [])], [router])).content)
    found: dict[str, dict[str, Any]] = document["http"]["routers"]
    return found


def router_in_document(**changes: Any) -> dict[str, Any]:
    return routers_in_document(**changes)["wayshub"]


def has_empty_map(value: object) -> bool:
    if isinstance(value, dict):
        return not value or any(map(has_empty_map, value.values()))
    return isinstance(value, list) and any(map(has_empty_map, value))


def test_an_empty_state_is_the_beacon_alone() -> None:
    document = document_of(([], []))
    digest = hashlib.sha256(b'{"http":{}}').hexdigest()[:12]
    assert document.digest == digest
    headers = {"customResponseHeaders": {"X-Config-Digest": digest}}
    assert json.loads(document.content) == {"http": {"middlewares": {"provider.beacon": {"headers": headers}}}}


def test_the_document_says_what_traefik_needs_and_no_more() -> None:
    document = json.loads(document_of(([(SERVICE, [server("b"), server("a", 3)])], [ROUTER])).content)
    assert document["http"]["routers"] == {
        "wayshub": {"entryPoints": ["web"], "priority": 25, "rule": "Host(`alvin.xyz`)", "service": "wayshub"}
    }
    assert document["http"]["services"] == {
        "wayshub": {
            "loadBalancer": {
                "servers": [{"url": "http://a.test:3000", "weight": 3}, {"url": "http://b.test:3000", "weight": 1}]
            }
        }
    }


def test_every_option_of_a_service_is_in_the_document() -> None:
    check = {"path": "/health", "interval": "10s", "timeout": "1s"}
    service = Service.read(
        {
            "name": "wayshub",
            "strategy": "p2c",
            "healthCheck": check,
            "sticky": {"cookie": {"name": "c"}},
            "passHostHeader": False,
        }
    )
    assert load_balancer(service, server("a")) == {
        "servers": [{"url": "http://a.test:3000", "weight": 1}],
        "strategy": "p2c",
        "healthCheck": check,
        "sticky": {"cookie": {"name": "c"}},
        "passHostHeader": False,
    }


def test_drained_servers_and_those_out_of_service_are_left_out() -> None:
    found = load_balancer(SERVICE, server("a"), server("b", state="drain"), server("c", state="maint"))
    assert [item["url"] for item in found["servers"]] == ["http://a.test:3000"]
    assert load_balancer(SERVICE, server("a", state="drain"))["servers"] == []


def test_a_disabled_router_is_left_out_and_its_service_stays() -> None:
    disabled = ROUTER.copy(enabled=False)
    assert configuration.router_part(disabled, Listening()) is None
    assert "routers" not in json.loads(document_of(([(SERVICE, [])], [disabled])).content)["http"]


def test_a_rule_ranks_by_its_length_and_domains_and_a_path_prefix_by_what_they_are() -> None:
    assert "priority" not in router_in_document(domains=[], rule="Host(`alvin.xyz`)")
    assert router_in_document()["priority"] == rules.priority(["alvin.xyz"], None)
    assert router_in_document(domains=["*.alvin.xyz"])["priority"] == rules.priority(["*.alvin.xyz"], None)
    assert router_in_document(priority=7)["priority"] == 7
    assert router_in_document(domains=["*.alvin.xyz"], priority=7)["priority"] == 7


def test_exact_domains_and_wildcards_of_one_router_rank_apart() -> None:
    found = routers_in_document(domains=["alvin.xyz", "*.alvin.xyz"], pathPrefix="/v2")
    assert {name: router["priority"] for name, router in found.items()} == {"wayshub": 28, "wayshub.wildcards": 5}
    assert found["wayshub"]["rule"] == "Host(`alvin.xyz`) && PathPrefix(`/v2`)"
    assert found["wayshub.wildcards"]["rule"] == r"HostRegexp(`^[^.]+\.alvin\.xyz\.?$`) && PathPrefix(`/v2`)"
    assert {configuration.owner(name) for name in found} == {"wayshub"}
    assert len(routers_in_document(domains=["alvin.xyz", "*.alvin.xyz"], priority=9)) == 1


def test_a_host_is_an_a_label_in_the_document() -> None:
    assert router_in_document(domains=["MÜNCHEN.example"])["rule"] == "Host(`xn--mnchen-3ya.example`)"


@settings(max_examples=cases(20, 1000), suppress_health_check=[HealthCheck.too_slow])
@given(strategies.states())
def test_every_document_that_is_made_can_be_served(state: State) -> None:
    document = document_of(state)
    verification.verify(document.content)
    decoded = json.loads(document.content)
    assert not has_empty_map(decoded)
    assert compact(decoded).encode() == document.content
    headers = decoded["http"].pop("middlewares")["provider.beacon"]["headers"]
    assert headers == {"customResponseHeaders": {"X-Config-Digest": document.digest}}
    assert hashlib.sha256(compact(decoded).encode()).hexdigest()[:12] == document.digest


@settings(max_examples=cases(15, 1000), suppress_health_check=[HealthCheck.too_slow])
@given(strategies.states(), st.randoms(use_true_random=False))
def test_the_same_state_gives_the_same_bytes_in_any_order(state: State, chance: random.Random) -> None:
    pools, routers = state
    shuffled = [(service, chance.sample(pool, len(pool))) for service, pool in pools]
    chance.shuffle(shuffled)
    assert document_of((shuffled, chance.sample(routers, len(routers)))) == document_of(state)


@settings(max_examples=cases(15, 1000), suppress_health_check=[HealthCheck.too_slow])
@given(strategies.states(), strategies.states())
def test_parts_that_are_replaced_give_what_parts_made_anew_give(old: State, new: State) -> None:
    before, after = parts_of(old), parts_of(new)

    def difference(kind: str) -> dict[Named, Part | None]:
        one, other = before.section(kind).parts, after.section(kind).parts
        return {(kind, name): other.get(name) for name in one.keys() | other.keys()}

    kept = configuration.assemble(before)
    replaced = before.replaced(difference("router") | difference("service"))
    assert configuration.assemble(replaced) == configuration.assemble(after)
    assert configuration.assemble(before) == kept


def test_a_router_to_nothing_is_never_assembled() -> None:
    with pytest.raises(Unverified, match="wayshub, which does not exist"):
        document_of(([], [ROUTER]))


GOOD = document_of(([(Service.read({"name": "wayshub", "strategy": "p2c"}), [server("a", 3)])], [ROUTER])).content


def with_beacon(http: dict[str, Any]) -> bytes:
    """Write a document that is wrong in itself, with the beacon that would be right for it."""
    digest = hashlib.sha256(compact({"http": http}).encode()).hexdigest()[:12]
    beacon = {"provider.beacon": {"headers": {"customResponseHeaders": {"X-Config-Digest": digest}}}}
    return compact({"http": {"middlewares": beacon, **http}}).encode()


def one_server(**changes: Any) -> dict[str, Any]:
    return {"servers": [{"url": "http://a", "weight": 1} | changes], "strategy": "wrr"}


def one_service(balancer: dict[str, Any]) -> bytes:
    return with_beacon({"services": {"a": {"loadBalancer": balancer}}})


def one_rule(rule: str, entry_point: str = "web", name: str = "r") -> bytes:
    router = {"entryPoints": [entry_point], "rule": rule, "service": "a"}
    return with_beacon({"routers": {name: router}, "services": {"a": {"loadBalancer": one_server()}}})


def test_the_table_below_begins_with_documents_that_hold() -> None:
    verification.verify(GOOD)
    verification.verify(one_service(one_server()))
    verification.verify(with_beacon({}))
    verification.verify(one_rule('Path(`/a║\\ \t" \U0001ffff é`)', "wéb b", "r" * 1022))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"{}",
        b"[]",
        b'{"error":"x"}',
        b'{"http":{}}',
        b'{"http":{"middlewares":{}}}',
        GOOD[:-1],
        GOOD + b"x",
        GOOD.replace(b"weight", b"wieght"),
        GOOD.replace(b'"weight":3', b'"weight":4'),
        GOOD.replace(b"a.test", b"b.test"),
        with_beacon({"routers": {}}),
        with_beacon({"services": {}}),
        with_beacon({"services": {"a": {}}}),
        with_beacon({"services": {"a": {"loadBalancer": {}}}}),
        with_beacon({"tcp": {}}),
        one_service(one_server(weight=0)),
        one_service(one_server(weight=-1)),
        one_service(one_server(weight=1.5)),
        one_service(one_server(weight="1")),
        one_service(one_server(weight=True)),
        one_service(one_server(extra=1)),
        one_service(one_server() | {"healthCheck": {}}),
        one_service(one_server() | {"sticky": {}}),
        one_service(one_server() | {"sticky": {"cookie": {}}}),
        with_beacon({"routers": {"r": {"entryPoints": ["web"], "rule": "Host(`a`)", "service": "missing"}}}),
        with_beacon({"routers": {"r": {"entryPoints": [], "rule": "Host(`a`)", "service": "missing"}}}),
        with_beacon({"routers": {"r": {"rule": "Host(`a`)", "service": "missing"}}}),
        GOOD.replace(b'"strategy":"p2c"', b'"strategy":"p2c","strategy":"p2c"'),
        GOOD.replace(b'"services":{', b'"services":{"wayshub":{"loadBalancer":{"servers":[],"strategy":"wrr"}},'),
        GOOD.replace(b"provider.beacon", b"provider.bacon"),
        GOOD.replace(b"X-Config-Digest", b"X-Config"),
        GOOD.replace(b"alvin.xyz", b"\xff"),
        GOOD.replace(b"alvin.xyz", rb"\ud800"),
        *(one_rule(f"Path(`/ {character} `)") for character in "\x7f\x80\x85\x9f\u2028\u2029\ufeff\ufffe\uffff"),
        one_rule("Path(`/a`)").replace(b"/a", rb"\/a"),
        one_rule("Path(`/\U0001f600`)").replace("\U0001f600".encode(), rb"\ud83d\ude00"),
        one_rule("Path(`/é`)").replace("é".encode(), rb"\u00e9"),
        one_rule("Path(`/a`)", "we║b"),
        one_rule("Path(`/a`)", " web"),
        one_rule("Path(`/a`)", "web\xa0"),
        one_rule("Path(`/a`)", ""),
        one_rule("Path(`/a`)", name="r" * 1023),
        one_rule("Path(`/a`)", name="r@file"),
        one_rule("Path(`/a`)", name=""),
    ],
)
def test_a_document_that_traefik_would_reject_or_that_is_not_whole_is_not_verified(content: bytes) -> None:
    with pytest.raises(Unverified):
        verification.verify(content)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_no_changed_byte_goes_unnoticed(position: int, byte: int) -> None:
    changed = GOOD[:position] + bytes([byte]) + GOOD[position + 1 :]
    if changed == GOOD:
        verification.verify(changed)
    else:
        with pytest.raises(Unverified):
            verification.verify(changed)


def test_shares_are_by_weight_among_those_that_take_traffic() -> None:
    pool = [server("a", 3), server("b", 1), server("c", 5, "drain"), server("d", 5, "maint")]
    assert configuration.shares(pool) == {"a": 0.75, "b": 0.25, "c": 0, "d": 0}
    assert configuration.shares([server("c", state="drain")]) == {"c": 0}
    assert configuration.shares([]) == {}


@given(st.lists(strategies.servers, max_size=8, unique_by=lambda item: item["name"]))
def test_shares_add_up_to_1_unless_nobody_takes_traffic(pool: list[dict[str, Any]]) -> None:
    found = configuration.shares([Server.read(item) for item in pool])
    assert set(found) == {item["name"] for item in pool}
    assert sum(found.values()) == pytest.approx(1 if any(item["state"] == "ready" for item in pool) else 0)
