"""How a person wants the console: the language and the theme, each kept in a cookie of the browser."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse

from provider.errors import FieldError, Invalid
from provider.messages import Message
from provider.security import needs
from provider.web import paths
from provider.web.languages import LANGUAGES
from provider.web.rendering import LANGUAGE_COOKIE, THEME_COOKIE, Theme, redirect

router = APIRouter(prefix="/preferences", include_in_schema=False, dependencies=[Depends(needs.OPEN_PAGE)])

_YEAR_SECONDS: Final = 365 * 24 * 3600

Next = Annotated[str, Form(alias="next")]


@router.post("/language")
async def set_language(request: Request, language: Annotated[str, Form()], back: Next = paths.HOME) -> RedirectResponse:
    return _remember(request, LANGUAGE_COOKIE, language, list(LANGUAGES), back)


@router.post("/theme")
async def set_theme(request: Request, theme: Annotated[str, Form()], back: Next = paths.HOME) -> RedirectResponse:
    return _remember(request, THEME_COOKIE, theme, list(Theme), back)


def _remember(request: Request, name: str, value: str, choices: list[str], back: str) -> RedirectResponse:
    if value not in choices:
        detail = Message("this has to be one of {choices}", choices=", ".join(choices))
        raise Invalid([FieldError(f"/{name}", "value.choice", detail)])
    response = redirect(request, paths.local(back))
    response.set_cookie(
        name,
        value,
        max_age=_YEAR_SECONDS,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return response
