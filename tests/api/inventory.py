"""All routes of the application, from the application itself."""

import re
from dataclasses import dataclass
from pathlib import Path

from fastapi.routing import APIRoute, Mount

from provider.api.configuration import PATH
from provider.app import Application, create_app
from provider.settings import Settings
from provider.web.rendering import STATIC

SERVICE = "own"
"""What `{service}` is in paths that are asked for: the service for whose servers a token is."""


@dataclass(frozen=True)
class Place:
    """A method of a route's template. `has_json` says that it takes a body of JSON."""

    method: str
    template: str
    has_json: bool = False

    @property
    def path(self) -> str:
        """A path of this template. What it names beside the service does not exist."""
        return re.sub(r"{(?!service})\w+}", "absent", self.template).replace("{service}", SERVICE)

    @property
    def changes(self) -> bool:
        return self.method not in {"GET", "HEAD", "OPTIONS"}

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


def make_app() -> Application:
    return create_app(Settings(database_url="sqlite:///never-opened.db"))


def mounts(app: Application) -> list[str]:
    """Return where other applications are mounted."""
    return [route.path for route in app.api.routes if isinstance(route, Mount)]


def places(app: Application) -> list[Place]:
    """Return each method of each route, the edges' endpoint included, but not what is mounted."""
    listed = [Place("GET", PATH), Place("HEAD", PATH)]
    for route in app.api.routes:
        if isinstance(route, APIRoute):
            has_json = route.path.startswith("/api/") and route.body_field is not None
            listed += [
                Place(method, template, has_json)
                for template in _templates(route)
                for method in sorted(route.methods or ())
            ]
    return listed


def _templates(route: APIRoute) -> list[str]:
    """Return the templates of a route's paths: one for each of the nouns that share it."""
    shared = route.param_convertors.get("noun")
    nouns = shared.regex.split("|") if shared else [""]
    return [route.path_format.replace("{noun}", noun) for noun in nouns]


def static_paths() -> list[str]:
    """Return the paths of all static files."""
    return sorted(
        f"/static/{file.relative_to(STATIC).as_posix()}" for file in Path(STATIC).rglob("*") if file.is_file()
    )


PLACES = places(make_app())

ASKED = [
    *PLACES,
    *(Place("HEAD", place.template) for place in PLACES if place.method == "GET" and place.template != PATH),
    *(Place("OPTIONS", template) for template in sorted({place.template for place in PLACES})),
]
"""All that is answered: what routes declare, HEAD wherever there is GET, and OPTIONS everywhere."""

STATIC_PATHS = static_paths()
