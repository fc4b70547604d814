"""Routers of the REST API: their routes have their whole paths, and are strict about what they take.

FastAPI would make each route twice if one router were included in another, and look for it twice in each request.
"""

from typing import Final

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute

from provider.api.bodies import StrictRoute
from provider.security.needs import Needs

PREFIX: Final = "/api/v1"


def name_of(route: APIRoute) -> str:
    return route.name


def router_for(
    tag: str,
    path: str = "",
    *,
    needs: Needs | None,
    route_class: type[APIRoute] = StrictRoute,
    is_described: bool = True,
) -> APIRouter:
    """Make a router of operations under a path below the API's prefix. Without `needs` each route has its own."""
    return APIRouter(
        prefix=PREFIX + path,
        tags=[tag],
        route_class=route_class,
        dependencies=[] if needs is None else [Depends(needs)],
        generate_unique_id_function=name_of,
        include_in_schema=is_described,
    )
