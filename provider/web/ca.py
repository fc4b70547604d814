"""The CA that certificates are ordered from: shown, chosen with a tick for its terms, and left."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError

from provider import validation
from provider.database.sessions import Session
from provider.dependencies import ActorDependency, IssuingDependency, RevisionsDependency
from provider.directories import DIRECTORIES
from provider.errors import Invalid
from provider.issuing import accounts
from provider.issuing.accounts import OrderingAccount
from provider.issuing.issuing import Issuing
from provider.messages import Message
from provider.models import AcmeInput, AcmeOutput
from provider.security import acme as choosing
from provider.security import needs
from provider.store import acme
from provider.web.forms import Form
from provider.web.inputs import SentDependency
from provider.web.kept import ReturnedDependency
from provider.web.notices import Notice
from provider.web.rendering import redirect, render

router = APIRouter(prefix="/ca", include_in_schema=False, dependencies=[Depends(needs.ADMINISTRATION_PAGE)])

_PAGE: Final = "/ca"
_OTHER: Final = "other"
_FIELDS: Final = ("ca", "directory", "contact", "profile", "chain", "terms")
_SHOWN_AT: Final = {
    "/contact": "/contact",
    "/profile": "/profile",
    "/preferredChain": "/chain",
    "/termsAccepted": "/terms",
}


@router.get("")
def show(
    request: Request, revisions: RevisionsDependency, issuing: IssuingDependency, returned: ReturnedDependency
) -> Response:
    """Show which CA is chosen, and the form to choose one."""
    known = _read(revisions)
    if returned:
        return _page(request, known, issuing, Form({field: returned.get(field, "") for field in _FIELDS}))
    names = {url: name for name, url in DIRECTORIES.items()}
    chosen = names.get(known.directory or "", _OTHER) if known.directory else next(iter(DIRECTORIES))
    directory = known.directory or "" if chosen == _OTHER else ""
    stored = {"contact": known.contact, "profile": known.profile or "", "chain": known.preferred_chain or ""}
    return _page(request, known, issuing, Form({"ca": chosen, "directory": directory, "terms": "", **stored}))


@router.post("")
def choose(
    request: Request,
    revisions: RevisionsDependency,
    issuing: IssuingDependency,
    actor: ActorDependency,
    sent: SentDependency,
) -> Response:
    """Order from a CA from now on."""
    texts = {field: sent.get(field, "").strip() for field in _FIELDS}
    known = _read(revisions)
    try:
        wanted = _wanted(texts, known)
        choosing.check(wanted, known, issuing.find_offer)

        def apply(session: Session) -> OrderingAccount | None:
            return accounts.read(choosing.choose(session, actor, wanted, datetime.now(UTC)))

        issuing.choose(revisions.change(apply, actor=actor).result)
        issuing.tell_ca()
    except Invalid as error:
        fields = [replace(field, pointer=_SHOWN_AT.get(field.pointer, "/directory")) for field in error.fields]
        return _page(request, known, issuing, Form(texts, fields), 422)
    return redirect(request, _PAGE, Notice(Message("Certificates are now ordered from {ca}.", ca=wanted.directory)))


@router.post("/leave")
def leave(
    request: Request, revisions: RevisionsDependency, issuing: IssuingDependency, actor: ActorDependency
) -> Response:
    """Order no more. What there is stays until it expires."""
    revisions.change(lambda session: choosing.leave(session, actor), actor=actor)
    issuing.choose(None)
    return redirect(request, _PAGE, Notice(Message("No more certificates are ordered. Existing ones stay.")))


def _read(revisions: RevisionsDependency) -> AcmeOutput:
    with revisions.reading() as session:
        return choosing.shown(acme.find_account(session))


def _wanted(texts: Mapping[str, str], known: AcmeOutput) -> AcmeInput:
    """Read the form. What it does not have stays as it is. Raises `Invalid`."""
    directory = texts["directory"] if texts["ca"] == _OTHER else texts["ca"]
    is_known = DIRECTORIES.get(directory, directory) == known.directory
    try:
        return AcmeInput.model_validate(
            {
                "directory": directory,
                "contact": texts["contact"],
                "challenge": known.challenge,
                "eab": {"kid": known.eab.kid} if known.eab is not None and is_known else None,
                "dns": None if known.dns is None else {"provider": known.dns.provider},
                "profile": texts["profile"] or None,
                "preferredChain": texts["chain"] or None,
                "termsAccepted": bool(texts["terms"]),
            }
        )
    except ValidationError as error:
        raise validation.invalid(error, "body") from error


def _page(request: Request, known: AcmeOutput, issuing: Issuing, form: Form, status: int = 200) -> Response:
    values = {"known": known, "form": form, "directories": DIRECTORIES, "has_local": issuing.has_local_authority}
    return render(request, "ca.html", status=status, **values)
