"""Who may use which route. Each router declares what its routes need; the gate finds who asks, and lets in or not.

It does so before anything of a request is read but its head, so that who may not come in learns nothing:
neither what is there, nor what would be wrong with a body.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from re import Pattern
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from provider.api import problems
from provider.database.sessions import Database
from provider.errors import Forbidden, ProviderError, Unauthenticated, Unavailable
from provider.models import Actor, AuditOutcome
from provider.security.access import Access, Principal, seen_from
from provider.security.needs import READING, STATE, Needs
from provider.store import audit

logger = logging.getLogger(__name__)

PRINCIPAL: Final = "principal"
"""Where the `Principal` of a request is, in the scope's state."""

ACTOR: Final = "actor"
"""Where its `Actor` is."""

COOKIE: Final = "session"
SECURE_COOKIE: Final = "__Host-session"
STATIC: Final = "/static/"


@dataclass(frozen=True, slots=True)
class _Route:
    pattern: Pattern[str]
    methods: frozenset[str]
    needs: Needs


class Gate:
    """Middleware that lets those in who may, and notes whom it does not."""

    def __init__(self, app: ASGIApp, routes: Iterable[_Route], access: Access, database: Database) -> None:
        self._app = app
        self._routes = list(routes)
        self._access = access
        self._database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        principal = find_principal(self._access, headers)
        if principal is not None:
            client = scope.get("client")
            principal = seen_from(principal, client[0] if client else None, scope["state"].get("request_id"))
            bind_contextvars(actor=principal.actor.name, credential=principal.actor.credential)
        refusal = await self._refusal(scope, principal)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        if principal is not None:
            scope["state"][PRINCIPAL], scope["state"][ACTOR] = principal, principal.actor
        await self._app(scope, receive, send)

    async def _refusal(self, scope: Scope, principal: Principal | None) -> Response | None:
        """Return what to answer to who may not come in."""
        path, method = scope["path"], scope["method"]
        if path.startswith(STATIC):
            return None
        found = self._find(path, method)
        needs, parts = found if found is not None else (STATE, {})
        if needs.level(method) is None:
            return None
        error: ProviderError
        if principal is None:
            if needs.page and method in READING:
                return RedirectResponse("/login", 303)
            error = Unauthenticated("send a token as `Authorization: Bearer …`, or log in")
        elif needs.allows(principal, method, parts) or (found is None and principal.grant.allows("read")):
            return None
        else:
            error = Forbidden(f"{principal.actor.name} may not do this")
            await asyncio.to_thread(self._note, principal.actor, f"{method} {path[:200]}")
        return problems.from_error(error, path)

    def _find(self, path: str, method: str) -> tuple[Needs, dict[str, Any]] | None:
        for route in self._routes:
            matched = route.pattern.match(path)
            if matched is not None and method in route.methods:
                return route.needs, matched.groupdict()
        return None

    def _note(self, actor: Actor, what: str) -> None:
        try:
            with self._database.writing() as session:
                audit.add(session, actor, "right.refused", f"{what} refused", outcome=AuditOutcome.REFUSED)
        except Unavailable as error:
            logger.warning("a refusal could not be noted: %s", error.detail)


def find_principal(access: Access, headers: Headers) -> Principal | None:
    """Find who asks: by the token in the `Authorization` header if there is one, else by the session's cookie."""
    now = datetime.now(UTC)
    given = headers.getlist("authorization")
    if given:
        kind, _space, token = given[0].partition(" ")
        return access.find_by_token(token.strip(), now) if len(given) == 1 and kind.lower() == "bearer" else None
    cookies = cookie_parser(headers.get("cookie", ""))
    session = cookies.get(SECURE_COOKIE) or cookies.get(COOKIE)
    return access.find_by_session(session, now) if session else None


def list_routes(api: FastAPI) -> list[_Route]:
    """Return all routes with what they need. Raises `LookupError` for one that does not say."""
    routes = []
    for context in iter_route_contexts(api.routes):
        if context.path is None or context.methods is None:  # what is mounted: the static files
            continue
        declared = [dependency.dependency for dependency in getattr(context, "dependencies", None) or ()]
        needs = [dependency for dependency in declared if isinstance(dependency, Needs)]
        if not needs:
            raise LookupError(f"{context.path} does not say who may use it")
        routes.append(_Route(context.path_regex, frozenset(context.methods), needs[-1]))
    return routes
