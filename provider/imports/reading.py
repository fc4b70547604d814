"""Traefik's dynamic configuration, read into a declaration, with a report on all that is not in it. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from provider.configuration import BEACON
from provider.declarations import Declaration
from provider.errors import pointer
from provider.imports import middlewares, names, services, users
from provider.imports.certificates import CertificateReader
from provider.imports.declared import DeclaredReader
from provider.imports.findings import Cause, ImportFinding, ImportOutcome, Reason, Renamed
from provider.imports.objects import Key, ReadObject, find_disabled, find_lost, refuse_together
from provider.imports.pieces import Ledger, Piece
from provider.imports.provenance import Provenance, Running
from provider.imports.ranks import Ranked
from provider.imports.references import References, use_default_options
from provider.imports.report import PART, Report
from provider.imports.routers import Surroundings, read_router, read_tcp_router, read_udp_router
from provider.imports.services import Pool, read_service
from provider.imports.standing import NO_RANK, STANDING, UNRANKED, BesideState, settled, stand
from provider.nouns import NOUNS, Domain, Middleware, Noun, Router, Service, internals
from provider.nouns.certificate import Certificate
from provider.nouns.tcp_router import TCPRouter
from provider.nouns.udp_router import UDPRouter

PLACES: Final = {noun.place: kind for kind, noun in NOUNS.items() if noun.place and not noun.is_listed}
"""The kinds of objects by where a document has them."""

_MODELS: Final = {("http", "models"): "model", ("tcp", "models"): "TCP model"}
"""What is listed, object by object, and not held: what each is called."""

_CERTIFICATES: Final = Certificate.place
_STORES: Final = ("tls", "stores")
_PARTS: Final = (*PLACES, *_MODELS, _CERTIFICATES, _STORES)
_SECTIONS: Final = tuple(dict.fromkeys(section for section, _name in _PARTS))


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


def read(
    document: Any,
    running: Running | None = None,
    default_entry_points: Sequence[str] = (),
    origin: Provenance | None = None,
) -> Imported:
    """Read a document, as Traefik's file provider has it, or as `rawdata.reshaped` made it of what runs.

    Any other document, such as one that was made of labels, says its `origin`.
    """
    made = partial(_ImportReader, document, running, default_entry_points, origin or Provenance())
    reader = made()
    found = reader.read()
    return made(reader.staying).read() if reader.staying else found


class _ImportReader:
    """Goes through a document once."""

    def __init__(
        self,
        document: Any,
        running: Running | None,
        default_entry_points: Sequence[str],
        origin: Provenance,
        stays: Collection[Key] = (),
    ) -> None:
        self._from_api = running is not None
        self._beside = None if running is None or running.beside is None else BesideState(running.beside)
        taken = [kind for kind in PLACES.values() if self._beside is None or kind not in UNRANKED]
        self._kinds = STANDING if running and self._beside and not running.with_services else taken
        self._stays = stays
        self.staying: Collection[Key] = ()
        """What cannot be taken over while routers that lead to it can stand beside others: these lead there instead."""
        self._origin = origin
        self._around = Surroundings(default_entry_points, from_api=self._from_api)
        self._report = Report(list(origin.findings))
        self._root = Piece(document, "", Ledger())
        self._sections: dict[tuple[str, ...], Piece] = {}
        self._parts: dict[str, dict[str, Piece]] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._ours: set[str] = set()
        self._idle: set[Key] = set()
        self._references = References(self._names, self._kinds, stays, self._ours, self._idle, from_api=self._from_api)
        self._objects: dict[Key, ReadObject] = {}

    def read(self) -> Imported:
        self._find_sections()
        for place, kind in PLACES.items():
            part = self._sections.get(place)
            self._parts[kind] = part.members() if part is not None else {}
            full = [self._full(given) for given in self._parts[kind]]
            known, taken = self._beside.names(kind) if self._beside else ({}, ())
            self._names[kind] = names.assign(full, kind.lower(), known, taken)
        self._find_ours()
        idle = (given for given, part in self._parts[Middleware.kind].items() if middlewares.is_idle(part.value))
        self._idle |= {(Middleware.kind, self._full(given)) for given in idle}
        for kind, parts in self._parts.items():
            for given, part in parts.items():
                if not self._recognised(kind, given, part):
                    self._take(kind, given, part)
        use_default_options(self._objects)
        stores = self._read_certificates()
        refuse_together(self._objects.values())
        lost = find_lost(self._objects)
        if self._beside and not self._stays:
            self.staying = {key for key in lost if key in self._objects and key[0] not in STANDING}
        routers = settled(self._objects, lost)
        if self._beside is not None:
            stand(self._beside, self._objects, routers, lost)
        self._report_objects(lost)
        declaration = self._declaration([each for key, each in self._objects.items() if key not in lost], routers)
        self._report_models()
        self._report.stores(stores)
        self._report.around(self._root.ledger)
        return Imported(
            declaration,
            self._report.ordered(),
            tuple(self._report.renamed),
            frozenset(self._report.held),
            self._report.origins,
            self._counts(lost),
            {each.item.router.name: each.item.rank for each in self._objects.values() if isinstance(each.item, Ranked)},
        )

    def _report_objects(self, lost: Collection[Key]) -> None:
        disabled = find_disabled(self._objects)
        for key, each in self._objects.items():
            if key not in lost:
                self._report.take(each)
                continue
            gone = [use for use in each.uses if use.key in lost and use.key != key]
            told = [self._references.loss(use, self._objects, is_disabled=use.key in disabled) for use in gone]
            self._report.leave(each, told)

    def _report_models(self) -> None:
        for place, word in _MODELS.items():
            part = self._sections.get(place)
            for given, each in part.members().items() if part is not None else ():
                self._leave_out(word, given, "models cannot be imported yet", each)

    def _leave_out(self, word: str, given: str, why: str, part: Piece) -> None:
        self._report.add(word, given, ImportOutcome.LEFT_OUT, [Reason(why, part.place)], part.place)

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
                self._leave_out(PART, given, "Traefik ignores it", part)
            elif name in found:
                self._leave_out(PART, given, f"{name} is given twice", part)
            else:
                found[name] = part
        for section, part in found.items():
            known = [name for root, name in _PARTS if root == section]
            self._sections |= {(section, name): each for name, each in part.fields(known).parts.items()}

    def _full(self, given: str) -> str:
        is_full = self._from_api or self._origin.has_several
        return given if is_full else f"{given}@{self._origin.provider}"

    def _find_ours(self) -> None:
        """Find the providers of which all that they have is what a service of ours serves: they carry the beacon."""
        found = map(names.split, self._parts[Middleware.kind] if self._from_api else ())
        self._ours |= {provider for name, provider in found if name == BEACON}

    def _recognised(self, kind: str, given: str, part: Piece) -> bool:
        """List an object that is Traefik's own, or ours already. Tells whether it is one."""
        name, provider = names.split(self._full(given))
        if provider == internals.PROVIDER and self._from_api:
            reason = "it is Traefik's own"
        elif provider in self._ours:
            reason = "wayshub-provider already serves it to this Traefik"
        elif kind == Middleware.kind and name == BEACON:
            reason = "it marks which document of wayshub-provider this is"
        else:
            return False
        self._report.add(
            NOUNS[kind].called(), given, ImportOutcome.RECOGNISED, [Reason(reason, part.place)], part.place
        )
        return True

    def _take(self, kind: str, given: str, part: Piece) -> None:
        if kind in self._kinds:
            self._read_object(kind, given, part)
        elif kind == UNRANKED[0]:
            self._leave_out(NOUNS[kind].called(), given, NO_RANK, part)

    def _read_object(self, kind: str, given: str, part: Piece) -> None:
        """Read one object in a ledger of its own. What it refers to is looked at when all are read."""
        full, own = self._full(given), part.under(Ledger())
        read = self._objects[kind, full] = ReadObject(kind, given, full, self._names[kind][full], own)
        if not self._from_api and "@" in names.split(full)[0]:
            own.refuse("its name has an @, after which Traefik expects a provider", Cause.DISABLED)
        if part.place in self._origin.refused:
            own.ledger.refused.append(self._origin.refused[part.place])
            return
        if not isinstance(part.value, dict):
            own.refuse("this has to be an object")
            return
        special = {**services.special(full), **middlewares.SPECIAL, **users.SPECIAL}
        reader = DeclaredReader(partial(self._references.find, read), special, self._origin.contents)
        read.item = self._how(kind)(reader, own, read.name)

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
        from_api = self._from_api
        if kind == Router.kind:
            return partial(read_router, around=self._around)
        if kind == Service.kind:
            return partial(read_service, from_api=from_api)
        if kind == TCPRouter.kind:
            return partial(read_tcp_router, from_api=from_api)
        if kind == UDPRouter.kind:
            return partial(read_udp_router, from_api=from_api)
        noun = NOUNS[kind]
        return lambda reader, part, name: reader.noun(noun, name, part, from_api=from_api)

    def _declaration(self, held: Sequence[ReadObject], routers: Mapping[str, Router]) -> Declaration:
        pools = [each.item for each in held if isinstance(each.item, Pool)]
        others = [each.item for each in held if isinstance(each.item, Noun)]
        origins = self._report.origins
        for router in routers.values():
            for host in router.domains:
                origins.setdefault(pointer("domains", host), origins[pointer("routers", router.name)])
        domains = [
            Domain(name=host) for host in dict.fromkeys(host for each in routers.values() for host in each.domains)
        ]
        return Declaration.of(
            *(*domains, *(pool.service for pool in pools), *others, *routers.values()),
            within={pool.service.name: pool.servers.values() for pool in pools},
        )
