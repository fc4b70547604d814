"""Logging in and out, and passwords: the pages that answer to who is not known yet."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from provider.dependencies import ActorDependency, LoginsDependency, PersonDependency
from provider.errors import FieldError, Invalid, NotFound, TooMany, Unavailable
from provider.messages import Message
from provider.security import cookies, needs
from provider.security.logins import Login
from provider.values import Refusal, check_name
from provider.web import forms, kept, paths
from provider.web.notices import Notice, Tone
from provider.web.rendering import redirect, render

router = APIRouter(include_in_schema=False)

_LOGIN: Final = "/login"
_PASSWORD: Final = "/password"  # noqa: S105  # a path
_LONGEST: Final = 2000
_AGAIN: Final = Message("You are logged in again. Your input is still here; nothing was sent yet.")

FormText = Annotated[str, Form(max_length=_LONGEST)]
Written = Annotated[str, Form(alias="kept", max_length=kept.LONGEST)]


@router.get(_LOGIN, dependencies=[Depends(needs.OPEN_PAGE)])
async def show_login(
    request: Request,
    logins: LoginsDependency,
    person: PersonDependency,
    next: str = paths.HOME,  # noqa: A002
) -> Response:
    """Ask who it is, unless that is known."""
    if person is not None:
        return redirect(request, paths.local(next))
    shown = partial(render, request, "login.html", is_first=not await logins.can_anybody(), kept="", ended="")
    form = forms.Form({"name": "", "password": ""})
    # It is often the first page of all, which waits for its language and its templates: polls do not, in a thread.
    return await asyncio.to_thread(shown, form=form, next=paths.local(next))


@router.post(_LOGIN, dependencies=[Depends(needs.OPEN_PAGE)])
async def log_in(
    request: Request,
    logins: LoginsDependency,
    actor: ActorDependency,
    name: FormText = "",
    password: FormText = "",
    back: Annotated[str, Form(alias="next", max_length=paths.LONGEST)] = paths.HOME,
    written: Written = "",
) -> Response:
    """Begin a session, in place of one that the browser has, and lead to the page on which the person was.

    What was typed there comes along, and stands on it again.
    """
    status, headers, error = 401, {"WWW-Authenticate": "Bearer"}, None
    try:
        login = await logins.log_in(
            name.strip(), password, actor, cookies.find_session(request), cookies.find_browser(request)
        )
    except TooMany as too_many:
        login, status, headers, error = None, 429, {"Retry-After": str(too_many.seconds)}, too_many.detail
    except Unavailable as unavailable:
        if not written:
            raise
        login, status, headers, error = None, 503, {"Retry-After": "1"}, unavailable.detail
    if login is not None:
        return _with_session(request, _lead_back(request, paths.local(back), written, login), login)
    wrong = FieldError("", "login.refused", error or Message("wrong name or password"))
    form = forms.Form({"name": _shown(name), "password": ""}, [wrong])
    first = not written and not await logins.can_anybody()
    response = render(
        request,
        "login.html",
        status=status,
        form=form,
        next=paths.local(back),
        is_first=first,
        kept=written,
        ended="kept" if written else "",
    )
    response.headers.update(headers)
    return response


@router.post("/logout", dependencies=[Depends(needs.OPEN_PAGE)])
async def log_out(
    request: Request, logins: LoginsDependency, actor: ActorDependency, person: PersonDependency
) -> Response:
    """End the session that the browser has."""
    session = cookies.find_session(request)
    if session is not None and person is not None:
        await logins.log_out(session, actor)
    response = redirect(request, _LOGIN, Notice(Message("You are logged out.")))
    options = cookies.options(request)
    response.delete_cookie(**options)
    return response


@router.get(_PASSWORD, dependencies=[Depends(needs.OPEN_PAGE)])
async def show_password(
    request: Request, logins: LoginsDependency, person: PersonDependency, link: str | None = None
) -> Response:
    """Show the form for a password: for whom a one-time link is, or for one's own. Raises `NotFound`."""
    if link is not None:
        try:
            name = await logins.find_invited(link)
        except NotFound as error:
            return _bad_link(request, error)
        return _form(request, name, {"secret": link})
    if person is None:
        return redirect(request, f"{_LOGIN}?next={_PASSWORD}")
    return _form(request, person.name, {})


@router.post(_PASSWORD, dependencies=[Depends(needs.OPEN_PAGE)])
async def set_password(
    request: Request,
    logins: LoginsDependency,
    actor: ActorDependency,
    person: PersonDependency,
    secret: FormText = "",
    current: FormText = "",
    password: FormText = "",
    repeat: FormText = "",
) -> Response:
    """Set a password with a one-time link, or one's own with the current one, and log in anew."""
    given = {"secret": secret} if secret else {}
    if secret:
        try:
            name = await logins.find_invited(secret)
        except NotFound as error:
            return _bad_link(request, error)
    elif person is not None:
        name = person.name
    else:
        return redirect(request, f"{_LOGIN}?next={_PASSWORD}")
    if password != repeat:
        wrong = Invalid([FieldError("/repeat", "password.repeat", Message("the passwords do not match"))])
        return _form(request, name, given, wrong, 422)
    try:
        if secret:
            login = await logins.accept(secret, password, actor, cookies.find_browser(request))
        else:
            login = await logins.change_password(name, current, password, actor, cookies.find_browser(request))
    except Invalid as error:
        return _form(request, name, given, error, 422)
    except TooMany as error:
        wrong = Invalid([FieldError("/current", "login.refused", error.detail)])
        response = _form(request, name, given, wrong, 429)
        response.headers["Retry-After"] = str(error.seconds)
        return response
    notice = Notice(Message("The password is set. All other browsers are logged out."))
    return _with_session(request, redirect(request, paths.HOME, notice), login)


def _lead_back(request: Request, page: str, written: str, login: Login) -> RedirectResponse:
    """Lead to a page, on which stands again what was typed there."""
    if not kept.read(written):
        return redirect(request, page)
    identifier = kept.find_kept(request).keep(login.credential, written)
    return redirect(request, kept.returning(page, identifier), Notice(_AGAIN, Tone.INFO))


def _bad_link(request: Request, error: NotFound) -> Response:
    return render(request, "link.html", status=404, detail=error.detail)


def _shown(name: str) -> str:
    """Return what was typed as a name, unless no name is like that: it may be the password."""
    try:
        return check_name(name.strip())
    except Refusal:
        return ""


def _form(
    request: Request, name: str, given: Mapping[str, str], error: Invalid | None = None, status: int = 200
) -> Response:
    secret = given.get("secret")
    values = {"password": "", "repeat": ""} | ({} if secret else {"current": ""})
    form = forms.Form(values, () if error is None else error.fields)
    return render(
        request,
        "password.html",
        status=status,
        form=form,
        action=_PASSWORD,
        name=name,
        secret=secret,
        asks_current=secret is None,
    )


def _with_session(request: Request, response: RedirectResponse, login: Login) -> Response:
    response.set_cookie(value=login.secret.text, **cookies.options(request))
    response.set_cookie(value=login.browser, **cookies.browser_options(request))
    return response
