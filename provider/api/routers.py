"""`/api/v1/routers`."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Response
from sqlmodel import Session

from provider.api import documentation
from provider.api.bodies import StrictRoute
from provider.api.pages import LabelParameters, Page, PageParameters
from provider.api.resources import ReadsDependency, Resource, WritesDependency
from provider.dependencies import RevisionsDependency
from provider.models import RouterInput, RouterReplacement
from provider.security import needs
from provider.store import routers

router = APIRouter(prefix="/routers", tags=["routers"], route_class=StrictRoute, dependencies=[Depends(needs.STATE)])

NAME = Annotated[str, documentation.name("Name of the router.", "wayshub")]


class RouterResource(Resource[RouterInput]):
    kind = "router"
    model = RouterInput

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    @property
    def path(self) -> str:
        return f"/routers/{self._name}"

    def find(self, session: Session) -> RouterInput | None:
        return routers.find(session, self._name)

    def put(self, session: Session, item: RouterInput) -> None:
        routers.put(session, item)

    def remove(self, session: Session, *, cascade: bool) -> None:
        routers.remove(session, self._name)


@router.get("", responses=documentation.LIST, summary="List routers")
def list_routers(revisions: RevisionsDependency, page: PageParameters, labels: LabelParameters) -> Page[RouterInput]:
    """Return routers by name; `q` looks in the name, the domains, the path prefix, the rule and the service."""
    with revisions.reading() as session:
        found = routers.page(session, limit=page.limit + 1, after=page.after, q=page.q, labels=labels)
    return page.answer(found, lambda router: router.name)


@router.post("", status_code=201, response_model=RouterInput, responses=documentation.CREATE, summary="Add a router")
def add_router(writes: WritesDependency, body: RouterInput) -> Response:
    """Add a router; its domains and its service have to exist."""
    return writes.create(RouterResource(body.name), body)


@router.get("/{name}", response_model=RouterInput, responses=documentation.READ, summary="Show a router")
def show_router(reads: ReadsDependency, name: NAME) -> Response:
    """Return one router."""
    return reads.get(RouterResource(name))


@router.put("/{name}", response_model=RouterInput, responses=documentation.replace(RouterInput), summary="Set a router")
def put_router(writes: WritesDependency, name: NAME, body: RouterReplacement) -> Response:
    """Create a router, or replace it as a whole."""
    return writes.replace(RouterResource(name), body)


@router.patch(
    "/{name}",
    response_model=RouterInput,
    responses=documentation.MERGE,
    openapi_extra=documentation.patch(RouterInput),
    summary="Change a router",
)
def patch_router(writes: WritesDependency, name: NAME, body: Annotated[dict[str, Any], Body()]) -> Response:
    """Change some fields of a router."""
    return writes.merge(RouterResource(name), body)


@router.delete("/{name}", status_code=204, responses=documentation.REMOVE_ROUTER, summary="Remove a router")
def remove_router(writes: WritesDependency, name: NAME) -> Response:
    """Remove a router; its domains and its service stay."""
    return writes.remove(RouterResource(name))
