"""Containers with labels, as the document that Traefik's Docker provider makes of them. Pure.

Read in the source of Traefik 3.7.9 (`pkg/provider/docker`, `pkg/provider/configuration.go`, `merge.go`). It differs
in one thing: a server is asked by the name of its container, which stays, and not by the address that it has today.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from provider.documents import nearest
from provider.errors import pointer
from provider.imports.files.decoding import decode
from provider.imports.files.findings import Effect
from provider.imports.findings import Cause, ImportFinding, ImportOutcome, Reason
from provider.imports.labels import constraints, tree
from provider.imports.labels.completing import Completion
from provider.imports.labels.containers import Container, ContainerLabel, Defaults
from provider.imports.labels.tree import LabelError, Node
from provider.imports.labels.writing import ignored, written
from provider.imports.pieces import FALSE, TRUE, shown
from provider.rules import BadRule

_CONFIGURING: Final = ("traefik.http", "traefik.tcp", "traefik.udp", "traefik.tls.stores.default")
_OWN: Final = ("traefik.enable", "traefik.docker.")
_OF_SWARM: Final = "traefik.swarm."
_SETTINGS: Final = {"enable": (), "docker": ("network", "lbswarm", "allownonrunning"), "swarm": ("network", "lbswarm")}
_SECTIONS: Final = {"http", "tcp", "udp", "tls"}
_TAGS: Final = ("traefik.constraint", "traefik.tag")
"""How labels are called that are there for constraints alone."""

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


class _Translator:
    def __init__(self, defaults: Defaults) -> None:
        self._defaults = defaults
        self._made = Translated()
        self._root = Node("", "")
        self._unlike: set[tuple[str, str, str]] = set()

    def translate(self, containers: Iterable[Container]) -> Translated:
        for container in sorted(containers, key=lambda each: each.default_name):
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
        self._made.findings.append(container.finding(outcome, reason, place, cause))

    def _configured(self, container: Container) -> Node | None:
        """Return what one container brings, or None for one that brings nothing, and say why."""
        own = container.own
        if not own:
            told = "it has no Traefik labels"
            if self._defaults.is_exposed and not self._defaults.constraints:
                told += (
                    f". With exposedByDefault, which is Traefik's default, it is served as {container.default_name} "
                    "anyway: to import that, give it the label traefik.enable=true"
                )
            self._find(container, ImportOutcome.RECOGNISED, told, container.place)
            return None
        for label in own:
            if not self._is_of_use(label):
                told = f"Traefik 3 ignores the label {shown(label.key)}"
                self._find(container, ImportOutcome.LEFT_OUT, told, label.place, Cause.IGNORED)
        if container.profiles:
            told = f"it starts only with the profile {' or '.join(container.profiles)}: name it in COMPOSE_PROFILES"
            self._find(container, ImportOutcome.RECOGNISED, told, container.place)
            return None
        try:
            return self._decoded(container, own)
        except LabelError as error:
            told = error.reason if error.is_unset else f"{error.reason}: {_DROPPED}"
            cause = Cause.UNKNOWN if error.is_unset else Cause.DISABLED
            self._find(container, ImportOutcome.LEFT_OUT, told, error.place, cause)
            return None

    def _is_of_use(self, label: ContainerLabel) -> bool:
        """Tell whether Traefik takes notice of a label, if only to choose containers or to make a rule of it."""
        key = label.key.lower()
        if key.startswith((*_CONFIGURING, *_OWN, _OF_SWARM, *_TAGS)):
            return True
        return label.key in self._defaults.constraints or label.key in self._defaults.rule

    def _decoded(self, container: Container, labels: list[ContainerLabel]) -> Node | None:
        prefixes = (*_OWN, _OF_SWARM) if container.is_swarm else _OWN
        settings = tree.read(each for each in labels if each.key.lower().startswith(prefixes))
        _check_settings(settings)
        if not self._is_wanted(container, settings):
            return None
        root = tree.read(each for each in labels if each.key.lower().startswith(_CONFIGURING))
        self._check_network(container, settings)
        for node in ignored(root):
            told = f"Traefik ignores {node.name} in labels: write it into a file"
            self._find(container, ImportOutcome.LEFT_OUT, told, node.place, Cause.IGNORED)
        Completion(container, self._defaults, self._made.findings, self._made.refused).complete(root)
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
        if not self._meets_constraints(container):
            told = f"its labels do not meet the constraints of this Traefik: {shown(self._defaults.constraints)}"
            self._find(container, ImportOutcome.RECOGNISED, told, container.place)
            return False
        running = settings.find("docker", "allownonrunning")
        if not container.is_up and (running is None or running.value not in TRUE):
            self._find(container, ImportOutcome.RECOGNISED, "it does not run, or is not healthy", container.place)
            return False
        return True

    def _meets_constraints(self, container: Container) -> bool:
        """Tell whether Traefik looks at a container. Raises `LabelError` where it cannot read its constraints."""
        expression = self._defaults.constraints
        try:
            return not expression or constraints.match(expression, container.by_key)
        except BadRule as error:
            told = f"Traefik cannot read its constraints, {shown(expression)}, {error}"
            raise LabelError(container.place, told) from None

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


def _check_settings(settings: Node) -> None:
    """Refuse settings that Traefik does not know. Raises `LabelError`."""
    for node in settings.each():
        known = _SETTINGS.get(node.name.lower())
        if known is None:
            raise _unknown(node)
        for each in node.each():
            if each.name.lower() not in known:
                raise _unknown(node, each)
    if settings.find("docker") and (swarm := settings.find("swarm")):
        raise LabelError(swarm.place, "it has labels of traefik.docker and of traefik.swarm")


def _check(root: Node) -> None:
    """Refuse labels that Traefik cannot decode. Raises `LabelError`."""
    for section in root.each():
        if section.name.lower() not in _SECTIONS:
            raise _unknown(section)
    places: dict[str, str] = {}
    for mistake in decode(written(root, places)):
        if mistake.effect is Effect.REFUSED:
            raise LabelError(nearest(places, mistake.pointer) or "", mistake.detail)


def _unknown(*nodes: Node) -> LabelError:
    key = ".".join([tree.ROOT, *(each.name for each in nodes)])
    return LabelError(nodes[-1].place, f"Traefik has no label {shown(key)}")


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
