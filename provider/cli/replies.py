"""What the service answers to a call, read from its response."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from provider import display_strings
from provider.cli import problems
from provider.late import httpx

Item = dict[str, Any]


class ForeignError(Exception):
    """No wayshub-provider answers like that."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the service answered: the object (empty after a removal), its tag, and the revision after a write.

    `pending` are the edges that were not seen to run a write in the time for which it waited, each with its
    name, state and detail; None where nobody waited.
    """

    item: Item
    etag: str
    revision: str
    pending: Sequence[Item] | None = None
    conflicts: int = 0
    """How many conflicts there are with what a write changed."""
    warnings: Sequence[str] = ()
    """The first of them in words."""
    date: datetime | None = None
    """What the clock of the service said."""


def read(response: "httpx.Response") -> Reply:
    """Read a response that is there as a whole. Raises the error that it tells of, and `ForeignError`."""
    headers, is_change = response.headers, response.request.method != "GET"
    revision = headers.get("Config-Revision", "")
    if response.is_success and is_change and not revision:
        raise ForeignError("a change without a Config-Revision")
    answered = partial(
        Reply, revision=revision, conflicts=_conflicts(response), warnings=_warnings(response), date=_date(response)
    )
    confirmed = () if "wait" in headers.get("Preference-Applied", "") else None
    if response.status_code == 204:
        return answered({}, "", pending=confirmed)
    item = _item(response)
    if not response.is_success:
        raise problems.read(item)
    etag = headers.get("ETag", "")
    if response.status_code == 202:
        pending = item.get("pending")
        if not isinstance(pending, list):
            raise ForeignError(_described(response))
        return answered(item.get("result") or {}, etag, pending=pending)
    return answered(item, etag, pending=confirmed)


def _item(response: "httpx.Response") -> Item:
    """Read the object in a body. Raises `ForeignError` where there is none, or what it is said to be is not ours."""
    if _kind(response) != ("application/json" if response.is_success else "application/problem+json"):
        raise ForeignError(_described(response))
    try:
        item = response.json()
    except (ValueError, RecursionError):
        item = None
    if not isinstance(item, dict):
        raise ForeignError(_described(response))
    return item


def _kind(response: "httpx.Response") -> str:
    kind: str = response.headers.get("Content-Type", "").partition(";")[0]
    return kind.strip()


def _described(response: "httpx.Response") -> str:
    return f"{response.status_code} {response.reason_phrase}, {_kind(response) or 'no content'}"


def _conflicts(response: "httpx.Response") -> int:
    counted = response.headers.get("Config-Warnings", "0")
    return int(counted) if counted.isascii() and counted.isdecimal() and len(counted) < 10 else 0


def _warnings(response: "httpx.Response") -> list[str]:
    return display_strings.read(response.headers.get("Config-Warning", ""))


def _date(response: "httpx.Response") -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
