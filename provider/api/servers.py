"""`/api/v1/services/{service}/servers`."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Response
from sqlmodel import Session

from provider.api import documentation
from provider.api.bodies import StrictRoute
from provider.api.pages import LabelParameters, Page, PageParameters
from provider.api.resources import ReadsDependency, Resource, WritesDependency
from provider.dependencies import HealthDependency, RevisionsDependency
from provider.edges.health import Health
from provider.models import ServerInput, ServerOutput, ServerReplacement
from provider.observations import show_servers
from provider.security import needs
from provider.store import servers, services

router = APIRouter(
    prefix="/services/{service}/servers",
    tags=["servers"],
    route_class=StrictRoute,
    dependencies=[Depends(needs.SERVERS)],
)

SERVICE = Annotated[str, documentation.name("Name of the service.", "wayshub")]
NAME = Annotated[str, documentation.name("Name of the server within its service.", "a")]


class ServerResource(Resource[ServerInput]):
    kind = "server"
    model = ServerInput
    observed = True

    def __init__(self, service: str, name: str) -> None:
        self._service = service
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    @property
    def path(self) -> str:
        return f"/services/{self._service}/servers/{self._name}"

    def find(self, session: Session) -> ServerInput | None:
        return servers.find(session, self._service, self._name)

    def put(self, session: Session, item: ServerInput) -> None:
        servers.put(session, self._service, item)

    def remove(self, session: Session, *, cascade: bool) -> None:
        servers.remove(session, self._service, self._name)

    def show(self, session: Session, item: ServerInput, health: Health) -> ServerOutput:
        service = services.get(session, self._service)
        return show_servers(session, service, [item], health)[0]


@router.get("", responses=documentation.LIST_WITHIN, summary="List a service's servers")
def list_servers(
    revisions: RevisionsDependency,
    health: HealthDependency,
    page: PageParameters,
    labels: LabelParameters,
    service: SERVICE,
) -> Page[ServerOutput]:
    """Return the servers of a service by name; `q` looks in the name and the URL."""
    with revisions.reading() as session:
        found = servers.page(session, service, limit=page.limit + 1, after=page.after, q=page.q, labels=labels)
        listed = show_servers(session, services.get(session, service), found, health)
    return page.answer(listed, lambda server: server.name)


@router.post(
    "",
    status_code=201,
    response_model=ServerOutput,
    responses=documentation.CREATE_WITHIN,
    summary="Add a server",
)
def add_server(writes: WritesDependency, service: SERVICE, body: ServerInput) -> Response:
    """Add a server to a service. With `PUT` on its own path, the call can be repeated."""
    return writes.create(ServerResource(service, body.name), body)


@router.get("/{name}", response_model=ServerOutput, responses=documentation.READ_OBSERVED, summary="Show a server")
def show_server(reads: ReadsDependency, service: SERVICE, name: NAME) -> Response:
    """Return one server, with its share of the service's requests."""
    return reads.get(ServerResource(service, name))


@router.put(
    "/{name}", response_model=ServerOutput, responses=documentation.replace_server(ServerOutput), summary="Set a server"
)
def put_server(writes: WritesDependency, service: SERVICE, name: NAME, body: ServerReplacement) -> Response:
    """Register a server: create it, or replace it as a whole. The call can be repeated."""
    return writes.replace(ServerResource(service, name), body)


@router.patch(
    "/{name}",
    response_model=ServerOutput,
    responses=documentation.MERGE_SERVER,
    openapi_extra=documentation.patch(ServerInput),
    summary="Change a server",
)
def patch_server(
    writes: WritesDependency, service: SERVICE, name: NAME, body: Annotated[dict[str, Any], Body()]
) -> Response:
    """Change some fields of a server, such as its weight, or drain it."""
    return writes.merge(ServerResource(service, name), body)


@router.delete("/{name}", status_code=204, responses=documentation.REMOVE_SERVER, summary="Remove a server")
def remove_server(writes: WritesDependency, service: SERVICE, name: NAME) -> Response:
    """Remove a server. Requests that it has are finished."""
    return writes.remove(ServerResource(service, name))
