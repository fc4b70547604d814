"""TCP and UDP: routers, services, middlewares and transports act on real connections and packets."""

import contextlib
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from provider import configuration
from provider.configuration import Document
from provider.parts import Parts
from tests.e2e.acting import Packets, Running, Servers, Speaker, acting, acts, pool, routed
from tests.e2e.edge import place, shown, wait_for_state
from tests.running import free_port, http_client, running_service, wait_until

POINTS = {"db": "tcp", "cache": "tcp", "names": "tcp", "dns": "udp", "time": "udp"}


@pytest.fixture(scope="module")
def edge(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with acting(tmp_path_factory.mktemp("tcp"), migrated, POINTS) as made:
        yield made


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as made:
        yield made


def balanced(*servers: "Speaker | Packets | Lasting", **options: Any) -> dict[str, Any]:
    return {"loadBalancer": {"servers": [{"address": server.address} for server in servers], **options}}


def all_of(service: str, point: str, **more: Any) -> dict[str, Any]:
    """Declare a router of all connections of an entry point."""
    return {"rule": "HostSNI(`*`)", "service": service, "entryPoints": [point], **more}


def named(name: str, **more: Any) -> dict[str, Any]:
    """Declare a router to the service of a name, for those who ask for `NAME.test` by TLS."""
    return {"rule": f"HostSNI(`{name}.test`)", "service": name, "entryPoints": ["names"], "tls": {}, **more}


def connect(edge: Running, point: str, seconds: float = 60) -> socket.socket:
    return socket.create_connection(("127.0.0.1", edge.points[point]), timeout=seconds)


def hear(connection: socket.socket) -> str:
    """Return the first line that is said, or nothing where the connection is closed."""
    line = b""
    try:
        while not line.endswith(b"\n") and (more := connection.recv(1)):
            line += more
    except OSError:
        return ""
    return line.decode().strip()


def call(edge: Running, point: str) -> str:
    with connect(edge, point) as connection:
        return hear(connection)


def call_by_name(edge: Running, name: str, trust: trustme.CA | None = None, seconds: float = 60) -> str:
    """Do the same by TLS; without a `trust`, with whoever answers. Empty where there is no handshake."""
    context = ssl.create_default_context()
    if trust is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    else:
        trust.configure_trust(context)
    with connect(edge, "names", seconds) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=f"{name}.test") as connection:
                return hear(connection)
        except ssl.SSLCertVerificationError:
            raise
        except OSError:
            return ""


def certified(*names: str) -> tuple[ssl.SSLContext, trustme.CA]:
    ca, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names).configure_cert(context)
    return context, ca


def send(edge: Running, point: str, text: str) -> str:
    """Send a packet from a port of its own, and return the answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
        packets.settimeout(60)
        packets.sendto(text.encode(), ("127.0.0.1", edge.points[point]))
        return packets.recv(4096).decode()


@acts("tcp.routers.*.{entryPoints,rule,service}", "tcp.services.*.loadBalancer.servers[].address")
def test_bytes_go_to_the_server_and_back(edge: Running, servers: Servers) -> None:
    (one,) = servers.tcp("one")
    edge.apply({"tcpServices": {"db": balanced(one)}, "tcpRouters": {"db": all_of("db", "db")}})
    with connect(edge, "db") as connection:
        assert hear(connection) == "one"
        connection.sendall(b"\x00\xff bytes\n")
        assert connection.recv(100) == b"\x00\xff bytes\n"


@acts("tcp.services.*.weighted.services[].{name,weight}")
def test_connections_are_shared_by_weight(edge: Running, servers: Servers) -> None:
    blue, green = servers.tcp("blue", "green")
    shares = [{"name": "blue", "weight": 3}, {"name": "green"}]
    services = {"blue": balanced(blue), "green": balanced(green), "shared": {"weighted": {"services": shares}}}
    edge.apply({"tcpServices": services, "tcpRouters": {"db": all_of("shared", "db")}})
    assert Counter(call(edge, "db") for _ in range(40)) == {"blue": 30, "green": 10}


@acts("tcp.routers.*.{priority,tls.passthrough}")
def test_traefik_ends_tls_or_lets_it_through_by_the_name(edge: Running, servers: Servers) -> None:
    (plain,) = servers.tcp("plain")
    context, ca = certified("through.test")
    (through,) = servers.tcp("through", context=context)
    (other,) = servers.tcp("other")
    declared = {
        "tcpServices": {"plain": balanced(plain), "through": balanced(through), "other": balanced(other)},
        "tcpRouters": {
            "plain": named("plain"),
            "through": named("through", tls={"passthrough": True}),
            "all": all_of("other", "names", tls={}),
            "first": named("plain", rule="HostSNIRegexp(`^pl.*$`)", service="other", priority=1),
        },
    }
    edge.apply(declared)
    assert call_by_name(edge, "plain") == "plain"
    assert call_by_name(edge, "through", ca) == "through"
    assert call_by_name(edge, "elsewhere") == "other"
    with pytest.raises(ssl.SSLCertVerificationError):
        call_by_name(edge, "plain", ca)


@acts("tcp.routers.*.tls.options")
def test_options_of_tls_hold_for_connections_too(edge: Running, servers: Servers) -> None:
    (plain,) = servers.tcp("plain")
    wanted = {"clientAuth": {"clientAuthType": "RequireAnyClientCert"}}
    declared = {
        "tlsOptions": {"members": wanted},
        "tcpServices": {"plain": balanced(plain)},
        "tcpRouters": {"plain": named("plain", tls={"options": "members"})},
    }
    edge.apply(declared)
    assert call_by_name(edge, "plain") == ""


@acts(
    "tcp.routers.*.middlewares",
    "tcp.middlewares.*.{inFlightConn.amount,ipAllowList.sourceRange,ipWhiteList.sourceRange}",
)
def test_connections_are_turned_away_by_address_and_by_number(edge: Running, servers: Servers) -> None:
    (one,) = servers.tcp("one")
    declared = {
        "tcpMiddlewares": {
            "elsewhere": {"ipAllowList": {"sourceRange": ["10.0.0.0/8"]}},
            "old": {"ipWhiteList": {"sourceRange": ["10.0.0.0/8"]}},
            "here": {"ipAllowList": {"sourceRange": ["127.0.0.0/8"]}},
            "single": {"inFlightConn": {"amount": 1}},
        },
        "tcpServices": {"one": balanced(one)},
        "tcpRouters": {
            "db": all_of("one", "db", middlewares=["elsewhere"]),
            "cache": all_of("one", "cache", middlewares=["here", "single"]),
            "names": all_of("one", "names", middlewares=["old"]),
        },
    }
    edge.apply(declared)
    assert [call(edge, point) for point in ("db", "names")] == ["", ""]
    with connect(edge, "cache") as first:
        assert hear(first) == "one"
        assert call(edge, "cache") == ""
    wait_until(lambda: call(edge, "cache") == "one", "there is room again")


@acts(
    "tcp.services.*.loadBalancer.{serversTransport,proxyProtocol.version,servers[].tls}",
    "tcp.serversTransports.*.{proxyProtocol.version,tls.rootCAs,tls.serverName,tls.insecureSkipVerify}",
)
def test_servers_are_spoken_to_as_their_transport_says(edge: Running, servers: Servers) -> None:
    context, ca = certified("db.internal")
    (safe,) = servers.tcp("safe", context=context)
    (told,) = servers.tcp("told", is_proxied=True)
    trust = ca.cert_pem.bytes().decode()
    transports = {
        "named": {"tls": {"rootCAs": [trust], "serverName": "db.internal"}, "dialTimeout": "1s"},
        "unnamed": {"tls": {"rootCAs": [trust]}},
        "careless": {"tls": {"insecureSkipVerify": True}},
        "proxied": {"proxyProtocol": {"version": 1}, "terminationDelay": "-1ms", "dialKeepAlive": "1s"},
    }
    address = [{"address": safe.address, "tls": True}]
    services = {
        name: {"loadBalancer": {"servers": address, "serversTransport": name}}
        for name in ("named", "unnamed", "careless")
    }
    services["proxied"] = balanced(told, serversTransport="proxied")
    services["old"] = balanced(told, proxyProtocol={"version": 1}, terminationDelay=100)
    routers = {name: named(name) for name in services}
    edge.apply({"tcpServersTransports": transports, "tcpServices": services, "tcpRouters": routers})
    answers = {name: call_by_name(edge, name) for name in services}
    assert answers == {"named": "safe", "unnamed": "", "careless": "safe", "proxied": "told", "old": "told"}
    assert [line.split()[:4] for line in told.begun] == [[b"PROXY", b"TCP4", b"127.0.0.1", b"127.0.0.1"]] * 2


@acts("tcp.services.*.loadBalancer.healthCheck.expect", "tcp.services.*.weighted.healthCheck")
def test_a_server_that_does_not_say_what_is_expected_gets_no_connections(edge: Running, servers: Servers) -> None:
    good, bad = servers.tcp("good", "bad")
    check = {"expect": "good", "interval": "200ms", "timeout": "200ms"}
    # Each is used in one place: see the next test.
    pools = {
        "checked": balanced(good, bad, healthCheck=check),
        "shared": balanced(good, bad, healthCheck=check),
        "spare": balanced(bad, healthCheck={"interval": "200ms", "timeout": "200ms"}),
    }
    shares = [{"name": "shared"}, {"name": "spare"}]
    pools["both"] = {"weighted": {"services": shares, "healthCheck": {}}}
    routers = {"db": all_of("checked", "db"), "cache": all_of("both", "cache")}
    edge.apply({"tcpServices": pools, "tcpRouters": routers})
    wait_until(lambda: {call(edge, "db") for _ in range(4)} == {"good"}, "one server is left out")
    wait_until(lambda: "DOWN" in edge.shown("tcp/services", "shared")["serverStatus"].values(), "here as well")
    assert Counter(call(edge, "cache") for _ in range(8)) == {"good": 4, "bad": 4}
    bad.close()
    wait_until(lambda: "DOWN" in edge.shown("tcp/services", "spare")["serverStatus"].values(), "a service is down")
    assert Counter(call(edge, "cache") for _ in range(4)) == {"good": 4}


def test_a_server_of_tcp_that_is_down_is_left_out_in_one_place_only(edge: Running, servers: Servers) -> None:
    """Traefik 3.7.15 makes a pool anew for each entry point and service that uses it, and checks only for the last."""
    good, bad = servers.tcp("good", "bad")
    checked = balanced(good, bad, healthCheck={"expect": "good", "interval": "200ms", "timeout": "200ms"})
    routers = {point: all_of("checked", point) for point in ("db", "cache")}
    edge.apply({"tcpServices": {"checked": checked}, "tcpRouters": routers})
    wait_until(lambda: "DOWN" in edge.shown("tcp/services", "checked")["serverStatus"].values(), "a server is down")
    heard = [Counter(call(edge, point) for _ in range(4)) for point in routers]
    assert sorted(heard, key=len) == [{"good": 4}, {"good": 2, "bad": 2}]


@acts(
    "udp.routers.*.{entryPoints,service}",
    "udp.services.*.{loadBalancer.servers[].address,weighted.services[].name,weighted.services[].weight}",
)
def test_packets_are_answered_and_servers_take_turns(edge: Running, servers: Servers) -> None:
    one, two, blue, green = servers.udp("one", "two", "blue", "green")
    shares = [{"name": "blue", "weight": 3}, {"name": "green"}]
    services = {
        "turns": balanced(one, two),
        "blue": balanced(blue),
        "green": balanced(green),
        "shared": {"weighted": {"services": shares}},
    }
    routers = {
        "dns": {"service": "turns", "entryPoints": ["dns"]},
        "time": {"service": "shared", "entryPoints": ["time"]},
    }
    edge.apply({"udpServices": services, "udpRouters": routers})
    assert Counter(send(edge, "dns", "a?") for _ in range(10)) == {"one:a?": 5, "two:a?": 5}
    assert Counter(send(edge, "time", "b?") for _ in range(40)) == {"blue:b?": 30, "green:b?": 10}


def test_a_router_of_tcp_or_udp_that_traefik_disabled_is_told(edge: Running, servers: Servers) -> None:
    (one,), (app,) = servers.tcp("one"), servers.http("app")
    declared = {
        "services": {"app": pool(app)},
        "routers": routed("app"),
        "tcpServices": {"one": balanced(one)},
        "tcpRouters": {"good": all_of("one", "db"), "odd": all_of("one", "nowhere")},
        "udpServices": {"none": {"loadBalancer": {}}},
        "udpRouters": {"odd": {"service": "none", "entryPoints": ["nowhere"]}},
    }
    edge.apply(declared, "degraded")
    found = shown(edge.service.url)
    assert {(each["kind"], each["name"]) for each in found["disabledRouters"]} == {
        ("tcpRouter", "odd"),
        ("udpRouter", "odd"),
    }
    assert "odd" in found["detail"]
    conflicts = edge.client.get("/conflicts").raise_for_status().json()["items"]
    told = {
        each["objects"][0]["kind"]: each["detail"] for each in conflicts if each["conflict"] == "missing-entry-point"
    }
    assert told == {
        "tcpRouter": "edge default has no entry point nowhere: it disables the TCP router odd",
        "udpRouter": "edge default has no entry point nowhere: it disables the UDP router odd",
    }
    # Who waits for a change of another hears that it is live.
    prefer = {"Prefer": "wait=20"}
    answer = edge.client.patch("/routers/app", json={"labels": {"a": "b"}}, headers=prefer)
    assert answer.status_code == 200
    changed = all_of("one", "nowhere", priority=7)
    late = edge.client.put("/tcpRouters/odd", json=changed, headers=prefer)
    assert (late.status_code, [each["name"] for each in late.json()["pending"]]) == (202, ["default"])
    assert "TCP router odd" in late.json()["pending"][0]["detail"]


REJECTED = {
    "tcpService": {"tcpServices": {"bad": {"loadBalancer": {}}}},
    "tcpRouter": {"tcpRouters": {"bad": all_of("one", "cache")}},
    "tcpMiddleware": {"tcpMiddlewares": {"bad": {"inFlightConn": {"amount": 1}}}},
    "tcpServersTransport": {"tcpServersTransports": {"bad": {"dialTimeout": "1s"}}},
    "udpService": {"udpServices": {"bad": {"loadBalancer": {}}}},
    "udpRouter": {"udpRouters": {"bad": {"service": "none", "entryPoints": ["dns"]}}},
    "serversTransport": {"serversTransports": {"bad": {"serverName": "app.internal"}}},
    "tlsOption": {"tlsOptions": {"bad": {"minVersion": "VersionTLS13"}}},
}


def refusing(parts: Parts) -> Document:
    """Put a document together as always; while there is something `bad`, with a field that Traefik does not know."""
    made = configuration.assemble(parts)
    if not any("bad" in section.parts for _kind, section in parts.sections()):
        return made
    return Document(made.content.replace(b'{"http":{', b'{"http":{"bogus":1,', 1), made.digest)


def test_a_part_of_any_kind_that_an_edge_rejects_is_left_out_and_all_else_goes_on(
    migrated: Path, tmp_path: Path, servers: Servers
) -> None:
    (one,) = servers.tcp("one")
    port, db = free_port(), free_port()
    with (
        place(tmp_path / "edge", f"http://127.0.0.1:{port}", "edge=default&wait=2") as made,
        running_service(
            tmp_path, migrated, port=port, assemble=refusing, traefik_api=made.api, coalesce_ms=20
        ) as service,
        http_client(f"{service.url}/api/v1") as client,
    ):
        made.static["providers"]["providersThrottleDuration"] = "10ms"
        made.static["entryPoints"] |= {
            name: {"address": address}
            for name, address in {
                "db": f"127.0.0.1:{db}",
                "cache": f"127.0.0.1:{free_port()}",
                "dns": f"127.0.0.1:{free_port()}/udp",
            }.items()
        }
        made.start()
        begun = {
            "tcpServices": {"one": balanced(one)},
            "tcpRouters": {"db": all_of("one", "db")},
            "udpServices": {"none": {"loadBalancer": {}}},
        }
        client.post("/apply", json=begun).raise_for_status()
        wait_for_state(service.url, "live")

        def is_settled(kind: str, beside: str) -> bool:
            """Tell whether only the bad part is left out."""
            parts = (shown(service.url)["quarantine"] or {}).get("parts", ())
            is_blamed = [(part["kind"], part["name"]) for part in parts] == [(kind, "bad")]
            return is_blamed and f"{beside}@http" in httpx.get(f"{made.api}/api/http/services").text

        for kind, declared in REJECTED.items():
            beside = f"beside-{kind.lower()}"
            leading = {"tcpRouters": {"db": all_of("bad", "db")}} if kind == "tcpService" else {}
            client.post("/apply", json={**declared, **leading, "services": {beside: {}}}).raise_for_status()
            wait_until(partial(is_settled, kind, beside), f"the {kind} is blamed, and all else goes on")
            with socket.create_connection(("127.0.0.1", db), timeout=60) as connection:
                assert hear(connection) == "one", kind
            client.post("/apply", json={"tcpRouters": begun["tcpRouters"]}).raise_for_status()
            (section,) = declared
            client.delete(f"/{section}/bad").raise_for_status()
            wait_for_state(service.url, "live")


def two_sided(servers: Servers, trust: trustme.CA) -> Speaker:
    """Return a server that wants to see a certificate, and has one with a URI."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.issue_cert("db.internal").configure_cert(context)
    trust.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return servers.tcp("asking", context=context)[0]


@acts("tcp.serversTransports.*.tls.{certificates[].certFile,certificates[].keyFile,peerCertURI}")
def test_tcp_servers_see_a_certificate_and_show_the_right_one(edge: Running, servers: Servers) -> None:
    ca = trustme.CA()
    server, shown = two_sided(servers, ca), ca.issue_cert("traefik.internal")
    pair = {"certFile": shown.cert_chain_pems[0].bytes().decode(), "keyFile": shown.private_key_pem.bytes().decode()}
    known: dict[str, Any] = {"rootCAs": [ca.cert_pem.bytes().decode()], "serverName": "db.internal"}
    transports = {
        "known": {"tls": {**known, "certificates": [pair]}},
        "unknown": {"tls": known},
        "elsewhere": {"tls": {**known, "certificates": [pair], "peerCertURI": "spiffe://elsewhere"}},
    }
    address = [{"address": server.address, "tls": True}]
    services = {name: {"loadBalancer": {"servers": address, "serversTransport": name}} for name in transports}
    routers = {name: named(name) for name in services}
    edge.apply({"tcpServersTransports": transports, "tcpServices": services, "tcpRouters": routers})
    assert {name: call_by_name(edge, name) for name in ("known", "elsewhere")} == {"known": "asking", "elsewhere": ""}
    # The server ends it, and Traefik 3.7.15 leaves the client waiting.
    assert call_by_name(edge, "unknown", seconds=2) == ""


class Lasting:
    """A server of TCP that goes on speaking when its client has said all: it says `done` when it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _address = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            while connection.recv(4096):
                pass
            self.go.wait(60)
            connection.sendall(b"done\n")

    def close(self) -> None:
        self.go.set()
        self._listener.close()


@acts("tcp.serversTransports.*.terminationDelay", "tcp.services.*.loadBalancer.terminationDelay")
def test_a_half_closed_connection_is_kept_as_long_as_was_said(edge: Running, servers: Servers) -> None:
    lasting = Lasting()
    servers._stops.append(lasting.close)
    transports = {"kept": {"terminationDelay": "-1ms"}, "ended": {"terminationDelay": "1ms"}}
    pools = {
        "kept": balanced(lasting, serversTransport="kept"),
        "ended": balanced(lasting, serversTransport="ended"),
        "old": balanced(lasting, terminationDelay=1),
    }
    points = dict(zip(pools, ("db", "cache", "names"), strict=True))
    routers = {name: all_of(name, point) for name, point in points.items()}
    edge.apply({"tcpServersTransports": transports, "tcpServices": pools, "tcpRouters": routers})
    heard = {}
    for name in ("ended", "old", "kept"):
        with connect(edge, points[name]) as connection:
            connection.shutdown(socket.SHUT_WR)
            if name == "kept":
                lasting.go.set()
            heard[name] = hear(connection)
    assert heard == {"kept": "done", "ended": "", "old": ""}


@acts("tcp.serversTransports.*.dialTimeout")
def test_a_server_that_takes_no_connection_is_given_up(edge: Running, servers: Servers) -> None:
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = [socket.socket() for _ in range(4)]
    for each in (full, *waiting):
        servers._stops.append(each.close)
    for each in waiting:
        each.setblocking(False)
        each.connect_ex(full.getsockname())
    address = {"loadBalancer": {"servers": [{"address": f"127.0.0.1:{full.getsockname()[1]}"}]}}
    pools = {name: {"loadBalancer": {**address["loadBalancer"], "serversTransport": name}} for name in ("hasty",)}
    edge.apply(
        {
            "tcpServersTransports": {"hasty": {"dialTimeout": "100ms"}},
            "tcpServices": pools,
            "tcpRouters": {"db": all_of("hasty", "db")},
        }
    )
    with connect(edge, "db") as connection:
        connection.settimeout(20)  # otherwise it takes 30 s
        assert hear(connection) == ""


@acts("tcp.services.*.loadBalancer.healthCheck.{port,timeout,unhealthyInterval}")
def test_a_tcp_server_is_asked_where_and_as_long_as_was_said(edge: Running, servers: Servers) -> None:
    good, gone = servers.tcp("good", "gone")
    gone.close()
    lasting = Lasting()
    servers._stops.append(lasting.close)
    port = int(good.address.rpartition(":")[2])
    quick = {"interval": "200ms", "timeout": "200ms"}
    checks: dict[str, tuple[Any, dict[str, Any]]] = {
        "beside": (gone, {**quick, "port": port}),
        "down": (gone, quick),
        "hasty": (lasting, {**quick, "expect": "done"}),
        "patient": (lasting, {"interval": "1h", "timeout": "1h", "expect": "done"}),
        "rarely": (gone, {**quick, "unhealthyInterval": "1h"}),
    }
    pools = {name: balanced(server, healthCheck=check) for name, (server, check) in checks.items()}
    edge.apply({"tcpServices": pools, "tcpRouters": {name: named(name) for name in pools}})

    def status(name: str) -> set[str]:
        return set(edge.shown("tcp/services", name).get("serverStatus", {}).values())

    for name in ("down", "hasty", "rarely"):
        wait_until(lambda each=name: status(each) == {"DOWN"}, f"{name} is down")  # type: ignore[misc]
    assert [status(name) for name in ("beside", "patient")] == [{"UP"}] * 2
    back = Speaker("back", port=int(gone.address.rpartition(":")[2]))
    servers._stops.append(back.close)
    wait_until(lambda: status("down") == {"UP"}, "it is up again")
    assert status("rarely") == {"DOWN"}
