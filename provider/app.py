"""The composition root: settings in, an ASGI application out. Only this module knows all the others."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from time import monotonic

from fastapi import APIRouter, FastAPI
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from provider import __version__, configuration, tls
from provider.alarms import Alarms
from provider.apart.turns import Turns
from provider.api import (
    audit,
    conflicts,
    declarations,
    documentation,
    domains,
    explain,
    expose,
    health,
    openapi,
    problems,
    routers,
    servers,
    services,
)
from provider.api import edges as edges_api
from provider.api import events as events_api
from provider.api import metrics as metrics_api
from provider.api import revisions as revisions_api
from provider.api import tokens as tokens_api
from provider.api.access import Gate, list_routes, pages_of
from provider.api.bodies import LONGEST_BYTES_OF_ALL, BodyLimit
from provider.api.browsers import Browsers, Hosts
from provider.api.configuration import PATH, ConfigurationEndpoint
from provider.api.methods import Heads
from provider.api.proxies import Proxies
from provider.api.requests import Requests, list_templates
from provider.api.writing import PREFIX
from provider.configuration import Document, Parts
from provider.database.sessions import Database
from provider.edges.entry_points import EntryPoints
from provider.edges.fallback import Fallback
from provider.edges.memory import Memory
from provider.edges.polls import Polls
from provider.edges.recognition import recognise
from provider.edges.registry import Edges
from provider.edges.trials import Trials
from provider.edges.watch import watch
from provider.events import Events
from provider.metrics import Metrics
from provider.revisions import Revisions
from provider.routing import Routing
from provider.security.access import Access
from provider.security.logins import Logins
from provider.security.refusals import Refusals
from provider.settings import Settings
from provider.web import accounts as accounts_pages
from provider.web import applications, brakes, exposing, languages, learn, overview, pages, preferences, sessions, trace
from provider.web import audit as audit_pages
from provider.web import domains as domain_pages
from provider.web import edges as edges_pages
from provider.web import revisions as revisions_pages
from provider.web import rollbacks as rollback_pages
from provider.web import routers as router_pages
from provider.web import servers as server_pages
from provider.web import services as service_pages
from provider.web import tokens as tokens_pages
from provider.web import undos as undo_pages
from provider.web.errors import ErrorPages
from provider.web.kept import Kept
from provider.web.rendering import Templates

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0


class Application:
    """The ASGI application: the edges' polls go straight to their endpoint, all else to FastAPI."""

    def __init__(
        self,
        api: FastAPI,
        settings: Settings,
        guarded: ASGIApp,
        endpoint: ASGIApp,
        polls: Polls,
        events: Events,
        metrics: Metrics,
    ) -> None:
        self.api = api
        self.certificate: tls.Certificate | None = api.state.certificate
        self.polls = polls
        self._events = events
        self._endpoint = endpoint
        self._outermost: ASGIApp = self._route
        if settings.trusted_proxies:
            self._outermost = Proxies(self._route, settings.trusted_networks, settings.public_url)
        self._requests = Requests(
            Heads(ErrorPages(guarded, api.state.templates, api.state.kept, pages_of(list_routes(api)))),
            list_templates(api),
            metrics.requested,
            lambda: events.id(events.last),
        )

    def release(self) -> None:
        """Let go of all who wait for something to happen: the held polls, and who listens to events."""
        self.polls.close()
        self._events.close()

    @staticmethod
    def refusal(status: int, code: str, title: str, detail: str) -> Response:
        """Write what is answered to a request of which no more is read."""
        return problems.problem(status, code, title, detail, "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the application's life."""
        await self._outermost(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            await self._endpoint(scope, receive, send)
        else:
            await self._requests(scope, receive, send)


def create_app(settings: Settings, assemble: Callable[[Parts], Document] = configuration.assemble) -> Application:
    """Make the application. Nothing is opened before it starts.

    `assemble` makes the document of each change; another one is of use only to find out what an edge
    does with a document that it cannot take.
    """
    database, certificate = Database(settings.database_path), settings.certificate
    revisions = Revisions(database, assemble, settings.server_places, settings.retention)
    polls = Polls(settings.coalesce_ms / 1000, revisions.assemble)
    edges = Edges(revisions, polls, settings.traefik_api_urls)
    memory = Memory(database, edges)
    trials, fallback = Trials(), Fallback(settings.fallback_file, edges)
    edges.follow(fallback.is_at)
    access, refusals = Access(database), Refusals(database)
    events = Events(revisions, edges)
    alarms = Alarms(revisions, edges, fallback, certificate)
    metrics = Metrics(
        database,
        revisions,
        polls,
        edges,
        alarms,
        named=settings.traefik_api_urls.keys(),
        polls_route=PATH,
        certificate=certificate,
    )
    _connect(revisions, polls, edges, metrics, events)

    @asynccontextmanager
    async def lifespan(_api: FastAPI) -> AsyncIterator[None]:
        loaded = await asyncio.to_thread(revisions.load)
        polls.open(asyncio.get_running_loop(), revisions.current)
        events.open(asyncio.get_running_loop())
        recalled = await memory.recall()  # before anybody is given what he rejected
        await access.follow()
        keeping = [
            watch(edges),
            memory.keep(recalled=recalled),
            recognise(edges, database),
            fallback.keep(),
            access.keep(),
            events.keep(),
            _probe(revisions),
            tls.keep(certificate),
        ]
        tasks = [asyncio.create_task(task) for task in keeping]
        if not loaded:
            tasks.append(asyncio.create_task(_load_later(revisions)))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        polls.close()
        events.close()
        turns.close()
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
        routes=_list_routes(),
    )
    api.state.revisions = revisions
    api.state.turns = turns = Turns(database, revisions.reading)
    api.state.routing = Routing(revisions, lambda: edges.entry_points)
    api.state.entry_points = EntryPoints(edges, settings.entry_point_urls)
    api.state.trials = trials
    api.state.edges = edges
    api.state.alarms, api.state.metrics, api.state.certificate = alarms, metrics, certificate
    api.state.events = events
    api.state.access = access
    api.state.fallback = fallback
    api.state.logins = Logins(database)
    api.state.templates, api.state.kept = Templates(languages.load()), Kept()
    api.state.started_at = monotonic()
    _answer_errors(api)
    api.openapi = documentation.describe(api)  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    hosts = Hosts(settings.allowed_host_names)
    gate = Gate(api, list_routes(api), access, refusals, lambda: revisions.problem)
    endpoint = ConfigurationEndpoint(revisions, polls, edges, metrics, hosts, access, refusals)
    return Application(api, settings, Browsers(gate, hosts, settings.public_url), endpoint, polls, events, metrics)


def _connect(revisions: Revisions, polls: Polls, edges: Edges, metrics: Metrics, events: Events) -> None:
    """Let each hear of what concerns it."""
    revisions.subscribe(polls.publish)
    revisions.subscribe(events.published)
    revisions.observe(metrics.changed)
    edges.subscribe(metrics.judged)
    edges.observe(events.judged)
    edges.health.subscribe(events.observed)


def _answer_errors(api: FastAPI) -> None:
    """Let errors leave it as problems, and on pages what takes much away as a question."""
    api.add_middleware(BodyLimit, longest_bytes={declarations.APPLY: LONGEST_BYTES_OF_ALL})
    problems.install(api)
    brakes.install(api)


@cache
def _list_routes() -> list[BaseRoute]:
    """Return all routes of the REST API, and all pages with their files: made once for all applications of a process.

    What FastAPI makes of them when they are asked for first takes longer than all else of a start.
    """
    made = APIRouter(generate_unique_id_function=lambda route: route.name)
    made.mount("/static", pages.static_files)
    for module in (domains, services, servers, routers, expose, explain, conflicts, edges_api):
        made.include_router(module.router, prefix=PREFIX)
    for module in (events_api, revisions_api, tokens_api, audit, declarations):
        made.include_router(module.router, prefix=PREFIX)
    made.include_router(health.router)
    made.include_router(openapi.router)
    made.include_router(metrics_api.router)
    for page in (overview, exposing, applications, learn, trace, pages, preferences, sessions):
        made.include_router(page.router)
    for page in (
        domain_pages,
        router_pages,
        service_pages,
        server_pages,
        edges_pages,
        revisions_pages,
        rollback_pages,
        undo_pages,
    ):
        made.include_router(page.router)
    for page in (accounts_pages, tokens_pages, audit_pages):
        made.include_router(page.router)
    return made.routes


async def _probe(revisions: Revisions) -> None:
    """Find out again and again whether changes can be kept, and log what became of it, until cancelled."""
    told: str | None = None
    while True:
        if revisions.current is not None:
            await asyncio.to_thread(revisions.probe)
            if (trouble := revisions.find_trouble()) != told:
                told = trouble
                logger.log(
                    logging.ERROR if told else logging.INFO,
                    "%s",
                    f"changes are refused: {told}" if told else "changes are taken again",
                )
        await asyncio.sleep(_RETRY_SECONDS)


async def _load_later(revisions: Revisions) -> None:
    """Try again until the state can be read: the database may be locked now, or migrated later."""
    logger.error("%s", revisions.problem)
    loaded = False
    while not loaded:
        await asyncio.sleep(_RETRY_SECONDS)
        loaded = await asyncio.to_thread(revisions.load)
    logger.info("the state can be read now")
