"""A real Traefik that is given objects one by one, as people write them, and tells what becomes of each.

It reads a file, in which its decoder is that of the HTTP provider, since it tells of a bad one at once.
"""

import contextlib
import json
import os
import re
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import httpx
import trustme

from provider.nouns import NOUNS, Service
from provider.nouns.noun import NAME
from tests.e2e.acting import Recorder, Servers
from tests.e2e.edge import Place, place
from tests.e2e.plugins import PLUGINS, add_plugin
from tests.e2e.redis import running_redis
from tests.running import Traefik, compact, free_port, wait_until

Document = dict[str, Any]
Sections = dict[str, dict[str, Any]]

_PANIC: Final = "Error in Go routine"
_TLS: Final = re.compile("certificate|TLS|PEM")
QUICK: Final = {"interval": "100ms", "timeout": "100ms"}
_HOST: Final = "{name}.test"


class Verdict(StrEnum):
    """What Traefik makes of an object."""

    KILLED = "killed"
    """It takes no document any more until it is started again."""

    REJECTED = "rejected"
    """It takes none of the document."""

    DISABLED = "disabled"
    """It disables the object, or the router that uses it."""

    LOGGED = "logged"
    """It says in its log that it leaves something aside."""

    BROKEN = "broken"
    """Requests are answered by an error that are answered well otherwise, or a server counts as down."""

    TAKEN = "taken"


@dataclass
class Tried:
    """An object of a kind under a name, as Traefik gets it, with what leads to it."""

    kind: str
    name: str
    document: Document
    key: str = ""
    """The name under which it stands, where that is not its name."""

    def sections(self, around: "Around") -> Sections:
        """Return the objects of a document."""
        key, served = self.key or self.name, as_traefik(self.kind, self.document, around.servers["good"])
        if self.kind in {"domain", "router", "tcpRouter"}:
            served = json.loads(compact(served).replace("one.test", _HOST.format(name=self.name)))
        if self.kind == "certificate":
            return {"tls": {"certificates": [served]}}
        root, section = NOUNS[self.kind].place or ("http", "routers" if self.kind == "domain" else "services")
        made: Sections = {root: {section: {key: served}}}
        for where, more in around.leading(self.kind, self.name, key).items():
            for each, objects in more.items():
                made.setdefault(where, {}).setdefault(each, {}).update(objects)
        return made


def as_traefik(kind: str, document: Document, server: str) -> Any:
    """Return an object as Traefik has it, of how it is written here; a pool of servers has one."""
    ours = {key for key, each in NOUNS[kind].fields.items() if each.is_ours}
    own = {key: value for key, value in document.items() if key not in ours}
    match kind:
        case "service" if not any(key in own for key in Service.alternatives()):
            pool = {key: own.pop(key) for key in Service.pool if key in own}
            return {**own, "loadBalancer": {"servers": [{"url": server}], **pool}}
        case "server":
            own.pop("state", None)
            return {"loadBalancer": {"servers": [own]}}
        case "domain":
            return {"rule": f"Host(`{document.get(NAME)}`)", "service": "good", "entryPoints": ["web"]}
        case "router":
            own.pop("enabled", None)
            hosts, prefix = own.pop("domains", None), own.pop("pathPrefix", None)
            parts = [f"Host(`{host}`)" for host in hosts] if isinstance(hosts, list) else []
            parts += [] if prefix is None else [f"PathPrefix(`{prefix}`)"]
            return {**({"rule": " && ".join(parts)} if parts else {}), **own}
        case "certificate":
            own.pop("default", None)
    return own


@dataclass
class Around:
    """What the objects need: servers, and what leads to them."""

    servers: Mapping[str, str]
    texts: Mapping[str, str]
    packet_points: Sequence[str]

    def fixed(self) -> Sections:
        """Return what is in each document."""
        pool = {"loadBalancer": {"servers": [{"url": self.servers["good"]}], "healthCheck": {"path": "/", **QUICK}}}
        tcp = {"loadBalancer": {"servers": [{"address": self.servers["tcp"]}], "healthCheck": QUICK}}
        udp = {"loadBalancer": {"servers": [{"address": self.servers["udp"]}]}}
        names = ("good", "fine")
        return {
            "http": {
                "routers": {"live": {"rule": "Host(`live.test`)", "service": "good", "entryPoints": ["web"]}},
                "services": dict.fromkeys(names, pool),
                "middlewares": {"other": {"addPrefix": {"prefix": "/other"}}},
                "serversTransports": {"other": {"maxIdleConnsPerHost": 1}},
            },
            "tcp": {
                "services": dict.fromkeys(names, tcp),
                "middlewares": {"other": {"inFlightConn": {"amount": 9}}},
                "serversTransports": {"other": {"dialTimeout": "1s"}},
            },
            "udp": {"services": dict.fromkeys(names, udp)},
            "tls": {"options": {"other": {"minVersion": "VersionTLS12"}}},
        }

    def leading(self, kind: str, name: str, key: str) -> Sections:
        """Return what leads to an object, so that Traefik uses it."""
        host = _HOST.format(name=name)
        router = {"rule": f"Host(`{host}`)", "service": "good", "entryPoints": ["web"]}
        tcp = {"rule": f"HostSNI(`{host}`)", "service": "good", "entryPoints": ["web"], "tls": {}}
        packets = {"service": key, "entryPoints": [self.packet_points[0]]}
        found: dict[str, tuple[str, dict[str, Any]]] = {
            "middleware": ("http", {**router, "middlewares": [key]}),
            "service": ("http", {**router, "service": key}),
            "server": ("http", {**router, "service": key}),
            "serversTransport": ("http", {**router, "service": name}),
            "tlsOption": ("http", {**router, "tls": {"options": key}}),
            "tcpMiddleware": ("tcp", {**tcp, "middlewares": [key]}),
            "tcpService": ("tcp", {**tcp, "service": key}),
            "tcpServersTransport": ("tcp", {**tcp, "service": name}),
            "udpService": ("udp", packets),
        }
        if kind not in found:
            return {}
        root, leading = found[kind]
        made: Sections = {root: {"routers": {name: leading}}}
        if kind == "serversTransport":
            servers: list[dict[str, Any]] = [{"url": self.servers["safe"]}]
            made["http"]["services"] = {name: {"loadBalancer": {"servers": servers, "serversTransport": key}}}
        if kind == "tcpServersTransport":
            servers = [{"address": self.servers["safe-tcp"], "tls": True}]
            made["tcp"]["services"] = {name: {"loadBalancer": {"servers": servers, "serversTransport": key}}}
        return made


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclass
class Bench:
    """A Traefik that reads one file."""

    place: Place
    traefik: Traefik
    around: Around
    file: Path
    recorder: Recorder
    documents: int = 0
    _read: int = 0
    _context: ssl.SSLContext = field(default_factory=_trusting)

    def __post_init__(self) -> None:
        """Keep connections to the API, which is asked often."""
        self._client = httpx.Client(trust_env=False, timeout=60, verify=self._context)

    def close(self) -> None:
        """Give the connections up."""
        self._client.close()

    def give(self, tried: Sequence[Tried]) -> list[dict[str, Any]]:
        """Give it a document with some objects. Returns what it logs until it runs them, rejects them or fails."""
        self.documents += 1
        digest = f"document-{self.documents}"
        whole = self.around.fixed()
        beacon = {"provider.beacon": {"headers": {"customResponseHeaders": {"X-Config-Digest": digest}}}}
        for sections in ({"http": {"middlewares": beacon}}, *(each.sections(self.around) for each in tried)):
            for root, section in sections.items():
                for kind, objects in section.items():
                    _put(whole.setdefault(root, {}), kind, objects)
        self._lines()
        fresh = self.file.with_suffix(".new")
        fresh.write_text(compact(whole), encoding="utf-8")
        os.replace(fresh, self.file)  # noqa: PTH105  # as `Path.replace`, which says less of what it does
        logged: list[dict[str, Any]] = []

        def is_decided() -> bool:
            logged.extend(self._lines())
            return any(_is_end(each) for each in logged) or self._digest() == digest

        wait_until(is_decided, f"Traefik takes or rejects {tried}")
        return [*logged, *self._lines()]

    def _digest(self) -> str:
        answer = self._client.get(f"{self.traefik.api}/api/http/middlewares/provider.beacon@file")
        found = answer.json() if answer.status_code == 200 else {"headers": {"customResponseHeaders": {}}}
        return str(found["headers"]["customResponseHeaders"].get("X-Config-Digest"))

    def _lines(self) -> list[dict[str, Any]]:
        """Return what was logged since the last time: warnings and errors."""
        with self.traefik.log.open("rb") as log:
            log.seek(self._read)
            text = log.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        return [json.loads(line) for line in whole.splitlines() if line.startswith(b"{")]

    @property
    def lives(self) -> bool:
        """Whether it still runs: a request may end it, where it takes memory for as much as is allowed."""
        try:
            return self._client.get(f"{self.traefik.api}/api/version").status_code == 200
        except httpx.TransportError:
            return False

    def revive(self) -> None:
        """Start it anew, without any document."""
        self.place.kill()
        self.file.write_text("{}")
        self.traefik, self._read = self.place.start(), self.traefik.log.stat().st_size

    def hindered(self) -> set[str]:
        """Return the names of what is not enabled."""
        shown = self._client.get(f"{self.traefik.api}/api/rawdata").raise_for_status().json()
        sections = (section for section in shown.values() if isinstance(section, dict))
        each = ((name, item) for section in sections for name, item in section.items())
        return {name.rpartition("@")[0] for name, item in each if item.get("status", "enabled") != "enabled"}

    def wait_for_checks(self) -> None:
        """Wait until health checks have asked a few times: whatever is down shows."""
        begun = len(self.recorder.asked)
        wait_until(lambda: len(self.recorder.asked) > begun + 20, "health checks have asked")

    def verdict(self, tried: Tried, usual: AbstractSet[str] = frozenset()) -> Verdict:
        """Try one object, without asking anything; `usual` is what the log says of a good one."""
        logged = self.give([tried])
        if any(each.get("message", "") == _PANIC for each in logged):
            self.revive()
            return Verdict.KILLED
        if any(_is_end(each) for each in logged):
            return Verdict.REJECTED
        if self.hindered() & {tried.name, tried.key or tried.name}:
            return Verdict.DISABLED
        return Verdict.LOGGED if self.told(tried, logged) - usual else Verdict.TAKEN

    def told(self, tried: Tried, logged: Sequence[Mapping[str, Any]]) -> set[str]:
        """Return what the log says of an object, or of TLS, where it names none."""
        names = re.compile(rf"{re.escape(tried.key or tried.name)}\b|{re.escape(tried.name)}\b")
        said = [(each.get("message", ""), str(each.get("error")), compact(each)) for each in logged]
        return {
            names.sub("NAME", f"{message} {error}")
            for message, error, line in said
            if names.search(line) or _TLS.search(f"{message} {error}")
        }

    def answers(self, tried: Tried) -> list[str]:
        """Return what becomes of a few requests to an object."""
        host = _HOST.format(name=tried.name)
        if tried.kind in {"udpRouter", "udpService", "certificate"}:
            return []
        if tried.kind.startswith("tcp"):
            return [self._called(host)]
        is_safe = tried.kind == "tlsOption" or (tried.kind == "router" and tried.document.get("tls") is not None)
        sent = [("GET", "/", b""), ("GET", "/bad", b""), ("POST", "/", b"a" * 2_000), ("OPTIONS", "/", b"")]
        found = [self._asked(host, *each, is_safe=is_safe) for each in sent]
        if tried.kind in {"service", "server"}:
            services = self._client.get(f"{self.traefik.api}/api/rawdata").raise_for_status().json()["services"]
            found += sorted(set(services[f"{tried.key or tried.name}@file"].get("serverStatus", {}).values()))
        return found

    def _asked(self, host: str, method: str, path: str, body: bytes, *, is_safe: bool) -> str:
        url = self.traefik.web.replace("http:", "https:") if is_safe else self.traefik.web
        headers = {"Host": host, "X-Key": "a", "Origin": "https://a.test", "Access-Control-Request-Method": "GET"}
        try:
            # Each by a connection of its own: one of TLS is for one name.
            with httpx.Client(trust_env=False, timeout=60, verify=self._context) as client:
                auth, extensions = ("alvin", "secret"), {"sni_hostname": host}
                request = client.build_request(method, url + path, headers=headers, content=body, extensions=extensions)
                return str(client.send(request, auth=auth).status_code)
        except httpx.TransportError:
            return "broken"

    def _called(self, host: str) -> str:
        address = httpx.URL(self.traefik.web)
        with contextlib.suppress(OSError), socket.create_connection((address.host, address.port or 0), 60) as plain:
            plain.settimeout(60)
            with self._context.wrap_socket(plain, server_hostname=host) as spoken:
                return spoken.recv(100).decode(errors="replace").partition("\n")[0]
        return "broken"


def _put(section: dict[str, Any], kind: str, objects: Any) -> None:
    if isinstance(objects, list):
        section.setdefault(kind, []).extend(objects)
    else:
        section.setdefault(kind, {}).update(objects)


def _is_end(line: Mapping[str, Any]) -> bool:
    """Tell whether a line says that a document is not taken."""
    return line.get("message", "") == _PANIC or (
        line.get("providerName") == "file" and "Error" in line.get("message", "")
    )


def is_worse(answers: Sequence[str], good: Sequence[str]) -> bool:
    """Tell whether requests are answered worse than others."""
    changed = [mine for mine, theirs in zip(answers, good, strict=False) if mine != theirs]
    return any(each in {"broken", "DOWN"} or each[:1] in {"4", "5"} for each in changed)


@contextmanager
def bench(folder: Path, packet_points: int = 1) -> Iterator[Bench]:
    """Run a Traefik with what its objects need."""
    ca, strange = trustme.CA(), trustme.CA()
    context, tcp_context = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    for each in (context, tcp_context):
        ca.issue_cert("safe.test", "127.0.0.1").configure_cert(each)
    pair, other = ca.issue_cert("a.test"), strange.issue_cert("b.test")
    texts = {
        "ca": ca.cert_pem.bytes().decode(),
        "cert": pair.cert_chain_pems[0].bytes().decode(),
        "key": pair.private_key_pem.bytes().decode(),
        "other-key": other.private_key_pem.bytes().decode(),
    }
    points = [f"udp{number}" for number in range(packet_points)]
    with ExitStack() as stack:
        servers = stack.enter_context(Servers())
        redis = stack.enter_context(running_redis(folder / "redis"))
        (good,), (safe,) = servers.http("good", bad=503), servers.http("safe", context=context)
        speaker, safe_speaker = servers.tcp("tcp")[0], servers.tcp("tcp", context=tcp_context)[0]
        (packets,) = servers.udp("udp")
        made = stack.enter_context(place(folder / "edge", "http://127.0.0.1:1"))
        addresses = {"good": good.url, "safe": safe.url, "tcp": speaker.address, "safe-tcp": safe_speaker.address}
        around = Around({**addresses, "udp": packets.address, "redis": redis}, texts, points)
        file = folder / "dynamic.yml"
        file.write_text("{}")
        made.static["providers"] = {"file": {"filename": str(file)}, "providersThrottleDuration": "1ms"}
        made.static["log"] = {"level": "WARN", "format": "json"}
        made.static["entryPoints"] |= {name: {"address": f"127.0.0.1:{free_port()}/udp"} for name in points}
        made.static |= PLUGINS
        (folder / "edge").mkdir(exist_ok=True)
        add_plugin(folder / "edge")
        running = Bench(made, made.start(), around, file, good)
        stack.callback(running.close)
        yield running
