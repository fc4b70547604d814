"""Each option of a service acts on real requests."""

import ssl
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import trustme

from tests.e2e.acting import Running, Servers, acting, acts, pool, routed
from tests.running import wait_until

QUICK: Final = {"path": "/", "interval": "100ms", "timeout": "100ms"}
COOKIE: Final = {
    "name": "way",
    "secure": True,
    "httpOnly": True,
    "sameSite": "strict",
    "maxAge": 60,
    "path": "/shop",
    "domain": "sticky.test",
}
WHOLE_COOKIE: Final = "Path=/shop; Domain=sticky.test; Max-Age=60; HttpOnly; Secure; SameSite=Strict"


@pytest.fixture(scope="module")
def edge(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with acting(tmp_path_factory.mktemp("services"), migrated) as made:
        yield made


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as made:
        yield made


def spread(edge: Running, name: str, requests: int) -> Counter[str]:
    return Counter(edge.get(name).raise_for_status().text for _ in range(requests))


def weighted(**weights: int) -> dict[str, Any]:
    return {"services": [{"name": name, "weight": weight} for name, weight in weights.items()]}


@acts("http.services.*.weighted.services[].{name,weight}")
def test_weighted_services_take_turns_and_shares_of_shares_multiply(edge: Running, servers: Servers) -> None:
    blue, green, red = servers.http("blue", "green", "red")
    services = {
        **{server.name: pool(server) for server in (blue, green, red)},
        "shared": {"weighted": weighted(blue=3, green=1)},
        "nested": {"weighted": weighted(shared=1, red=1)},
    }
    edge.apply({"services": services, "routers": routed("shared", "nested")})
    assert spread(edge, "shared", 40) == {"blue": 30, "green": 10}
    assert spread(edge, "nested", 40) == {"red": 20, "blue": 15, "green": 5}


@acts("http.services.*.{weighted,loadBalancer}.sticky.cookie.{name,secure,httpOnly,sameSite,maxAge,path,domain}")
def test_a_client_stays_with_a_service_and_the_cookie_is_as_it_was_declared(edge: Running, servers: Servers) -> None:
    one, two = servers.http("one", "two")
    sticky = {"cookie": COOKIE}
    services = {
        "one": pool(one),
        "two": pool(two),
        "chosen": {"weighted": {**weighted(one=1, two=1), "sticky": sticky}},
        "sticky": pool(one, two, sticky=sticky),
    }
    edge.apply({"services": services, "routers": routed("chosen", "sticky")})
    for name in ("chosen", "sticky"):
        answer = edge.get(name)
        cookie, _, attributes = answer.headers["set-cookie"].partition("; ")
        assert attributes == WHOLE_COOKIE
        assert {edge.get(name, headers={"Cookie": cookie}).text for _ in range(6)} == {answer.text}


@acts("http.services.*.mirroring.{service,mirrorBody,maxBodySize,mirrors[].name,mirrors[].percent}")
def test_mirrors_get_copies_with_bodies_or_without_and_none_of_large_ones(edge: Running, servers: Servers) -> None:
    main, half, bare, small = servers.http("main", "half", "bare", "small")

    def mirrored(mirror: str, **options: Any) -> dict[str, Any]:
        return {"mirroring": {"service": "main", "mirrors": [{"name": mirror, "percent": 100}], **options}}

    services = {
        **{server.name: pool(server) for server in (main, half, bare, small)},
        "some": {"mirroring": {"service": "main", "mirrors": [{"name": "half", "percent": 50}]}},
        "bodyless": mirrored("bare", mirrorBody=False),
        "bounded": mirrored("small", maxBodySize=4),
    }
    edge.apply({"services": services, "routers": routed("some", "bodyless", "bounded")})
    assert spread(edge, "some", 10) == {"main": 10}
    wait_until(lambda: len(half.asked) == 5, "half of the requests have come as copies")
    assert edge.get("some", method="POST", content=b"12345").text == "main"
    assert edge.get("some", method="POST", content=b"12345").text == "main"
    wait_until(lambda: [asked.body for asked in half.asked[5:]] == [b"12345"], "a copy has the body")
    edge.get("bodyless", method="POST", content=b"12345").raise_for_status()
    wait_until(lambda: [(asked.method, asked.body) for asked in bare.asked] == [("POST", b"")], "it has no body")
    for body in (b"12345", b"1234"):
        assert edge.get("bounded", method="POST", content=body).text == "main"
    wait_until(lambda: [asked.body for asked in small.asked] == [b"1234"], "only the small one was copied")


@acts("http.services.*.failover.{service,fallback,errors.status,errors.maxRequestBodyBytes}")
def test_a_spare_service_answers_while_the_first_is_down_or_after_its_errors(edge: Running, servers: Servers) -> None:
    main, spare, broken = *servers.http("main", "spare"), *servers.http("broken", bad=503, missing=404)
    services = {
        "main": pool(main, healthCheck=QUICK),
        "spare": pool(spare),
        "broken": pool(broken),
        "safe": {"failover": {"service": "main", "fallback": "spare"}},
        "mended": {
            "failover": {
                "service": "broken",
                "fallback": "spare",
                "errors": {"status": ["500-599"], "maxRequestBodyBytes": 4},
            }
        },
    }
    edge.apply({"services": services, "routers": routed("safe", "mended")})
    assert edge.get("safe").text == "main"
    main.statuses["/"] = 503
    wait_until(lambda: edge.get("safe").text == "spare", "the spare service answers")
    main.statuses.clear()
    wait_until(lambda: edge.get("safe").text == "main", "the first is back")
    assert edge.get("mended").text == "broken"
    assert edge.get("mended", "/missing").text == "broken"
    assert edge.get("mended", "/bad", method="POST", content=b"1234").text == "spare"
    assert spare.asked[-1].body == b"1234"
    assert edge.get("mended", "/bad", method="POST", content=b"12345").status_code == 413


@acts("http.services.*.{weighted,highestRandomWeight}.healthCheck")
def test_health_goes_up_where_services_are_left_out_by_it(edge: Running, servers: Servers) -> None:
    one, two = servers.http("one", "two")
    services = {
        "one": pool(one, healthCheck=QUICK),
        "two": pool(two, healthCheck=QUICK),
        "alive": {"weighted": {**weighted(one=1, two=1), "healthCheck": {}}},
        "by-client": {"highestRandomWeight": {**weighted(one=1, two=1), "healthCheck": {}}},
    }
    edge.apply({"services": services, "routers": routed("alive", "by-client")})
    assert spread(edge, "alive", 10) == {"one": 5, "two": 5}
    two.statuses["/"] = 503
    edge.wait_for_down("two")
    assert spread(edge, "alive", 10) == {"one": 10}
    assert {edge.get("by-client", client=f"127.0.0.{number}").text for number in range(1, 11)} == {"one"}


@acts("http.services.*.highestRandomWeight.services[].name")
def test_a_clients_address_chooses_its_service(edge: Running, servers: Servers) -> None:
    one, two = servers.http("one", "two")
    services = {
        "one": pool(one),
        "two": pool(two),
        "hashed": {"highestRandomWeight": weighted(one=1, two=1)},
    }
    edge.apply({"services": services, "routers": routed("hashed")})
    clients = [f"127.0.0.{number}" for number in range(1, 41)]
    first = [edge.get("hashed", client=client).text for client in clients]
    assert [edge.get("hashed", client=client).text for client in clients] == first
    assert min(Counter(first).values()) >= 8
    assert set(first) == {"one", "two"}


@acts(
    "http.services.*.loadBalancer.healthCheck.{path,status,method,hostname,headers,port,scheme,mode,followRedirects,interval}"
)
def test_a_health_check_asks_as_it_was_declared(edge: Running, servers: Servers) -> None:
    context, trust = certified("127.0.0.1")
    (asked,) = servers.http("asked", health=204)
    (beside,) = servers.http("beside", context=context)
    (leading,) = servers.http("leading", moved=302, elsewhere=500)
    check = QUICK | {"path": "/health", "status": 204, "method": "OPTIONS", "hostname": "app.internal"}
    moved = QUICK | {"path": "/moved"}
    services = {
        "exact": pool(asked, healthCheck={**check, "headers": {"X-Check": "traefik"}}),
        "strict": pool(asked, healthCheck={**check, "status": 201}),
        "beside": pool(
            asked,
            healthCheck={**QUICK, "path": "/beside", "port": beside.server_port, "scheme": "https"},
            serversTransport="trusting",
        ),
        "followed": pool(leading, healthCheck=moved),
        "unfollowed": pool(leading, healthCheck={**moved, "followRedirects": False}),
        "rpc": pool(asked, healthCheck={**QUICK, "mode": "grpc"}),
    }
    transports = {"trusting": {"rootCAs": [trust]}}
    edge.apply({"serversTransports": transports, "services": services, "routers": routed(*services)})
    for name in ("strict", "followed", "rpc"):
        edge.wait_for_down(name)
    wait_until(lambda: any(each.path == "/beside" for each in beside.asked), "another port is asked")
    assert [edge.statuses(name) for name in ("exact", "beside")] == [{asked.url: "UP"}] * 2
    assert edge.statuses("unfollowed") == {leading.url: "UP"}
    found = next(each for each in asked.asked if each.path == "/health" and "x-check" in each.headers)
    assert (found.method, found.headers["host"], found.headers["x-check"]) == ("OPTIONS", "app.internal", "traefik")


@acts("http.services.*.loadBalancer.healthCheck.unhealthyInterval")
def test_a_server_that_is_down_is_asked_as_rarely_as_was_declared(edge: Running, servers: Servers) -> None:
    often, rarely = servers.http("often", "rarely")
    services = {
        "often": pool(often, healthCheck=QUICK),
        "rarely": pool(rarely, healthCheck=QUICK | {"unhealthyInterval": "1h"}),
    }
    edge.apply({"services": services, "routers": routed(*services)})
    for server in (often, rarely):
        server.statuses["/"] = 503
        edge.wait_for_down(server.name)
    before = [len(server.asked) for server in (often, rarely)]
    wait_until(lambda: len(often.asked) > before[0] + 5, "one of them is asked again")
    assert len(rarely.asked) <= before[1] + 1


@acts("http.services.*.loadBalancer.passiveHealthCheck.{failureWindow,maxFailedAttempts}")
def test_a_server_that_fails_requests_gets_none_for_a_while(edge: Running, servers: Servers) -> None:
    (good,), (bad,) = servers.http("good"), servers.http("bad")
    bad.statuses["/"] = 500
    window = {"failureWindow": "1h", "maxFailedAttempts": 2}
    edge.apply({"services": {"watched": pool(good, bad, passiveHealthCheck=window)}, "routers": routed("watched")})
    assert Counter(edge.get("watched").text for _ in range(20)) == {"good": 18, "bad": 2}


@acts("http.services.*.loadBalancer.servers[].{url,preservePath}")
def test_the_path_of_a_servers_url_is_kept(edge: Running, servers: Servers) -> None:
    (server,) = servers.http("deep")
    kept = {"servers": {"deep": {"url": f"{server.url}/base", "preservePath": True}}}
    edge.apply({"services": {"kept": kept}, "routers": routed("kept")})
    edge.get("kept", "/one").raise_for_status()
    assert server.asked[-1].path == "/base/one"


def certified(*names: str, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> tuple[ssl.SSLContext, str]:
    """Return a server's TLS with a certificate for names, and the CA as PEM text."""
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = newest
    ca.issue_cert(*names).configure_cert(context)
    return context, ca.cert_pem.bytes().decode()


@acts(
    "http.services.*.loadBalancer.serversTransport",
    "http.serversTransports.*.{serverName,insecureSkipVerify,rootCAs,peerCertURI,cipherSuites}",
)
def test_servers_that_speak_tls_are_trusted_as_their_transport_says(edge: Running, servers: Servers) -> None:
    context, trust = certified("app.internal")
    (server,) = servers.http("safe", context=context)
    old_context, old_trust = certified("app.internal", newest=ssl.TLSVersion.TLSv1_2)
    (old,) = servers.http("old", context=old_context)
    named = {"rootCAs": [trust], "serverName": "app.internal"}
    trusting_old = {"rootCAs": [old_trust], "serverName": "app.internal"}
    transports = {
        "named": named,
        "unnamed": {"rootCAs": [trust]},
        "careless": {"insecureSkipVerify": True},
        "uri": {**named, "peerCertURI": "spiffe://elsewhere"},
        "modern": {**trusting_old, "minVersion": "VersionTLS13", "maxVersion": "VersionTLS13"},
        "classic": {**trusting_old, "cipherSuites": ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"], "disableHTTP2": True},
        "exotic": {**trusting_old, "cipherSuites": ["TLS_RSA_WITH_AES_128_CBC_SHA"]},
        "old-fashioned": {**named, "maxVersion": "VersionTLS12", "maxIdleConnsPerHost": -1},
    }
    older = {"modern", "classic", "exotic"}
    services = {name: pool(old if name in older else server, serversTransport=name) for name in transports}
    services["plain"] = pool(server)
    edge.apply({"serversTransports": transports, "services": services, "routers": routed(*services)})
    found = {name: edge.get(name).status_code for name in services}
    good = {"named", "careless", "classic", "old-fashioned"}
    assert {name for name, status in found.items() if status == 200} == good, found
    assert set(found.values()) <= {200, 500, 502}


@acts("http.serversTransports.*.certificates[].{certFile,keyFile}")
def test_servers_learn_who_traefik_is(edge: Running, servers: Servers) -> None:
    ca, context = trustme.CA(), certified("127.0.0.1")[0]
    ca.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    (server,) = servers.http("asking", context=context)
    shown = ca.issue_cert("traefik.internal")
    pair = {
        "certFile": shown.cert_chain_pems[0].bytes().decode(),
        "keyFile": shown.private_key_pem.bytes().decode(),
    }
    transports = {
        "known": {"insecureSkipVerify": True, "certificates": [pair]},
        "unknown": {"insecureSkipVerify": True},
    }
    services = {name: pool(server, serversTransport=name) for name in transports}
    edge.apply({"serversTransports": transports, "services": services, "routers": routed(*services)})
    assert edge.get("known").text == "asking"
    assert edge.get("unknown").status_code in {500, 502}
    answer = edge.client.get("/serversTransports/known").raise_for_status()
    assert "PRIVATE KEY" not in answer.text


def test_a_server_that_takes_too_long_is_given_up(edge: Running, servers: Servers) -> None:
    (server,) = servers.http("slow")
    transports = {"hasty": {"forwardingTimeouts": {"responseHeaderTimeout": "100ms", "dialTimeout": "1s"}}}
    services = {"hasty": pool(server, serversTransport="hasty")}
    edge.apply({"serversTransports": transports, "services": services, "routers": routed("hasty")})
    assert edge.get("hasty").text == "slow"
    assert edge.get("hasty", "/slow").status_code == 504


@acts("http.services.*.loadBalancer.responseForwarding.flushInterval")
def test_answers_are_flushed_as_often_as_was_declared(edge: Running, servers: Servers) -> None:
    (server,) = servers.http("ab")
    services = {
        "at-once": pool(server, responseForwarding={"flushInterval": "-1ms"}),
        "late": pool(server, responseForwarding={"flushInterval": "1h"}),
    }
    edge.apply({"services": services, "routers": routed(*services)})

    def begins(name: str) -> bool:
        """Tell whether the beginning of an answer comes while its server holds back the rest."""
        server.go.clear()
        try:
            with (
                httpx.Client(trust_env=False, timeout=httpx.Timeout(60, read=1)) as client,
                client.stream("GET", f"{edge.traefik.web}/halved", headers={"Host": f"{name}.test"}) as answer,
            ):
                return next(answer.iter_raw()) == b"a"
        except httpx.ReadTimeout:
            return False
        finally:
            server.go.set()

    assert begins("at-once")
    assert not begins("late")


@acts("http.services.*.middlewares")
def test_a_services_own_middlewares_act_whichever_router_leads_to_it(edge: Running, servers: Servers) -> None:
    (server,) = servers.http("app")
    declared = {
        "middlewares": {"below": {"addPrefix": {"prefix": "/app"}}},
        "services": {"app": pool(server, middlewares=["below"])},
        "routers": {name: each | {"service": "app"} for name, each in routed("front", "side").items()},
    }
    edge.apply(declared)
    for name in ("front", "side"):
        edge.get(name, "/one").raise_for_status()
        assert server.asked[-1].path == "/app/one"


@acts("http.services.*.{mirroring,failover}.healthCheck")
def test_mirrorings_and_failovers_tell_their_health_to_who_is_made_of_them(edge: Running, servers: Servers) -> None:
    main, spare, other = servers.http("main", "spare", "other")
    by_health: dict[str, Any] = {"healthCheck": {}}
    services = {
        **{server.name: pool(server, healthCheck=QUICK) for server in (main, spare, other)},
        "mirrored": {"mirroring": {"service": "main", **by_health}},
        "spared": {"failover": {"service": "main", "fallback": "spare", **by_health}},
        "of-mirrored": {"weighted": {**weighted(mirrored=1, other=1), **by_health}},
        "of-spared": {"weighted": {**weighted(spared=1, other=1), **by_health}},
    }
    edge.apply({"services": services, "routers": routed("main", "spare", "of-mirrored", "of-spared")})

    def comes_to(name: str, **expected: int) -> None:
        wait_until(lambda: Counter(edge.get(name).text for _ in range(4)) == expected, f"{name}: {expected}")

    comes_to("of-mirrored", main=2, other=2)
    main.statuses["/"] = 503
    comes_to("of-mirrored", other=4)
    comes_to("of-spared", spare=2, other=2)
    spare.statuses["/"] = 503
    comes_to("of-spared", other=4)


@acts("http.services.*.highestRandomWeight.services[].weight")
def test_more_clients_go_to_the_heavier_service(edge: Running, servers: Servers) -> None:
    heavy, light = servers.http("heavy", "light")
    services = {
        **{server.name: pool(server) for server in (heavy, light)},
        "hashed": {"highestRandomWeight": weighted(heavy=20, light=1)},
    }
    edge.apply({"services": services, "routers": routed("hashed")})
    found = Counter(edge.get("hashed", client=f"127.0.0.{number}").text for number in range(1, 41))
    assert found["heavy"] > 30


@acts("http.services.*.loadBalancer.healthCheck.timeout")
def test_a_server_is_waited_for_as_long_as_was_said(edge: Running, servers: Servers) -> None:
    (slow,) = servers.http("slow")
    checks = {"hasty": {"interval": "200ms", "timeout": "100ms"}, "patient": {"interval": "1h", "timeout": "1h"}}
    services = {name: pool(slow, healthCheck={"path": "/slow", **check}) for name, check in checks.items()}
    edge.apply({"services": services, "routers": routed(*services)})
    edge.wait_for_down("hasty")
    assert set(edge.statuses("patient").values()) == {"UP"}
