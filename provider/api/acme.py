"""`/api/v1/acme`: the CA that certificates are ordered from."""

from datetime import UTC, datetime
from typing import Final

from fastapi import Response

from provider.api import documentation
from provider.api.answers import answer
from provider.api.outcomes import done, removed
from provider.api.routers import router_for
from provider.database.sessions import Session
from provider.dependencies import ActorDependency, IssuingDependency, RevisionsDependency
from provider.issuing import accounts
from provider.issuing.accounts import OrderingAccount
from provider.models import AcmeInput, AcmeOutput
from provider.revisions import Revisions
from provider.security import acme as choosing
from provider.security import needs
from provider.store import acme

PATH: Final = "/acme"

router = router_for("acme", PATH, needs=needs.ADMINISTRATION)


@router.get("", response_model=AcmeOutput, summary="Show the CA", responses=documentation.LIST)
def show_acme(revisions: RevisionsDependency) -> Response:
    """Return the CA that certificates are ordered from, without secrets. Fields are null if none is chosen."""
    return answer(_find(revisions))


def _find(revisions: Revisions) -> AcmeOutput:
    with revisions.reading() as session:
        return choosing.shown(acme.find_account(session))


@router.put("", response_model=AcmeOutput, summary="Choose the CA", responses=documentation.CHOOSE_ACME)
def choose_acme(
    revisions: RevisionsDependency, issuing: IssuingDependency, actor: ActorDependency, body: AcmeInput
) -> Response:
    """Order certificates from this CA from now on. Who accepts its terms, and when, is recorded."""
    choosing.check(body, _find(revisions), issuing.find_offer)

    def apply(session: Session) -> OrderingAccount | None:
        return accounts.read(choosing.choose(session, actor, body, datetime.now(UTC)))

    outcome = revisions.change(apply, actor=actor)
    issuing.choose(outcome.result)
    issuing.tell_ca()
    return done(outcome, _find(revisions), 200, {})


@router.delete("", status_code=204, summary="Stop ordering certificates", responses=documentation.LEAVE_ACME)
def leave_acme(revisions: RevisionsDependency, issuing: IssuingDependency, actor: ActorDependency) -> Response:
    """Stop ordering certificates. Existing ones are still served until they expire."""
    outcome = revisions.change(lambda session: choosing.leave(session, actor), actor=actor)
    issuing.choose(None)
    return removed(outcome)
