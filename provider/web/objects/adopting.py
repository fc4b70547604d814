"""Buttons of routers that stand beside those of other providers: to take requests over, or give them back."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from provider import neighbours
from provider.adoption import Adoption
from provider.database.sessions import Session
from provider.dependencies import RoutingDependency
from provider.errors import Invalid
from provider.messages import Message, template
from provider.nouns import Noun
from provider.nouns.beside import beside_of
from provider.summaries import Telling
from provider.web.inputs import choose
from provider.web.notices import Notice, Tone
from provider.web.nouns.places import Place
from provider.web.nouns.views import View
from provider.web.rendering import redirect
from provider.web.scenes import Sight, SightDependency
from provider.web.writing import PageWriteDependency, done


class AdoptionStep(StrEnum):
    """What a button does."""

    ADOPT = "adopt"
    HAND_BACK = "hand-back"
    FOR_GOOD = "for-good"


_DONE: Final[Mapping[AdoptionStep, str]] = {
    AdoptionStep.ADOPT: template("{router} takes the requests of {other} on each edge that runs this change."),
    AdoptionStep.HAND_BACK: template(
        "{other} takes the requests of {router} again on each edge that runs this change."
    ),
    AdoptionStep.FOR_GOOD: template("{router} is now an ordinary router, no longer beside {other}."),
}
_UNHEARD: Final = Message("No edge polls wayshub-provider now: the change is saved, and goes live as soon as one does.")


class BesideView(View):
    """The pages of routers that can stand beside those of other providers."""

    def beside(self, sight: Sight, item: Noun) -> Mapping[str, Any]:
        """Return what the page of a router tells of the one of another provider."""
        beside = beside_of(item)
        if beside is None:
            return {"beside": None}
        return {"beside": beside, "is_gone": neighbours.is_gone(sight.routing.edges, item.kind, beside.router)}

    def extend(self, router: APIRouter) -> None:
        noun = self.noun

        @router.post("/{name}/adoption")
        def adopt(
            request: Request, write: PageWriteDependency, routing: RoutingDependency, sight: SightDependency, name: str
        ) -> Response:
            """Let a router take over, or give back, and lead back to its page."""
            step, back = choose(AdoptionStep, write.sent, "step"), Place(noun, None).path(name)
            named = {noun.kind: [name]}
            adoption = Adoption(
                adopts=step is not AdoptionStep.HAND_BACK, named=named, for_good=step is AdoptionStep.FOR_GOOD
            )

            def apply(session: Session) -> Noun:
                Place(noun, None).get(session, name)
                return adoption.change(session, routing.around())[0]

            try:
                outcome = write.change(apply, Telling(adoption.says))
            except Invalid as error:
                return redirect(request, back, Notice(error.fields[0].detail, Tone.WARNING))
            beside = beside_of(outcome.result)
            notice = Notice(Message(_DONE[step], router=name, other="" if beside is None else beside.router))
            if not any(edge.awaited for edge in sight.edges):
                notice = replace(notice, text=_UNHEARD, tone=Tone.WARNING)
            return done(request, back, notice, outcome)


class TCPRouters(BesideView):
    """The pages of TCP routers."""

    def shown(
        self, session: Session, sight: Sight, place: Place, item: Noun, typed: Mapping[str, str]
    ) -> Mapping[str, Any]:
        """Show beside what it stands."""
        return {**super().shown(session, sight, place, item, typed), **self.beside(sight, item)}
