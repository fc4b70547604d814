"""Attempts: large changes, planned in a process apart and put ready to be kept.

What is long is done there, and holds no lock: what a change comes to, its rows and the parts of the document. Who
keeps it then only has to find that the state is still the one on which it was made, and to copy the rows.
"""

import asyncio
import json
import pickle
import shutil
import tempfile
import weakref
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from provider import survey
from provider.addresses import Places
from provider.apart.turns import Content
from provider.brake import Removal
from provider.conflicts import concern_of, find_about
from provider.database import readied, scratch
from provider.database.readied import ChangeRow, PartRow
from provider.database.sessions import Session
from provider.declarations import Declaration
from provider.differences import Difference, compare
from provider.effects import Stored
from provider.findings import Finding
from provider.footprints import Footprint, find_footprint
from provider.foreigners import find_named
from provider.inventory import OfState
from provider.listeners import find_vain
from provider.listening import DefaultEntryPoints, Listening, changed_domains
from provider.models import Change
from provider.models.revision import of_noun
from provider.nouns import Named, Router, Service
from provider.nouns.registry import hidden
from provider.parts import PLACES, Part, Parts
from provider.plans import Transition
from provider.ranking import Routes
from provider.rendering import gathered, part_of, parts_of, render
from provider.routes import read_routes
from provider.snapshots import last_revision
from provider.store import declarations, rollouts
from provider.summaries import Summarise
from provider.surroundings import KnownEdges, apart
from provider.views import EdgeView, tell_moves, together

FindTransition = Callable[[Session], Transition]
"""Finds what is to be done: a function of a module with arguments that can be pickled (see `functools.partial`)."""


class Circumstances(NamedTuple):
    """What counts for an attempt, besides the state: where servers may be, what is known of edges, and who asks.

    `points` are the entry points of routers that name none.
    """

    places: Places
    edges: KnownEdges
    points: DefaultEntryPoints
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a change comes to on the state as it was at a revision, whose document had this digest."""

    revision: int
    digest: str | None
    transition: Transition
    difference: Difference
    warnings: Sequence[Finding]
    parts: Parts
    """Of what it changed, the parts that there are afterwards."""
    named: Sequence[Named]
    """The parts that it gives another form, by kind and name."""
    listening: Listening


@dataclass(frozen=True, slots=True)
class Summary:
    """What somebody has to know of an attempt to keep it."""

    revision: int
    digest: str | None
    is_empty: bool
    removal: Removal
    words: Sequence[str]
    parts: frozenset[tuple[str, str]]
    """The parts of the document that it gives another form, by kind and name."""
    listening: Listening | None
    """What tells where routers listen afterwards; None where that is as before."""
    headers: Mapping[str, str]
    """Those of the answer that tells of it."""


def attempt(session: Session, plan: FindTransition, at: Circumstances) -> Attempt:
    """Plan a change, and find out all that is told of it. Writes nothing. Raises what planning does."""
    session.places, session.is_admin = at.places, at.is_admin
    edges, points = at.edges, at.points
    number, digest = last_revision(session)
    transition = plan(session)
    before, after, changes = transition.before, transition.after, transition.changes
    stored = Stored(session, changes, after)
    routers = [change.name for change in of_noun(changes, Router)]
    named, listening = parts_of(changes, after), after.listening(points)
    once = before.listening(points)
    former = gathered(render(before, named, once))
    parts = gathered(render(after, named, listening))
    found = compare(changes, stored.touched(), former, parts)
    groups = apart(edges)
    moves = tell_moves(routers, (before, once), (after, listening), groups)
    handled = stored.handled(once, listening)
    difference = replace(found, words=[*found.words, *handled, *moves], removal=stored.removal())
    views = [
        EdgeView({name: edges[name] for name in names}, adding, _routes(after, replace(listening, adding=adding)))
        for names, adding in ((names, dict(points)) for names, points in groups)
    ]
    warnings = list(_find_warnings(after, changes, views, listening.points.secure, rollouts.list_targets(session)))
    return Attempt(number, digest, transition, difference, warnings, parts, named, listening)


def _find_warnings(
    state: Declaration, changes: Sequence[Change], views: Sequence[EdgeView], secure: str, moving: Iterable[str]
) -> Iterator[Finding]:
    """Find the conflicts that changes are in, or make. `moving` are services that rollouts lead to."""
    concern = concern_of(changes)
    leading = chain.from_iterable(state.objects[kind].values() for kind in ("middleware", "service"))
    used = {use.name for each in leading for use in each.uses() if use.kind == Service.kind}.union(moving)
    concern = replace(concern, services=[name for name in concern.services if name not in used])
    changed = {change.name for change in of_noun(changes, Router) if change.after is not None}
    moved = {router.name for domain in changed_domains(changes) for router in state.of_domain(domain)}
    for view in views:
        named = chain.from_iterable(map(view.routes.of_router, sorted(changed | moved)))
        yield from find_vain(named, view.edges, secure)
    inventory, about = OfState(state), {(change.kind, change.name) for change in changes}
    about |= {(Router.kind, name) for name in moved}
    yield from find_named(inventory, changes, moved)
    cookies = ((name, each.sticky_cookie) for name, each in state.services.items())
    sticky = {name: cookie for name, cookie in cookies if cookie is not None}
    edges = {name: edge for view in views for name, edge in view.edges.items()}
    now = datetime.now(UTC)

    def look(view: EdgeView) -> Iterator[Finding]:
        yield from survey.look(inventory, view.routes, edges, now, about)
        yield from find_about(view.routes, concern, sticky)

    yield from together([(view.edges, view) for view in views], look, Finding.on)


def _routes(state: Declaration, listening: Listening) -> Routes:
    return Routes(route for router in state.routers.values() for route in read_routes(router, listening))


@contextmanager
def new_file() -> Iterator[Path]:
    """Give the name of a file that nobody else can read, for `write`. It goes if something is raised."""
    folder = Path(tempfile.mkdtemp(prefix="provider-"))
    with ExitStack() as unless_made:
        unless_made.callback(shutil.rmtree, folder)
        yield folder / "prepared.db"
        unless_made.pop_all()


class Prepared:
    """A file with what an attempt would write, its summary, and what is told of it. The file goes with this."""

    def __init__(self, path: Path, content: Content) -> None:
        """Take a file that `write` made in a folder of its own."""
        self.path = path
        self.content = content
        weakref.finalize(self, shutil.rmtree, path.parent, ignore_errors=True)
        self.summary: Summary = self._read("summary")

    @cached_property
    def footprint(self) -> Footprint:
        """What it touches and counts on."""
        found: Footprint = self._read("footprint")
        return found

    def _read(self, name: str) -> Any:
        return pickle.loads(readied.read(self.path, name))  # noqa: S301  # from a process of ours

    def changes(self) -> list[Change]:
        """Read what it changes, in order. Secrets stay sealed."""
        return [
            Change(kind, name, *(None if side is None else msgspec.json.decode(side) for side in sides))
            for kind, name, *sides in readied.changes(self.path)
        ]

    def parts(self) -> dict[Named, Part | None]:
        """Read the parts that changed: None for those that are gone."""
        found: dict[Named, Part | None] = dict.fromkeys(key for key in self.summary.parts if key[0] in PLACES)
        for kind, name, content, needs, is_plain, since, is_default, beside, terms in readied.parts(self.path):
            needed, oldest = tuple(map(tuple, json.loads(needs))), tuple(json.loads(since))
            found[kind, name] = Part(content, needed, bool(is_plain), oldest, bool(is_default), beside, terms)
        return found


async def prepare(begin: Callable[..., Awaitable[Content]], job: Callable[..., bytes], *arguments: Any) -> Prepared:
    """Let a job put something ready in a process apart: its last argument is the file for `write`."""
    with new_file() as path:
        content = await begin(job, *arguments, path)
        return await asyncio.to_thread(Prepared, path, content)


def write(session: Session, made: Attempt, says: Summarise, headers: Mapping[str, str], path: Path) -> None:
    """Put ready what an attempt in a session would write, in a new file. `says` tells in words what it does."""
    changes = made.transition.changes
    words = says(changes) if changes else ()
    parts = frozenset([*made.named, *map(part_of, changes)])
    summary = Summary(
        *(made.revision, made.digest, not changes, made.difference.removal, words, parts),
        *(made.listening if changed_domains(changes) else None, dict(headers)),
    )
    told = {"summary": pickle.dumps(summary), "footprint": pickle.dumps(find_footprint(made.transition))}
    rows = declarations.rows(made.transition)
    readied.write(path, session, told, _rows_of_parts(made.parts), _rows_of_changes(session, changes), rows)


def _rows_of_parts(parts: Parts) -> Iterator[PartRow]:
    for kind, section in parts.sections():
        for name, part in section.parts.items():
            needs, since = scratch.write_json(part.needs), scratch.write_json(part.since)
            others = part.is_default, part.beside, part.terms
            yield PartRow(kind, name, part.content, needs, part.is_plain, since, *others)


def _rows_of_changes(session: Session, changes: Sequence[Change]) -> Iterator[ChangeRow]:
    for change in changes:
        before, after = (
            None if side is None else session.write_json(hidden(change.kind, side))
            for side in (change.before, change.after)
        )
        yield ChangeRow(change.kind, change.name, before, after)
