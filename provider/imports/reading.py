"""Traefik's dynamic configuration, read into a declaration, with a ledger of all that is not in it. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from provider.configuration import BEACON
from provider.declarations import Declaration
from provider.errors import pointer
from provider.imports import names
from provider.imports.findings import ImportFinding, ImportOutcome, Renamed
from provider.imports.middlewares import find_kind, read_middleware
from provider.imports.pieces import Ledger, Piece, Reason, shown
from provider.imports.ranks import Ranked, settle
from provider.imports.routers import EntryPointDefaults, ServiceMissing, Surroundings, read_router
from provider.imports.services import Pool, read_service
from provider.nouns import Domain, Middleware, Router, Service

T = TypeVar("T")

DEFAULT_ENTRY_POINTS: Final = ("web",)

_FIRST: Final = ("router", "service")
_CHAIN: Final = "chain"
_NOT_YET: Final = "cannot be imported yet"
_SECTIONS: Final = ("http", "tcp", "udp", "tls")
_HTTP: Final = ("routers", "services", "middlewares", "serversTransports", "models")
_OTHER_OBJECTS: Final[Mapping[tuple[str, ...], str]] = {
    ("http", "serversTransports"): "servers transport",
    ("http", "models"): "model",
    ("tcp", "routers"): "TCP router",
    ("tcp", "services"): "TCP service",
    ("tcp", "middlewares"): "TCP middleware",
    ("tcp", "serversTransports"): "TCP servers transport",
    ("tcp", "models"): "TCP model",
    ("udp", "routers"): "UDP router",
    ("udp", "services"): "UDP service",
    ("tls", "certificates"): "TLS certificate",
    ("tls", "options"): "TLS options",
    ("tls", "stores"): "TLS store",
}
"""What is listed, object by object, and not held, with what each is called."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a document.

    `held` are JSON pointers into the document, to what the declaration says, or is Traefik's default; all else is
    below the pointer of a finding. `origins` leads from pointers into the declaration, written as a document, to
    where in the document each comes from.
    """

    declaration: Declaration
    findings: Sequence[ImportFinding]
    renamed: Sequence[Renamed]
    held: frozenset[str]
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Running:
    """What is known of the running Traefik whose API gave the document: its entry points, by name."""

    entry_points: Mapping[str, EntryPointDefaults] = field(default_factory=dict)


def read(
    document: Any, running: Running | None = None, default_entry_points: Sequence[str] = DEFAULT_ENTRY_POINTS
) -> Imported:
    """Read a document, as Traefik's file provider has it, or as `rawdata.reshaped` made it of what runs."""
    return _Reader(document, running, default_entry_points).read()


class _Reader:
    """Goes through a document once."""

    def __init__(self, document: Any, running: Running | None, default_entry_points: Sequence[str]) -> None:
        self._running = running
        self._default_entry_points = default_entry_points
        self._findings: list[ImportFinding] = []
        self._renamed: list[Renamed] = []
        self._held: set[str] = set()
        self._origins: dict[str, str] = {}
        self._around = self._ledger()
        self._root = Piece(document, "", self._around)
        self._sections: dict[str, Piece] = {}
        self._objects: dict[str, dict[str, Piece]] = {}
        self._by_full: dict[str, dict[str, Piece]] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._pools: dict[str, Pool] = {}
        self._kinds: dict[str, str] = {}
        self._begun: set[str] = set()
        self._middlewares: dict[str, Middleware] = {}

    def read(self) -> Imported:
        self._find_sections()
        for kind in ("router", "service", "middleware"):
            part = self._sections.get(f"http/{kind}s")
            self._objects[kind] = part.members() if part is not None else {}
            self._by_full[kind] = {self._full(given): each for given, each in self._objects[kind].items()}
            self._names[kind] = names.assign(self._by_full[kind], kind)
        self._read_services()
        self._read_middlewares()
        routers = self._read_routers()
        self._list_others()
        self._around_findings()
        hosts = dict.fromkeys(host for router in routers.values() for host in router.domains)
        for router in routers.values():
            for host in router.domains:
                self._origins.setdefault(pointer("domains", host), self._origins[pointer("routers", router.name)])
        services = [pool.service for pool in self._pools.values()]
        pools = {pool.service.name: pool.servers.values() for pool in self._pools.values()}
        domains = [Domain(name=host) for host in hosts]
        declaration = Declaration.of(*domains, *services, *self._middlewares.values(), *routers.values(), within=pools)
        return Imported(
            declaration,
            tuple(sorted(self._findings, key=_rank)),
            tuple(self._renamed),
            frozenset(self._held),
            self._origins,
        )

    def _ledger(self) -> Ledger:
        return Ledger(is_template=self._running is None)

    def _find_sections(self) -> None:
        """Find the parts of the document that have objects. What is beside them is listed."""
        by_lower = {name.lower(): name for name in _SECTIONS}
        for given, part in self._root.members().items():
            name = by_lower.get(given.lower())
            if name is None:
                reason = "Traefik ignores it"
                self._find("part", given, ImportOutcome.LEFT_OUT, [Reason(reason, part.place)], part)
            elif name in self._sections:
                self._find("part", given, ImportOutcome.LEFT_OUT, [Reason(f"{name} is given twice", part.place)], part)
            else:
                self._sections[name] = part
        known = {section: [name for at, name in _OTHER_OBJECTS if at == section] for section in _SECTIONS}
        known["http"] = list(_HTTP)
        for section in list(self._sections):
            found = self._sections[section].fields(known[section])
            self._sections |= {f"{section}/{name}": part for name, part in found.parts.items()}

    def _full(self, given: str) -> str:
        return given if self._running is not None else f"{given}@{names.FILE}"

    def _is_ours(self, provider: str) -> bool:
        """Tell whether all that a provider has is what a service of ours serves: it carries the beacon."""
        return self._running is not None and f"{BEACON}@{provider}" in self._by_full["middleware"]

    def _recognised(self, kind: str, given: str, part: Piece) -> bool:
        """List an object that is Traefik's own, or ours already. Tells whether it is one."""
        _name, provider = names.split(self._full(given))
        if provider == names.INTERNAL and self._running is not None:
            reason = "it is Traefik's own"
        elif self._is_ours(provider):
            reason = "wayshub-provider already serves it to this Traefik"
        else:
            return False
        self._find(kind, given, ImportOutcome.RECOGNISED, [Reason(reason, part.place)], part)
        return True

    def _read_middlewares(self) -> None:
        for given, part in self._objects["middleware"].items():
            if self._recognised("middleware", given, part):
                continue
            if names.split(self._full(given))[0] == BEACON:
                reason = "it marks which document of wayshub-provider this is"
                self._find("middleware", given, ImportOutcome.RECOGNISED, [Reason(reason, part.place)], part)
            elif (kind := find_kind(part)) is None:
                reason = f"{_middleware_kind(part)} {_NOT_YET}"
                self._find("middleware", given, ImportOutcome.LEFT_OUT, [Reason(reason, part.place)], part)
            else:
                self._kinds[given] = kind
        # What others are made of is read before these are.
        for given in sorted(self._kinds, key=lambda given: self._kinds[given] == _CHAIN):
            self._read_middleware(given)

    def _read_middleware(self, given: str) -> None:
        """Read a middleware, unless it was read before, as a member of a chain."""
        full, part = self._full(given), self._objects["middleware"][given]
        kind = self._kinds.get(given)
        if kind is None or given in self._begun:
            return
        self._begun.add(given)
        _name, provider = names.split(full)
        name = self._names["middleware"][full]

        def find(member: Piece, kind: str, reference: str) -> str | None:
            if kind == Service.kind:
                try:
                    return self._find_service(provider, reference)
                except ServiceMissing as missing:
                    member.refuse(str(missing))
                    return None
            found = self._find_middleware(provider, reference)
            if found is None:
                member.refuse(f"it has {self._describe_middleware(provider, reference)}, which is left out")
            return found

        reading = partial(read_middleware, kind=kind, name=name, find=find, from_api=self._running is not None)
        middleware = self._object("middleware", given, part, reading)
        if middleware is not None:
            self._middlewares[full] = middleware
            self._note_name("middleware", given, name, part)

    def _find_middleware(self, provider: str, reference: str) -> str | None:
        """Return our name of a middleware, or None where it is not held."""
        full = names.qualified(reference, provider)
        known = self._by_full["middleware"].get(full)
        if known is not None:
            given = next(given for given, part in self._objects["middleware"].items() if part is known)
            self._read_middleware(given)
        found = self._middlewares.get(full)
        return None if found is None else found.name

    def _read_services(self) -> None:
        for given, part in self._objects["service"].items():
            if self._recognised("service", given, part):
                continue
            name = self._names["service"][self._full(given)]
            reading = partial(read_service, name=name, full_name=self._full(given), from_api=self._running is not None)
            pool = self._object("service", given, part, reading)
            if pool is None:
                continue
            self._pools[self._full(given)] = pool
            self._note_name("service", given, name, part)
            where = pointer("services", name, "servers")
            self._origins |= {where + pointer(server): place for server, place in pool.places.items()}

    def _read_routers(self) -> dict[str, Router]:
        found: dict[str, Ranked] = {}
        for given, part in self._objects["router"].items():
            if self._recognised("router", given, part):
                continue
            full = self._full(given)
            name, (_name, provider) = self._names["router"][full], names.split(full)
            around = Surroundings(
                partial(self._find_service, provider),
                partial(self._find_middleware, provider),
                partial(self._describe_middleware, provider),
                self._default_entry_points,
                self._running.entry_points if self._running else {},
                self._running is not None,
            )
            router = self._object("router", given, part, partial(read_router, name=name, around=around))
            if router is not None:
                found[name] = router
                self._note_name("router", given, name, part)
        return settle(found)

    def _object(self, kind: str, given: str, part: Piece, read_one: Callable[[Piece], T | None]) -> T | None:
        """Read one object in a ledger of its own, and list what is not held of it."""
        ledger = self._ledger()
        if ledger.is_template and "{{" in given:
            ledger.refused.append(Reason("its name is a template: only Traefik knows its result", part.place))
        if self._running is None and "@" in given:
            ledger.refused.append(Reason("its name has an @, behind which Traefik looks for a provider", part.place))
        own = part.under(ledger)
        found = read_one(own) if isinstance(part.value, dict) else None
        if not isinstance(part.value, dict):
            own.refuse("this has to be an object")
        if ledger.refused or found is None:
            self._find(kind, given, ImportOutcome.LEFT_OUT, ledger.refused, part)
            return None
        self._held |= ledger.held - {reason.place for reason in ledger.changed}
        for reason in ledger.changed:
            self._find(kind, given, ImportOutcome.CHANGED, [reason], Piece(None, reason.place, ledger))
        return found

    def _find(self, kind: str, given: str, outcome: ImportOutcome, reasons: Sequence[Reason], part: Piece) -> None:
        told = dict.fromkeys(reason.text for reason in reasons)
        place = reasons[0].place if reasons else part.place
        self._findings.append(ImportFinding(kind, given, outcome, "; ".join(told), part.place, place))

    def _note_name(self, kind: str, given: str, name: str, part: Piece) -> None:
        self._origins[pointer(f"{kind}s", name)] = part.place
        if names.split(self._full(given))[0] != name:
            self._renamed.append(Renamed(kind, given, name))

    def _find_service(self, provider: str, reference: str) -> str:
        """Return our name of a service. Raises `ServiceMissing`."""
        full = names.qualified(reference, provider)
        if full in self._pools:
            return self._pools[full].service.name
        _name, whose = names.split(full)
        if whose == names.INTERNAL:
            raise ServiceMissing(f"it points to {full}, which is Traefik's own")
        if full in self._by_full["service"]:
            raise ServiceMissing(f"its service {shown(reference)} is left out")
        if whose != provider and self._running is None:
            raise ServiceMissing(
                f"its service comes from Traefik's provider {shown(whose)}: import what Traefik runs instead"
            )
        raise ServiceMissing(f"there is no service {shown(reference)}: Traefik disables such a router")

    def _describe_middleware(self, provider: str, reference: str) -> str:
        full = names.qualified(reference, provider)
        known = self._by_full["middleware"].get(full)
        kind = f" ({_middleware_kind(known)})" if known is not None else ""
        return f"the middleware {shown(reference)}{kind}"

    def _list_others(self) -> None:
        for (section, name), kind in _OTHER_OBJECTS.items():
            part = self._sections.get(f"{section}/{name}")
            for given, each in _objects(part):
                if not self._recognised(kind, given, each):
                    self._find(
                        kind, given, ImportOutcome.LEFT_OUT, [Reason(f"{_plural(kind)} {_NOT_YET}", each.place)], each
                    )

    def _around_findings(self) -> None:
        """List what is wrong around the objects: unknown sections, sections that are no objects."""
        self._held |= self._around.held
        for reason in self._around.refused:
            name = reason.place.lstrip("/") or "the document"
            self._find("part", name, ImportOutcome.LEFT_OUT, [reason], Piece(None, reason.place, self._around))


def _objects(part: Piece | None) -> Iterator[tuple[str, Piece]]:
    """Go through the objects of a section by name, or of a list by number."""
    if part is None:
        return
    if isinstance(part.value, list):
        yield from ((str(number), item) for number, item in enumerate(part.items(), start=1))
    else:
        yield from part.members().items()


def _rank(finding: ImportFinding) -> int:
    """Rank findings, those of routers first: who reads them asks what becomes of the traffic."""
    return _FIRST.index(finding.kind) if finding.kind in _FIRST else len(_FIRST)


def _plural(kind: str) -> str:
    return kind if kind.endswith("s") else f"{kind}s"


def _middleware_kind(part: Piece) -> str:
    """Say what a middleware does: Traefik's name for it, or that of a plugin."""
    value = part.value if isinstance(part.value, dict) else {}
    kinds = [str(name) for name in value if name not in {"status", "error", "usedBy"}]
    return ", ".join(map(shown, kinds)) or "a middleware without a kind"
