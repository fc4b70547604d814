"""What is done with a rollout, in the transaction in which it is done: by somebody, or by itself."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from provider import durations, moments
from provider.database.sessions import Session
from provider.errors import AlreadyExists, FieldError, Invalid, NotFound, pointer
from provider.messages import Message, freeze
from provider.models import Actor, Rollout, RolloutInput, RolloutState
from provider.models.rollout import BEFORE
from provider.nouns import Service
from provider.nouns.references import reached
from provider.rollouts import referring, words
from provider.snapshots import last_revision
from provider.store import audit, nouns, rollouts
from provider.summaries import USUAL, Telling, saying

ITSELF: Final = Actor("rollout", is_admin=True)
"""Who lets a rollout go on, or back, by itself."""

Act = Callable[[Session, Actor, str, str], Rollout]
"""Does something with the rollout of a service, in a transaction of somebody who may say why: "" where nobody does."""

_ALL: Final = 100
_LONGEST_SECONDS: Final = 7 * 24 * 3600.0
_LEAST_SECONDS: Final = 0.1


def check_within(act: Act, seconds: float | None) -> None:
    """Raise `Invalid` where somebody has to confirm what makes no revision: all but finishing a rollout."""
    if seconds is not None and act is not finish:
        detail = Message("this makes no revision that could be rolled back: only finishing a rollout does")
        raise Invalid([FieldError(pointer("confirmWithin"), "confirmWithin.rollout", detail, "query")])


def check(wanted: RolloutInput, least_seconds: float) -> None:
    """Raise `Invalid` for steps that do not rise to 100, and for a hold that is too short to see a server fail."""
    wrong = []
    if wanted.steps != sorted(set(wanted.steps)) or wanted.steps[-1:] != [_ALL]:
        detail = Message("these have to rise to 100, such as 5, 25, 50, 100")
        wrong.append(FieldError(pointer("steps"), "steps.order", detail))
    seconds = durations.find_seconds(wanted.hold)
    if seconds is None:
        detail = Message("{text} is not a duration: write 500ms, 5s, 1m30s or 1h", text=wanted.hold)
        wrong.append(FieldError(pointer("hold"), "duration.format", detail))
    elif seconds < max(least_seconds, _LEAST_SECONDS):
        least = f"{max(least_seconds, _LEAST_SECONDS):g}s"
        detail = Message("at least {least}: three times the interval plus timeout of the health check", least=least)
        wrong.append(FieldError(pointer("hold"), "hold.short", detail))
    elif seconds > _LONGEST_SECONDS:
        wrong.append(FieldError(pointer("hold"), "hold.long", Message("at most 168h")))
    if wrong:
        raise Invalid(wrong)


def start(
    session: Session, actor: Actor, service: str, message: str, *, wanted: RolloutInput, is_checked: bool
) -> Rollout:
    """Start to move the traffic of a service. `is_checked`: whether the health of the new servers is checked.

    Raises `NotFound`, `AlreadyExists` where one is on its way already, and `Invalid` for a target that cannot be one.
    """
    nouns.get(session, Service, service)
    _check_target(session, service, wanted.to)
    _check_alone(session, service, wanted.to)
    time = _now()
    row = Rollout(
        service=service,
        target=wanted.to,
        steps=wanted.steps,
        hold=wanted.hold,
        mirror=wanted.mirror,
        state=RolloutState.RUNNING,
        step=BEFORE if is_checked or wanted.mirror else 0,
        since=time,
        author=actor.name,
        message=message,
        started=time,
    )
    session.add(row)
    session.flush()
    audit.add(session, actor, "rollout.start", words.say(words.STARTED, row), message=message)
    return row


def _check_target(session: Session, service: str, name: str) -> None:
    target = nouns.find(session, Service, name)
    if target is None:
        raise _wrong("service.unknown", Message("there is no service {name}: add it first", name=name))
    if name == service:
        raise _wrong("rollout.same", Message("this service has the traffic already: name another one"))
    if service in reached(target, lambda each: nouns.find(session, Service, each)):
        told = {"name": name, "service": service}
        raise _wrong("rollout.cycle", Message("{name} is made of {service}", **told))


def _wrong(code: str, detail: str) -> Invalid:
    return Invalid([FieldError(pointer("to"), code, detail)])


def _check_alone(session: Session, service: str, target: str) -> None:
    """Raise `AlreadyExists` where another rollout moves the traffic of one of the two, or moves it to the first."""
    for other in [*rollouts.list_concerning(session, service), *rollouts.list_concerning(session, target)]:
        if other.service in {service, target} or other.target == service:
            told = {"service": other.service, "target": other.target}
            detail = Message("the rollout of {service} to {target} is still running: finish it or roll it back", **told)
            raise AlreadyExists(detail)


def get_active(session: Session, service: str) -> Rollout:
    """Return the rollout of a service that has not ended. Raises `NotFound`."""
    nouns.get(session, Service, service)
    found = rollouts.find_active(session, service)
    if found is None:
        raise NotFound(Message("no rollout of {service} is running", service=service))
    return found


def pause(session: Session, actor: Actor, service: str, message: str = "") -> Rollout:
    """Stay at this step until somebody resumes."""
    row = get_active(session, service)
    if row.state is RolloutState.RUNNING:
        row.state, row.why = RolloutState.PAUSED, None
        session.flush()
        audit.add(session, actor, "rollout.pause", words.say(words.PAUSED, row), message=message)
    return row


def resume(session: Session, actor: Actor, service: str, message: str = "") -> Rollout:
    """Go on: this step lasts as long as if it began now."""
    row = get_active(session, service)
    if row.state is RolloutState.PAUSED:
        row.state, row.why, row.since = RolloutState.RUNNING, None, _now()
        session.flush()
        audit.add(session, actor, "rollout.resume", words.say(words.RESUMED, row), message=message)
    return row


def go_back(session: Session, actor: Actor, service: str, message: str = "") -> Rollout:
    """Return all traffic to the service at once."""
    row = get_active(session, service)
    audit.add(session, actor, "rollout.back", words.say(words.BACK, row), message=message)
    return _end(session, row, RolloutState.BACK, actor)


def finish(session: Session, actor: Actor, service: str, message: str = "") -> Rollout:
    """Let all that refers to the service refer to the target. Raises `Invalid` where an object cannot."""
    row = get_active(session, service)
    if referring.redirect(session, row.service, row.target):
        row.revision = last_revision(session)[0] + 1
    else:  # there is no revision that tells of it
        audit.add(session, actor, "rollout.finish", words.say(words.FINISHED, row), message=message)
    return _end(session, row, RolloutState.FINISHED, actor)


def telling(row: Rollout | None) -> Telling:
    """Return what the revision says of itself that a rollout makes where it is finished."""
    return USUAL if row is None else Telling(saying(words.say(words.FINISHED, row)), row.message)


def complete(session: Session, known: Rollout) -> Rollout | None:
    """Finish a rollout whose last step is over, unless it is not where it is known to be."""
    row = _find_same(session, known)
    return None if row is None else finish(session, ITSELF, row.service)


def advance(session: Session, known: Rollout) -> Rollout | None:
    """Go to the next step of a rollout, unless it is not where it is known to be."""
    row = _find_same(session, known)
    if row is not None:
        row.step, row.since = row.step + 1, _now()
        session.flush()
    return row


def fail(session: Session, known: Rollout, why: str) -> Rollout | None:
    """Return all traffic to the service, as something is wrong; unless that was done, or it was finished, meanwhile."""
    row = session.get(Rollout, known.id)
    if row is None or not row.is_active:
        return None
    audit.add(session, ITSELF, "rollout.back", words.say(words.FAILED, row, why=why))
    row.why = freeze(why)
    return _end(session, row, RolloutState.BACK, ITSELF)


def stick(session: Session, known: Rollout, why: str) -> Rollout | None:
    """Stay at the last step, as it cannot be finished."""
    row = _find_same(session, known)
    if row is not None:
        row.state, row.why = RolloutState.PAUSED, freeze(why)
        session.flush()
        audit.add(session, ITSELF, "rollout.pause", words.say(words.STUCK, row, why=why))
    return row


def _find_same(session: Session, known: Rollout) -> Rollout | None:
    row = session.get(Rollout, known.id)
    return row if row is not None and row.state is RolloutState.RUNNING and row.step == known.step else None


def _end(session: Session, row: Rollout, state: RolloutState, actor: Actor) -> Rollout:
    row.state, row.ended, row.ended_by = state, _now(), None if actor is ITSELF else actor.name
    session.flush()
    return row


def _now() -> str:
    return moments.kept(datetime.now(UTC))
