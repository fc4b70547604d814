"""Containers with labels, as the document that Traefik's Docker provider makes of them. Pure.

Read in the source of Traefik 3.7.9 (`pkg/provider/docker`, `pkg/provider/configuration.go`, `merge.go`). It differs
in one thing: a server is asked by the name of its container, which stays, and not by the address that it has today.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from provider.documents import nearest
from provider.errors import pointer
from provider.imports.files.decoding import decode
from provider.imports.files.findings import Effect
from provider.imports.findings import Cause, ImportFinding, ImportOutcome, Reason
from provider.imports.labels import tree
from provider.imports.labels.containers import Container, ContainerLabel, Defaults
from provider.imports.labels.tree import LabelError, Node
from provider.imports.labels.writing import ignored, written
from provider.imports.pieces import FALSE, TRUE, shown

PROVIDER: Final = "docker"

_CONFIGURING: Final = ("traefik.http", "traefik.tcp", "traefik.udp", "traefik.tls.stores.default")
_OWN: Final = ("traefik.enable", "traefik.docker.", "traefik.swarm.")
_RULE: Final = "Host(`{{ normalize .Name }}`)"
_TEMPLATE: Final = re.compile(
    r"\{\{-?\s*(?:(normalize)\s+)?(?:\.(Name|ContainerName)|index\s+\.Labels\s+[\"`]([^\"`]+)[\"`])\s*-?\}\}"
)
_ADDRESSES: Final = {"http": "url", "tcp": "address", "udp": "address"}
_IGNORES: Final = Cause.DISABLED
_DROPPED: Final = "Traefik ignores the container"


@dataclass(slots=True)
class Translated:
    """What Traefik makes of containers.

    `places` leads from pointers into the document to those into the file. `refused` are pointers into the document
    to objects that Traefik has and that cannot be told from the file, each with the reason and its place there.
    """

    document: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    refused: dict[str, Reason] = field(default_factory=dict)
    findings: list[ImportFinding] = field(default_factory=list)


def translate(containers: Iterable[Container], defaults: Defaults | None = None) -> Translated:
    """Make one document of containers."""
    return _Translator(defaults or Defaults()).translate(containers)


def normalize(name: str) -> str:
    """Return a name as Traefik makes those of objects: letters and digits, and hyphens for all that is between."""
    return "-".join("".join(each if each.isalpha() or each.isnumeric() else " " for each in name).split())


def finding(container: Container, outcome: ImportOutcome, told: str, place: str, cause: Cause) -> ImportFinding:
    """Make a finding about a container."""
    reasons = (Reason(told, place, cause),)
    return ImportFinding("container", container.name, outcome, told, container.place, place, causes=reasons)


class _Translator:
    def __init__(self, defaults: Defaults) -> None:
        self._defaults = defaults
        self._made = Translated()
        self._root = Node("", "")
        self._unlike: set[tuple[str, str, str]] = set()

    def translate(self, containers: Iterable[Container]) -> Translated:
        for container in sorted(containers, key=lambda each: normalize(each.full)):
            if (configured := self._configured(container)) is not None:
                self._merge(configured)
        self._made.document = written(self._root, self._made.places)
        for path in self._unlike:
            nodes = list(self._along(path))
            told = "several containers define it differently: Traefik leaves it out"
            self._made.refused[pointer(*(node.name for node in nodes))] = Reason(told, nodes[-1].place, Cause.DISABLED)
        return self._made

    def _along(self, path: Iterable[str]) -> Iterator[Node]:
        node = self._root
        for name in path:
            node = node.children[name]
            yield node

    def _find(
        self, container: Container, outcome: ImportOutcome, reason: str, place: str, cause: Cause = Cause.OURS
    ) -> None:
        self._made.findings.append(finding(container, outcome, reason, place, cause))

    def _configured(self, container: Container) -> Node | None:
        """Return what one container brings, or None for one that brings nothing, and say why."""
        own = container.own
        if not own:
            told = "it has no labels of Traefik"
            if self._defaults.is_exposed:
                told += (
                    f". With exposedByDefault, which is Traefik's default, it is served as {normalize(container.full)} "
                    "all the same: to import that, give it the label traefik.enable=true"
                )
            self._find(container, ImportOutcome.RECOGNISED, told, container.place)
            return None
        for label in own:
            if not label.key.lower().startswith((*_CONFIGURING, *_OWN)):
                told = f"Traefik 3 ignores the label {shown(label.key)}"
                self._find(container, ImportOutcome.LEFT_OUT, told, label.place, Cause.IGNORED)
        if container.profiles:
            told = f"it starts only with the profile {' or '.join(container.profiles)}: name it in COMPOSE_PROFILES"
            self._find(container, ImportOutcome.RECOGNISED, told, container.place)
            return None
        try:
            return self._decoded(container, own)
        except LabelError as error:
            told, cause = (error.reason, Cause.UNKNOWN) if error.is_unset else (f"{error.reason}: {_DROPPED}", _IGNORES)
            self._find(container, ImportOutcome.LEFT_OUT, told, error.place, cause)
            return None

    def _decoded(self, container: Container, labels: list[ContainerLabel]) -> Node | None:
        settings = tree.read(each for each in labels if each.key.lower().startswith(_OWN))
        if not self._is_wanted(container, settings):
            return None
        root = tree.read(each for each in labels if each.key.lower().startswith(_CONFIGURING))
        self._check_network(container, settings)
        for node in ignored(root):
            told = f"Traefik ignores {node.name} in labels: write it into a file"
            self._find(container, ImportOutcome.LEFT_OUT, told, node.place, Cause.IGNORED)
        _Build(container, self._defaults, self._made).build(root)
        _check(root)
        return root

    def _is_wanted(self, container: Container, settings: Node) -> bool:
        enable = settings.find("enable")
        given = enable.value or "" if enable else ""
        if enable is not None and given not in TRUE | FALSE:
            raise LabelError(enable.place, f"traefik.enable has to be true or false, not {shown(given) or 'empty'}")
        if given in FALSE if enable else not self._defaults.is_exposed:
            told = (
                "traefik.enable is false"
                if enable
                else "it has no label traefik.enable=true, which Traefik requires here"
            )
            self._find(container, ImportOutcome.RECOGNISED, told, enable.place if enable else container.place)
            return False
        running = settings.find("docker", "allownonrunning")
        if not container.is_up and (running is None or running.value not in TRUE):
            self._find(container, ImportOutcome.RECOGNISED, "it does not run, or is not healthy", container.place)
            return False
        return True

    def _check_network(self, container: Container, settings: Node) -> None:
        """Say where Traefik takes any of the networks of a container."""
        node = settings.find("swarm" if container.is_swarm else "docker", "network") or settings.find(
            "docker", "network"
        )
        named = (node.value if node else None) or self._defaults.network
        networks = container.networks or ()
        if named and networks and named not in networks:
            told = f"there is no network {shown(named)} among those of the container ({', '.join(networks)})"
        elif not named and len(networks) > 1:
            told = f"it is in several networks ({', '.join(networks)}), and no label traefik.docker.network names one"
        else:
            return
        place = node.place if node else container.place
        told += ": Traefik takes any of them; here its name is used"
        self._find(container, ImportOutcome.CHANGED, told, place, Cause.CHANCE)

    def _merge(self, configured: Node) -> None:
        """Add what a container brings to what others brought."""
        for section in configured.each():
            for kind in section.each():
                for node in kind.each():
                    known = (
                        self._root.made(section.name.lower())
                        .made(kind.name.lower())
                        .children.setdefault(node.name.lower(), node)
                    )
                    if known is not node and not _merged(known, node):
                        self._unlike.add((section.name.lower(), kind.name.lower(), node.name.lower()))


def _check(root: Node) -> None:
    """Refuse labels that Traefik cannot decode. Raises `LabelError`."""
    places: dict[str, str] = {}
    for mistake in decode(written(root, places)):
        if mistake.effect is Effect.REFUSED:
            raise LabelError(nearest(places, mistake.pointer) or "", mistake.detail)


def _merged(known: Node, other: Node) -> bool:
    """Add the servers of a service to those of one that is alike. Tells whether both are."""
    servers, more = (node.find("loadbalancer", "servers") for node in (known, other))
    if _comparable(known) != _comparable(other):
        return False
    if servers is not None and more is not None:
        taken = [_comparable(each) for each in servers.each()]
        for each in more.each():
            if _comparable(each) not in taken:
                servers.children[f"[{len(servers.children)}]"] = each
    return True


def _comparable(node: Node) -> Any:
    below = {name: _comparable(each) for name, each in node.children.items() if name != "servers"}
    return below or node.value or ""


@dataclass(slots=True)
class _Build:
    """Adds to the tree of one container what Traefik adds: services, their servers, routers, rules."""

    container: Container
    defaults: Defaults
    made: Translated

    def build(self, root: Node) -> None:
        """Complete a tree. Raises `LabelError`."""
        others = [section for name in ("tcp", "udp") if (section := root.find(name)) and _has_any(section)]
        for section in others:
            self._services(section)
            self._routers(section)
        http = root.find("http")
        if others and not (http and (_has_any(http) or http.find("middlewares"))):
            return
        http = root.made("http", self.container.place)
        self._services(http)
        if not _members(http, "routers"):
            if len(_members(http, "services")) > 1:
                told = "it has several services and no router, so Traefik makes none"
                place = self.container.place
                self.made.findings.append(finding(self.container, ImportOutcome.LEFT_OUT, told, place, Cause.IGNORED))
            else:
                http.made("routers").made(self._name)
        self._routers(http)

    @property
    def _name(self) -> str:
        return normalize(self.container.full)

    def _services(self, section: Node) -> None:
        services = section.made("services", self.container.place)
        if not services.children:
            services.made(self._name).made("loadBalancer")
        for service in list(services.each()):
            balancer = service.find("loadbalancer")
            if balancer is None:
                raise LabelError(service.place, f"the service {shown(service.name)} has no loadbalancer")
            self._server(section.name.lower(), service, balancer)

    def _server(self, protocol: str, service: Node, balancer: Node) -> None:
        """Complete the one server that a service has by labels."""
        server = balancer.children.pop("server", None) or Node("server", balancer.place)
        balancer.made("servers", server.place).children["[0]"] = server
        url, scheme, port = (node.value if (node := server.find(name)) else None for name in ("url", "scheme", "port"))
        if url and protocol == "http":
            if scheme or port:
                raise LabelError(
                    server.place, f"the service {shown(service.name)} has a url and a scheme or port as well"
                )
            return
        for name in ("scheme", "port"):
            server.children.pop(name, None)
        container = self.container
        if not container.host:
            raise LabelError(container.place, "it is in no network")
        if not port and not container.ports:
            told = "no label names the port of the server"
            if container.ports is not None or container.is_swarm:
                raise LabelError(service.place, f"{told}, and it exposes none")
            why = (
                f"{told}, and only its image says which it exposes: add the label {self._port_label(protocol, service)}"
            )
            self.made.refused[pointer(protocol, "services", service.name)] = Reason(why, service.place)
        where = _joined(container.host, port or str((container.ports or [0])[0]))
        server.set(_ADDRESSES[protocol], f"{scheme or 'http'}://{where}" if protocol == "http" else where)

    def _port_label(self, protocol: str, service: Node) -> str:
        return f"traefik.{protocol}.services.{service.name}.loadbalancer.server.port=PORT"

    def _routers(self, section: Node) -> None:
        protocol = section.name.lower()
        routers, services = section.find("routers"), section.find("services")
        for router in list(routers.each()) if routers else ():
            rule = router.find("rule")
            if protocol == "http" and not (rule and rule.value):
                router.set("rule", self._default_rule(), router.place)
            named = router.find("service")
            if named and named.value:
                continue
            given = list(services.each()) if services else []
            if len(given) > 1:
                told = ", ".join(shown(each.name) for each in given)
                why = f"it names no service, and its container has several ({told}): Traefik leaves it out"
                self.made.refused[pointer(protocol, "routers", router.name)] = Reason(why, router.place, Cause.DISABLED)
            for each in given[:1]:
                router.set("service", each.name, router.place)

    def _default_rule(self) -> str:
        labels = {label.key: label.value for label in self.container.labels}
        names = {"Name": self._name, "ContainerName": self.container.name}

        def fill(found: re.Match[str]) -> str:
            told = names[found[2]] if found[2] else labels.get(found[3], "")
            return normalize(told) if found[1] else told

        return _TEMPLATE.sub(fill, self.defaults.rule or _RULE)


def _members(section: Node, kind: str) -> Mapping[str, Node]:
    found = section.find(kind)
    return found.children if found else {}


def _has_any(section: Node) -> bool:
    return bool(_members(section, "routers") or _members(section, "services"))


def _joined(host: str, port: str) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
