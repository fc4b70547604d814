"""`/api/v1/services/{service}/rollout`: traffic that moves from one service to another, step by step."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from provider.api import documentation
from provider.api.bodies import StrictRoute
from provider.api.outcomes import done
from provider.api.pages import Page, PageParameters
from provider.api.writing import PREFIX, Write, WriteDependency
from provider.database.sessions import Session
from provider.dependencies import ActorDependency, RevisionsDependency, RolloutsDependency
from provider.errors import NotFound
from provider.messages import Message
from provider.models import Rollout, RolloutInput, RolloutOutput
from provider.nouns import Service
from provider.revisions import Outcome
from provider.rollouts import acting
from provider.rollouts.rollouts import Rollouts
from provider.security import needs
from provider.store import nouns, rollouts
from provider.summaries import summarise

_PATH: Final = "/services/{service}/rollout"

SERVICE = Annotated[str, documentation.name(Service, alias=Service.kind)]
ACTIVE = Annotated[bool, Query(description="Only those that have not ended.")]

router = APIRouter(tags=["rollouts"], route_class=StrictRoute, dependencies=[Depends(needs.STATE)])


@router.get("/rollouts", summary="List rollouts", responses=documentation.LIST)
def list_rollouts(
    revisions: RevisionsDependency, running: RolloutsDependency, page: PageParameters, active: ACTIVE = False
) -> Page[RolloutOutput]:
    """Return rollouts, newest first. `q` searches the names of both services."""
    with revisions.reading() as session:
        found = rollouts.page(session, limit=page.limit + 1, before=page.after_number(), q=page.q, active=active)
    return page.answer([running.show(row) for row in found], lambda each: str(each.id))


@router.get(_PATH, summary="Show a rollout", responses=documentation.READ_PLAIN)
def show_rollout(revisions: RevisionsDependency, running: RolloutsDependency, service: SERVICE) -> RolloutOutput:
    """Return the newest rollout of a service: how far it is, or how it ended. 404 if there was none."""
    with revisions.reading() as session:
        nouns.get(session, Service, service)
        found = rollouts.find_newest(session, service)
    if found is None:
        raise NotFound(Message("there was no rollout of {service} yet", service=service))
    return running.show(found)


@router.post(
    _PATH, status_code=201, response_model=RolloutOutput, summary="Start a rollout", responses=documentation.ROLL_OUT
)
def start_rollout(
    write: WriteDependency, running: RolloutsDependency, actor: ActorDependency, service: SERVICE, body: RolloutInput
) -> Response:
    """Move the traffic of a service to a new one, step by step.

    The state does not change until the end. Then one revision lets everything that refers to the service refer to the
    new one. The rollout goes back by itself as soon as a server of the new service fails its health check, or an edge
    rejects or disables something of the rollout.
    """
    is_checked = running.check(service, body, actor)
    outcome = write.change(
        lambda session: _let_go(
            session, acting.start(session, actor, service, body, message=write.message, is_checked=is_checked)
        )
    )
    headers = {"Location": PREFIX + _PATH.format(service=service)}
    return _answer(write, running, outcome, 201, headers)


@router.post(
    _PATH + "/pause", response_model=RolloutOutput, summary="Pause a rollout", responses=documentation.STEER_ROLLOUT
)
def pause_rollout(
    write: WriteDependency, running: RolloutsDependency, actor: ActorDependency, service: SERVICE
) -> Response:
    """Stay at this step until somebody resumes. If something fails, it still goes back."""
    return _steer(write, running, lambda session: acting.pause(session, actor, service))


@router.post(
    _PATH + "/resume", response_model=RolloutOutput, summary="Resume a rollout", responses=documentation.STEER_ROLLOUT
)
def resume_rollout(
    write: WriteDependency, running: RolloutsDependency, actor: ActorDependency, service: SERVICE
) -> Response:
    """Go on after a pause. The step begins anew."""
    return _steer(write, running, lambda session: acting.resume(session, actor, service))


@router.post(
    _PATH + "/back", response_model=RolloutOutput, summary="Take a rollout back", responses=documentation.STEER_ROLLOUT
)
def take_rollout_back(
    write: WriteDependency, running: RolloutsDependency, actor: ActorDependency, service: SERVICE
) -> Response:
    """Return all traffic to the service at once."""
    return _steer(write, running, lambda session: acting.go_back(session, actor, service))


@router.post(
    _PATH + "/finish", response_model=RolloutOutput, summary="Finish a rollout", responses=documentation.STEER_ROLLOUT
)
def finish_rollout(
    write: WriteDependency, running: RolloutsDependency, actor: ActorDependency, service: SERVICE
) -> Response:
    """Move all traffic at once, and make that permanent in one revision."""
    row = running.find_active(service)
    outcome = write.change(
        lambda session: _let_go(session, acting.finish(session, actor, service, by=actor.name)),
        message="" if row is None else row.message,
        says=summarise if row is None else acting.says_finished(row),
    )
    return _answer(write, running, outcome)


def _steer(write: Write, running: Rollouts, act: Callable[[Session], Rollout]) -> Response:
    return _answer(write, running, write.change(lambda session: _let_go(session, act(session))))


def _let_go(session: Session, row: Rollout) -> Rollout:
    """Return a row as it is now, also once what was tried is undone."""
    session.expunge(row)
    return row


def _answer(
    write: Write, running: Rollouts, outcome: Outcome[Rollout], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    row = outcome.result
    return done(outcome, running.show(row) if write.is_tried else running.changed(row), status, headers or {})
