"""Looks through files with all that is known of Traefik: of files as a whole, of objects, and of routers together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, combinations
from typing import Any, Final

from provider import conflicts, imports, routes
from provider.declarations import Declaration
from provider.documents import Position, nearest
from provider.errors import pointer
from provider.findings import Finding
from provider.handshakes import find_disagreeing
from provider.imports import Imported, ImportFinding
from provider.imports.combining import ProviderPart
from provider.imports.declared import AS_SPACES, INSTEAD
from provider.imports.files import Effect, Folder
from provider.imports.files.newer import find_newer
from provider.imports.findings import Cause, Reason
from provider.imports.references import MISSING
from provider.imports.services import LEFT_OUT, NOWHERE
from provider.inventory import OfState
from provider.linting.findings import Consequence, LintFinding
from provider.listeners import find_taken
from provider.listening import Listening
from provider.models import Conflict
from provider.nouns import NOUNS, Router, Service
from provider.nouns.tcp_router import TCPRouter
from provider.nouns.udp_router import UDPRouter
from provider.nouns.versions import Version
from provider.ranking import Routes
from provider.unheeded import find_unheeded
from provider.values import ServerState

_FILES: Final[Mapping[Effect, Consequence]] = {
    Effect.REFUSED: Consequence.REJECTED,
    Effect.UNKNOWN: Consequence.UNKNOWN,
    Effect.IGNORED: Consequence.IGNORED,
    Effect.LEFT_OUT: Consequence.IGNORED,
}
_CAUSES: Final[Mapping[Cause, Consequence]] = {
    Cause.DISABLED: Consequence.DISABLED,
    Cause.BREAKS: Consequence.BREAKS,
    Cause.CHANCE: Consequence.CHANCE,
    Cause.IGNORED: Consequence.IGNORED,
    Cause.UNKNOWN: Consequence.UNKNOWN,
}
_CONFLICTS: Final[Mapping[Conflict, Consequence]] = {
    Conflict.SAME_RULE: Consequence.CHANCE,
    Conflict.SAME_RANK: Consequence.CHANCE,
    Conflict.HIDDEN: Consequence.BREAKS,
    Conflict.SHARED_COOKIE: Consequence.BREAKS,
    Conflict.TLS_OPTIONS: Consequence.BREAKS,
    Conflict.TAKEN_ENTRY_POINT: Consequence.BREAKS,
    Conflict.DOUBTFUL_VALUE: Consequence.BREAKS,
}
"""What is told of routers together, and of values: who else shares a state has other conflicts."""

_MEANT: Final = ("insecureSkipVerify",)
"""A risk that nobody takes by mistake, and that works: whoever sets it here is told of it, and who lints is not."""

_ANY_ENTRY_POINT: Final = "web"
_NOWHERE: Final = Position(0, 0)


def find(folder: Folder, whole: ProviderPart, version: Version | None = None) -> Sequence[LintFinding]:
    """Find all in files, in their order, and in labels that came with them.

    It is told for the newest Traefik, or for one of a version.
    """
    entry_points = _entry_points(whole.document)
    found = imports.read(whole.document, None, entry_points, whole.provenance)
    places = _LintedPlaces(whole.places, found)
    findings = [
        *_of_files(folder, version),
        *_of_objects(found, places),
        *_of_routers(found, places, entry_points),
        *_of_udp_routers(found, places),
        *_empty(found, places),
        *_doubts(found, places),
    ]
    return sorted(dict.fromkeys(findings), key=lambda each: (each.at.file, each.at.line, each.at.column))


def _entry_points(document: Mapping[str, Any]) -> Sequence[str]:
    """Return the entry points that the routers name: one that names none listens on all, as far as is known."""
    named = set()
    for section in document.values():
        routers = section.get("routers") if isinstance(section, dict) else None
        for router in routers.values() if isinstance(routers, dict) else ():
            for key, value in router.items() if isinstance(router, dict) else ():
                if str(key).lower() == "entrypoints":
                    given = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
                    named |= {str(each).strip() for each in given}
    return sorted(filter(None, named)) or [_ANY_ENTRY_POINT]


class _LintedPlaces:
    """Where things stand: parts of the document, and objects by their names here; and how these are called there."""

    def __init__(self, places: Mapping[str, Position], found: Imported) -> None:
        self._places = places
        self._lower = {where.lower(): place for where, place in places.items()}
        self._origins = found.origins
        self._given = {(each.kind, each.name): each.given for each in found.renamed}
        self._own = {(each.kind, each.given): each.name for each in found.renamed}

    def called(self, kind: str, name: str) -> str:
        """Return how an object is called in the files."""
        return self._given.get((NOUNS[kind].called(), name), name)

    def subject(self, kind: str, name: str) -> str:
        """Return what an object is, with its name in the files."""
        return f"{NOUNS[kind].called()} {self.called(kind, name)}"

    def own(self, kind: str, name: str) -> str:
        """Return how an object of the files is called here."""
        return self._own.get((NOUNS[kind].called(), name), name)

    def of(self, where: str) -> Position:
        """Return where a part stands, or the nearest part around it."""
        while where and where not in self._places and where.lower() not in self._lower:
            where = where.rpartition("/")[0]
        return self._places.get(where) or self._lower.get(where.lower()) or _NOWHERE

    def of_object(self, kind: str, name: str, *path: str | int) -> Position:
        """Return where an object, or a part of it, stands."""
        origin = self._origins.get(pointer(NOUNS[kind].plural, name))
        if kind == Service.kind and path and path[0] in Service.pool:
            path = ("loadBalancer", *path)
        return _NOWHERE if origin is None else self.of(origin + pointer(*path))


def _of_files(folder: Folder, version: Version | None) -> Iterator[LintFinding]:
    for each in folder.findings:
        if (consequence := _FILES.get(each.effect)) is not None:
            yield LintFinding(consequence, each.code, each.detail, each.at)
    for file in folder.files if version is not None else ():
        for mistake in find_newer(file.document, version or ()):
            place = nearest(file.places, mistake.pointer) or Position(0, 0, file.name)
            yield LintFinding(Consequence.REJECTED, mistake.code, mistake.detail, place)


def _of_objects(found: Imported, places: _LintedPlaces) -> Iterator[LintFinding]:
    for each in found.findings:
        for reason in each.causes:
            if (consequence := _CAUSES.get(reason.cause)) is not None:
                yield LintFinding(
                    consequence, _code(each, reason), _detail(reason), places.of(reason.place), _subject(each)
                )


def _detail(reason: Reason) -> str:
    """Say what is wrong, without what an import makes of it."""
    if reason.code == MISSING:
        return reason.text.partition(":")[0]
    if reason.before:
        return f"{reason.text}: {reason.before}"
    return reason.text.removesuffix(LEFT_OUT).removesuffix(AS_SPACES).removesuffix(INSTEAD)


def _subject(finding: ImportFinding) -> str:
    return f"{finding.kind} {finding.name}"


def _code(finding: ImportFinding, reason: Reason) -> str:
    if reason.code:
        return reason.code
    if finding.kind == "container":
        return "label"
    if reason.after:
        return "rule.old"
    return "object.invalid"


def _of_routers(found: Imported, places: _LintedPlaces, entry_points: Sequence[str]) -> Iterator[LintFinding]:
    """Tell what routers do to one another, at the ranks that Traefik gives them."""
    drawn = Routes(
        replace(
            route,
            name=places.called(Router.kind, name),
            service=places.called(Service.kind, route.service),
            priority=found.ranks[name],
            is_plain=False,
            entry_points=_listening(router, entry_points),
        )
        for name, router in found.declaration.all(Router).items()
        for route in routes.read_routes(router, Listening())
    )
    sticky = {
        places.called(Service.kind, name): cookie
        for name, service in found.declaration.all(Service).items()
        if (cookie := service.sticky_cookie) is not None
    }
    tcp = (
        router.copy(name=places.called(TCPRouter.kind, name), entry_points=_listening(router, entry_points))
        for name, router in found.declaration.all(TCPRouter).items()
    )
    taken = find_taken(OfState(Declaration.of(*tcp)), drawn)
    yield from _told(chain(conflicts.find(drawn, (), (), sticky), find_disagreeing(drawn), taken), places)


def _listening(router: Router | TCPRouter, entry_points: Sequence[str]) -> tuple[str, ...]:
    """Return where a router listens: one with TLS and one without never get the same request."""
    names = router.entry_points or entry_points
    return tuple(f"{name} over TLS" if router.tls is not None else name for name in names)


def _told(findings: Iterable[Finding], places: _LintedPlaces) -> Iterator[LintFinding]:
    for each in findings:
        if (consequence := _CONFLICTS.get(each.conflict)) is not None:
            kind, name = each.objects[0]
            own = places.own(kind, name)
            place, subject = places.of_object(kind, own), places.subject(kind, own)
            yield LintFinding(consequence, each.conflict.value, str(each.detail), place, subject)


def _of_udp_routers(found: Imported, places: _LintedPlaces) -> Iterator[LintFinding]:
    """Tell of UDP routers on one entry point: the last one in the alphabet gets all packets."""
    kind = UDPRouter.kind
    routers = {places.called(kind, name): router for name, router in found.declaration.all(UDPRouter).items()}
    for one, other in combinations(sorted(routers), 2):
        listening = [set(routers[name].entry_points) for name in (one, other)]
        if not all(listening) or listening[0] & listening[1]:
            where = ", ".join(sorted(listening[0] & listening[1])) or "all entry points"
            told = f"{other} listens on {where} too, and an entry point has one UDP router: {one} gets nothing there"
            own = places.own(kind, one)
            place, subject = places.of_object(kind, own), places.subject(kind, own)
            yield LintFinding(Consequence.CHANCE, "udp.entryPoint", told, place, subject)


def _empty(found: Imported, places: _LintedPlaces) -> Iterator[LintFinding]:
    """Tell of services without servers: Traefik takes them, and answers 503, or 500 for URLs that lead nowhere."""
    nowhere = [each.pointer for each in found.findings if any(cause.code == NOWHERE for cause in each.causes)]
    for name, service in found.declaration.all(Service).items():
        below = found.origins[pointer("services", name)] + "/"
        if any(each.startswith(below) for each in nowhere):
            continue
        servers = found.declaration.servers.get(name, {}).values()
        if service.chosen is None and not any(server.state is ServerState.READY for server in servers):
            what = "all its servers have weight 0" if servers else "it has no servers"
            told = f"{what}: Traefik answers 503 to every request"
            place, subject = places.of_object(Service.kind, name), places.subject(Service.kind, name)
            yield LintFinding(Consequence.BREAKS, "service.empty", told, place, subject)


def _doubts(found: Imported, places: _LintedPlaces) -> Iterator[LintFinding]:
    for each in find_unheeded(OfState(found.declaration)):
        ((kind, name),) = each.objects
        place = places.of_object(kind, name, "strategy")
        yield LintFinding(Consequence.BREAKS, each.conflict.value, each.detail, place, places.subject(kind, name))
    for kind, name, item in found.declaration:
        if not NOUNS[kind].is_doubted():
            continue
        for where, message in item.warnings():
            if where[-1:] == _MEANT:
                continue
            place = places.of_object(kind, name, *where)
            subject = places.subject(kind, name)
            told = f"{'/'.join(map(str, where))}: {message}" if where else str(message)
            yield LintFinding(Consequence.BREAKS, Conflict.DOUBTFUL_VALUE.value, told, place, subject)
