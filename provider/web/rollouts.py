"""The page of a service's rollout: how far it is, what can be done with it, and the form that starts one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError

from provider import validation
from provider.dependencies import ActorDependency, RevisionsDependency, RolloutsDependency
from provider.errors import FieldError, Invalid, NotFound, ProviderError
from provider.messages import Message, template
from provider.models import RolloutInput, RolloutOutput, RolloutState
from provider.models.rollout import ACTIVE
from provider.nouns import Service
from provider.rollouts import acting
from provider.security import needs
from provider.store import nouns, rollouts, services
from provider.web import reasons
from provider.web.forms import Form
from provider.web.inputs import Texts, choose
from provider.web.kept import ReturnedDependency
from provider.web.notices import Notice, Tone
from provider.web.rendering import redirect, render
from provider.web.writing import PageWriteDependency, done

router = APIRouter(include_in_schema=False, dependencies=[Depends(needs.PAGE)])

_PATH: Final = "/services/{service}/rollout"
_FIELDS: Final = ("to", "steps", "hold", "mirror", "withoutHealthCheck", *reasons.FIELDS)
_USUAL: Final = {"steps": "5, 25, 50, 100", "hold": "2m"}
_MOST_PROPOSED: Final = 200


class RolloutStep(StrEnum):
    """What a button does."""

    PAUSE = "pause"
    RESUME = "resume"
    BACK = "back"
    FINISH = "finish"


_ACTS: Final[Mapping[RolloutStep, acting.Act]] = {
    RolloutStep.PAUSE: acting.pause,
    RolloutStep.RESUME: acting.resume,
    RolloutStep.BACK: acting.go_back,
    RolloutStep.FINISH: acting.finish,
}
_DONE: Final[Mapping[RolloutStep, str]] = {
    RolloutStep.PAUSE: template("The rollout stays at this step until you resume it."),
    RolloutStep.RESUME: template("The rollout continues. This step starts over."),
    RolloutStep.BACK: template("All traffic goes to {service} again."),
    RolloutStep.FINISH: template("All traffic goes to {target} from now on."),
}


@dataclass(frozen=True, slots=True)
class TrackStep:
    """A step on the track: 0 percent is the one before the first."""

    percent: int
    is_over: bool
    is_current: bool


def track(rollout: RolloutOutput) -> Sequence[TrackStep]:
    """Return the steps of a rollout, with how far it is."""
    finished = rollout.state is RolloutState.FINISHED
    return [
        TrackStep(percent, finished or number < rollout.step, not finished and number == rollout.step)
        for number, percent in enumerate([0, *rollout.steps])
    ]


@router.get(_PATH)
def show_rollout(
    request: Request,
    revisions: RevisionsDependency,
    running: RolloutsDependency,
    returned: ReturnedDependency,
    service: str,
) -> Response:
    """Show the newest rollout of a service, and the form for another one where none is running."""
    texts = {name: returned.get(name, "") for name in _FIELDS} if returned else dict(_USUAL)
    return _show(request, revisions, running, service, Form(texts))


@router.post(_PATH)
def start_rollout(
    request: Request,
    revisions: RevisionsDependency,
    running: RolloutsDependency,
    actor: ActorDependency,
    write: PageWriteDependency,
    service: str,
) -> Response:
    """Start a rollout, or show what is wrong with it."""
    texts = {name: write.sent.get(name, "").strip() for name in _FIELDS}
    try:
        wanted = _read(texts)
        is_checked, message = running.check(service, wanted, actor), reasons.read(write.sent)
        outcome = write.change(
            lambda session: acting.start(session, actor, service, message, wanted=wanted, is_checked=is_checked)
        )
    except Invalid as error:
        return _show(request, revisions, running, service, Form(texts, error.fields), 422)
    running.changed(outcome.result)
    notice = Notice(Message("The rollout of {service} to {target} has started.", service=service, target=wanted.to))
    return done(request, _PATH.format(service=service), notice, outcome)


@router.post(_PATH + "/step")
def steer_rollout(
    request: Request, running: RolloutsDependency, actor: ActorDependency, write: PageWriteDependency, service: str
) -> Response:
    """Pause, resume, take back or finish a rollout, and lead back to its page."""
    step, back = choose(RolloutStep, write.sent, "step"), _PATH.format(service=service)
    act, message = _ACTS[step], reasons.read(write.sent)
    acting.check_within(act, reasons.read_seconds(write.sent))
    telling = acting.telling(running.find_active(service))
    try:
        outcome = write.change(lambda session: act(session, actor, service, message), telling)
    except (NotFound, Invalid) as error:
        return redirect(request, back, Notice(_told(error), Tone.WARNING))
    running.changed(outcome.result)
    notice = Notice(Message(_DONE[step], service=service, target=outcome.result.target))
    return done(request, back, notice, outcome)


def _told(error: ProviderError) -> str:
    return error.fields[0].detail if error.fields else error.detail


def _show(
    request: Request,
    revisions: RevisionsDependency,
    running: RolloutsDependency,
    service: str,
    form: Form,
    status: int = 200,
) -> Response:
    with revisions.reading() as session:
        nouns.get(session, Service, service)
        row = rollouts.find_newest(session, service)
        names = [name for name in services.names(session)[:_MOST_PROPOSED] if name != service]
    shown = None if row is None else running.show(row)
    values: dict[str, Any] = {
        "service": service,
        "rollout": shown,
        "track": () if shown is None else track(shown),
        "is_active": shown is not None and shown.state in ACTIVE,
        "names": names,
        "form": form,
        "action": _PATH.format(service=service),
    }
    return render(request, "rollouts/show.html", status=status, **values)


def _read(texts: Texts) -> RolloutInput:
    """Read a rollout from the form. Raises `Invalid`, with all that is wrong, at the form's fields."""
    errors: list[FieldError] = []
    wanted: dict[str, Any] = {"to": texts["to"], "hold": texts["hold"]}
    numbers = [each.strip().removesuffix("%").strip() for each in texts["steps"].split(",")]
    if all(each.isascii() and each.isdigit() and len(each) < 5 for each in numbers):  # no long ones
        wanted["steps"] = [int(each) for each in numbers]
    else:
        detail = Message("write whole numbers separated by commas, such as 5, 25, 50, 100")
        errors.append(FieldError("/steps", "type.integer", detail))
    if mirror := texts["mirror"]:
        if mirror.isascii() and mirror.isdigit() and len(mirror) < 5:
            wanted["mirror"] = int(mirror)
        else:
            errors.append(FieldError("/mirror", "type.integer", Message("write a whole number from 1 to 100")))
    if texts["withoutHealthCheck"]:
        wanted["withoutHealthCheck"] = True
    try:
        found = RolloutInput.model_validate(wanted)
    except ValidationError as error:
        fields = validation.invalid(error, "body").fields
        errors += [replace(each, pointer="/" + each.pointer.split("/")[1]) for each in fields]
    if errors:
        raise Invalid(errors)
    return found
