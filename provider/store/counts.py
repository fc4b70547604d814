"""How many objects there are, by kind and state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from provider.database.sessions import Session
from provider.database.tables import TABLES
from provider.values import ServerState

PRESENT: Final = "present"
"""The state of objects that have no other."""


@dataclass(frozen=True, slots=True)
class _State:
    """In which column the state of objects is, and the words for its values."""

    column: str
    words: Mapping[object, str]


_STATES: Final = {
    "router": _State("enabled", {True: "enabled", False: "disabled"}),
    "server": _State("state", {state.value: state.value for state in ServerState}),
}

CountsByState = dict[tuple[str, str], int]


def count(session: Session) -> CountsByState:
    """Count the objects by kind and state; a state in which there is none is 0."""
    counted: CountsByState = {}
    for kind, place in TABLES.items():
        state = _STATES.get(kind)
        if state is None:
            number = session.connection().execute(select(func.count()).select_from(place.table)).scalar_one()
            counted[kind, PRESENT] = number
            continue
        column = place.table.c[state.column]
        rows = session.connection().execute(select(column, func.count()).group_by(column))
        found: dict[object, int] = {value: number for value, number in rows}  # noqa: C416  # rows are no pairs to mypy
        counted |= {(kind, word): found.get(value, 0) for value, word in state.words.items()}
    return counted
