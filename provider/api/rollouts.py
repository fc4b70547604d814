"""`/api/v1/services/{service}/rollout`: traffic that moves from one service to another, step by step."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

from fastapi import Depends, Query, Response

from provider.api import documentation
from provider.api.answers import answer
from provider.api.outcomes import done
from provider.api.pages import PageParameters
from provider.api.routers import PREFIX, router_for
from provider.api.writing import WriteDependency
from provider.database.sessions import Session
from provider.dependencies import ActorDependency, RevisionsDependency, RolloutsDependency
from provider.errors import NotFound
from provider.messages import Message
from provider.models import Rollout, RolloutInput, RolloutOutput
from provider.nouns import Service
from provider.rollouts import acting
from provider.security import needs
from provider.store import nouns, rollouts

_PATH: Final = "/services/{service}/rollout"

SERVICE = Annotated[str, documentation.name(Service, alias=Service.kind)]
UNTIMED: Final = frozenset(f"{PREFIX}{_PATH}{step}" for step in ("", "/pause", "/resume", "/back"))
"""The paths at which nothing makes a revision: there is none that could be rolled back unless it is confirmed."""

ACTIVE = Annotated[bool, Query(description="Only those that have not ended.")]

router = router_for("rollouts", needs=needs.STATE)


@dataclass(frozen=True, slots=True)
class _Steering:
    """What somebody does with the rollout of a service, in one transaction, and how that is answered."""

    write: WriteDependency
    running: RolloutsDependency
    actor: ActorDependency
    service: SERVICE

    def start(self, wanted: RolloutInput) -> Response:
        is_checked = self.running.check(self.service, wanted, self.actor)
        start = partial(acting.start, wanted=wanted, is_checked=is_checked)
        return self.act(start, 201, {"Location": PREFIX + _PATH.format(service=self.service)})

    def act(self, act: acting.Act, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        acting.check_within(act, self.write.seconds)

        def apply(session: Session) -> Rollout:
            row = act(session, self.actor, self.service, self.write.message)
            session.expunge(row)  # it stays as it is now, also once what was tried is undone
            return row

        running = self.running
        outcome = self.write.change(apply, acting.telling(running.find_active(self.service)))
        row = outcome.result
        return done(outcome, running.show(row) if self.write.is_tried else running.changed(row), status, headers or {})


_SteeringDependency = Annotated[_Steering, Depends()]


@router.get("/rollouts", response_model=list[RolloutOutput], summary="List rollouts", responses=documentation.LIST)
def list_rollouts(
    revisions: RevisionsDependency, running: RolloutsDependency, page: PageParameters, active: ACTIVE = False
) -> Response:
    """Return rollouts, newest first. `q` searches the names of both services."""
    with revisions.reading() as session:
        found = rollouts.page(session, limit=page.limit + 1, before=page.after_number(), q=page.q, active=active)
    return page.answer([running.show(row) for row in found], lambda each: str(each.id))


@router.get(_PATH, response_model=RolloutOutput, summary="Show a rollout", responses=documentation.READ_PLAIN)
def show_rollout(revisions: RevisionsDependency, running: RolloutsDependency, service: SERVICE) -> Response:
    """Return the newest rollout of a service: how far it is, or how it ended. 404 if there was none."""
    with revisions.reading() as session:
        nouns.get(session, Service, service)
        found = rollouts.find_newest(session, service)
    if found is None:
        raise NotFound(Message("there has been no rollout of {service} yet", service=service))
    return answer(running.show(found))


@router.post(
    _PATH, status_code=201, response_model=RolloutOutput, summary="Start a rollout", responses=documentation.ROLL_OUT
)
def start_rollout(steering: _SteeringDependency, body: RolloutInput) -> Response:
    """Move the traffic of a service to a new one, step by step.

    The state does not change until the end. Then one revision makes everything that refers to the service refer to the
    new one. The rollout goes back as soon as a server of the new service fails its health check, or an edge rejects or
    disables part of the rollout.
    """
    return steering.start(body)


_post_step = partial(router.post, response_model=RolloutOutput, responses=documentation.STEER_ROLLOUT)


@_post_step(_PATH + "/pause", summary="Pause a rollout")
def pause_rollout(steering: _SteeringDependency) -> Response:
    """Stay at this step until somebody resumes. If something fails, it still rolls back."""
    return steering.act(acting.pause)


@_post_step(_PATH + "/resume", summary="Resume a rollout")
def resume_rollout(steering: _SteeringDependency) -> Response:
    """Continue after a pause. The step starts over."""
    return steering.act(acting.resume)


@_post_step(_PATH + "/back", summary="Roll back a rollout")
def take_rollout_back(steering: _SteeringDependency) -> Response:
    """Return all traffic to the service at once."""
    return steering.act(acting.go_back)


@_post_step(_PATH + "/finish", summary="Finish a rollout")
def finish_rollout(steering: _SteeringDependency) -> Response:
    """Move all traffic at once, and make that permanent in one revision."""
    return steering.act(acting.finish)
