"""`/api/v1/adopt` and `/api/v1/handBack`: routers that stand beside those of other providers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Body, Response

from provider.adoption import Adoption
from provider.api import documentation
from provider.api.outcomes import applied
from provider.api.preconditions import WriteConditions
from provider.api.routers import router_for
from provider.api.writing import WriteDependency, check_whole
from provider.database.sessions import Session
from provider.dependencies import RoutingDependency
from provider.models import AdoptInput, AppliedOutput, HandBackInput
from provider.nouns import Noun, Router
from provider.nouns.tcp_router import TCPRouter
from provider.security import needs
from provider.summaries import Telling
from provider.tags import whole_tag

router = router_for("adoption", needs=needs.STATE)


@router.post(
    "/adopt",
    response_model=AppliedOutput,
    responses=documentation.ADOPT,
    openapi_extra=documentation.body(AdoptInput.__name__),
    summary="Take over the requests of other providers' routers",
)
def adopt(
    write: WriteDependency,
    routing: RoutingDependency,
    conditions: WriteConditions,
    body: Annotated[dict[str, Any], Body()],
) -> Response:
    """Let routers take over the requests of other providers' routers that they stand beside, all in one revision.

    The priority of each is one higher than the other router's, so the order among all other routers stays. With
    `forGood` they become ordinary routers: 422 while an edge still has the other router.
    """
    wanted = AdoptInput.read(body)
    adoption = Adoption(adopts=True, named=_named(wanted), every=wanted.all, for_good=wanted.for_good)
    return _answer(write, routing, conditions, adoption)


@router.post(
    "/handBack",
    response_model=AppliedOutput,
    responses=documentation.ADOPT,
    openapi_extra=documentation.body(HandBackInput.__name__),
    summary="Give requests back to other providers' routers",
)
def hand_back(
    write: WriteDependency,
    routing: RoutingDependency,
    conditions: WriteConditions,
    body: Annotated[dict[str, Any], Body()],
) -> Response:
    """Give requests back to the routers of other providers, all in one revision.

    422 if no edge has the other router any more.
    """
    wanted = HandBackInput.read(body)
    return _answer(write, routing, conditions, Adoption(adopts=False, named=_named(wanted), every=wanted.all))


def _named(wanted: HandBackInput) -> Mapping[str, list[str]]:
    return {Router.kind: wanted.routers, TCPRouter.kind: wanted.tcp_routers}


def _answer(
    write: WriteDependency, routing: RoutingDependency, conditions: WriteConditions, adoption: Adoption
) -> Response:
    def apply(session: Session) -> list[Noun]:
        check_whole(session, conditions)
        return [*adoption.change(session, routing.around())]

    outcome = write.change(apply, Telling(adoption.says), compares=True)
    if outcome.difference is not None:
        words = [*outcome.difference.words, *adoption.tell(outcome.result)]
        outcome = replace(outcome, difference=replace(outcome.difference, words=words))
    return applied(outcome, {"ETag": whole_tag(outcome.revision, outcome.digest)})
