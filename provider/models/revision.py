"""Revisions: the committed changes of the desired state."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Self

from pydantic import AwareDatetime
from sqlalchemy import JSON, Index, String
from sqlmodel import Field, SQLModel

from provider.messages import Message, joined
from provider.models.confirmation import ConfirmationOutput
from provider.models.shown import Shown, described
from provider.nouns import Noun, called, masked
from provider.nouns.certificate import briefly
from provider.nouns.comparison import FieldChange, compare, given, is_default
from provider.nouns.types import Whole

_LONGEST_VALUE: Final = 80
"""The most characters of a value that stand in words; the value itself is kept whole."""

_EMPTY: Final[Collection[Any]] = (None, "", [], {})

MESSAGE_LENGTH: Final = 500
"""The most characters of what somebody says about a change."""

NounKind = str
"""The kind of an object: a noun's, or `account` or `token`."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one object: `before` is None when it was made, `after` when it was removed.

    `name` is the object's name: a domain's is its A-label, a server's is `SERVICE/SERVER`. Both sides
    are the object as JSON, whole, so that a sequence of changes can be replayed, and undone.
    """

    kind: NounKind
    name: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def fields(self) -> list[FieldChange]:
        """The fields that differ, without secrets; all that it has where it was made or removed."""
        return compare(self.kind, self.before, self.after)

    def masked(self) -> Self:
        """Return it as it may be shown to others: with masks in place of secrets."""
        before, after = (None if side is None else masked(self.kind, side) for side in (self.before, self.after))
        return replace(self, before=before, after=after)

    @property
    def words(self) -> str:
        """Say it in a few words."""
        if self.before is None:
            return Message("{kind} {name} added", kind=called(self.kind), name=self.name)
        if self.after is None:
            return Message("{kind} {name} removed", kind=called(self.kind), name=self.name)
        told = joined([_words(each) for each in self._told()])
        return Message("{kind} {name}: {told}", kind=called(self.kind), name=self.name, told=told)

    def _told(self) -> Iterator[FieldChange]:
        """Give what differs; where an object within it is another now, what differs in that."""
        within = compare(self.kind, self.before, self.after, is_deep=True)
        for each in [each for each in self.fields if not self._came_along(each.name)] or self.fields:
            inner = [one for one in within if one.name.startswith(f"{each.name}.")]
            if each.before and each.after and inner:
                yield from inner
            else:
                before, after = (given(self.kind, each.name, side) for side in (each.before, each.after))
                yield FieldChange(each.name, before, after)

    def _came_along(self, name: str) -> bool:
        """Tell whether a field came or went with the kind of the object, and nobody set it: a pool's strategy."""
        having = [side[name] for side in (self.before, self.after) if side is not None and name in side]
        return len(having) == 1 and is_default(self.kind, name, having[0])


def of_noun(changes: Iterable[Change], noun: type[Noun]) -> list[Change]:
    """Return what happened to the objects of one noun."""
    return [change for change in changes if change.kind == noun.kind]


def _words(field: FieldChange) -> Message:
    if field.before == field.after:  # what differs is a secret
        return Message("{field} changed", field=field.name)
    if field.after == {} and field.before is None:  # an object in which nothing is set, such as `compress`
        return Message("{field} added", field=field.name)
    if field.before == {} and field.after is None:
        return Message("{field} removed", field=field.name)
    before, after = word(field.before), word(field.after)
    if before == after:  # such as a certificate for the same names until the same day
        return Message("{field} changed", field=field.name)
    return Message("{field} {before} → {after}", field=field.name, before=before, after=after)


def word(value: Any) -> str:
    """Return a value as people write it; of a long one the beginning."""
    if value is None or value in ([], {}):
        return Message("nothing")
    if isinstance(value, bool):
        return Message("yes") if value else Message("no")
    if value == "":
        return "''"
    if isinstance(value, str) and isinstance(said := briefly(value), Message):
        return said
    if isinstance(value, list):
        written = ("; " if any(isinstance(each, dict) for each in value) else ", ").join(map(word, value))
    elif isinstance(value, dict):
        members = [f"{name}: {word(member)}" for name, member in value.items() if member not in _EMPTY]
        written = ", ".join(members) if members else Message("nothing")
    else:
        written = str(value)
    return written if len(written) <= _LONGEST_VALUE else written[:_LONGEST_VALUE] + "…"


class Revision(SQLModel, table=True):
    """One committed change: when (UTC, ISO 8601), who, in words, what it gave, and why; see `RevisionChange`.

    `words` are the messages of which the summary is made, each with its template and values; revisions of earlier
    versions have none.
    """

    number: int = Field(primary_key=True)
    time: str = Field(max_length=32)
    author: str = Field(max_length=200)
    summary: str
    words: list[Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    digest: str = Field(max_length=64)
    message: str = Field(default="", max_length=MESSAGE_LENGTH)


class RevisionChange(SQLModel, table=True):
    """What a revision did to one object, whole: `before` is null when it was made, `after` when it was removed."""

    __tablename__ = "revision_change"
    __table_args__ = (Index(None, "kind", "name", "revision"),)

    revision: int = Field(primary_key=True, foreign_key="revision.number", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    kind: NounKind = Field(sa_type=String(20))
    name: str = Field(max_length=400)
    before: dict[str, Any] | None = Field(sa_type=JSON(none_as_null=True))
    after: dict[str, Any] | None = Field(sa_type=JSON(none_as_null=True))


class ChangeOutput(Shown):
    """One changed object: `before` is null if it was created, `after` if it was removed."""

    kind: str = described("Kind of the object.")
    name: str = described("Its name: SERVICE/SERVER for a server, the A-label for a domain.")
    before: dict[str, Any] | None = described("The whole object before; null if it was created.")
    after: dict[str, Any] | None = described("The whole object afterwards; null if it was removed.")


_EXAMPLE: dict[str, Any] = {
    "number": 7,
    "time": "2026-01-01T12:00:00Z",
    "author": "deploy",
    "summary": "server wayshub/c: state ready → drain",
    "message": "a new disk goes in",
    "digest": "0c7a9e1f24b3",
    "confirmation": {
        "state": "rolledBack",
        "within": "10m",
        "before": "2026-01-01T12:10:00Z",
        "ended": "2026-01-01T12:10:00Z",
        "by": "deadline",
        "revision": 8,
        "left": [],
    },
}


class RevisionOutput(Shown):
    """One change of the state."""

    example: ClassVar = _EXAMPLE

    number: int = described("Its number, one more than that of the revision before.", Whole(1))
    time: AwareDatetime = described("When it was made.")
    author: str = described("Who made it: an account, a token, or the system user who ran a command.")
    summary: str = described("What changed, as a short sentence.")
    message: str = described("Why, from `Config-Message`; may be empty.")
    digest: str = described("Digest of its document, as in the beacon.")
    confirmation: ConfirmationOutput | None = described(
        "If it was made with `confirmWithin`: whether it is pending, or how that ended."
    )


class WholeRevisionOutput(RevisionOutput):
    """A revision, with what happened to each object."""

    example: ClassVar = {
        **_EXAMPLE,
        "reload": True,
        "changes": [
            {
                "kind": "server",
                "name": "wayshub/c",
                "before": {"name": "c", "url": "http://10.0.0.13:3000", "weight": 1, "state": "ready"},
                "after": {"name": "c", "url": "http://10.0.0.13:3000", "weight": 1, "state": "drain"},
            }
        ],
    }

    reload: bool | None = described(
        "Whether its document differs from that of the revision before, so that edges reload; null if "
        "that revision is no longer stored."
    )
    changes: list[ChangeOutput] = described("Each changed object, before and after.")
