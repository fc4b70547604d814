"""Revisions as rows of a list: of all, and the last few of one object on its own page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from provider.database.sessions import Session
from provider.models import Revision
from provider.store import revisions as stored
from provider.web import changes

_LAST: Final = 4


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A revision in the list, with what it changed as messages, and why."""

    number: int
    time: datetime
    author: str
    words: list[str]
    message: str


@dataclass(frozen=True, slots=True)
class History:
    """The last revisions that changed an object, written as KIND/NAME; `has_more`: there are others before them."""

    rows: list[RevisionRow]
    has_more: bool
    object: str


def row(revision: Revision) -> RevisionRow:
    words = changes.summary(revision.words, revision.summary)
    return RevisionRow(revision.number, datetime.fromisoformat(revision.time), revision.author, words, revision.message)


def history_of(session: Session, kind: str, name: str) -> History:
    found = stored.newest(session, limit=_LAST + 1, named=(kind, name))
    return History([row(each) for each in found[:_LAST]], len(found) > _LAST, f"{kind}/{name}")
