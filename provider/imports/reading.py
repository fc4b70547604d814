"""Traefik's dynamic configuration, read into a declaration, with a ledger of all that is not in it. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from provider.configuration import BEACON
from provider.declarations import Declaration
from provider.errors import pointer
from provider.imports import middlewares, names, services
from provider.imports.certificates import CertificateReader, Contents
from provider.imports.declared import DeclaredReader
from provider.imports.findings import Cause, ImportFinding, ImportOutcome, Reason, Renamed
from provider.imports.objects import Key, ReadObject, ReadUse, find_disabled, find_lost, refuse_together
from provider.imports.pieces import Ledger, Piece, shown
from provider.imports.ranks import Ranked, fitted, settle
from provider.imports.routers import (
    Surroundings,
    priority_place,
    read_router,
    read_tcp_router,
    refuse_priority,
)
from provider.imports.services import Pool, read_service
from provider.imports.standing import NO_RANK, STANDING, UNRANKED, BesideState
from provider.nouns import NOUNS, Domain, Middleware, Noun, Router, Server, Service, internals
from provider.nouns.certificate import Certificate
from provider.nouns.noun import lowered
from provider.nouns.tcp_router import TCPRouter
from provider.nouns.tls_option import TLSOption
from provider.nouns.types import Reference
from provider.values import Refusal

_ROUTERS: Final = ("router", "TCP router", "UDP router")
_FIRST: Final = (*_ROUTERS, "service")
MISSING: Final = "reference.missing"
"""The code where something that is referred to is not there."""

_NOT_YET: Final = "cannot be imported yet"
PLACES: Final = {noun.place: kind for kind, noun in NOUNS.items() if noun.place and not noun.is_listed}
"""The kinds of objects by where a document has them."""

_OTHER_OBJECTS: Final[Mapping[tuple[str, ...], tuple[str, str]]] = {
    ("http", "models"): ("model", f"models {_NOT_YET}"),
    ("tcp", "models"): ("TCP model", f"models {_NOT_YET}"),
}
"""What is listed, object by object, and not held: what each is called, and why."""

_CERTIFICATES: Final = Certificate.place
_STORES: Final = ("tls", "stores")
_STORE: Final = "TLS store"
_DEFAULT: Final = "default"
_PARTS: Final = (*PLACES, *_OTHER_OBJECTS, _CERTIFICATES, _STORES)
_SECTIONS: Final = tuple(dict.fromkeys(section for section, _name in _PARTS))
_UNTOLD: Final = frozenset({"serversTransport", "tcpServersTransport", "tlsOption"})
"""The kinds of objects of which Traefik's API does not tell."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a document.

    `held` are JSON pointers into the document, to what the declaration says, or is Traefik's default; all else is
    below the pointer of a finding. `origins` leads from pointers into the declaration, written as a document, to
    where in the document each comes from. `counts` has for each kind how many objects are held, of how many.
    """

    declaration: Declaration
    findings: Sequence[ImportFinding]
    renamed: Sequence[Renamed]
    held: frozenset[str]
    origins: Mapping[str, str]
    counts: Mapping[str, tuple[int, int]]
    ranks: Mapping[str, int] = field(default_factory=dict)
    """The ranks that routers have at Traefik, by our names."""


@dataclass(frozen=True, slots=True)
class Running:
    """That the document is what a running Traefik's API tells, and what shall be made of it here.

    `beside` is the state here, if routers shall stand beside those of the other providers, without their requests. They
    lead to what is there, or `with_services` to services and middlewares that are taken over.
    """

    beside: Declaration | None = None
    with_services: bool = False


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a document comes from: one of Traefik's providers, and which of its objects cannot be told from there.

    `refused` are those by their pointers. `findings` tell what else of it is not in the document. Without a
    `provider`, the names of objects have theirs behind an @.
    """

    provider: str = names.FILE
    refused: Mapping[str, Reason] = field(default_factory=dict)
    findings: Sequence[ImportFinding] = ()
    contents: Contents = field(default_factory=dict, repr=False)
    """What is in the files that certificates name; those that are not among them are the text itself."""

    @property
    def has_several(self) -> bool:
        """Whether the document comes from several providers."""
        return not self.provider


def read(
    document: Any,
    running: Running | None = None,
    default_entry_points: Sequence[str] = (),
    origin: Provenance | None = None,
) -> Imported:
    """Read a document, as Traefik's file provider has it, or as `rawdata.reshaped` made it of what runs.

    Any other document, such as one that was made of labels, says its `origin`.
    """
    reader = _Reader(document, running, default_entry_points, origin or Provenance())
    found = reader.read()
    if not (stays := reader.staying):
        return found
    return _Reader(document, running, default_entry_points, origin or Provenance(), stays).read()


class _Reader:
    """Goes through a document once."""

    def __init__(
        self,
        document: Any,
        running: Running | None,
        default_entry_points: Sequence[str],
        origin: Provenance,
        stays: Collection[Key] = (),
    ) -> None:
        self._running = running
        self._beside = None if running is None or running.beside is None else BesideState(running.beside)
        taken = [kind for kind in PLACES.values() if self._beside is None or kind not in UNRANKED]
        self._kinds = STANDING if running and self._beside and not running.with_services else taken
        self._stays = stays
        self.staying: Collection[Key] = ()
        """What cannot be taken over while routers that lead to it can stand beside others: these lead there instead."""
        self._origin = origin
        self._around = Surroundings(default_entry_points, from_api=running is not None)
        self._findings = list(origin.findings)
        self._renamed: list[Renamed] = []
        self._held: set[str] = set()
        self._origins: dict[str, str] = {}
        self._ledger_around = Ledger()
        self._root = Piece(document, "", self._ledger_around)
        self._sections: dict[tuple[str, ...], Piece] = {}
        self._parts: dict[str, dict[str, Piece]] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._objects: dict[Key, ReadObject] = {}

    def read(self) -> Imported:
        self._find_sections()
        for place, kind in PLACES.items():
            part = self._sections.get(place)
            self._parts[kind] = part.members() if part is not None else {}
            full = [self._full(given) for given in self._parts[kind]]
            known, taken = self._beside.names(kind) if self._beside else ({}, ())
            self._names[kind] = names.assign(full, kind.lower(), known, taken)
        for kind, parts in self._parts.items():
            for given, part in parts.items():
                if not self._recognised(kind, given, part):
                    self._take(kind, given, part)
        self._use_default_options()
        stores = self._read_certificates()
        refuse_together(self._objects.values())
        lost = find_lost(self._objects)
        if self._beside and not self._stays:
            self.staying = {key for key in lost if key in self._objects and key[0] not in STANDING}
        routers = self._settle(lost)
        if self._beside is not None:
            self._stand(self._beside, routers, lost)
        disabled = find_disabled(self._objects)
        for each in self._objects.values():
            self._list_object(each, lost, disabled)
        declaration = self._declaration([each for key, each in self._objects.items() if key not in lost], routers)
        self._list_others()
        self._list_stores(stores)
        self._around_findings()
        return Imported(
            declaration,
            tuple(sorted(self._findings, key=_rank)),
            tuple(self._renamed),
            frozenset(self._held),
            self._origins,
            self._counts(lost),
            {each.item.router.name: each.item.rank for each in self._objects.values() if isinstance(each.item, Ranked)},
        )

    def _counts(self, lost: set[Key]) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for key in self._objects:
            held, given = found.get(key[0], (0, 0))
            found[key[0]] = (held + (key not in lost), given + 1)
        return found

    def _find_sections(self) -> None:
        """Find the parts of the document that have objects. What is beside them is listed."""
        by_lower = {name.lower(): name for name in _SECTIONS}
        found: dict[str, Piece] = {}
        for given, part in self._root.members().items():
            name = by_lower.get(given.lower())
            if name is None:
                reason = "Traefik ignores it"
                self._find("part", given, ImportOutcome.LEFT_OUT, [Reason(reason, part.place)], part)
            elif name in found:
                self._find("part", given, ImportOutcome.LEFT_OUT, [Reason(f"{name} is given twice", part.place)], part)
            else:
                found[name] = part
        for section, part in found.items():
            known = [name for root, name in _PARTS if root == section]
            self._sections |= {(section, name): each for name, each in part.fields(known).parts.items()}

    def _full(self, given: str) -> str:
        is_full = self._running is not None or self._origin.has_several
        return given if is_full else f"{given}@{self._origin.provider}"

    def _is_ours(self, provider: str) -> bool:
        """Tell whether all that a provider has is what a service of ours serves: it carries the beacon."""
        return self._running is not None and f"{BEACON}@{provider}" in self._parts[Middleware.kind]

    def _recognised(self, kind: str, given: str, part: Piece) -> bool:
        """List an object that is Traefik's own, or ours already. Tells whether it is one."""
        name, provider = names.split(self._full(given))
        if provider == internals.PROVIDER and self._running is not None:
            reason = "it is Traefik's own"
        elif self._is_ours(provider):
            reason = "wayshub-provider already serves it to this Traefik"
        elif kind == Middleware.kind and name == BEACON:
            reason = "it marks which document of wayshub-provider this is"
        else:
            return False
        self._find(NOUNS[kind].called(), given, ImportOutcome.RECOGNISED, [Reason(reason, part.place)], part)
        return True

    def _take(self, kind: str, given: str, part: Piece) -> None:
        if kind in self._kinds:
            self._read_object(kind, given, part)
        elif kind == UNRANKED[0]:
            self._find(NOUNS[kind].called(), given, ImportOutcome.LEFT_OUT, [Reason(NO_RANK, part.place)], part)

    def _read_object(self, kind: str, given: str, part: Piece) -> None:
        """Read one object in a ledger of its own. What it refers to is looked at when all are read."""
        full, own = self._full(given), part.under(Ledger())
        read = self._objects[kind, full] = ReadObject(kind, given, full, self._names[kind][full], own)
        if self._running is None and "@" in names.split(full)[0]:
            own.refuse("its name has an @, after which Traefik expects a provider", Cause.DISABLED)
        if part.place in self._origin.refused:
            own.ledger.refused.append(self._origin.refused[part.place])
            return
        if not isinstance(part.value, dict):
            own.refuse("this has to be an object")
            return
        special = {**services.special(full), **middlewares.SPECIAL}
        reader = DeclaredReader(partial(self._find_reference, read), special)
        read.item = self._how(kind)(reader, own, read.name)

    def _use_default_options(self) -> None:
        """Let routers with TLS that name no options use the default ones, where these are given."""
        given = [key for key in self._objects if key[0] == TLSOption.kind and names.split(key[1])[0] == _DEFAULT]
        for read in self._objects.values() if given else ():
            router = read.noun
            tls = router.tls if isinstance(router, Router | TCPRouter) else None
            if tls is not None and not any(use.key[0] == TLSOption.kind for use in read.uses) and tls.options is None:
                read.uses.append(ReadUse(given[0], read.part, _DEFAULT))

    def _read_certificates(self) -> Sequence[tuple[str, Piece]]:
        """Read certificates, and return the stores with what is not held of them."""
        reader = CertificateReader(self._origin.contents, self._origin.provider or names.FILE)
        listed, stores = (self._sections.get(place) for place in (_CERTIFICATES, _STORES))
        if listed is not None:
            reader.listed(listed)
        if stores is not None:
            reader.stores(stores)
        self._objects |= {(read.kind, read.full): read for read in reader.objects}
        return reader.others

    def _how(self, kind: str) -> Callable[[DeclaredReader, Piece, str], Noun | Ranked | Pool | None]:
        """Return what reads objects of a kind."""
        from_api = self._around.from_api
        if kind == Router.kind:
            return partial(read_router, around=self._around)
        if kind == Service.kind:
            return partial(read_service, from_api=from_api)
        if kind == TCPRouter.kind:
            return partial(read_tcp_router, from_api=from_api)
        noun = NOUNS[kind]
        return lambda reader, part, name: reader.noun(noun, name, part, from_api=from_api)

    def _find_reference(self, read: ReadObject, part: Piece, type_: Reference, given: str) -> str | None:
        """Return what stands here for a reference of an object that is read, or refuse the part that has it."""
        _name, provider = names.split(read.full)
        full = names.qualified(given, provider)
        name, whose = names.split(full)
        if whose == provider and name in type_.built_in and full not in self._names[type_.kind] and "@" not in given:
            return name
        if whose == internals.PROVIDER:
            return _internal(type_, part, full)
        if full not in self._names[type_.kind]:
            return self._unknown(type_, part, given, full, is_own=whose == provider)
        if type_.kind not in self._kinds or (type_.kind, full) in self._stays:
            return self._left_there(type_, part, given, full)
        read.uses.append(ReadUse((type_.kind, full), part, given))
        return self._names[type_.kind][full]

    def _unknown(self, type_: Reference, part: Piece, given: str, full: str, *, is_own: bool) -> str | None:
        """Return what stands for a reference to what is not in the document; `is_own` tells if it should be."""
        word = NOUNS[type_.kind].called()
        if self._running is not None and type_.kind in _UNTOLD:
            what = lowered(NOUNS[type_.kind].titles)
            part.change(f"Traefik's API does not show {what}: it refers to {full}, which stays there")
            return full
        if self._running is None and not is_own:
            return full
        if self._running is None and full.endswith(f"@{names.FILE}"):
            return self._elsewhere(type_, part, given, full)
        told = f"there {_be(word)} no {word} {shown(given)}: Traefik disables what refers to it"
        part.refuse(told, Cause.DISABLED, MISSING)
        return None

    def _left_there(self, type_: Reference, part: Piece, given: str, full: str) -> str | None:
        """Leave a reference with another provider, which goes on to have what it leads to."""
        word, (name, whose) = NOUNS[type_.kind].called(), names.split(full)
        if self._is_ours(whose):
            return name
        try:
            found = full if type_.check is None else type_.check(full)
        except Refusal as refusal:
            part.refuse(f"its {word} {shown(given)} cannot be referred to: {refusal.detail}", Cause.OURS, refusal.code)
            return None
        if (type_.kind, full) in self._stays:
            part.change(f"its {word} {shown(given)} cannot be taken over: it stays {full}")
        return found

    def _elsewhere(self, type_: Reference, part: Piece, given: str, full: str) -> str | None:
        """Leave a reference with Traefik's files: what it leads to may stand in one that is not given."""
        word = NOUNS[type_.kind].called()
        there = f"there {_be(word)} no {word} {shown(given)} in these files"
        if type_.check is not None:
            try:
                type_.check(full)
            except Refusal:
                part.refuse(f"{there}: Traefik disables what refers to it", Cause.DISABLED, MISSING)
                return None
        told = f"{there}: it stays {full}, and if Traefik's other files have none, Traefik disables this"
        part.change(told, Cause.DISABLED, MISSING)
        return full

    def _list_object(self, read: ReadObject, lost: set[Key], disabled: set[Key]) -> None:
        """List what is not held of an object."""
        ledger, word = read.ledger, NOUNS[read.kind].called()
        gone = [
            self._loss(use, is_disabled=use.key in disabled)
            for use in read.uses
            if use.key in lost and use.key != (read.kind, read.full)
        ]
        if (read.kind, read.full) in lost:
            reasons = [*ledger.refused, *gone]
            self._find(word, read.given, ImportOutcome.LEFT_OUT, reasons, read.part, ledger.changed)
            return
        self._held |= ledger.held - {reason.place for reason in ledger.changed}
        for reason in ledger.rewritten:
            at = Piece(None, reason.place, ledger)
            self._find(word, read.given, ImportOutcome.REWRITTEN, [reason], at)
        for reason in ledger.changed:
            at = Piece(None, reason.place, ledger)
            self._find(word, read.given, ImportOutcome.CHANGED, [reason], at)
        self._note_name(read)

    def _loss(self, use: ReadUse, *, is_disabled: bool) -> Reason:
        """Say why an object is left out that uses another one."""
        kind, full = use.key
        word, place = NOUNS[kind].called(), use.part.place
        told = f"its {word} {shown(use.given)}"
        cause = Cause.DISABLED if is_disabled else Cause.OURS
        if self._is_ours(names.split(full)[1]):
            return Reason(f"{told} comes from wayshub-provider already", place, cause)
        if use.key in self._objects and kind == Middleware.kind:
            told += f" ({_middleware_kind(self._objects[use.key].part)})"
        return Reason(f"Traefik disables {told}" if is_disabled else f"{told} {_be(word)} left out", place, cause)

    def _note_name(self, read: ReadObject) -> None:
        where = pointer(NOUNS[read.kind].plural, read.name)
        self._origins[where] = read.part.place
        if isinstance(read.item, Pool):
            below = where + pointer(Server.plural)
            self._origins |= {below + pointer(server): place for server, place in read.item.places.items()}
        if names.split(read.full)[0] != read.name:
            self._renamed.append(Renamed(NOUNS[read.kind].called(), read.given, read.name))

    def _stand(self, beside: BesideState, routers: dict[str, Router], lost: set[Key]) -> None:
        """Place the routers that are held beside the others. One that cannot be is lost as well."""
        for key, each in self._objects.items():
            placed: Router | TCPRouter | None = None
            if isinstance(each.item, Ranked) and each.name in routers:
                placed = beside.placed(routers[each.name], each.full, each.item.rank, each.part)
                if placed is not None:
                    routers[each.name] = placed
            elif isinstance(each.item, TCPRouter):
                each.item = placed = beside.placed(each.item, each.full, each.item.rank, each.part)
            else:
                continue
            if placed is None:
                routers.pop(each.name, None)
                lost.add(key)

    def _settle(self, lost: set[Key]) -> dict[str, Router]:
        """Return the routers that are held, by name. One that cannot have its rank here is lost as well."""
        held = {key: each.item for key, each in self._objects.items() if isinstance(each.item, Ranked)}
        fitting = fitted({each.router.name: each for key, each in held.items() if key not in lost})
        for key, each in held.items():
            rank = fitting[each.router.name].rank if each.router.name in fitting else each.rank
            if rank != each.rank:
                part = priority_place(self._objects[key].part)
                part.change(f"its priority {each.rank} becomes {rank:,}: its place among the others stays")
        routers = settle(fitting)
        for key, each in held.items():
            if key not in lost and each.router.name not in routers:
                refuse_priority(self._objects[key].part)
                lost.add(key)
        return routers

    def _declaration(self, held: Sequence[ReadObject], routers: Mapping[str, Router]) -> Declaration:
        pools = [each.item for each in held if isinstance(each.item, Pool)]
        others = [each.item for each in held if isinstance(each.item, Noun)]
        for router in routers.values():
            for host in router.domains:
                self._origins.setdefault(pointer("domains", host), self._origins[pointer("routers", router.name)])
        domains = [
            Domain(name=host) for host in dict.fromkeys(host for each in routers.values() for host in each.domains)
        ]
        return Declaration.of(
            *(*domains, *(pool.service for pool in pools), *others, *routers.values()),
            within={pool.service.name: pool.servers.values() for pool in pools},
        )

    def _find(
        self,
        kind: str,
        given: str,
        outcome: ImportOutcome,
        reasons: Sequence[Reason],
        part: Piece,
        others: Sequence[Reason] = (),
    ) -> None:
        """Make a finding; `others` are reasons that do not matter for what becomes of the part here."""
        told = dict.fromkeys(reason.text for reason in reasons)
        place = reasons[0].place if reasons else part.place
        before, after = (reasons[0].before, reasons[0].after) if reasons else ("", "")
        causes = (*reasons, *others)
        made = ImportFinding(kind, given, outcome, "; ".join(told), part.place, place, before, after, causes)
        self._findings.append(made)

    def _list_others(self) -> None:
        for place, (kind, why) in _OTHER_OBJECTS.items():
            for given, each in _members(self._sections.get(place)):
                self._find(kind, given, ImportOutcome.LEFT_OUT, [Reason(why, each.place)], each)

    def _list_stores(self, stores: Sequence[tuple[str, Piece]]) -> None:
        for given, each in stores:
            self._held |= each.ledger.held
            for reason in (*each.ledger.refused, *each.ledger.changed):
                self._find(_STORE, given, ImportOutcome.LEFT_OUT, [reason], Piece(None, reason.place, each.ledger))

    def _around_findings(self) -> None:
        """List what is wrong around the objects: unknown sections, sections that are no objects."""
        self._held |= self._ledger_around.held
        for reason in self._ledger_around.refused:
            name = reason.place.lstrip("/") or "the document"
            self._find("part", name, ImportOutcome.LEFT_OUT, [reason], Piece(None, reason.place, self._ledger_around))


def _members(part: Piece | None) -> Iterator[tuple[str, Piece]]:
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


def _internal(type_: Reference, part: Piece, full: str) -> str | None:
    try:
        return internals.check(type_.kind, full)
    except Refusal as refusal:
        part.refuse(str(refusal.detail))
        return None


def _be(word: str) -> str:
    return "are" if word.endswith("s") else "is"


def _middleware_kind(part: Piece) -> str:
    """Say what a middleware does: Traefik's name for it, or that of a plugin."""
    value = part.value if isinstance(part.value, dict) else {}
    kinds = [str(name) for name in value if name not in {"status", "error", "usedBy", "name", "provider", "type"}]
    return ", ".join(map(shown, kinds)) or "without a kind"
