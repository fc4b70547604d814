"""What can go wrong, as classes.

Each error says what happened in `detail`, for a person, and which fields are meant in `fields`.
How an error is shown (a status, a line on a terminal, a sentence on a page) is the business of whoever
shows it: nothing here knows HTTP.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from provider.messages import Message

_FIELDS_TOLD = 10


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with one field.

    `pointer` is a JSON pointer (RFC 6901) into the input, such as `/servers/0/url`; the empty pointer is
    the input as a whole. `code` never changes its meaning, `detail` may be reworded. `place` says which
    input: the body, the query, the path or the headers.
    """

    pointer: str
    code: str
    detail: str
    place: str = "body"


class ProviderError(Exception):
    """Anything that this service expects to go wrong.

    `code` is the stable name of the kind of error, `title` says the same to people.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, fields: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = tuple(fields)


class Unreadable(ProviderError):
    """The input is not the text that it claims to be: not UTF-8, not JSON, not unambiguous."""

    code = "unreadable"
    title = "The input cannot be read"


class TooLarge(ProviderError):
    """The input is longer than what is accepted."""

    code = "too-large"
    title = "The input is too large"


class UnsupportedMediaType(ProviderError):
    """The input is of a kind that is not accepted here."""

    code = "unsupported-media-type"
    title = "This content type is not accepted"


class Invalid(ProviderError):
    """The input was understood, and is wrong. `fields` names every field that is."""

    code = "invalid"
    title = "The input is not valid"

    def __init__(self, fields: Sequence[FieldError]) -> None:
        told = [_with_pointer(field) for field in fields[:_FIELDS_TOLD]]
        if len(fields) > _FIELDS_TOLD:
            told.append(f"and {len(fields) - _FIELDS_TOLD} more")
        super().__init__("; ".join(told), fields)


class Forbidden(ProviderError):
    """Whoever asks may not do this, or not from there."""

    code = "forbidden"
    title = "Not allowed"


class NotFound(ProviderError):
    """There is no such thing."""

    code = "not-found"
    title = "Not found"


class AlreadyExists(ProviderError):
    """A name that must be unique is taken."""

    code = "already-exists"
    title = "Already exists"


class InUse(ProviderError):
    """What others depend on is not removed. `users` are their kinds and names."""

    code = "in-use"
    title = "In use"

    def __init__(self, detail: str, users: Sequence[tuple[str, str]]) -> None:
        super().__init__(detail)
        self.users = tuple(users)


class Brake(ProviderError):
    """A change removes a lot, and nobody confirmed that. `number` is the one that confirms it."""

    code = "brake"
    title = "This removes a lot"

    def __init__(self, detail: str, fields: Sequence[FieldError], number: int) -> None:
        super().__init__(detail, fields)
        self.number = number


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """A revision that somebody made meanwhile: when (UTC, ISO 8601), who, and what in words."""

    number: int
    time: str
    author: str
    summary: str


class PreconditionFailed(ProviderError):
    """What the caller wants to change is not what the caller has seen. `since` is what others did, where known."""

    code = "precondition-failed"
    title = "Changed meanwhile"

    def __init__(self, detail: str, fields: Sequence[FieldError] = (), since: Sequence[Meanwhile] = ()) -> None:
        super().__init__(detail, fields)
        self.since = tuple(since)


class ChangedSince(ProviderError):
    """What shall be taken back was changed since. `fields` are the places to choose for, `since` who changed them."""

    code = "clash"
    title = "Changed again since then"

    def __init__(self, detail: str, fields: Sequence[FieldError], since: Sequence[Meanwhile]) -> None:
        super().__init__(detail, fields)
        self.since = tuple(since)


class NotPending(ProviderError):
    """What shall be confirmed does not wait for that: it stays anyway, or was taken back."""

    code = "not-pending"
    title = "Nothing to confirm"


class Unauthenticated(ProviderError):
    """Nobody knows who asks."""

    code = "unauthenticated"
    title = "Not authenticated"


class TooMany(ProviderError):
    """Whoever asks has to wait, for so many seconds."""

    code = "too-many"
    title = "Too many attempts"

    def __init__(self, seconds: float, why: str | None = None) -> None:
        self.seconds = max(1, math.ceil(seconds))
        told = Message("too many attempts failed: try again in {seconds} s", seconds=self.seconds)
        super().__init__(told if why is None else why)


class Unavailable(ProviderError):
    """The database, or what was read from it, cannot be relied on now. Trying again later may help."""

    code = "unavailable"
    title = "Not available now"


class Unverified(ProviderError):
    """A document is not one that Traefik would take whole. It is never served."""

    code = "unverified"
    title = "The configuration is not valid"


class SettingsError(ProviderError):
    """A setting or an option cannot be used as it is."""

    code = "settings"
    title = "A setting is wrong"


def pointer(*parts: str | int) -> str:
    """Build a JSON pointer from the names and indexes that lead to a field."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _with_pointer(field: FieldError) -> str:
    return f"{field.pointer.lstrip('/') or 'input'}: {field.detail}"
