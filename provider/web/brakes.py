"""The brake on pages: a change that takes much away is done when a person types exactly its number.

Whatever was sent stands in the page that asks for the number, and is sent again with it: nothing that was typed
is lost, and the change is checked anew.
"""

from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from provider.errors import Brake, FieldError
from provider.messages import Message
from provider.web import paths
from provider.web.forms import Form
from provider.web.inputs import Texts
from provider.web.rendering import render

CONFIRM: Final = "confirm"
"""The field for the number."""

_LONGEST: Final = 9
_ACTIONS: Final = frozenset({"edit", "remove", "state"})


class Braked(Exception):
    """A form would take much away, and its number was not typed, or another."""

    def __init__(self, sent: Texts, error: Brake) -> None:
        super().__init__()
        self.sent = sent
        self.error = error


def read(sent: Texts) -> int | None:
    """Read the number that was typed, if it is one."""
    text = sent.get(CONFIRM, "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST else None


def form(sent: Texts, number: int) -> Form:
    """Return the form for the number, with what is wrong with what was typed."""
    typed = sent.get(CONFIRM)
    if typed is None:
        return Form({CONFIRM: ""})
    detail = Message("this has to be exactly {number}", number=number)
    return Form({CONFIRM: typed}, [FieldError(f"/{CONFIRM}", "brake.number", detail)])


def _back(request: Request, sent: Texts) -> str:
    """Return the path of the page to which who does not do it goes back."""
    path = request.url.path
    above, _slash, action = path.rpartition("/")
    return paths.local(sent.get("next", above if action in _ACTIONS else path))


def install(app: FastAPI) -> None:
    """Let the app ask for the number wherever a form would take much away."""

    @app.exception_handler(Braked)
    async def braked(request: Request, raised: Braked) -> HTMLResponse:
        others: Mapping[str, str] = {name: text for name, text in raised.sent.items() if name != CONFIRM}
        return render(
            request,
            "brake.html",
            status=409,
            error=raised.error,
            fields=others,
            form=form(raised.sent, raised.error.number),
            back=_back(request, raised.sent),
        )
