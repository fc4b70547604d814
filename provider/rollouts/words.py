"""The sentences that the audit and the history keep of rollouts."""

from typing import Final

from provider.messages import Message, template
from provider.models import Rollout
from provider.models.rollout import BEFORE

STARTED: Final = template("rollout of {service} to {target} started: {steps} %, {hold} each")
PAUSED: Final = template("rollout of {service} to {target} paused at {percent} %")
RESUMED: Final = template("rollout of {service} to {target} resumed at {percent} %")
BACK: Final = template("rollout of {service} to {target} rolled back from {percent} %")
FAILED: Final = template("rollout of {service} to {target} rolled back from {percent} %: {why}")
STUCK: Final = template("rollout of {service} to {target} could not finish: {why}")
FINISHED: Final = template("Rolled out {target} for {service}: {steps} %")

ALL: Final = (STARTED, PAUSED, RESUMED, BACK, FAILED, STUCK, FINISHED)

ACTIONS: Final = {
    "rollout.start": template("rollout started"),
    "rollout.pause": template("rollout paused"),
    "rollout.resume": template("rollout resumed"),
    "rollout.back": template("rollout rolled back"),
    "rollout.finish": template("rollout finished"),
}


def say(sentence: str, row: Rollout, **more: object) -> Message:
    """Say something of a rollout."""
    steps = ", ".join(map(str, row.steps))
    told = {"service": row.service, "target": row.target, "steps": steps, "hold": row.hold, "percent": row.percent}
    return Message(sentence, **told, **more)


def say_how(row: Rollout) -> Message:
    """Say how far a rollout is that has not ended and that nothing holds up."""
    if row.step == BEFORE and row.mirror:
        return Message("{target} gets a copy of {percent} % of the requests", target=row.target, percent=row.mirror)
    if row.step == BEFORE:
        return Message("the servers of {target} are being checked", target=row.target)
    return Message("{target} gets {percent} % of the requests", target=row.target, percent=row.percent)
