"""The composition root: settings in, an ASGI application out. Only this module knows all the others."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from provider import __version__, configuration
from provider.api import (
    audit,
    declarations,
    documentation,
    domains,
    expose,
    health,
    openapi,
    problems,
    routers,
    servers,
    services,
)
from provider.api import edges as edges_api
from provider.api import metrics as metrics_api
from provider.api import tokens as tokens_api
from provider.api.access import Gate, list_routes
from provider.api.bodies import LONGEST_BYTES_OF_ALL, BodyLimit
from provider.api.browsers import Browsers, Hosts
from provider.api.configuration import PATH, ConfigurationEndpoint
from provider.api.requests import Requests, list_templates
from provider.api.writing import PREFIX
from provider.configuration import Document, Parts
from provider.database.sessions import Database
from provider.edges.fallback import Fallback
from provider.edges.memory import Memory
from provider.edges.polls import Polls
from provider.edges.registry import Edges
from provider.edges.watch import watch
from provider.metrics import Metrics
from provider.revisions import Revisions
from provider.security.access import Access
from provider.security.logins import Logins
from provider.security.refusals import Refusals
from provider.settings import Settings
from provider.web import languages, pages, preferences, sessions
from provider.web.errors import ErrorPages
from provider.web.rendering import Templates

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0


class Application:
    """The ASGI application: the edges' polls go straight to their endpoint, all else to FastAPI."""

    def __init__(self, api: FastAPI, guarded: ASGIApp, endpoint: ASGIApp, polls: Polls, metrics: Metrics) -> None:
        self.api = api
        self.polls = polls
        self._endpoint = endpoint
        self._requests = Requests(ErrorPages(guarded, api.state.templates), list_templates(api), metrics.requested)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the application's life."""
        if scope["type"] == "http" and scope["path"] == PATH:
            await self._endpoint(scope, receive, send)
        else:
            await self._requests(scope, receive, send)


def create_app(settings: Settings, assemble: Callable[[Parts], Document] = configuration.assemble) -> Application:
    """Make the application. Nothing is opened before it starts.

    `assemble` makes the document of each change; another one is of use only to find out what an edge
    does with a document that it cannot take.
    """
    database = Database(settings.database_path)
    revisions = Revisions(database, assemble, settings.allowed_networks)
    polls = Polls(settings.coalesce_ms / 1000)
    edges = Edges(revisions, polls, settings.traefik_api_urls)
    memory = Memory(database, edges)
    fallback = Fallback(settings.fallback_file, edges)
    edges.follow(fallback.is_at)
    access, refusals = Access(database), Refusals(database)
    metrics = Metrics(database, revisions, polls, edges, named=settings.traefik_api_urls.keys(), polls_route=PATH)
    revisions.subscribe(polls.publish)
    revisions.observe(metrics.changed)
    edges.subscribe(metrics.judged)

    @asynccontextmanager
    async def lifespan(_api: FastAPI) -> AsyncIterator[None]:
        loaded = await asyncio.to_thread(revisions.load)
        polls.open(asyncio.get_running_loop(), revisions.current)
        recalled = await memory.recall()  # before anybody is given what he rejected
        await access.follow()
        tasks = [asyncio.create_task(watch(edges)), asyncio.create_task(memory.keep(recalled=recalled))]
        tasks.append(asyncio.create_task(fallback.keep()))
        tasks.append(asyncio.create_task(access.keep()))
        if not loaded:
            tasks.append(asyncio.create_task(_load_later(revisions)))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        polls.close()
        await asyncio.to_thread(database.close)

    api = FastAPI(
        title="wayshub-provider",
        version=__version__,
        summary="The control plane of a Traefik edge.",
        description="Domains, routers, services and servers, served to Traefik's HTTP provider. "
        "Durations are texts with their unit (`5s`), weights are whole numbers from 1 to 1000, shares are 0 to 1.",
        lifespan=lifespan,
        docs_url=None,
        openapi_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    api.state.revisions = revisions
    api.state.edges = edges
    api.state.metrics = metrics
    api.state.fallback = fallback
    api.state.logins = Logins(database)
    api.state.templates = Templates(languages.load())
    api.state.started_at = monotonic()
    api.add_middleware(BodyLimit, longest_bytes={declarations.APPLY: LONGEST_BYTES_OF_ALL})
    problems.install(api)
    for module in (domains, services, servers, routers, expose, edges_api, tokens_api, audit, declarations):
        api.include_router(module.router, prefix=PREFIX)
    api.include_router(health.router)
    api.include_router(openapi.router)
    api.include_router(metrics_api.router)
    for page in (pages, preferences, sessions):
        api.include_router(page.router)
    api.mount("/static", pages.static_files)
    api.openapi = documentation.describe(api)  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    hosts = Hosts(settings.allowed_host_names)
    gate = Gate(api, list_routes(api), access, refusals, lambda: revisions.problem)
    endpoint = ConfigurationEndpoint(revisions, polls, edges, metrics, hosts, access, refusals)
    return Application(api, Browsers(gate, hosts), endpoint, polls, metrics)


async def _load_later(revisions: Revisions) -> None:
    """Try again until the state can be read: the database may be locked now, or migrated later."""
    logger.error("%s", revisions.problem)
    loaded = False
    while not loaded:
        await asyncio.sleep(_RETRY_SECONDS)
        loaded = await asyncio.to_thread(revisions.load)
    logger.info("the state can be read now")
