"""Routers that stand beside those of other providers take requests over, and give them back."""

from typing import Any

import httpx
import pytest

from tests.running import Service

Json = dict[str, Any]


def standing(client: httpx.Client, name: str, text: str, rank: int | None = None, **fields: Any) -> None:
    """Put a router beside one of the file provider, with the rank that its rule gives it unless it has another."""
    beside = {"router": f"{name}@file", "rank": len(text) if rank is None else rank}
    router = {"rule": text, "service": "s@file", "entryPoints": ["web"], "beside": beside, **fields}
    client.put(f"/routers/{name}", json=router).raise_for_status()


def ask(client: httpx.Client, verb: str, *names: str, **fields: Any) -> Json:
    body = {"routers": list(names), **fields}
    found: Json = client.post(f"/{verb}", json=body).raise_for_status().json()
    return found


def served(service: Service) -> dict[str, tuple[str, int]]:
    """Return the rule and the priority of each router that edges get."""
    routers = service.configuration()["http"].get("routers", {})
    return {name: (router["rule"], router["priority"]) for name, router in routers.items()}


def conflicts(client: httpx.Client) -> list[Json]:
    found: list[Json] = client.get("/conflicts").raise_for_status().json()["items"]
    return found


def told(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 422
    return [(each["pointer"], each["code"]) for each in answer.json()["errors"]]


A, B = "Host(`a.test`)", "Host(`b.test`) && PathPrefix(`/x`)"


@pytest.mark.parametrize("takes", [True, False])
@pytest.mark.parametrize(
    ("idle", "taking"),
    [
        ({"beside": {"router": "r@file", "rank": 12}}, {"beside": {"router": "r@file", "rank": 12, "adopted": True}}),
        ({"enabled": False}, {"enabled": True}),
    ],
)
def test_no_traffic_is_told_of_a_domain_whose_router_takes_none(
    client: httpx.Client, idle: Json, taking: Json, *, takes: bool
) -> None:
    router = {"domains": ["a.test"], "service": "s", "entryPoints": ["web"], **(taking if takes else idle)}
    content: Json = {"domains": {"a.test": {}}, "services": {"s": {"servers": {"x": {"url": "http://10.0.0.1"}}}}}
    content["routers"] = {"r": router}
    answer = client.post("/apply", json=content, params={"dryRun": True}).raise_for_status().json()
    words = answer["difference"]["words"]
    place = "a.test" if takes else "service s"
    assert f"{place}: server x gets all of its traffic" in words
    client.post("/apply", json=content).raise_for_status()
    changed = client.put("/services/s/servers/y", json={"url": "http://10.0.0.2"}, params={"dryRun": True})
    assert any(told.startswith(f"{place}: ") for told in changed.raise_for_status().json()["difference"]["words"])


def test_several_take_over_and_give_back_each_in_one_revision(client: httpx.Client, service: Service) -> None:
    standing(client, "a", A)
    standing(client, "b", B)
    below = served(service)
    assert all(priority < -1_000_000_000 for _rule, priority in below.values())
    before = client.get("/revisions").json()["items"][0]["number"]
    answer = ask(client, "adopt", "a", "b")
    assert answer["revision"] == before + 1
    assert served(service) == {"a": (A, len(A) + 1), "b": (B, len(B) + 1)}
    assert answer["difference"]["words"][-2:] == ["a takes the requests of a@file", "b takes the requests of b@file"]
    assert client.get("/revisions").json()["items"][0]["summary"] == "Adopted a and b"
    assert ask(client, "handBack", all=True)["revision"] == before + 2
    assert served(service) == below
    assert ask(client, "handBack", "a")["revision"] == before + 2  # which changes nothing


def test_a_trial_tells_what_it_would_do_and_keeps_nothing(client: httpx.Client, service: Service) -> None:
    standing(client, "a", A)
    before = served(service)
    answer = client.post("/adopt", json={"routers": ["a"]}, params={"dryRun": True}).raise_for_status().json()
    assert answer["difference"]["words"][-1] == "a takes the requests of a@file"
    assert served(service) == before


def test_who_cannot_be_meant_is_named(client: httpx.Client) -> None:
    standing(client, "a", A)
    client.put("/routers/own", json={"rule": A, "service": "s@file"}).raise_for_status()
    beside = {"router": "new@file"}
    unknown = {"rule": A, "service": "s@file", "entryPoints": ["web"], "beside": beside}
    client.put("/routers/new", json=unknown).raise_for_status()
    answer = client.post("/adopt", json={"routers": ["a", "none", "own", "new"], "tcpRouters": ["a"]})
    assert told(answer) == [
        ("/routers/1", "router.unknown"),
        ("/routers/2", "beside.none"),
        ("/routers/3", "beside.rank"),
        ("/tcpRouters/0", "tcpRouter.unknown"),
    ]
    assert answer.json()["errors"][3]["detail"] == "there is no TCP router a, only a router with that name"
    assert told(client.post("/adopt", json={})) == [("", "adoption.names")]
    assert told(client.post("/handBack", json={"routers": ["a"], "all": True})) == [("", "adoption.names")]
    assert told(client.post("/handBack", json={"routers": ["a", "a"]})) == [("/routers", "adoption.duplicate")]


def test_whoever_names_the_router_of_the_other_provider_is_told_which_one_here_to_name(client: httpx.Client) -> None:
    standing(client, "a", A)
    renamed = {"rule": B, "service": "s@file", "entryPoints": ["web"], "beside": {"router": "B_1@docker"}}
    client.put("/routers/b-1", json=renamed).raise_for_status()
    answer = client.post("/adopt", json={"routers": ["a@file", "B_1@docker", "c@docker"]})
    assert told(answer) == [(f"/routers/{index}", "router.unknown") for index in range(3)]
    assert [each["detail"] for each in answer.json()["errors"]] == [
        "the router a@file belongs to another provider: name a instead, which stands beside it here",
        "the router B_1@docker belongs to another provider: name b-1 instead, which stands beside it here",
        "the router c@docker belongs to another provider, and no router here stands beside it",
    ]


def test_what_ranks_one_above_the_other_stays_first(client: httpx.Client, service: Service) -> None:
    """No priority is between those of /ap and /api: the adopted one leaves the requests of /api aside."""
    short, long, apart = (
        "Host(`a.test`) && PathPrefix(`/ap`)",
        "Host(`a.test`) && PathPrefix(`/api`)",
        "Host(`b.test`) && PathPrefix(`/api`)",
    )
    for name, rule in {"short": short, "long": long, "apart": apart}.items():
        standing(client, name, rule)
    own = {"rule": "Host(`a.test`) && Path(`/ap/own`)", "service": "s@file", "priority": len(short) + 1}
    client.put("/routers/own", json=own).raise_for_status()
    ask(client, "adopt", "short")
    assert served(service)["short"] == (f"({short}) && !(Host(`a.test`) && Path(`/ap/own`)) && !({long})", 36)
    assert client.get("/routers/short").json()["rule"] == short
    ask(client, "adopt", "long")
    assert served(service)["short"] == (f"({short}) && !(Host(`a.test`) && Path(`/ap/own`))", 36)
    assert served(service)["long"] == (long, 37)
    ask(client, "handBack", "long")
    assert f"!({long})" in served(service)["short"][0]


@pytest.mark.parametrize(("rank", "above"), [(-1, 1), (-5, -4), (1, 2), (999_999_999_999, 1_000_000_000_000)])
def test_an_adopted_router_ranks_next_above_the_other_and_never_0(
    client: httpx.Client, service: Service, rank: int, above: int
) -> None:
    standing(client, "a", A, rank)
    ask(client, "adopt", "a")
    assert served(service)["a"] == (A, above)


def test_a_pair_is_no_conflict_and_no_router_of_ones_own_hides_what_stands_beside_another(
    client: httpx.Client,
) -> None:
    client.put("/domains/a.test", json={}).raise_for_status()
    client.put("/services/pool", json={}).raise_for_status()
    router: Json = {"domains": ["a.test"], "rule": None, "service": "pool"}
    standing(client, "a", A, **router)
    standing(client, "twin", A, rank=5)
    assert conflicts(client) == []
    client.put("/routers/own", json={"domains": ["a.test"], "service": "pool"}).raise_for_status()
    assert conflicts(client) == []


def test_it_is_explained_that_the_other_takes_the_request(client: httpx.Client) -> None:
    standing(client, "a", A)
    standing(client, "rest", "HostRegexp(`.+`)", rank=-3)
    ask(client, "adopt", "rest")
    found = client.get("/explain", params={"url": "http://a.test/"}).raise_for_status().json()
    assert (found["router"], found["service"]) == ("a@file", None)
    assert found["why"] == "a matches, and stands beside a@file, which takes its requests"
    assert [(each["router"], each["verdict"]) for each in found["candidates"]] == [
        ("a", "beside"),
        ("rest", "outranked"),
    ]
    ask(client, "adopt", "a")
    found = client.get("/explain", params={"url": "http://a.test/"}).raise_for_status().json()
    assert (found["router"], found["service"]) == ("a", "s@file")


def test_a_plan_says_who_takes_the_requests(client: httpx.Client) -> None:
    beside = {"router": "a@file", "rank": len(A)}
    router = {"rule": A, "service": "s@file", "entryPoints": ["web"], "beside": beside}
    answer = client.post("/apply", json={"routers": {"a": router}}, params={"dryRun": True}).raise_for_status().json()
    assert answer["difference"]["words"][-1] == "a stands beside a@file, which takes its requests"
    assert answer["warnings"] == []
    written = client.post("/apply", json={"routers": {"a": router}}).raise_for_status()
    assert written.headers["Config-Warnings"] == "0"
    assert client.get("/export").json()["routers"]["a"]["beside"] == beside


def test_for_good_a_router_stands_by_itself_and_ranks_by_its_domains_again(
    client: httpx.Client, service: Service
) -> None:
    client.put("/domains/a.test", json={}).raise_for_status()
    prefixed = "Host(`a.test`) && PathPrefix(`/x`)"
    standing(client, "a", A, domains=["a.test"], rule=None)
    standing(client, "x", prefixed, domains=["a.test"], pathPrefix="/x", rule=None)
    ask(client, "adopt", "a", "x")
    ask(client, "adopt", all=True, forGood=True)
    assert "beside" not in client.get("/routers/a").json()
    assert served(service) == {"a": (A, 25), "x": (prefixed, 27)}


def test_one_stands_by_itself_for_good_while_others_go_on_to_stand_beside(client: httpx.Client) -> None:
    for name, path in (("a", "/a"), ("b", "/b")):
        standing(client, name, f"Host(`a.test`) && PathPrefix(`{path}`)")
    ask(client, "adopt", all=True)
    ask(client, "adopt", "a", forGood=True)
    assert "beside" not in client.get("/routers/a").json()
    assert client.get("/routers/b").json()["beside"]["adopted"] is True


def test_tcp_routers_take_over_too(client: httpx.Client, service: Service) -> None:
    rule = "HostSNI(`*`)"
    beside = {"router": "t@file", "rank": -1}
    router = {"rule": rule, "service": "t@file", "entryPoints": ["db"], "beside": beside}
    client.put("/tcpRouters/t", json=router).raise_for_status()
    routers = service.configuration()["tcp"]["routers"]
    assert routers["t"]["priority"] < -1_000_000_000
    assert "beside" not in routers["t"]
    ask(client, "adopt", tcpRouters=["t"])
    assert service.configuration()["tcp"]["routers"]["t"]["priority"] == 1
    ask(client, "adopt", tcpRouters=["t"], forGood=True)
    assert "priority" not in service.configuration()["tcp"]["routers"]["t"]


@pytest.mark.parametrize(
    ("beside", "wrong"),
    [
        ({"router": "shop"}, ("/beside/router", "beside.router")),
        ({"router": "api@internal"}, ("/beside/router", "beside.router")),
        ({"router": "a@file", "adopted": True}, ("/beside/rank", "beside.rank")),
        ({"router": "a@file", "rank": 2**63 - 1}, ("/beside/rank", "value.large")),
        ({"router": "a@file", "spared": ["Host("]}, ("/beside/spared/0", "rule.syntax")),
    ],
)
def test_what_cannot_stand_beside_is_refused(client: httpx.Client, beside: Json, wrong: tuple[str, str]) -> None:
    router = {"rule": A, "service": "s@file", "entryPoints": ["web"], "beside": beside}
    assert told(client.put("/routers/a", json=router)) == [wrong]
    silent = {"rule": A, "service": "s@file", "beside": {"router": "a@file"}}
    assert told(client.put("/routers/a", json=silent)) == [("/entryPoints", "beside.entryPoints")]
