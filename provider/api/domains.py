"""`/api/v1/domains`."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic_core import PydanticCustomError
from sqlmodel import Session

from provider.api import documentation
from provider.api.bodies import StrictRoute
from provider.api.pages import LabelParameters, Page, PageParameters
from provider.api.resources import ReadsDependency, Resource, WritesDependency
from provider.dependencies import RevisionsDependency
from provider.models import DomainInput, DomainReplacement
from provider.security import needs
from provider.store import domains
from provider.values import to_ascii

router = APIRouter(prefix="/domains", tags=["domains"], route_class=StrictRoute, dependencies=[Depends(needs.STATE)])

NAME = Annotated[str, documentation.host("Host name, as typed or as an A-label.", "alvin.xyz")]
CASCADE = Annotated[
    bool,
    Query(description="Take routers along that have no other domain; the others lose just this one."),
]


class DomainResource(Resource[DomainInput]):
    kind = "domain"
    model = DomainInput

    def __init__(self, name: str) -> None:
        self._name = name
        try:
            self._ascii_name = to_ascii(name)
        except PydanticCustomError:
            self._ascii_name = ""  # no domain has this name

    @property
    def name(self) -> str:
        return self._name

    @property
    def path(self) -> str:
        return f"/domains/{self._ascii_name}"

    def is_name(self, name: str) -> bool:
        return to_ascii(name) == self._ascii_name

    def find(self, session: Session) -> DomainInput | None:
        return domains.find(session, self._ascii_name)

    def put(self, session: Session, item: DomainInput) -> None:
        domains.put(session, item)

    def remove(self, session: Session, *, cascade: bool) -> None:
        domains.remove(session, self._ascii_name, cascade=cascade)


@router.get("", responses=documentation.LIST, summary="List domains")
def list_domains(revisions: RevisionsDependency, page: PageParameters, labels: LabelParameters) -> Page[DomainInput]:
    """Return domains in the order of their A-labels; `q` looks in the name and the description."""
    with revisions.reading() as session:
        found = domains.page(session, limit=page.limit + 1, after=page.after, q=page.q, labels=labels)
    return page.answer(found, lambda domain: domain.ascii_name)


@router.post("", status_code=201, response_model=DomainInput, responses=documentation.CREATE, summary="Add a domain")
def add_domain(writes: WritesDependency, body: DomainInput) -> Response:
    """Add a host name that routers may match."""
    return writes.create(DomainResource(body.name), body)


@router.get("/{name}", response_model=DomainInput, responses=documentation.READ, summary="Show a domain")
def show_domain(reads: ReadsDependency, name: NAME) -> Response:
    """Return one domain."""
    return reads.get(DomainResource(name))


@router.put("/{name}", response_model=DomainInput, responses=documentation.replace(DomainInput), summary="Set a domain")
def put_domain(writes: WritesDependency, name: NAME, body: DomainReplacement) -> Response:
    """Create a domain, or replace it as a whole."""
    return writes.replace(DomainResource(name), body)


@router.patch(
    "/{name}",
    response_model=DomainInput,
    responses=documentation.MERGE,
    openapi_extra=documentation.patch(DomainInput),
    summary="Change a domain",
)
def patch_domain(writes: WritesDependency, name: NAME, body: Annotated[dict[str, Any], Body()]) -> Response:
    """Change some fields of a domain."""
    return writes.merge(DomainResource(name), body)


@router.delete("/{name}", status_code=204, responses=documentation.REMOVE, summary="Remove a domain")
def remove_domain(writes: WritesDependency, name: NAME, cascade: CASCADE = False) -> Response:
    """Remove a domain that no router matches, or with `cascade` its routers too."""
    return writes.remove(DomainResource(name), cascade=cascade)
