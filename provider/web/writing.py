"""Changes that pages make: each is one revision, with why it was made; what it brings to light is told after it.

All forms that change the state go through here, as all of REST goes through `api.writing`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse

from provider.attempts import Prepared
from provider.database.sessions import Session
from provider.dependencies import ActorDependency, RevisionsDependency, RoutingDependency
from provider.errors import Brake
from provider.models import Actor, Confirming
from provider.revisions import Outcome, Revisions
from provider.routing import Routing
from provider.summaries import USUAL, Telling
from provider.web import brakes, reasons
from provider.web.inputs import SentDependency, Texts
from provider.web.notices import Notice
from provider.web.rendering import redirect, sentence

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageWrite:
    """What a form that was sent changes."""

    revisions: Revisions
    routing: Routing
    actor: Actor
    sent: Texts

    def change(self, apply: Callable[[Session], T], telling: Telling = USUAL) -> Outcome[T]:
        """Do it, in one transaction, and find what it brings to light.

        Raises `Invalid` for what they say, `Braked` for what takes much away and was not confirmed, and what `apply`
        and `Revisions.change` do.
        """
        given = self._read(telling)
        with self._braked():
            outcome = self.revisions.change(apply, says=telling.says, **given)
        return replace(outcome, warnings=self.routing.warnings(outcome.changes))

    def keep(self, prepared: Prepared, telling: Telling) -> Outcome[None] | None:
        """Keep what was put ready apart; None where the state is another one by now. Raises what `change` does."""
        given = self._read(telling)
        with self._braked():
            return self.revisions.keep(prepared, says=telling.says, **given)

    def _read(self, telling: Telling) -> dict[str, Any]:
        """Read what they say about it, and in which time it has to be confirmed. Raises `Invalid`."""
        return {
            "actor": self.actor,
            "confirmed": brakes.read(self.sent),
            "message": reasons.read(self.sent) or telling.message,
            "confirming": Confirming(reasons.read_seconds(self.sent), telling.undone),
        }

    @contextmanager
    def _braked(self) -> Iterator[None]:
        try:
            yield
        except Brake as error:
            raise brakes.Braked(self.sent, error) from None


async def read_write(
    revisions: RevisionsDependency, routing: RoutingDependency, actor: ActorDependency, sent: SentDependency
) -> PageWrite:
    """Read what is to be changed, by whom, and why."""
    return PageWrite(revisions, routing, actor, sent)


PageWriteDependency = Annotated[PageWrite, Depends(read_write)]


def done(request: Request, path: str, notice: Notice, outcome: Outcome[T]) -> RedirectResponse:
    """Lead to a page on which it is told what was done, in which revision, and what that brought to light."""
    told = [sentence(request, finding.detail) for finding in outcome.warnings or ()]
    revision = outcome.revision if outcome.changes else None
    return redirect(request, path, replace(notice, warnings=told, revision=revision))
