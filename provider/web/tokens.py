"""Tokens of machines: listed, made by a form, shown once, and revoked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ValidationError

from provider import validation
from provider.database.sessions import Session
from provider.dependencies import ActorDependency, RevisionsDependency
from provider.errors import FieldError, Invalid
from provider.messages import Message
from provider.models import CreatedTokenOutput, TokenInput, TokenOutput
from provider.nouns import Service
from provider.security import needs, tokens
from provider.store import nouns
from provider.store import tokens as stored
from provider.web import polling, scopes
from provider.web.forms import Form
from provider.web.inputs import SentDependency, Texts
from provider.web.kept import ReturnedDependency
from provider.web.lists import ListPart, PartDependency
from provider.web.notices import Notice
from provider.web.paths import NEW
from provider.web.rendering import redirect, render, say
from provider.web.scopes import Chosen

router = APIRouter(prefix="/tokens", include_in_schema=False, dependencies=[Depends(needs.ADMINISTRATION_PAGE)])

_LIST: Final = "/tokens"
_DAYS: Final = ("7", "30", "90", "365")
_NEVER: Final = "never"
_DATE: Final = "date"
_USUAL: Final = "90"
_FIELDS: Final = ("name", "level", "services", "edges", "expires", "date")


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token in the list, with what it may do as messages."""

    token: TokenOutput
    words: Sequence[str]
    is_over: bool


@router.get("")
def list_tokens(request: Request, revisions: RevisionsDependency, wanted: PartDependency) -> Response:
    name, _slash, identifier = (wanted.after or "").partition("/")
    after = None if wanted.after is None else (name, identifier)
    now = datetime.now(UTC)
    with revisions.reading() as session:
        found = stored.page_by_name(session, limit=wanted.limit, after=after, q=wanted.q or None)
        rows = [_row(tokens.shown(token), now) for token in found]
    part: ListPart[TokenRow] = wanted.part(rows, lambda row: f"{row.token.name}/{row.token.id}")
    return render(request, "tokens/list.html", part=part)


@router.get(f"/{NEW}")
def new_token(
    request: Request,
    returned: ReturnedDependency,
    scope: Annotated[list[str] | None, Query(max_length=20)] = None,
    name: str = "",
) -> Response:
    """Show the form for a new token, with the scopes that the link has. An edge's is good without end."""
    if returned:
        return _show_new(request, Form({field: returned.get(field, "") for field in _FIELDS}))
    chosen = scopes.choose(scope or ())
    texts = {"name": name or chosen.name, **chosen.texts(), "expires": _NEVER if chosen.edges else _USUAL, "date": ""}
    return _show_new(request, Form(texts))


@router.post(f"/{NEW}")
def make_token(
    request: Request, revisions: RevisionsDependency, actor: ActorDependency, sent: SentDependency
) -> Response:
    """Make a token, and show it with how it is used: here, and nowhere else."""
    texts = {field: sent.get(field, "").strip() for field in _FIELDS}
    now = datetime.now(UTC)
    try:
        wanted = _read(texts, now)

        def apply(session: Session) -> tuple[CreatedTokenOutput, list[str]]:
            unknown = [name for name in scopes.read(texts).services if nouns.find(session, Service, name) is None]
            return tokens.create(session, actor, wanted, now), unknown

        made, unknown = revisions.change(apply, actor=actor).result
    except Invalid as error:
        return _show_new(request, Form(texts, error.fields), 422)
    chosen = scopes.choose(made.scopes)
    base_url = str(request.base_url).rstrip("/")
    return render(
        request,
        "tokens/made.html",
        status=201,
        made=made,
        words=scopes.words(made.scopes),
        chosen=chosen,
        unknown=unknown,
        base_url=base_url,
        configurations=[(edge, polling.static_configuration(base_url, edge, made.token)) for edge in chosen.edges],
    )


@router.get("/{id}/revoke")
def ask_to_revoke(request: Request, revisions: RevisionsDependency, id: str) -> Response:  # noqa: A002  # the path's own word
    """Ask whether a token shall be good no more, with what ends with it."""
    with revisions.reading() as session:
        token = tokens.shown(stored.get_by_id(session, id))
    question = Message("Revoke the token {name} ({id})?", name=token.name, id=token.id)
    return render(
        request,
        "tokens/revoke.html",
        question=say(request, question),
        token=token,
        words=scopes.words(token.scopes),
        action=f"{_LIST}/{token.id}/revoke",
    )


@router.post("/{id}/revoke")
def revoke_token(request: Request, revisions: RevisionsDependency, actor: ActorDependency, id: str) -> Response:  # noqa: A002
    def apply(session: Session) -> str:
        return tokens.revoke(session, actor, stored.get_by_id(session, id).id).name

    name = revisions.change(apply, actor=actor).result
    return redirect(request, _LIST, Notice(Message("Token {name} ({id}) was revoked.", name=name, id=id)))


def _row(token: TokenOutput, now: datetime) -> TokenRow:
    return TokenRow(token, scopes.words(token.scopes), token.expires is not None and token.expires <= now)


def _show_new(request: Request, form: Form, status: int = 200) -> Response:
    days = {day: int(day) for day in _DAYS}
    return render(request, "tokens/new.html", status=status, form=form, days=days, levels=scopes.LEVELS)


def _read(texts: Texts, now: datetime) -> TokenInput:
    """Read a token from the form. Raises `Invalid`, with all that is wrong, at the form's fields."""
    chosen = scopes.read(texts)
    errors: list[FieldError] = []
    expires = _read_expiry(texts, now, errors)
    try:
        wanted = TokenInput.model_validate({"name": texts["name"], "scopes": chosen.scopes(), "expires": expires})
    except ValidationError as error:
        found = validation.invalid(error, "body")
        errors = [replace(field, pointer=_shown_at(field.pointer, chosen)) for field in found.fields] + errors
    if errors:
        raise Invalid(errors)
    return wanted


def _read_expiry(texts: Texts, now: datetime, errors: list[FieldError]) -> str | None:
    """Return until when the token shall be good: for so many days, or until the end of a day (UTC).

    What is wrong with it is added to the errors.
    """
    chosen = texts["expires"]
    if chosen in _DAYS:
        return (now + timedelta(days=int(chosen))).isoformat()
    if chosen == _DATE:
        return _read_last_day(texts["date"], now, errors)
    if chosen != _NEVER:
        errors.append(FieldError("/expires", "value.choice", Message("choose when it expires")))
    return None


def _read_last_day(text: str, now: datetime, errors: list[FieldError]) -> str | None:
    try:
        end = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        detail = Message("write the last day as year-month-day, such as 2030-12-31")
        errors.append(FieldError("/date", "date.format", detail))
        return None
    if end <= now:
        errors.append(FieldError("/date", "expires.past", Message("choose a day that is not over yet")))
    return end.isoformat()


def _shown_at(place: str, chosen: Chosen) -> str:
    """Return the pointer of the form's field that a scope comes from."""
    _empty, first, *rest = place.split("/")
    if first != "scopes":
        return f"/{first}"
    return f"/{chosen.fields()[int(rest[0])]}" if rest else "/level"
