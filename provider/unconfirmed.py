"""Rolling back what nobody confirmed in time: in a transaction, or planned apart where that is long."""

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from provider import attempts, brake
from provider.apart.turns import Turns
from provider.attempts import Circumstances, Prepared
from provider.database.sessions import Session
from provider.effects import net
from provider.meanwhile import NotSettledError
from provider.messages import Message
from provider.models import Actor, Change, ConfirmationState
from provider.plans import Transition
from provider.revisions import Revisions
from provider.snapshots import last_revision
from provider.store import confirmations, declarations, revisions, rollbacks

_ACTOR: Final = Actor("deadline", is_admin=True)
"""Who rolls back. What an admin made may come back so, and may go."""

_TRIES: Final = 2
"""How often something long is planned apart, while others change each time what it is about."""


class _BuiltUponError(Exception):
    """Others that wait as well build on what is to be rolled back."""


class Unconfirmed:
    """A revision that nobody confirmed: what rolls it back, and those that build on it and wait as well."""

    def __init__(self, number: int, within: str) -> None:
        self._number = number
        self._within = within
        self.done: dict[int, list[str]] = {}
        """The revisions that are rolled back, each with what stays of it."""

    def do(self, kept: Revisions, turns: Turns) -> None:
        """Do it, if that is still to be done. What is long is planned apart: nobody waits who writes meanwhile."""
        if not (turns.is_long(0) and self._do_apart(kept, turns)):
            kept.change(self._apply, actor=_ACTOR, confirmed=brake.ANY, says=self._say)

    def _do_apart(self, kept: Revisions, turns: Turns) -> bool:
        at = Circumstances(kept.server_places, {}, kept.points, is_admin=True)
        for _ in range(_TRIES):
            with attempts.new_file() as path:
                content = turns.compute(_put_ready, self._number, self._within, at, path)
                if not content.size_bytes:
                    return False
                prepared = Prepared(path, content)
            self.done = pickle.loads(content.whole())  # noqa: S301  # from a process of ours
            outcome = kept.keep(
                prepared, actor=_ACTOR, confirmed=brake.ANY, says=self._say, is_exact=False, also=self._end
            )
            if outcome is not None:
                return True
        return False

    def put_ready(self, session: Session, at: Circumstances, path: Path) -> bytes:
        """Put it ready, and return what is done; nothing where that takes more than a plan."""
        try:
            made = attempts.attempt(session, self._plan, at)
        except _BuiltUponError:
            return b""
        attempts.write(session, made, self._say, {}, path)
        return pickle.dumps(self.done)

    def _apply(self, session: Session) -> None:
        """Do it, if that is still to be done."""
        self.done = {}
        waiting = [row.revision for row in confirmations.list_pending(session)]
        if self._number not in waiting:
            return
        later = [number for number in waiting if number > self._number]
        self._take_back(session, self._number, later)
        self._end(session, last_revision(session)[0] + 1 if net(session.changes) else None)

    def _end(self, session: Session, number: int | None) -> None:
        """Note what is done, and in which revision. Raises `NotSettledError` where somebody else was faster."""
        if not self.done.keys() <= {row.revision for row in confirmations.list_pending(session)}:
            raise NotSettledError
        confirmations.end(session, self.done, ConfirmationState.ROLLED_BACK, None, ended_in=number, left=self.done)

    def _plan(self, session: Session) -> Transition:
        """Return what does it, and write nothing. Raises `_BuiltUponError`."""
        later = [row.revision for row in confirmations.list_pending(session) if row.revision > self._number]
        found = rollbacks.plan(session, self._number)
        if self._find_above(session, later, found) is not None or not found.transition.changes:
            raise _BuiltUponError
        self.done = {self._number: found.left}
        return found.transition

    def _take_back(self, session: Session, number: int, later: Sequence[int]) -> None:
        found = rollbacks.plan(session, number)
        while (above := self._find_above(session, later, found)) is not None:
            self._take_back(session, above, [each for each in later if each > above])
            found = rollbacks.plan(session, number)
        declarations.write(session, found.transition)
        self.done[number] = found.left

    def _find_above(self, session: Session, later: Sequence[int], found: rollbacks.Rollback) -> int | None:
        """Find the newest revision that waits as well and is in the way."""
        if found.blocking:
            for number in later:
                names = {(change.kind, change.name) for change in revisions.changes_of(session, number)}
                if number not in self.done and names & found.blocking:
                    return number
        return None

    def _say(self, _changes: Sequence[Change]) -> Sequence[str]:
        """Say what is done."""
        told = Message(
            "Rolled back revision {number}: nobody confirmed it within {within}",
            number=self._number,
            within=self._within,
        )
        above = [each for each in self.done if each != self._number]
        return [told, *(Message("Rolled back revision {number}, which builds on it", number=each) for each in above)]


def _put_ready(session: Session, number: int, within: str, at: Circumstances, path: Path) -> bytes:
    return Unconfirmed(number, within).put_ready(session, at, path)
