"""`/api/v1/domains/{name}/retry`: to try at once to get a certificate."""

from typing import Annotated

from fastapi import Request, Response

from provider import control_plane
from provider.api import documentation
from provider.api.answers import written
from provider.api.nouns import collection, hidden, observers, shown
from provider.api.prefer import REVISION_HEADER
from provider.api.routers import router_for
from provider.dependencies import ActorDependency, IssuingDependency, RevisionsDependency
from provider.models import DomainOutput
from provider.nouns import Domain
from provider.security import issuances, needs

router = router_for(Domain.plural, collection(Domain), needs=needs.STATE)

NAME = Annotated[str, documentation.name(Domain)]


@router.post(
    "/{name}/retry",
    response_model=DomainOutput,
    summary="Try again now to get a domain's certificate",
    responses=documentation.RETRY,
)
def retry_certificate(
    request: Request, revisions: RevisionsDependency, issuing: IssuingDependency, actor: ActorDependency, name: NAME
) -> Response:
    """Try now, rather than at `issuance.next`, to get the certificate of a domain with `acme`.

    Returns the domain without waiting for the outcome; `Prefer: wait` waits until edges show the certificate, or this
    attempt has failed. 422 if there is nothing to try: the certificate is there, or something has to be set first. 429
    if the CA allows no order yet. The change is recorded in the audit.
    """
    outcome = issuances.retry(issuing, revisions, name, actor)
    with revisions.reading() as session:
        (domain,) = shown(session, Domain, None, [outcome.result], observers(control_plane.find(request)))
    headers = {REVISION_HEADER: str(outcome.revision)}
    return written(hidden(Domain, domain), headers=headers)
