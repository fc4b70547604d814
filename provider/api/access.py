"""Who may use which route. Each router declares what its routes need; the gate finds who asks, and lets in or not.

It does so before anything of a request is read but its head, so that who may not come in learns nothing:
neither what is there, nor what would be wrong with a body.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from re import Pattern
from typing import Any, Final
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.routing import APIRoute, Mount
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from provider import logs
from provider.api import problems
from provider.api.methods import answer_options, list_methods
from provider.edges.pollers import note_holder
from provider.errors import Forbidden, ProviderError, Unauthenticated, Unavailable
from provider.logs import hidden, printable
from provider.messages import Message
from provider.models import Actor
from provider.noun_paths import told
from provider.security.access import Access, Principal
from provider.security.cookies import find_session
from provider.security.needs import READING, STATE, Needs
from provider.security.refusals import Refusals

PRINCIPAL: Final = "principal"
"""Where the `Principal` of a request is, in the scope's state."""

ACTOR: Final = "actor"
"""Where its `Actor` is: that of somebody who is not known too."""

PERSON: Final = "person"
"""Where the `Person` is who is logged in, or None."""

LIVE_UPDATE: Final = "x-live-update"
"""The header of what a page asks for by itself."""

LOGIN: Final = "/login"
STATIC: Final = "/static/"


@dataclass(frozen=True, slots=True)
class GuardedRoute:
    """A route, and what it needs."""

    path: str
    pattern: Pattern[str]
    methods: frozenset[str]
    needs: Needs


@dataclass(frozen=True, slots=True)
class Gate:
    """Middleware that lets those in who may, and notes whom it does not.

    `problem` tells why nobody is known, while the database could not be read yet.
    """

    _app: ASGIApp
    _routes: Sequence[GuardedRoute]
    _access: Access
    _refusals: Refusals
    _problem: Callable[[], str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(STATIC):
            asks = scope["method"] == "OPTIONS"
            await (answer_options(["GET"]) if asks else self._app)(scope, receive, send)
            return
        await self._access.follow_soon()
        client, state = scope.get("client"), scope.setdefault("state", {})
        address, request_id = client[0] if client else None, state.get("request_id")
        connection = HTTPConnection(scope)
        principal = find_principal(self._access, connection, counts=LIVE_UPDATE not in connection.headers)
        state[ACTOR] = Actor("anonymous", None, address, request_id)
        if principal is not None:
            state[PRINCIPAL] = principal = principal.seen(address, request_id)
            state[ACTOR], state[PERSON] = principal.actor, principal.person
            note_holder(scope, principal.actor.credential)
            logs.bind(actor=principal.actor.name, credential=principal.actor.credential)
        answer = await self._refusal(scope, principal) or self._options(scope)
        await (answer or self._app)(scope, receive, send)

    def _options(self, scope: Scope) -> Response | None:
        """Return the answer to an OPTIONS, where there is something."""
        methods = list_methods(self._routes, scope["path"]) if scope["method"] == "OPTIONS" else []
        return answer_options(methods) if methods else None

    async def _refusal(self, scope: Scope, principal: Principal | None) -> Response | None:
        """Return what to answer to who may not come in."""
        path, method = scope["path"], scope["method"]
        if method == "OPTIONS":
            method = self._usable(path, principal)
        route, parts = self._find(path, method)
        # What is at no route is told to those who may read, and to nobody else.
        needs = STATE if route is None else route.needs
        needed = needs.level(method) if route is not None else "read"
        if needed is None:
            return None
        error: ProviderError
        if principal is not None:
            if principal.grant.allows(needed) or needs.allows(principal, method, parts):
                return None
            what = needs.words(method, parts)
            error = Forbidden(Message("{name} may not do this: it needs {what}", name=principal.actor.name, what=what))
            # All requests for one route are of one kind, and all for none: else a token could fill the audit.
            kind = "" if route is None else f"{method} {told(route.path, parts)}"
            await self._refusals.note(principal.actor, kind, f"{method} {printable(hidden(path))}")
        elif not self._access.is_known:
            error = Unavailable(self._problem())
        elif needs.page and scope["method"] in READING:
            query = scope["query_string"].decode("latin-1")
            return RedirectResponse(f"{LOGIN}?next={quote(path + (f'?{query}' if query else ''), safe='')}", 303)
        else:
            error = Unauthenticated(_why_unknown(HTTPConnection(scope)))
        return problems.from_error(error, path)

    def _usable(self, path: str, principal: Principal | None) -> str:
        """Return a method of a path that somebody may use, if there is one: then they may ask which there are."""
        methods = list_methods(self._routes, path)
        for method in methods:
            route, parts = self._find(path, method)
            needs = STATE if route is None else route.needs
            if needs.level(method) is None or (principal is not None and needs.allows(principal, method, parts)):
                return method
        return methods[0] if methods else "OPTIONS"

    def _find(self, path: str, method: str) -> tuple[GuardedRoute | None, dict[str, Any]]:
        for route in self._routes:
            matched = route.pattern.match(path)
            if matched is not None and method in route.methods:
                return route, matched.groupdict()
        return None, {}


def _why_unknown(connection: HTTPConnection) -> str:
    """Say why nobody is known by what was sent."""
    given = connection.headers.getlist("authorization")
    if len(given) > 1:
        return Message("there are several Authorization headers: send one")
    if given:
        scheme, _space, token = given[0].partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return Message("the Authorization header has no token: send it as `Authorization: Bearer …`")
        return Message("this token is not valid: it is mistyped, expired or revoked")
    if find_session(connection):
        return Message("your session has ended: log in again")
    return Message("send a token as `Authorization: Bearer …`, or log in")


def find_principal(access: Access, connection: HTTPConnection, *, counts: bool = True) -> Principal | None:
    """Find who asks: by the token in the `Authorization` header if there is one, else by the session's cookie.

    Unless it `counts`, a session stays as idle as it was: what a page asks for by itself is nothing that a person does.
    """
    given = connection.headers.getlist("authorization")
    if given:
        return access.find_by_header(given[0].encode("latin-1")) if len(given) == 1 else None
    session = find_session(connection)
    return access.find_by_session(session, datetime.now(UTC), counts=counts) if session else None


def pages_of(routes: Sequence[GuardedRoute]) -> Callable[[str, str], bool]:
    """Return what tells whether there is a page, or a form, at a path, by the method: one that not everybody sees."""

    def is_page(path: str, method: str) -> bool:
        return any(
            route.needs.page and route.needs.level(method) and method in route.methods and route.pattern.match(path)
            for route in routes
        )

    return is_page


def list_routes(api: FastAPI) -> list[GuardedRoute]:
    """Return all routes with what they need. Raises `LookupError` for one that does not say."""
    routes = []
    for route in api.routes:
        if isinstance(route, Mount):  # the static files
            continue
        declared = route.dependencies if isinstance(route, APIRoute) else []
        needs = [each.dependency for each in declared if isinstance(each.dependency, Needs)]
        if not isinstance(route, APIRoute) or not needs:
            raise LookupError(f"{getattr(route, 'path', route)} does not say who may use it")
        routes.append(GuardedRoute(route.path_format, route.path_regex, frozenset(route.methods or ()), needs[-1]))
    return routes
