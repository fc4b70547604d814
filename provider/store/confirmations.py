"""Changes that roll themselves back unless they are confirmed, in the database."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlmodel import col, func, select

from provider import moments
from provider.database.sessions import Session
from provider.durations import find_text
from provider.errors import FieldError, Invalid, NotPending
from provider.messages import Message, freeze, thaw
from provider.models import Actor, Confirmation, ConfirmationOutput, ConfirmationState, Confirming, RevisionChange
from provider.store import exposure

TABLE: Final = str(Confirmation.__tablename__)
MOST: Final = 100
"""So many wait to be confirmed at most: all are looked through at each change, and every page tells of them."""

PENDING: Final = select(Confirmation.revision).where(Confirmation.state == ConfirmationState.PENDING)
"""The numbers of the revisions that wait to be confirmed."""


def begin(session: Session, number: int, confirming: Confirming, actor: Actor) -> datetime | None:
    """Note with a revision what it says of confirming: its own deadline, which is returned, and what it takes back.

    Raises `Invalid` where too many wait already, and `Forbidden` for what only admins may let come back.
    """
    if confirming.undone:
        taken_back = [row.revision for row in list_pending(session) if row.revision in confirming.undone]
        end(session, taken_back, ConfirmationState.UNDONE, actor.name, ended_in=number)
    if confirming.seconds is None:
        return None
    if len(list_pending(session)) >= MOST:
        told = Message("{most} revisions are pending already: confirm or undo some of them first", most=MOST)
        raise Invalid([FieldError("/confirmWithin", "confirmations.many", told, "query")])
    if not actor.is_admin:
        exposure.check_returning(session, _list_before(session, number))
    deadline = datetime.now(UTC) + timedelta(seconds=confirming.seconds)
    session.add(
        Confirmation(
            revision=number,
            seconds=confirming.seconds,
            deadline=moments.kept(deadline),
            state=ConfirmationState.PENDING,
        )
    )
    return deadline


def _list_before(session: Session, number: int) -> Iterable[tuple[str, dict[str, Any]]]:
    """Give what a revision changed or removed, with its kind, as it was before."""
    changed = select(RevisionChange).where(RevisionChange.revision == number, col(RevisionChange.before).is_not(None))
    return ((change.kind, change.before or {}) for change in session.exec(changed))


def end(
    session: Session,
    numbers: Collection[int],
    state: ConfirmationState,
    name: str | None,
    *,
    ended_in: int | None = None,
    left: Mapping[int, Sequence[str]] | None = None,
) -> None:
    """Note what became of pending revisions, by whom and in which revision; `left` is what stays of each."""
    for number in sorted(numbers):
        row = session.get_one(Confirmation, number)
        row.state, row.ended, row.ended_by, row.ended_in = state, moments.kept(datetime.now(UTC)), name, ended_in
        stays = (left or {}).get(number, ())
        row.left = [freeze(told) for told in stays] or None
        session.add(row)


def confirm(session: Session, number: int, name: str) -> bool:
    """Keep a pending revision for good, and tell whether it was pending: not if it is confirmed. Raises `NotPending`.

    `name` is who confirms it.
    """
    row = session.get(Confirmation, number)
    if row is None:
        raise NotPending(Message("revision {number} does not have to be confirmed: it stays", number=number))
    if row.state is ConfirmationState.PENDING:
        end(session, [number], ConfirmationState.CONFIRMED, name)
        return True
    if row.state is not ConfirmationState.CONFIRMED:
        told = Message("revision {number} was already undone", number=number)
        if row.ended_in is not None:
            told = Message(
                "revision {number} was already undone, in revision {other}: undo that one to bring it back",
                number=number,
                other=row.ended_in,
            )
        raise NotPending(told)
    return False


def list_pending(session: Session) -> Sequence[Confirmation]:
    """Return what waits to be confirmed, the newest first."""
    query = select(Confirmation).where(Confirmation.state == ConfirmationState.PENDING)
    return session.exec(query.order_by(col(Confirmation.revision).desc())).all()


def list_rolled_back(session: Session, since: datetime) -> Sequence[Confirmation]:
    """Return what was rolled back by itself since a time, the newest first."""
    query = select(Confirmation).where(Confirmation.state == ConfirmationState.ROLLED_BACK)
    query = query.where(col(Confirmation.ended) >= moments.kept(since))
    return session.exec(query.order_by(col(Confirmation.revision).desc())).all()


def find_oldest_pending(session: Session) -> int | None:
    """Find the oldest revision that waits to be confirmed."""
    oldest = select(func.min(Confirmation.revision)).where(Confirmation.state == ConfirmationState.PENDING)
    return session.exec(oldest).one()


def find(session: Session, numbers: Iterable[int]) -> dict[int, ConfirmationOutput]:
    """Find what became of revisions, of those that have to be confirmed, by their numbers."""
    query = select(Confirmation).where(col(Confirmation.revision).in_(list(numbers)))
    return {row.revision: shown(row) for row in session.exec(query)}


def find_left(session: Session, number: int) -> list[str]:
    """Find what of a revision was not taken back, as messages."""
    row = session.get(Confirmation, number)
    return [] if row is None else words_left(row)


def shown(row: Confirmation) -> ConfirmationOutput:
    """Return one as it is answered."""
    return ConfirmationOutput(
        state=row.state,
        within=find_text(row.seconds * 1_000_000_000) or "",
        before=datetime.fromisoformat(row.deadline),
        ended=None if row.ended is None else datetime.fromisoformat(row.ended),
        by=row.ended_by,
        revision=row.ended_in,
        left=words_left(row),
    )


def words_left(row: Confirmation) -> list[str]:
    """Return in words what was not taken back."""
    return [thaw(told) for told in row.left or ()]
