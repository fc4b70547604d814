"""The tables in which objects refer to others, brought in step with the objects."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete, insert

from provider.database.sessions import Session
from provider.database.tables import POSITION, TABLES, member_column
from provider.nouns import Noun
from provider.store.records import NAMED


def relink(session: Session, before: Iterable[Noun], after: Iterable[Noun]) -> None:
    """Bring the tables of references in step with objects, as they were and as they are."""
    connection = session.connection()
    for link in relinked(before, after):
        owner, stale = link.table.c[link.owner], list(link.was)
        for begin in range(0, len(stale), NAMED):
            connection.execute(delete(link.table).where(owner.in_(stale[begin : begin + NAMED])))
        if rows := list(link.rows()):
            connection.execute(insert(link.table), rows)


@dataclass(frozen=True, slots=True)
class Relinked:
    """What changes in a table of references: to what objects referred and refer, by their names."""

    table: Table
    owner: str
    member: str
    was: Mapping[str, Sequence[str]]
    will: Mapping[str, Sequence[str]]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Give the rows of these objects."""
        for name, keys in self.will.items():
            for position, key in enumerate(keys):
                yield {self.owner: name, POSITION: position, self.member: key}

    def surplus(self) -> Iterator[dict[str, Any]]:
        """Give the keys of the rows that none takes the place of."""
        for name, keys in self.was.items():
            for position in range(len(self.will.get(name, ())), len(keys)):
                yield {self.owner: name, POSITION: position}


def relinked(before: Iterable[Noun], after: Iterable[Noun]) -> Iterator[Relinked]:
    """Find what changes in the tables of references between objects as they were and as they are."""
    old, new = _links(before), _links(after)
    if old == new:  # as in most changes
        return
    for place in TABLES.values():
        kind = place.noun.kind
        for target, table in place.links.items():
            was, will = old.get((kind, target), {}), new.get((kind, target), {})
            yield Relinked(
                *(table, place.table.name, member_column(kind, target)),
                {name: keys for name, keys in was.items() if keys != will.get(name)},
                {name: keys for name, keys in will.items() if keys != was.get(name)},
            )


def _links(items: Iterable[Noun]) -> dict[tuple[str, str], dict[str, list[str]]]:
    """Return to what objects refer, but for direct references: by their kind and that of the others, then by name."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    for item in items:
        place = TABLES[item.kind]
        for use in item.uses():
            if use.kind in place.links and str(use.where[0]) not in place.columns:
                found.setdefault((item.kind, use.kind), {}).setdefault(item.key, []).append(use.name)
    return found
