"""What every form that changes something asks besides: why, and in what time it has to be confirmed, if at all."""

from collections.abc import Mapping
from typing import Final

from provider.errors import FieldError, Invalid, pointer
from provider.messages import Message, template
from provider.models import MESSAGE_LENGTH, read_within
from provider.values import Refusal, check_text
from provider.web.inputs import Texts

MESSAGE: Final = "message"
"""The field for why: see the macro `why` in `macros/forms.html`. It is kept with the revision."""

WITHIN: Final = "confirmWithin"
"""The field for the time in which it has to be confirmed; empty where it need not be."""

FIELDS: Final = (MESSAGE, WITHIN)

TIMES: Final[Mapping[str, str]] = {
    "": template("no"),
    "1m": template("within 1 minute"),
    "5m": template("within 5 minutes"),
    "10m": template("within 10 minutes"),
    "30m": template("within 30 minutes"),
    "2h": template("within 2 hours"),
}
"""What can be chosen there, with its words."""


class WrongReason(Invalid):
    """What was typed cannot be kept."""


def read(sent: Texts) -> str:
    """Return why. Raises `WrongReason`."""
    message = sent.get(MESSAGE, "").strip()
    try:
        check_text(message)
    except Refusal as refusal:
        raise WrongReason([FieldError(pointer(MESSAGE), refusal.code, refusal.detail)]) from None
    if len(message) > MESSAGE_LENGTH:
        detail = Message("this is longer than {max_length} characters", max_length=MESSAGE_LENGTH)
        raise WrongReason([FieldError(pointer(MESSAGE), "value.long", detail)])
    return message


def read_seconds(sent: Texts) -> int | None:
    """Return in how many seconds it has to be confirmed, if at all. Raises `WrongReason`."""
    text = sent.get(WITHIN, "")
    try:
        return read_within(text) if text else None
    except Refusal as refusal:
        raise WrongReason([FieldError(pointer(WITHIN), refusal.code, refusal.detail)]) from None


def typed(sent: Texts) -> dict[str, str]:
    """Return what stands in these fields."""
    return {name: sent.get(name, "") for name in FIELDS}
