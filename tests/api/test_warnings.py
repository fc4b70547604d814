"""Conflicts are told where they come about: in the answer of the write that makes them, and before it is made."""

from typing import Any

import httpx
import pytest

from provider import display_strings


def warnings(answer: httpx.Response) -> list[tuple[str, tuple[str, ...]]]:
    """Return which conflicts an answer tells, and about what. It counts them in a header."""
    found: list[dict[str, Any]] = answer.raise_for_status().json()["warnings"]
    assert all(each["detail"] for each in found)
    assert int(answer.headers["Config-Warnings"]) >= len(found)
    return [(each["conflict"], tuple(one["name"] for one in each["objects"])) for each in found]


def put(client: httpx.Client, path: str, body: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """Try something and do it, and return the conflicts that are told: the same when it is done as before."""
    tried = client.put(path, json=body, params={"dryRun": True})
    done = client.put(path, json=body).raise_for_status()
    check_told(done, tried)
    # What edges show meanwhile is no part of what was done.
    observed = {"certificates": None, "leaving": None}
    written, found = (each.json() | observed for each in (done, client.get(path)))
    assert written == found
    return warnings(tried)


def check_told(done: httpx.Response, tried: httpx.Response) -> None:
    """Check that the answer of what was done counts and tells the conflicts that were told when it was tried."""
    expected = [each["detail"] for each in tried.json()["warnings"]]
    assert display_strings.read(done.headers.get("Config-Warning", "")) == expected
    assert done.headers["Config-Warnings"] == str(len(expected))


@pytest.fixture(autouse=True)
def exposed(client: httpx.Client) -> None:
    body = {"domain": "a.test", "name": "app", "servers": [{"name": "a", "url": "http://10.0.0.1"}]}
    client.post("/expose", json=body).raise_for_status()


def test_what_is_in_no_conflict_has_none_counted(client: httpx.Client) -> None:
    answer = client.put("/routers/app", json={"domains": ["a.test"], "service": "app"})
    assert (answer.headers["Config-Warnings"], answer.headers.get("Config-Warning")) == ("0", None)
    body = {"domain": "b.test", "name": "other", "servers": [{"url": "http://10.0.0.2"}]}
    assert client.post("/expose", json=body).headers["Config-Warnings"] == "0"
    assert client.patch("/services/app/servers/a", json={"weight": 3}).headers["Config-Warnings"] == "0"


def test_a_router_that_is_in_conflict_with_another_is_told_with_it(client: httpx.Client) -> None:
    same = {"domains": ["a.test"], "service": "app"}
    assert put(client, "/routers/b", same) == [("same-rule", ("app", "b"))]
    hidden = {"domains": ["a.test"], "pathPrefix": "/x", "priority": 1, "service": "app"}
    assert put(client, "/routers/b", hidden) == [("hidden", ("b", "app"))]


def test_who_makes_another_router_hidden_is_told_so(client: httpx.Client) -> None:
    assert put(client, "/routers/api", {"domains": ["a.test"], "pathPrefix": "/api", "service": "app"}) == []
    raised = {"domains": ["a.test"], "priority": 9999, "service": "app"}
    assert put(client, "/routers/app", raised) == [("hidden", ("api", "app"))]


def test_what_nobody_uses_is_told(client: httpx.Client) -> None:
    assert put(client, "/domains/b.test", {}) == [("unused-domain", ("b.test",))]
    assert put(client, "/domains/*.b.test", {}) == [("unused-domain", ("*.b.test",))]
    assert put(client, "/services/idle", {}) == [("unreached-service", ("idle",))]
    moved = {"service": "idle", "domains": ["b.test"]}
    assert put(client, "/routers/app", moved) == [("unused-domain", ("a.test",)), ("unreached-service", ("app",))]
    expected = [("unused-domain", ("b.test",)), ("unreached-service", ("idle",))]
    assert put(client, "/routers/app", moved | {"enabled": False}) == expected


def test_a_removal_that_is_tried_tells_what_nobody_will_use(client: httpx.Client) -> None:
    tried = client.delete("/routers/app", params={"dryRun": True})
    assert warnings(tried) == [("unused-domain", ("a.test",)), ("unreached-service", ("app",))]
    check_told(client.delete("/routers/app").raise_for_status(), tried)
    listed = client.get("/conflicts").raise_for_status().json()["items"]
    assert listed == tried.json()["warnings"]
    # What goes along is not told of.
    gone = client.delete("/services/app", params={"cascade": True, "dryRun": True})
    assert warnings(gone) == []


def test_the_plan_of_a_declaration_and_of_a_rollback_tells_them(client: httpx.Client) -> None:
    declared: dict[str, Any] = {"routers": {"b": {"domains": ["a.test"], "service": "app"}}, "services": {"idle": {}}}
    expected = [("same-rule", ("app", "b")), ("unreached-service", ("idle",))]
    assert warnings(client.post("/apply", json=declared, params={"dryRun": True})) == expected
    before = client.get("/revisions").json()["items"][0]["number"]
    done = client.post("/apply", json=declared)
    assert warnings(done) == expected
    back = client.post(f"/revisions/{before}/rollback").raise_for_status()
    assert back.json()["warnings"] == []
    forth = client.post(f"/revisions/{before + 1}/rollback", params={"dryRun": True})
    assert warnings(forth) == expected


def test_who_waits_for_the_edges_is_told_too(client: httpx.Client) -> None:
    tried = client.put("/services/idle", json={}, params={"dryRun": True})
    done = client.put("/services/idle", json={}, headers={"Prefer": "wait=0"}).raise_for_status()
    check_told(done, tried)


def test_no_more_than_a_hundred_are_told(client: httpx.Client) -> None:
    declared: dict[str, Any] = {"services": {f"idle-{number}": {} for number in range(120)}}
    answer = client.post("/apply", json=declared)
    assert (len(warnings(answer)), answer.headers["Config-Warnings"]) == (100, "120")
    assert 20 < len(display_strings.read(answer.headers["Config-Warning"])) < 100
    assert len(answer.headers["Config-Warning"]) <= 2048
    assert client.get("/conflicts").json()["total"] == 120


@pytest.mark.parametrize(
    "rule",
    [
        r'Path("/\377")',
        r'PathPrefix("/a\xff")',
        r'Header(`X`, "\xff")',
        r'Query("a\xff", "\xfe")',
        r'Host(`a.test`) && Path("/\xc3")',
        r'Host(`a.test`) && Header("X-\377", `b`)',
        r'Host(`a.test`) && !Header(`X`, "\377")',
    ],
)
def test_a_rule_with_bytes_that_are_no_text_is_kept_told_and_explained(client: httpx.Client, rule: str) -> None:
    body = {"rule": rule, "service": "app"}
    assert client.put("/routers/bytes", json=body, params={"dryRun": True}).status_code == 201
    assert client.put("/routers/bytes", json=body).status_code == 201
    for asked in ("http://a.test/", "http://a.test/%ff", "http://a.test/a%FF?a%ff=%fe"):
        found = client.get("/explain", params={"url": asked}).raise_for_status()
        assert "\\ud" not in found.text
    client.get("/conflicts").raise_for_status()
    moved = client.put("/routers/bytes", json={"rule": "Path(`/other`)", "service": "app"})
    number = int(moved.raise_for_status().headers["Config-Revision"])
    client.get(f"/revisions/{number}/difference").raise_for_status()
    client.post(f"/revisions/{number - 1}/rollback").raise_for_status()
    assert client.get("/routers/bytes").json()["rule"] == rule


def test_where_it_is_not_known_whether_traefik_disables_a_service_it_is_told(client: httpx.Client) -> None:
    foreign = {"weighted": {"services": [{"name": "app@file"}], "healthCheck": {}}}
    assert ("disabled-service", ("made",)) in put(client, "/services/made", foreign)
    assert ("disabled-service", ("made",)) in listed(client)


def test_who_takes_a_health_check_away_is_told_which_service_needs_it_by_way_of_another(client: httpx.Client) -> None:
    client.patch("/services/app", json={"healthCheck": {}}).raise_for_status()
    mirrored = {"mirroring": {"service": "app", "mirrors": [], "healthCheck": {}}}
    client.put("/services/mirrored", json=mirrored).raise_for_status()
    parent = {"weighted": {"services": [{"name": "mirrored"}], "healthCheck": {}}}
    assert put(client, "/services/made", parent) == [("unreached-service", ("made",))]
    told = ("disabled-service", ("made", "app"))
    assert told in put(client, "/services/app", {"healthCheck": None})
    assert told in listed(client)


def listed(client: httpx.Client, **query: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return conflicts, as `check` lists them."""
    items = client.get("/conflicts", params=query).raise_for_status().json()["items"]
    return [(each["conflict"], tuple(one["name"] for one in each["objects"])) for each in items]


def test_routers_that_want_different_tls_options_for_one_host_are_told(client: httpx.Client) -> None:
    client.put("/tlsOptions/strict", json={"minVersion": "VersionTLS13"}).raise_for_status()
    strict = {"domains": ["a.test"], "service": "app", "pathPrefix": "/x", "tls": {"options": "strict"}}
    assert put(client, "/routers/x", strict) == []  # the other has no TLS
    told = ("tls-options", ("app", "x"))
    assert told in put(client, "/routers/app", {"domains": ["a.test"], "service": "app", "tls": {}})
    assert told in listed(client)
    assert client.get("/conflicts", params={"object": "router/x"}).json()["items"][0]["conflict"] == "tls-options"
    elsewhere = {**strict, "entryPoints": ["other"]}
    assert told not in put(client, "/routers/x", elsewhere)
    same = {"domains": ["a.test"], "service": "app", "pathPrefix": "/y", "tls": {"options": "strict"}, "enabled": False}
    assert put(client, "/routers/y", same) == []
    ruled = {"rule": "Host(`A.test`) && !Host(`b.test`)", "service": "app", "tls": {"options": "strict"}}
    assert told in put(client, "/routers/x", ruled)
    assert told not in put(client, "/routers/x", {**ruled, "rule": "!Host(`a.test`)"})


def test_who_takes_all_of_an_entry_point_is_told_with_the_others(client: httpx.Client) -> None:
    client.put("/tcpServices/db", json={"loadBalancer": {}}).raise_for_status()
    client.put("/udpServices/dns", json={"loadBalancer": {}}).raise_for_status()
    rule = {"rule": "HostSNI(`*`)", "service": "db", "entryPoints": ["web"]}
    assert ("taken-entry-point", ("db", "app")) in put(client, "/tcpRouters/db", rule)
    other = {"domains": ["a.test"], "pathPrefix": "/x", "service": "app"}
    assert ("taken-entry-point", ("db", "x")) in put(client, "/routers/x", other)
    assert ("taken-entry-point", ("db", "app", "x")) in listed(client)
    assert ("taken-entry-point", ("db", "x")) not in put(client, "/routers/x", {**other, "tls": {}})
    packets = {"service": "dns", "entryPoints": ["dns"]}
    # Whether an edge has the entry point is another warning, where one is known.
    put(client, "/udpRouters/a", packets)
    assert ("taken-entry-point", ("a", "b")) in put(client, "/udpRouters/b", packets)
    moved = put(client, "/udpRouters/b", {**packets, "entryPoints": ["other"]})
    assert "taken-entry-point" not in dict(moved)


def test_a_tcp_router_for_the_host_of_an_https_router_is_told_with_it(client: httpx.Client) -> None:
    client.put("/tcpServices/db", json={"loadBalancer": {}}).raise_for_status()
    tcp = {"rule": "HostSNI(`A.test`)", "service": "db", "entryPoints": ["other"], "tls": {"passthrough": True}}
    http = {"domains": ["a.test"], "pathPrefix": "/x", "service": "app", "entryPoints": ["other"]}
    told = ("taken-entry-point", ("db", "x"))
    assert put(client, "/tcpRouters/db", tcp) == []
    assert put(client, "/routers/x", http) == []
    assert told in put(client, "/routers/x", {**http, "tls": {}})
    assert told in put(client, "/tcpRouters/db", {**tcp, "labels": {"a": "b"}})
    assert told in listed(client)
    assert put(client, "/tcpRouters/db", {**tcp, "entryPoints": ["web"]}) == []


def test_a_plugin_is_told_of_where_it_is_named_first(client: httpx.Client) -> None:
    plugin = {"plugin": {"geoblock": {"countries": ["ID"]}}}
    assert put(client, "/middlewares/geo", plugin) == [("doubtful-value", ("geo",))]
    assert put(client, "/middlewares/geo", {**plugin, "labels": {"a": "b"}}) == []
    assert put(client, "/middlewares/more", plugin) == []
    declared = {"middlewares": {"other": {"plugin": {"captcha": {"key": "a"}}}}}
    assert warnings(client.post("/apply", json=declared, params={"dryRun": True})) == [("doubtful-value", ("other",))]


def test_a_certificate_resolver_is_told_of_where_it_is_named_first(client: httpx.Client) -> None:
    secure = {"domains": ["a.test"], "service": "app", "pathPrefix": "/x", "tls": {"certResolver": "letters"}}
    assert put(client, "/routers/x", secure) == [("doubtful-value", ("x",))]
    assert put(client, "/routers/x", {**secure, "labels": {"a": "b"}}) == []
    assert put(client, "/routers/y", {**secure, "pathPrefix": "/y"}) == []
    other = {**secure, "tls": {"certResolver": "letters2"}}
    assert put(client, "/routers/x", other) == [("doubtful-value", ("x",))]
    assert warnings(client.post("/apply", json={"routers": {"z": {**other, "pathPrefix": "/z"}}})) == []
    both = {name: {**secure, "pathPrefix": f"/{name}", "tls": {"certResolver": "letters3"}} for name in ("v", "w")}
    assert warnings(client.post("/apply", json={"routers": both})) == [("doubtful-value", ("v", "w"))]


def test_a_certificate_resolver_of_a_domain_is_told_of_in_the_same_way(client: httpx.Client) -> None:
    resolver = {"tls": {"from": "resolver", "certResolver": "dns"}}
    assert put(client, "/domains/a.test", resolver) == [("doubtful-value", ("a.test",))]
    assert put(client, "/domains/a.test", {**resolver, "description": "x"}) == []
    unused = ("unused-domain", ("b.test",))
    assert warnings(client.post("/apply", json={"domains": {"b.test": resolver}})) == [unused]
    other = {"tls": {"from": "resolver", "certResolver": "http"}}
    told = client.post("/apply", json={"domains": {"b.test": other}}, params={"dryRun": True})
    assert set(warnings(told)) == {unused, ("doubtful-value", ("b.test",))}


def test_what_may_not_be_meant_is_told_by_check_too_and_of_one_object(client: httpx.Client) -> None:
    client.patch("/services/app", json={"passiveHealthCheck": {}}).raise_for_status()
    client.put("/middlewares/limit", json={"rateLimit": {"average": 0}}).raise_for_status()
    client.patch("/routers/app", json={"service": "api@internal"}).raise_for_status()
    client.put("/services/idle", json={"strategy": "p2c", "slowStart": "30s", "drainFor": "5m"}).raise_for_status()
    client.put("/routers/old", json={"rule": "Path(`/v{id:[0-9]+}`)", "service": "idle"}).raise_for_status()
    told = [each for each in listed(client) if each[0] == "doubtful-value"]
    assert sorted(told) == [("doubtful-value", (name,)) for name in ("app", "app", "idle", "idle", "limit", "old")]
    for named in ("router/app", "service/app", "middleware/limit", "service/idle", "router/old"):
        items = client.get("/conflicts", params={"object": named}).json()["items"]
        assert "doubtful-value" in [each["conflict"] for each in items]


def test_a_weighted_service_shares_its_cookie_as_a_pool_does(client: httpx.Client) -> None:
    sticky = {"cookie": {"name": "way"}}
    client.patch("/services/app", json={"sticky": sticky}).raise_for_status()
    client.put("/services/plain", json={}).raise_for_status()
    weighted = {"weighted": {"services": [{"name": "plain"}], "sticky": sticky}}
    client.put("/services/made", json=weighted).raise_for_status()
    router = {"domains": ["a.test"], "pathPrefix": "/x", "service": "made"}
    assert put(client, "/routers/x", router) == [("shared-cookie", ("app", "made"))]
    assert ("shared-cookie", ("app", "made")) in put(client, "/services/made", weighted | {"labels": {"a": "b"}})
    for name in ("one", "two"):
        client.put(f"/routers/{name}", json={"rule": f"Header(`X`, `{name}`)", "service": "plain"}).raise_for_status()
    told = put(client, "/routers/x", router | {"labels": {"a": "b"}})
    assert [each[0] for each in told].index("shared-cookie") == 0, "of those between rules there may be many"
    assert len(told) > 1


def test_weights_that_a_strategy_ignores_are_told_whichever_side_is_changed(client: httpx.Client) -> None:
    told = [("doubtful-value", ("app",))]
    assert put(client, "/services/app/servers/b", {"url": "http://10.0.0.2", "weight": 3}) == []
    assert put(client, "/services/app", {"strategy": "p2c"}) == told
    assert listed(client) == told
    assert put(client, "/services/app/servers/b", {"url": "http://10.0.0.2"}) == []
    assert put(client, "/services/app/servers/a", {"url": "http://10.0.0.1", "weight": 2}) == told
    drained = {"url": "http://10.0.0.2", "state": "drain"}
    assert put(client, "/services/app/servers/b", drained) == []
    assert listed(client) == []
    declared = {"services": {"app": {"strategy": "p2c", "servers": {"b": {"url": "http://10.0.0.2", "weight": 5}}}}}
    assert warnings(client.post("/apply", json=declared, params={"dryRun": True})) == told
    assert put(client, "/services/app", {"strategy": "leasttime"}) == []


def test_a_service_that_a_running_rollout_leads_to_is_in_use(client: httpx.Client) -> None:
    unreached = ("unreached-service", ("next",))
    applied = {"services": {"next": {"servers": {"a": {"url": "http://10.0.0.2"}}}}}
    assert warnings(client.post("/apply", json=applied, params={"dryRun": True})) == [unreached]
    client.post("/apply", json=applied).raise_for_status()
    assert put(client, "/services/next", {"labels": {"lane": "a"}}) == [unreached]
    assert listed(client) == listed(client, object="service/next") == [unreached]
    client.post("/services/app/rollout", json={"to": "next", "withoutHealthCheck": True}).raise_for_status()
    assert listed(client) == listed(client, object="service/next") == []
    assert put(client, "/services/next", {"labels": {"lane": "b"}}) == []
    assert warnings(client.post("/apply", json=applied)) == []
    client.post("/services/app/rollout/back").raise_for_status()
    assert listed(client) == [unreached]
