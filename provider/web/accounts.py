"""Accounts of people: listed, made, given another role, a new one-time link, and removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from provider import moments
from provider.database.sessions import Session
from provider.dependencies import ActorDependency, PersonDependency, RevisionsDependency
from provider.errors import AlreadyExists, FieldError, InUse, Invalid
from provider.messages import Message
from provider.models import Account, Role
from provider.revisions import Revisions
from provider.security import needs, people
from provider.security.access import AHEAD, IDLE, LONGEST, Person
from provider.security.secrets import Secret
from provider.store import accounts
from provider.tags import etag
from provider.web import inputs
from provider.web.forms import Form
from provider.web.inputs import SentDependency, Texts
from provider.web.kept import ReturnedDependency
from provider.web.lists import ListPart, PartDependency
from provider.web.notices import Notice
from provider.web.paths import NEW, object_path
from provider.web.rendering import redirect, render, say

router = APIRouter(prefix="/accounts", include_in_schema=False, dependencies=[Depends(needs.ADMINISTRATION_PAGE)])

_LIST: Final = "/accounts"
_LOGIN: Final = "/login"


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as it is shown: in how many browsers it is logged in, and until when its one-time link is good."""

    name: str
    role: Role
    has_password: bool
    created: datetime
    sessions: int
    link_until: datetime | None

    @property
    def tag(self) -> str:
        """The entity tag of what can be changed here."""
        return _tag(self.name, self.role)


@router.get("")
def list_accounts(request: Request, revisions: RevisionsDependency, wanted: PartDependency) -> Response:
    with revisions.reading() as session:
        found = accounts.page(session, limit=wanted.limit, after=wanted.after, q=wanted.q or None)
        part: ListPart[AccountRow] = wanted.part(_rows(session, found), lambda row: row.name)
    return render(request, "accounts/list.html", part=part)


@router.get(f"/{NEW}")
def new_account(request: Request, returned: ReturnedDependency) -> Response:
    return _show_new(request, Form({"name": "", "role": Role.VIEWER, **returned}))


@router.post(f"/{NEW}")
def add_account(
    request: Request, revisions: RevisionsDependency, actor: ActorDependency, sent: SentDependency
) -> Response:
    """Make an account, and show the link with which its password is set: here, and nowhere else."""
    texts = {"name": sent.get("name", "").strip(), "role": sent.get("role", "")}

    def apply(session: Session) -> Secret:
        now = datetime.now(UTC)
        people.add(session, actor, texts["name"], _role(texts), now)
        return people.invite(session, actor, texts["name"], now)

    try:
        secret = revisions.change(apply, actor=actor).result
    except (AlreadyExists, Invalid) as error:
        status = 409 if isinstance(error, AlreadyExists) else 422
        return _show_new(request, inputs.refused(texts, error), status)
    return _show_link(request, texts["name"], secret, status=201)


@router.get("/{name}")
@router.get("/{name}/")
def show_account(
    request: Request,
    revisions: RevisionsDependency,
    person: PersonDependency,
    returned: ReturnedDependency,
    name: str,
) -> Response:
    return _show(request, revisions, person, name, Form(returned) if "role" in returned else None)


@router.post("/{name}/role")
def set_role(
    request: Request,
    revisions: RevisionsDependency,
    actor: ActorDependency,
    person: PersonDependency,
    sent: SentDependency,
    name: str,
) -> Response:
    """Give an account another role, unless somebody else did meanwhile."""

    def apply(session: Session) -> Role | None:
        wanted, now = _role(sent), accounts.get(session, name).role
        if sent.get("etag") != _tag(name, now):
            return now
        people.set_role(session, actor, name, wanted)
        return None

    try:
        other = revisions.change(apply, actor=actor).result
    except Invalid as error:
        return _show(request, revisions, person, name, inputs.refused(sent, error), 422)
    except InUse as error:
        return _show(request, revisions, person, name, _wrong_role(sent, error.detail), 409)
    if other is not None:
        detail = Message("somebody else has changed the role to {role}: nothing was changed", role=other.value)
        return _show(request, revisions, person, name, _wrong_role(sent, detail), 412)
    notice = Notice(Message("Account {name} is now {role}.", name=name, role=sent["role"]))
    return redirect(request, object_path("accounts", name), notice)


@router.post("/{name}/link")
def make_link(request: Request, revisions: RevisionsDependency, actor: ActorDependency, name: str) -> Response:
    """Make a one-time link for an account, in place of one before, and show it: here, and nowhere else."""
    made = revisions.change(lambda session: people.invite(session, actor, name, datetime.now(UTC)), actor=actor)
    return _show_link(request, name, made.result)


@router.post("/{name}/sessions/end")
def end_sessions(
    request: Request, revisions: RevisionsDependency, actor: ActorDependency, person: PersonDependency, name: str
) -> Response:
    revisions.change(lambda session: people.end_sessions(session, actor, name), actor=actor)
    notice = Notice(Message("Account {name} is logged out everywhere.", name=name))
    return redirect(request, _after(person, name, object_path("accounts", name)), notice)


@router.get("/{name}/remove")
def ask_to_remove(request: Request, revisions: RevisionsDependency, name: str) -> Response:
    with revisions.reading() as session:
        [row] = _rows(session, [accounts.get(session, name)])
    consequences = []
    if row.sessions:
        consequences.append(Message("its sessions, in {count} browsers", count=row.sessions))
    if row.link_until is not None:
        consequences.append(Message("its one-time link"))
    return render(
        request,
        "confirm.html",
        question=say(request, Message("Remove the account {name}?", name=name)),
        consequences=consequences,
        action=object_path("accounts", name, action="remove"),
        fields={},
        label=say(request, Message("Remove")),
        back=object_path("accounts", name),
    )


@router.post("/{name}/remove")
def remove_account(
    request: Request, revisions: RevisionsDependency, actor: ActorDependency, person: PersonDependency, name: str
) -> Response:
    try:
        revisions.change(lambda session: people.remove(session, actor, name), actor=actor)
    except InUse as error:
        return _show(request, revisions, person, name, inputs.refused({}, error), 409)
    notice = Notice(Message("Account {name} was removed.", name=name))
    return redirect(request, _after(person, name, _LIST), notice)


def _rows(session: Session, listed: Sequence[Account]) -> list[AccountRow]:
    names, now = [account.name for account in listed], datetime.now(UTC)
    counts = accounts.count_sessions(
        session,
        names,
        created_after=moments.kept(now - LONGEST),
        created_before=moments.kept(now + AHEAD),
        used_after=moments.kept(now - IDLE),
    )
    links = accounts.list_invited(session, names, moments.kept(now), moments.kept(now + people.INVITATION + AHEAD))
    return [
        AccountRow(
            account.name,
            account.role,
            account.password_hash is not None,
            datetime.fromisoformat(account.created),
            counts.get(account.name, 0),
            datetime.fromisoformat(links[account.name]) if account.name in links else None,
        )
        for account in listed
    ]


def _show(
    request: Request,
    revisions: Revisions,
    person: Person | None,
    name: str,
    form: Form | None = None,
    status: int = 200,
) -> Response:
    with revisions.reading() as session:
        [row] = _rows(session, [accounts.get(session, name)])
    return render(
        request,
        "accounts/show.html",
        status=status,
        row=row,
        form=form or Form({"role": row.role}),
        is_own=person is not None and person.name == name,
    )


def _show_new(request: Request, form: Form, status: int = 200) -> Response:
    return render(request, "accounts/new.html", status=status, form=form)


def _show_link(request: Request, name: str, secret: Secret, status: int = 200) -> Response:
    link = f"{str(request.base_url).rstrip('/')}/password?link={secret.text}"
    return render(request, "accounts/link.html", status=status, name=name, link=link, until=people.INVITATION)


def _role(texts: Texts) -> Role:
    """Return the role that was chosen. Raises `Invalid`."""
    chosen = texts.get("role", "")
    if chosen not in set(Role):
        raise Invalid([FieldError("/role", "value.choice", Message("choose a role"))])
    return Role(chosen)


def _wrong_role(texts: Texts, detail: str) -> Form:
    return Form(texts, [FieldError("/role", "role.refused", detail)])


def _tag(name: str, role: Role) -> str:
    return etag("account", {"name": name, "role": role.value})


def _after(person: Person | None, name: str, path: str) -> str:
    """Return where to lead after what may have ended the session of whoever did it."""
    return _LOGIN if person is not None and person.name == name else path
