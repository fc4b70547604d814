"""Two Traefiks side by side: `python -m tests.imports.differential FOLDER`.

One reads people's files itself, the other polls what `import` made of them. Both have to have the same routers, and
to answer the same. Servers of other people are replaced by one here, at an address of its own for each; variables
that templates ask for are made up. Files whose names begin alike, up to a `-`, are one person's.
"""

import json
import random
import re
import ssl
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import combinations, groupby, islice, product
from pathlib import Path
from typing import Any

import httpx
import yaml

from provider import rules
from provider.durations import find_nanoseconds
from provider.imports import files
from provider.imports.files import Environment, SourceText
from provider.imports.old_rules import rewritten
from provider.nouns.router import HIGHEST_PRIORITY
from tests.cli.running import run_forked, variables
from tests.imports.measuring import invented, person
from tests.running import (
    AUTHORIZED,
    TOKEN,
    Service,
    Traefik,
    answers,
    empty,
    fetch,
    free_port,
    migrated_copy,
    running_service,
    traefik_command,
    wait_until,
)

MOST_REQUESTS = 120
_URL = re.compile(r"((?:url|address)[\"']?\s*[:=]\s*[\"']?)((?:https?|h2c)://[^\s\"'{}/?]+)", re.IGNORECASE)
_BAD_PORT = re.compile(r":[^/\]]*[^\d\]][^/\]]*$")
_ADDRESS = re.compile(r"127\.0\.\d+\.\d+")
_ARGUMENT = re.compile(r"`([^`]*)`")
_OWN_HEADERS = {"date", "content-length", "content-type", "server", "set-cookie"}
_CHANGING = {"X-Forwarded-Port", "X-Real-Ip", "X-Forwarded-For", "X-Forwarded-Server", "User-Agent"}


@dataclass(frozen=True)
class Case:
    """What one person has: files by name, and the variables of their templates."""

    name: str
    texts: Mapping[str, str]
    environment: Environment = field(default_factory=dict)


@dataclass(frozen=True)
class Side:
    """A Traefik with the ports of its entry points."""

    traefik: Traefik
    ports: Mapping[str, int]

    def raw(self) -> dict[str, Any]:
        found: dict[str, Any] = fetch(f"{self.traefik.api}/api/rawdata").raise_for_status().json()
        return found


class _Answers(ThreadingHTTPServer):
    """Answers with the address at which it was asked, and with what it was asked."""

    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        address = self.connection.getsockname()[0]
        own = {name: value for name, value in self.headers.items() if name not in _CHANGING}
        body = json.dumps({"server": address, "path": self.path, "headers": own}, sort_keys=True).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


@contextmanager
def answering() -> Iterator[int]:
    """Run a server at all local addresses, and give its port."""
    server = _Answers(("0.0.0.0", 0), _Handler)  # each address of the loopback network is a server
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def cases(folder: Path, port: int) -> Iterator[Case]:
    """Go through the people of a folder, with servers that are here."""
    for name, paths in groupby(sorted(folder.iterdir()), person):
        plain = {path.name: path.read_text() for path in paths}
        known: dict[str, str] = {}
        texts = {name: led_here(text, known, port) for name, text in plain.items()}
        made = {
            key: led_here(f"url: {value}", known, port)[5:] for key, value in invented("".join(plain.values())).items()
        }
        yield Case(name, texts, made)


def led_here(text: str, known: dict[str, str], port: int) -> str:
    """Lead each server to an address here, but where the URL is a wrong one."""

    def replaced(found: re.Match[str]) -> str:
        url = found[2]
        if _BAD_PORT.search(url.partition("://")[2]) and not url.endswith("]"):
            return found[0]
        number = len(known) + 2
        known.setdefault(url, f"http://127.0.{number // 250}.{number % 250}:{port}")
        return found[1] + known[url]

    return _URL.sub(replaced, text)


@contextmanager
def side(
    folder: Path, entry_points: Mapping[str, str], providers: Mapping[str, Any], env: Environment
) -> Iterator[Side]:
    """Run a Traefik with these entry points, by name and protocol."""
    ports = {name: free_port() for name in entry_points}
    api = free_port()
    static = {
        "entryPoints": {
            **{name: {"address": f"127.0.0.1:{ports[name]}{protocol}"} for name, protocol in entry_points.items()},
            "traefik": {"address": f"127.0.0.1:{api}"},
        },
        "api": {"insecure": True},
        "providers": {"providersThrottleDuration": "0s", **providers},
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
    }
    file = folder / "traefik.yml"
    file.write_text(yaml.safe_dump(static))
    log = folder / "traefik.log"
    with log.open("wb") as output:
        command = [traefik_command(), f"--configFile={file}"]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=dict(env))
        try:
            made = Traefik("", "", f"http://127.0.0.1:{api}", process, log)
            wait_until(lambda: answers(f"{made.api}/api/version"), "Traefik answers")
            yield Side(made, ports)
        finally:
            process.kill()
            process.wait(timeout=60)


def differences(case: Case, service: Service, folder: Path) -> Iterator[str]:
    """Import what a person has, and give what the two Traefiks do otherwise."""
    texts = [SourceText(name, text) for name, text in case.texts.items()]
    read = files.read(texts, case.environment)
    good = [each.name for each in read.files if each.is_read]
    own = files.read([each for each in texts if each.name in good], case.environment)
    if not any(own.document.get(root, {}).get("routers") for root in ("http", "tcp", "udp")):
        return
    dynamic = folder / "dynamic"
    dynamic.mkdir(parents=True)
    (folder / "other").mkdir()
    for name in good:
        (dynamic / name).parent.mkdir(exist_ok=True)
        (dynamic / name).write_text(case.texts[name])
    points = _entry_points(own.document)
    told = _imported(service, case, [str(dynamic)], [name for name, protocol in points.items() if not protocol])
    http = {
        "endpoint": f"{service.url}/traefik/configuration?edge=default&wait=5",
        "pollInterval": "50ms",
        "pollTimeout": "10s",
        "headers": dict(AUTHORIZED),
    }
    with ExitStack() as stack:
        file = {"file": {"directory": str(dynamic)}}
        one = stack.enter_context(side(folder, points, file, case.environment))
        other = stack.enter_context(side(folder / "other", points, {"http": http}, {}))
        wait_until(lambda: "@file" in json.dumps(one.raw()), "Traefik has read its files")
        other.traefik.wait_for(service)
        yield from _compared(one, other, told, _plain(service))


def _entry_points(document: Mapping[str, Any]) -> dict[str, str]:
    found = {"web": ""}
    for root, protocol in (("http", ""), ("tcp", ""), ("udp", "/udp")):
        for router in (document.get(root, {}).get("routers") or {}).values():
            given = next((value for key, value in (router or {}).items() if key.lower() == "entrypoints"), None) or []
            names = given if isinstance(given, list) else given.split(",")
            found |= {name.strip(): protocol for name in names}
    return found


def _imported(service: Service, case: Case, paths: Sequence[str], entry_points: Sequence[str]) -> dict[str, Any]:
    empty(service)
    named = [part for name in entry_points for part in ("--entry-point", name)]
    given = [part for name, value in case.environment.items() for part in ("--env", f"{name}={value}")]
    environment = variables(PROVIDER_URL=service.url, PROVIDER_TOKEN=TOKEN)
    done = run_forked("import", *paths, *named, *given, "--yes", "-o", "json", env=environment).check()
    told: dict[str, Any] = json.loads(done.out)["import"]
    return told


def _plain(service: Service) -> set[str]:
    """Return the routers that are ranked by their domains and path prefix, and not by the length of their rule."""
    routers = (
        fetch(f"{service.url}/api/v1/export", headers=dict(AUTHORIZED)).raise_for_status().json().get("routers", {})
    )
    return {name for name, each in routers.items() if each.get("priority") is None and each.get("rule") is None}


def _compared(one: Side, other: Side, told: Mapping[str, Any], plain: set[str]) -> Iterator[str]:
    mine, theirs = other.raw(), one.raw()
    names = {(each["kind"], each["given"]): each["name"] for each in told["renamed"]}
    lost = {(each["kind"], each["name"]) for each in told["findings"] if each["outcome"] == "left out"}
    revived = {(each["kind"], each["name"]) for each in told["findings"] if each["outcome"] == "rewritten"}
    rewritten_any = bool(revived)
    for kind, section in (("router", "routers"), ("TCP router", "tcpRouters"), ("UDP router", "udpRouters")):
        held = _enabled(mine, section, "@http")
        for given, router in _given(theirs, section).items():
            name = names.get((kind, given), given)
            is_on = router["status"] != "disabled"
            if is_on and name not in held:
                if (kind, given) not in lost:
                    why = (mine.get(section) or {}).get(f"{name}@http", {}).get("error")
                    yield f"{kind} {given} is enabled in its files, and not here: {why}"
            elif not is_on and name in held and (kind, given) not in revived and not rewritten_any:
                yield f"{kind} {given} is disabled in its files, and enabled here: {router.get('error')}"
            elif is_on:
                yield from _of_router(kind, given, router, held[name], names)
    yield from _of_ranks(theirs, mine, names, plain)
    yield from _of_services(theirs, mine, names)
    closes = any("closes all connections" in each["reason"] for each in told["findings"])  # a default certificate
    yield from _asked(one, other, theirs, revived, is_tls_asked=not closes)


def _enabled(raw: Mapping[str, Any], section: str, end: str) -> dict[str, Any]:
    return {name: each for name, each in _given(raw, section, end).items() if each["status"] != "disabled"}


def _given(raw: Mapping[str, Any], section: str, end: str = "@file") -> dict[str, Any]:
    """Return routers by name. One that Traefik split for its TLS is called as it was."""
    found = raw.get(section) or {}
    return {
        re.sub(r"^.*-conflicted-", "", name.removesuffix(end)): each
        for name, each in found.items()
        if name.endswith(end)
    }


def _of_router(
    kind: str, given: str, theirs: Mapping[str, Any], mine: Mapping[str, Any], names: Mapping[Any, str]
) -> Iterator[str]:
    if kind == "router":
        wanted = rewritten(theirs["rule"], is_old=theirs.get("ruleSyntax") == "v2")
        if _meant(wanted) != _meant(mine["rule"]):
            yield f"router {given}: its rule {theirs['rule']} became {mine['rule']}"
    passed = [_name("middleware", each, names) for each in theirs.get("middlewares", [])]
    if passed != [each.removesuffix("@http") for each in mine.get("middlewares", [])]:
        yield f"{kind} {given}: its middlewares {passed} became {mine.get('middlewares')}"
    for key, one, other in (
        ("entry points", theirs.get("entryPoints"), mine.get("entryPoints")),
        ("TLS", *(_tls(each.get("tls"), names) for each in (theirs, mine))),
    ):
        if one != other:
            yield f"{kind} {given}: its {key} {one} became {other}"


def _tls(told: Mapping[str, Any] | None, names: Mapping[Any, str]) -> Any:
    """Return what TLS a router has: Traefik writes the default options into some, and into others not."""
    if told is None:
        return None
    return {**told, "options": _name("TLS options", told.get("options") or "default", names)}


def _of_ranks(
    theirs: Mapping[str, Any], mine: Mapping[str, Any], names: Mapping[Any, str], plain: set[str]
) -> Iterator[str]:
    """Compare the ranks of routers, as numbers, and their order among those that may take the same request.

    The numbers of plain ones are others here, as are those beyond what can be set.
    """
    held = _enabled(mine, "routers", "@http")
    pairs = []
    for given, each in _given(theirs, "routers").items():
        name = names.get(("router", given), given)
        if each["status"] != "disabled" and name in held:
            pairs.append((given, each, held[name]))
            if (
                name not in plain
                and abs(each["priority"]) <= HIGHEST_PRIORITY
                and each["priority"] != held[name]["priority"]
            ):
                yield f"router {given}: its rank {each['priority']} became {held[name]['priority']}"
    for (given, one, other), (given_2, one_2, other_2) in combinations(pairs, 2):
        orders = [_order(a["priority"], b["priority"]) for a, b in ((one, one_2), (other, other_2))]
        if orders[0] != orders[1] and set(one["entryPoints"]) & set(one_2["entryPoints"]) and _meet(one, one_2):
            yield f"routers {given} and {given_2}: their ranks {orders[0]:+} became {orders[1]:+}"


def _order(one: int, other: int) -> int:
    return (one > other) - (one < other)


def _meet(*routers: Mapping[str, Any]) -> bool:
    """Tell whether some request of those that their rules name is taken by all of them."""
    conditions = [rules.read(each["rule"]) for each in routers]
    given = {text for each in routers for text in _ARGUMENT.findall(each["rule"])}
    hosts = [each for each in given if re.fullmatch(r"[\w.-]+", each)] or ["made.example"]
    paths = {"/", *(each for each in given if each.startswith("/")), *(f"{e}/x" for e in given if e.startswith("/"))}
    return any(
        all(each.matches(rules.Request(host=host, path=path)) for each in conditions)
        for host, path in product(hosts, paths)
    )


def _of_services(theirs: Mapping[str, Any], mine: Mapping[str, Any], names: Mapping[Any, str]) -> Iterator[str]:
    """Compare services, field by field, and their servers with their weights."""
    for kind, section in (("service", "services"), ("TCP service", "tcpServices"), ("UDP service", "udpServices")):
        held = _enabled(mine, section, "@http")
        for given, each in _given(theirs, section).items():
            name = names.get((kind, given), given)
            if each["status"] != "disabled" and name in held:
                one, other = (_service(kind, part, names) for part in (each, held[name]))
                if one != other:
                    yield f"{kind} {given}: {one} became {other}"


def _service(kind: str, told: Mapping[str, Any], names: Mapping[Any, str]) -> Any:
    """Return what a service does, in a form in which two that do the same are the same."""
    found = {key: value for key, value in told.items() if key not in {"status", "serverStatus", "usedBy", "error"}}
    if (pool := found.get("loadBalancer")) is not None:
        servers = Counter[str]()
        for each in pool.get("servers") or []:
            url = each.get("url") or each.get("address") or ""
            url = url if each.get("preservePath") else re.sub(r"^(\w+://[^/]*).*", r"\1", url)
            if kind != "service" or _ADDRESS.search(url):  # what leads nowhere is left out
                servers[url] += each.get("weight", 1)
        found["loadBalancer"] = {**pool, "servers": {url: weight for url, weight in servers.items() if weight > 0}}
        if "serversTransport" in pool:
            found["loadBalancer"]["serversTransport"] = _name("servers transport", pool["serversTransport"], names)
        if (check := pool.get("healthCheck")) is not None:
            found["loadBalancer"]["healthCheck"] = _paced(check)
    return _renamed(found, kind, names)


def _paced(check: Mapping[str, Any]) -> dict[str, Any]:
    """Let checks come no faster than they may take, as Traefik waits for one before the next."""
    longest = check.get("timeout", "5s")
    slow = {
        key: max(check[key], longest, key=lambda text: find_nanoseconds(text) or 0)
        for key in ("interval", "unhealthyInterval")
        if key in check
    }
    return {**check, **slow}


def _renamed(value: Any, kind: str, names: Mapping[Any, str]) -> Any:
    """Call services within by our names."""
    match value:
        case dict():
            return {
                key: _name(kind, each, names)
                if key in {"name", "service", "fallback"} and isinstance(each, str)
                else _renamed(each, kind, names)
                for key, each in value.items()
            }
        case list():
            return [_renamed(each, kind, names) for each in value]
    return value


def _meant(rule: str) -> str:
    """Write a rule as all are that mean the same: a wildcard here takes a host with a dot behind it, too."""
    return str(rules.read(rule).condition).replace(r"\.?$", "$")


def _name(kind: str, full: str, names: Mapping[Any, str]) -> str:
    own = full.removesuffix("@file").removesuffix("@http")
    return names.get((kind, own), own)


def _asked(
    one: Side, other: Side, theirs: Mapping[str, Any], revived: set[tuple[str, str]], *, is_tls_asked: bool
) -> Iterator[str]:
    """Send requests to both, and give those that are answered otherwise."""
    pools = _pools(theirs)
    routers = [each for name, each in _given(theirs, "routers").items() if ("router", name) not in revived]
    others = [each for name, each in _given(theirs, "routers").items() if ("router", name) in revived]
    awake = [rules.read(rewritten(each["rule"], is_old=each.get("ruleSyntax") == "v2")) for each in others]
    for name, host, path, is_tls in _requests(theirs, one.ports):
        if is_tls and not is_tls_asked:
            continue
        answered = [_answer(each.ports[name], host, path, pools, is_tls=is_tls) for each in (one, other)]
        request = rules.Request(host=host, path=path.partition("?")[0])
        if answered[0] == answered[1] or _is_chance(routers, request) or any(rule.matches(request) for rule in awake):
            continue
        yield f"{'https' if is_tls else 'http'}://{host}{path} on {name}: {answered[0]} became {answered[1]}"


def _requests(raw: Mapping[str, Any], ports: Mapping[str, int]) -> Iterator[tuple[str, str, str, bool]]:
    """Make requests of what rules ask for, with some more."""
    texts = [each.get("rule", "") for each in _given(raw, "routers").values()]
    given = sorted({text for rule in texts for text in _ARGUMENT.findall(rule)})
    hosts = [each for each in given if re.fullmatch(r"[\w.-]+\.[\w-]+", each)] or ["made.example"]
    paths = [each for each in given if each.startswith("/") and "{" not in each and "^" not in each]
    paths = sorted({"/", "/x", *paths, *(f"{each.rstrip('/')}/more?a=1" for each in paths)})
    protocols = {name for each in (raw.get("udpRouters") or {}).values() for name in each.get("entryPoints", [])}
    names = [name for name in ports if name not in protocols]
    found = list(product(names, [*hosts, "none.example"], paths, (False, True)))
    yield from islice(random.Random(1).sample(found, len(found)), MOST_REQUESTS)  # the same each time


def _pools(raw: Mapping[str, Any]) -> dict[str, str]:
    """Return for each server one that stands for all of its pool."""
    found: dict[str, str] = {}
    for service in (raw.get("services") or {}).values():
        urls = [each.get("url", "") for each in service.get("loadBalancer", {}).get("servers") or []]
        addresses = sorted(each[0] for url in urls if (each := _ADDRESS.search(url)))
        for address in addresses:
            found[address] = min(found.get(address, address), addresses[0])
    return found


def _answer(port: int, host: str, path: str, pools: Mapping[str, str], *, is_tls: bool) -> tuple[Any, ...]:
    """Return status, headers that middlewares may have set, and what reached the server."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    url = f"{'https' if is_tls else 'http'}://127.0.0.1:{port}{path}"
    try:
        with httpx.Client(verify=context, timeout=20) as client:
            answer = client.get(url, headers={"Host": host}, extensions={"sni_hostname": host})
    except httpx.TransportError as error:
        return (type(error).__name__,)
    own = {name: value for name, value in answer.headers.items() if name not in _OWN_HEADERS}
    own = {name: value for name, value in own.items() if not name.startswith("x-ratelimit") and name != "x-retry-in"}
    cookies = sorted(each.partition("=")[0] for each in answer.headers.get_list("set-cookie"))
    body: Any = answer.text
    if answer.status_code == 200 and body.startswith('{"headers"'):
        body = json.loads(body)
        body["server"] = pools.get(body["server"], body["server"])
        body["headers"].pop("Cookie", None)
    return answer.status_code, own, cookies, body


def _is_chance(routers: Sequence[Mapping[str, Any]], request: rules.Request) -> bool:
    """Tell whether several routers of one rank take a request: then nobody knows which does."""
    ranks = sorted(
        each["priority"]
        for each in routers
        if each["status"] != "disabled" and rules.read(each["rule"]).matches(request)
    )
    return len(ranks) > 1 and ranks[-1] == ranks[-2]


def main(folder: Path) -> int:
    """Compare everybody's files, say what differs, and return how many do."""
    found = 0
    with tempfile.TemporaryDirectory() as temporary, answering() as port, ExitStack() as stack:
        place = Path(temporary)
        service = stack.enter_context(running_service(place, migrated_copy(place), coalesce_ms=20))
        for case in cases(folder, port):
            for told in differences(case, service, place / case.name):
                found += 1
                sys.stdout.write(f"{case.name}: {told}\n")
            sys.stdout.write(f"{case.name} is done\n")
            sys.stdout.flush()
    return found


if __name__ == "__main__":
    sys.exit(bool(main(Path(sys.argv[1]))))
