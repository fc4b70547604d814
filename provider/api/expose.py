"""`/api/v1/expose`: a whole application in one transaction."""

from typing import Annotated, Any

from fastapi import Body, Query, Response

from provider.api import cautions, documentation
from provider.api.outcomes import done
from provider.api.routers import PREFIX, router_for
from provider.api.writing import WriteDependency
from provider.database.sessions import Session
from provider.dependencies import HealthDependency, IssuingDependency, RevisionsDependency
from provider.hosts import to_ascii
from provider.listening import Listening
from provider.messages import Message
from provider.models import ExposeInput, ExposeOutput
from provider.nouns.domain import CertificateSource
from provider.observations import show_servers, show_services
from provider.security import needs
from provider.store import applications

router = router_for("expose", "/expose", needs=needs.STATE)


@router.post(
    "",
    status_code=201,
    response_model=ExposeOutput,
    responses=documentation.EXPOSE,
    openapi_extra=documentation.body(ExposeInput.__name__),
    summary="Expose an application",
)
def expose(
    write: WriteDependency,
    health: HealthDependency,
    revisions: RevisionsDependency,
    issuing: IssuingDependency,
    body: Annotated[dict[str, Any], Body()],
    https: Annotated[
        bool,
        Query(
            description="Serve it over HTTPS if the body does not say how: with a certificate that wayshub-provider "
            "gets, if it can, or one that the edges have."
        ),
    ] = False,
) -> Response:
    """Create a domain (unless it exists), a router, a service and its servers: all of them, or nothing."""
    wanted, refusal = ExposeInput.read(body), None
    if https and wanted.tls is None:
        refusal = issuing.holdings.find_refusal(to_ascii(wanted.domain))
        source = CertificateSource.ACME if refusal is None else CertificateSource.STORED
        wanted = ExposeInput.read({**body, "tls": {"from": source.value}})

    def apply(session: Session) -> ExposeOutput:
        made = applications.expose(session, wanted)
        name = made.router.name
        return ExposeOutput(
            name=name,
            domain=made.domain,
            router=made.router,
            service=show_services(session, [made.service], health)[0],
            servers=show_servers(session, made.service, made.servers, health),
            entry_points=Listening.of(revisions.points, [made.domain]).entry_points(made.router),
        )

    outcome = write.change(apply)
    response = done(outcome, outcome.result, 201, {"Location": f"{PREFIX}/routers/{outcome.result.name}"})
    if refusal is not None and issuing.holdings.account is not None:
        cautions.add(response.headers, [_told(wanted.domain, refusal)])
    return response


def _told(domain: str, refusal: str) -> Message:
    return Message("edges show a certificate of their own for {domain}: {why}", domain=domain, why=refusal)
