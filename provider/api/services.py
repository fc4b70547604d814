"""`/api/v1/services`."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Response
from sqlmodel import Session

from provider.api import documentation
from provider.api.bodies import StrictRoute
from provider.api.pages import LabelParameters, Page, PageParameters
from provider.api.resources import ReadsDependency, Resource, WritesDependency
from provider.dependencies import HealthDependency, RevisionsDependency
from provider.edges.health import Health
from provider.models import ServiceInput, ServiceOutput, ServiceReplacement
from provider.observations import show_services
from provider.security import needs
from provider.store import services

router = APIRouter(prefix="/services", tags=["services"], route_class=StrictRoute, dependencies=[Depends(needs.STATE)])

NAME = Annotated[str, documentation.name("Name of the service.", "wayshub")]
CASCADE = Annotated[
    bool,
    Query(description="Take the routers along that lead to it."),
]


class ServiceResource(Resource[ServiceInput]):
    kind = "service"
    model = ServiceInput
    observed = True

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    @property
    def path(self) -> str:
        return f"/services/{self._name}"

    def find(self, session: Session) -> ServiceInput | None:
        return services.find(session, self._name)

    def put(self, session: Session, item: ServiceInput) -> None:
        services.put(session, item)

    def remove(self, session: Session, *, cascade: bool) -> None:
        services.remove(session, self._name, cascade=cascade)

    def show(self, session: Session, item: ServiceInput, health: Health) -> ServiceOutput:
        return show_services(session, [item], health)[0]


@router.get("", responses=documentation.LIST, summary="List services")
def list_services(
    revisions: RevisionsDependency, health: HealthDependency, page: PageParameters, labels: LabelParameters
) -> Page[ServiceOutput]:
    """Return services by name; `q` looks in the name."""
    with revisions.reading() as session:
        found = services.page(session, limit=page.limit + 1, after=page.after, q=page.q, labels=labels)
        listed = show_services(session, found, health)
    return page.answer(listed, lambda service: service.name)


@router.post("", status_code=201, response_model=ServiceOutput, responses=documentation.CREATE, summary="Add a service")
def add_service(writes: WritesDependency, body: ServiceInput) -> Response:
    """Add a pool of servers, which has none yet."""
    return writes.create(ServiceResource(body.name), body)


@router.get("/{name}", response_model=ServiceOutput, responses=documentation.READ_OBSERVED, summary="Show a service")
def show_service(reads: ReadsDependency, name: NAME) -> Response:
    """Return one service."""
    return reads.get(ServiceResource(name))


@router.put(
    "/{name}", response_model=ServiceOutput, responses=documentation.replace(ServiceOutput), summary="Set a service"
)
def put_service(writes: WritesDependency, name: NAME, body: ServiceReplacement) -> Response:
    """Create a service, or replace it as a whole."""
    return writes.replace(ServiceResource(name), body)


@router.patch(
    "/{name}",
    response_model=ServiceOutput,
    responses=documentation.MERGE,
    openapi_extra=documentation.patch(ServiceInput),
    summary="Change a service",
)
def patch_service(writes: WritesDependency, name: NAME, body: Annotated[dict[str, Any], Body()]) -> Response:
    """Change some fields of a service."""
    return writes.merge(ServiceResource(name), body)


@router.delete("/{name}", status_code=204, responses=documentation.REMOVE, summary="Remove a service")
def remove_service(writes: WritesDependency, name: NAME, cascade: CASCADE = False) -> Response:
    """Remove a service with its servers, if no router leads to it, or with `cascade` its routers too."""
    return writes.remove(ServiceResource(name), cascade=cascade)
