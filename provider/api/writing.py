"""What all writes share: whether they are kept or only tried, and the form of their answers."""

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

import msgspec
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel
from sqlmodel import Session

from provider.api.preferences import REVISION_HEADER
from provider.dependencies import ActorDependency, RevisionsDependency
from provider.differences import Difference, fields
from provider.models import Actor, Change
from provider.revisions import Outcome, Revisions
from provider.store.records import as_json

PREFIX: Final = "/api/v1"

T = TypeVar("T")


class Write:
    """A write by somebody: one transaction, which is kept, or tried and undone."""

    def __init__(self, revisions: Revisions, actor: Actor, *, dry_run: bool, confirmed: int | None) -> None:
        self._revisions = revisions
        self._actor = actor
        self._dry_run = dry_run
        self._confirmed = confirmed

    def change(self, apply: Callable[[Session], T]) -> Outcome[T]:
        """Do it, or try it. Raises what `Revisions.change` does."""
        if self._dry_run:
            return self._revisions.try_change(apply)
        return self._revisions.change(apply, actor=self._actor, confirmed=self._confirmed)

    def compare(self, apply: Callable[[Session], T]) -> Outcome[T]:
        """Do the same, and in any case tell what it does."""
        if self._dry_run:
            return self._revisions.try_change(apply)
        return self._revisions.change(apply, actor=self._actor, compares=True, confirmed=self._confirmed)


def done(outcome: Outcome[Any], item: BaseModel, status: int, headers: dict[str, str]) -> Response:
    """Answer a write with an object, and the revision at which the state is; what was tried has its difference too."""
    content = as_json(item)
    if outcome.difference is not None:
        content["difference"] = shown(outcome.difference)
    headers = headers | {REVISION_HEADER: str(outcome.revision)}
    return Response(msgspec.json.encode(content), status, headers, media_type="application/json")


def removed(outcome: Outcome[Any]) -> Response:
    """Answer a removal: 204, or 200 with the difference where it was tried."""
    headers = {REVISION_HEADER: str(outcome.revision)}
    if outcome.difference is None:
        return Response(status_code=204, headers=headers)
    content = msgspec.json.encode({"difference": shown(outcome.difference)})
    return Response(content, 200, headers, media_type="application/json")


def applied(outcome: Outcome[Any], headers: dict[str, str]) -> Response:
    """Answer a write of many objects with what it does."""
    content = {"revision": outcome.revision, "difference": shown(outcome.difference or Difference())}
    headers = headers | {REVISION_HEADER: str(outcome.revision)}
    return Response(msgspec.json.encode(content), 200, headers, media_type="application/json")


def encoded(item: BaseModel) -> bytes:
    """Write an object as JSON."""
    return msgspec.json.encode(as_json(item))


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
    listed = [{"field": one.name, "before": one.before, "after": one.after} for one in fields(change)]
    return {"action": action, "kind": change.kind, "name": change.name, "fields": listed}


async def read_write(
    request: Request,
    revisions: RevisionsDependency,
    actor: ActorDependency,
    dry_run: Annotated[
        bool,
        Query(alias="dryRun", description="Check it and answer as if it were done, with what it does; keep nothing."),
    ] = False,
    confirm: Annotated[
        int | None,
        Query(ge=1, le=1_000_000_000, description="Number that confirms a change that takes much away: see 409."),
    ] = None,
) -> Write:
    """Read whether a write is kept, and what of it is confirmed."""
    request.state.is_tried = dry_run
    return Write(revisions, actor, dry_run=dry_run, confirmed=confirm)


WriteDependency = Annotated[Write, Depends(read_write)]
