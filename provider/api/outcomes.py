"""How writes are answered: with the object or with what they do, and in headers with the revision and conflicts."""

from datetime import datetime
from typing import Any, Final

import msgspec
from fastapi import Response

from provider import moments
from provider.api import cautions
from provider.api.answers import written
from provider.api.conflicts import show
from provider.api.prefer import REVISION_HEADER
from provider.differences import Difference
from provider.models import Change
from provider.nouns import Object
from provider.revisions import Outcome, Revisions

DEADLINE_HEADER: Final = "Confirm-Before"

_MOST_WARNED: Final = 100


def done(outcome: Outcome[Any], item: Object | dict[str, Any], status: int, headers: dict[str, str]) -> Response:
    """Answer a write with an object, and the revision at which the state is; what was tried has its difference too."""
    content = dict(item) if isinstance(item, dict) else item.json()
    if outcome.difference is not None:
        content |= {"difference": shown(outcome.difference), "warnings": _warnings(outcome)}
    return written(content, status, headers | headers_of(outcome))


def removed(outcome: Outcome[Any]) -> Response:
    """Answer a removal: 204, or 200 with the difference where it was tried."""
    headers = headers_of(outcome)
    if outcome.difference is None:
        return Response(status_code=204, headers=headers)
    return written({"difference": shown(outcome.difference), "warnings": _warnings(outcome)}, headers=headers)


def kept(revisions: Revisions) -> Response:
    """Answer what was done beside the state: 204, with the revision at which that is."""
    current = revisions.current
    return Response(status_code=204, headers={REVISION_HEADER: str(current.revision)} if current else {})


def applied(outcome: Outcome[Any], headers: dict[str, str]) -> Response:
    """Answer a write of many objects with what it does."""
    content = opening(outcome.revision) + rest(outcome)
    return Response(content, 200, headers | headers_of(outcome), media_type="application/json")


def opening(revision: int) -> bytes:
    """Write how the answer to a write of many objects begins: with what is known once it is kept."""
    return b'{"revision":%d,' % revision


def rest(outcome: Outcome[Any]) -> bytes:
    """Write what follows the opening: what the write does, known before it is kept."""
    difference = shown(outcome.difference or Difference())
    return msgspec.json.encode({"difference": difference, "warnings": _warnings(outcome)}).removeprefix(b"{")


def headers_of(outcome: Outcome[Any]) -> dict[str, str]:
    """Say in headers at which revision the state is, and what the write brings to light."""
    return {**standing(outcome.revision, outcome.confirm_before), **cautioned(outcome)}


def standing(revision: int, confirm_before: datetime | None) -> dict[str, str]:
    """Say at which revision the state is, and when it is rolled back unless somebody confirms it."""
    headers = {REVISION_HEADER: str(revision)}
    if confirm_before is not None:
        headers[DEADLINE_HEADER] = moments.written(confirm_before)
    return headers


def cautioned(outcome: Outcome[Any]) -> dict[str, str]:
    """Say what the write brings to light, where somebody looked for that."""
    headers: dict[str, str] = {}
    if outcome.warnings is not None:
        cautions.add(headers, [each.detail for each in outcome.warnings])
    return headers


def _warnings(outcome: Outcome[Any]) -> list[dict[str, Any]]:
    return [show(each).json() for each in (outcome.warnings or ())[:_MOST_WARNED]]


def shown(difference: Difference) -> dict[str, Any]:
    """Return a difference as `DifferenceOutput` describes it. Written as it is: there may be 50,000 objects in it."""
    removal = difference.removal
    return {
        "words": [str(words) for words in difference.words],
        "objects": [_object(change) for change in difference.changes],
        "shares": msgspec.to_builtins(difference.shares),
        "document": msgspec.to_builtins(difference.document),
        "brake": {"confirm": removal.number, "reasons": [str(reason.detail) for reason in removal.reasons]}
        if removal.reasons
        else None,
    }


def _object(change: Change) -> dict[str, Any]:
    action = "create" if change.before is None else "remove" if change.after is None else "change"
    listed = [{"field": name, "before": before, "after": after} for name, before, after in change.fields]
    return {"action": action, "kind": change.kind, "name": change.name, "fields": listed}
