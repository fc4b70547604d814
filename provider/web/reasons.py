"""Why something is changed, as it can be typed in every form: it is kept with the revision."""

from typing import Final

from provider.errors import FieldError, Invalid, pointer
from provider.messages import Message
from provider.models import MESSAGE_LENGTH
from provider.values import Refusal, check_text
from provider.web.inputs import Texts

MESSAGE: Final = "message"
"""The field for it: see the macro `why` in `macros/forms.html`."""


class WrongReason(Invalid):
    """What was typed cannot be kept."""


def read(sent: Texts) -> str:
    """Return what was typed. Raises `WrongReason`."""
    message = sent.get(MESSAGE, "").strip()
    try:
        check_text(message)
    except Refusal as refusal:
        raise WrongReason([FieldError(pointer(MESSAGE), refusal.code, refusal.detail)]) from None
    if len(message) > MESSAGE_LENGTH:
        detail = Message("this is longer than {max_length} characters", max_length=MESSAGE_LENGTH)
        raise WrongReason([FieldError(pointer(MESSAGE), "value.long", detail)])
    return message
