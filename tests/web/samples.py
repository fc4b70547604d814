"""Pages to test with: every template that waits for a page, and every macro, with the text that a test gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from provider.app import Application
from provider.errors import FieldError, InUse, PreconditionFailed, Unavailable
from provider.messages import Message
from provider.web import languages
from provider.web.forms import Form
from provider.web.notices import Notice, Tone
from provider.web.rendering import FOLDER, Templates, is_part, redirect, render
from tests.running import Service, running_service

router = APIRouter(prefix="/samples", include_in_schema=False)


@dataclass(frozen=True)
class Person:
    """Who is logged in."""

    name: str
    role: str


def _wrong(*names: str) -> list[FieldError]:
    return [
        FieldError(f"/{name}", "test", Message("this has to be one of {choices}", choices="a, b")) for name in names
    ]


@router.get("/login")
def login(request: Request) -> Response:
    return render(request, "login.html", form=Form(), next="/services?q=a", is_first=False, kept="", ended="")


@router.get("/login/ended")
def log_in_again(request: Request, text: str = "name=a") -> Response:
    return render(request, "login.html", form=Form(), next=text, is_first=False, kept=text, ended="kept")


@router.get("/login/failed")
def failed_login(request: Request, text: str = "alvin") -> Response:
    errors = [FieldError("", "test", Message("this has to be one of {choices}", choices="a, b"))]
    form = Form({"name": text, "password": text}, errors)
    return render(request, "login.html", status=422, form=form, next=text, is_first=True, kept=text, ended="lost")


@router.get("/password")
def password(request: Request, text: str = "alvin") -> Response:
    return _set_password(request, Form(), name=text, secret=text)


@router.get("/password/failed")
def failed_password(request: Request, text: str = "alvin") -> Response:
    form = Form(dict.fromkeys(["current", "password", "repeat"], text), _wrong("current", "password", "repeat"))
    return _set_password(request, form, name=text, secret=None)


def _set_password(request: Request, form: Form, *, name: str, secret: str | None) -> Response:
    return render(
        request,
        "password.html",
        status=422 if form.errors else 200,
        form=form,
        name=name,
        action="/password",
        secret=secret,
        asks_current=secret is None,
    )


@router.get("/confirm")
def confirm(request: Request, text: str = "wayshub") -> Response:
    return render(
        request,
        "confirm.html",
        question=f"Remove {text}?",
        consequences=[text, text],
        action="/nothing",
        fields={"confirm": text},
        label="Remove",
        back="/",
    )


@router.get("/gallery")
def gallery(request: Request, text: str = "wayshub", *, wrong: bool = False) -> Response:
    request.state.person = Person(text, "operator")
    names = ["name", "servers/0/url", "strategy", "description", "enabled"]
    form = Form(dict.fromkeys(names, text), _wrong(*names, "elsewhere")) if wrong else Form()
    moment = datetime.now(UTC) - timedelta(minutes=5)
    name = "rows.html" if is_part(request) else "gallery.html"
    return render(request, name, text=text, form=form, moment=moment)


@router.post("/notice")
def leave_notice(request: Request, text: str, tone: Tone) -> Response:
    return redirect(request, "/", Notice(text, tone))


@router.get("/failure/{kind}")
def fail(kind: str, text: str = "wayshub") -> Response:
    if kind == "fault":
        raise ZeroDivisionError(text)
    raise {
        "in-use": InUse(Message("there is no {kind} {name}", kind="service", name=text), []),
        "changed": PreconditionFailed(Message("there is no {kind} {name}", kind="service", name=text)),
        "unavailable": Unavailable(Message("there is no {kind} {name}", kind="service", name=text)),
    }[kind]


PAGES: Final = [
    "login",
    "login/ended",
    "login/failed",
    "password",
    "password/failed",
    "confirm",
    "gallery",
    "gallery?wrong=true",
]
"""The pages, below `/samples/`."""


def add(app: Application) -> None:
    """Let an application have these pages."""
    templates = Templates(languages.load(), [FOLDER, Path(__file__).parent / "templates"])
    app.api.parts = (templates, *app.api.parts)  # the first of a type is found
    app.api.routes.extend(router.routes)


@contextmanager
def running_samples(folder: Path, migrated: Path) -> Iterator[Service]:
    """Run a service that has these pages too."""
    with running_service(folder, migrated, prepare=add) as service:
        yield service
