"""The composition root: settings in, an ASGI application out. Only this module knows all the others."""

from collections.abc import Callable
from time import monotonic

from fastapi import FastAPI
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from provider import configuration
from provider.alarms import Alarms
from provider.apart.shelf import Shelf
from provider.apart.turns import Turns
from provider.api import (
    acme,
    adoption,
    audit,
    conflicts,
    declarations,
    explain,
    expose,
    health,
    leases,
    openapi,
    problems,
    retries,
)
from provider.api import edges as edges_api
from provider.api import events as events_api
from provider.api import metrics as metrics_api
from provider.api import nouns as nouns_api
from provider.api import revisions as revisions_api
from provider.api import rollouts as rollouts_api
from provider.api import tokens as tokens_api
from provider.api.access import Gate, list_routes, pages_of
from provider.api.bodies import LONGEST_BYTES_OF_ALL, BodyLimit
from provider.api.browsers import Browsers, Hosts
from provider.api.configuration import PATH, ConfigurationEndpoint
from provider.api.heartbeats import Heartbeats
from provider.api.methods import Heads
from provider.api.proxies import Proxies, find_privacy
from provider.api.requests import Requests, list_templates
from provider.configuration import Document
from provider.confirmations import Confirmations
from provider.control_plane import Api, ControlPlane
from provider.database.connecting import database_at
from provider.drains import Drains
from provider.duties import CERTIFICATES, ROLLBACKS, ROLLOUTS, Duties
from provider.edges.awaited import AwaitedCertificates
from provider.edges.entry_points import EntryPoints
from provider.edges.fallback import Fallback
from provider.edges.keepers import Keepers
from provider.edges.keeping import Turned
from provider.edges.kept_memory import KeptMemory
from provider.edges.leaving import find_edges
from provider.edges.looks import Looks
from provider.edges.memory import Memory
from provider.edges.polls import Polls
from provider.edges.registry import Edges
from provider.edges.trials import Trials
from provider.events import Events
from provider.issuing.challenges import FOLDER
from provider.issuing.issuing import Issuing
from provider.leasing.beats import Beats
from provider.leasing.leasing import Leasing
from provider.life import live
from provider.metrics.metrics import Metrics
from provider.models import LeavingOutput
from provider.parts import Parts
from provider.revisions import Revisions
from provider.rises import Rises
from provider.rollouts.rollouts import Rollouts
from provider.routing import Routing
from provider.security.access import Access
from provider.security.logins import Logins
from provider.security.refusals import Refusals
from provider.serving import Serving
from provider.settings import Settings
from provider.version import VERSION
from provider.web import accounts as accounts_pages
from provider.web import (
    applications,
    brakes,
    ca,
    checks,
    exposing,
    languages,
    learn,
    overview,
    pages,
    preferences,
    sessions,
    trace,
)
from provider.web import arrivals as arrival_pages
from provider.web import audit as audit_pages
from provider.web import confirmations as confirmation_pages
from provider.web import edges as edges_pages
from provider.web import events as event_pages
from provider.web import leases as lease_pages
from provider.web import revisions as revisions_pages
from provider.web import rollbacks as rollback_pages
from provider.web import rollouts as rollout_pages
from provider.web import tokens as tokens_pages
from provider.web import undos as undo_pages
from provider.web.errors import ErrorPages
from provider.web.kept import Kept
from provider.web.objects import views
from provider.web.rendering import Templates


class Application:
    """The ASGI application: the edges' polls go straight to their endpoint, all else to FastAPI."""

    def __init__(self, api: Api, settings: Settings, plane: ControlPlane) -> None:
        self.api = api
        self.plane = plane
        hosts, routes = Hosts(settings.allowed_host_names), list_routes(api)
        self._endpoint = ConfigurationEndpoint(
            *(plane.serving, plane.polls, plane.edges, plane.metrics, hosts, plane.access, plane.refusals),
            _find_privacy(settings),
            (lambda: not plane.database.is_hearing) if plane.database.is_shared else None,
        )
        self._heartbeats = Heartbeats(plane.leasing, plane.revisions, plane.access, hosts, plane.metrics)
        gate = Gate(api, routes, plane.access, plane.refusals, lambda: plane.revisions.problem)
        templates, typed = Templates(languages.load()), Kept()
        api.parts = (plane, templates, typed)
        answering = ErrorPages(Browsers(gate, hosts, settings.public_url), templates, typed, pages_of(routes))
        self._requests = Requests(
            Heads(answering), list_templates(api), plane.metrics.requested, lambda: plane.events.id(plane.events.last)
        )
        self._outermost: ASGIApp = self._route
        if settings.trusted_proxies:
            self._outermost = Proxies(self._route, settings.trusted_networks, settings.public_url)

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
        elif scope["type"] == "http" and scope["path"].startswith(FOLDER):
            await self.plane.issuing.challenges(scope, receive, send)
        elif scope["type"] != "http" or not await self._heartbeats(scope, send):
            await self._requests(scope, receive, send)


def _find_privacy(settings: Settings) -> Callable[[Scope], bool]:
    """Return what tells whether nobody on the way can read what a request is answered with, as far as is known."""
    return (lambda _scope: True) if settings.allow_insecure else find_privacy(settings.trusted_networks)


def create_app(settings: Settings, assemble: Callable[[Parts], Document] = configuration.assemble) -> Application:
    """Make the application. Nothing is opened before it starts.

    `assemble` makes the document of each change; another one is of use only to find out what an edge
    does with a document that it cannot take.
    """
    plane = _make_plane(settings, assemble)
    _connect(plane)
    api = Api(
        title="wayshub-provider",
        version=VERSION,
        summary="The control plane of a Traefik edge.",
        description="Manages domains, routers, services and servers, and serves them to Traefik's HTTP provider. "
        "Durations are strings with a unit (`5s`), weights whole numbers from 1 to 1000, shares numbers from 0 to 1.",
        lifespan=lambda _api: live(plane),
        docs_url=None,
        openapi_url=None,
        redoc_url=None,
        redirect_slashes=False,
        routes=_list_routes(),
    )
    _answer_errors(api)
    api.openapi = openapi.describe(api)  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    return Application(api, settings, plane)


def _make_plane(settings: Settings, assemble: Callable[[Parts], Document]) -> ControlPlane:
    database, certificate = database_at(settings.location), settings.certificate
    revisions = Revisions(database, assemble, settings.server_places, settings.retention, settings.points)
    turns = Turns(database, revisions.reading)
    confirmations, serving = Confirmations(revisions, turns), Serving(revisions)
    polls = _make_polls(settings, revisions)
    keepers = Keepers(polls, settings.points, is_on=settings.keep_out)
    edges = Edges(serving, polls, settings.traefik_api_urls, keepers)
    looks = Looks(edges, settings.secure_port, settings.entry_point_urls)
    fallback = Fallback(settings.fallback_file, edges)
    duties = Duties(database)
    # What lays over what is desired is made in order.
    rollouts = Rollouts(database, revisions, serving, edges, duties.duty(ROLLOUTS))
    drains, rises = Drains(serving), Rises(revisions, serving)
    issuing = Issuing(
        *(database, serving, edges, settings.authority, settings.means, settings.points),
        duties.duty(CERTIFICATES),
    )
    leasing = Leasing(revisions, edges.health, duties.duty(ROLLBACKS))
    alarms = Alarms(
        *(revisions, edges, fallback, certificate, confirmations),
        lambda: issuing.holdings.troubles,
        rollouts.list_failed,
        leasing,
    )
    named = settings.traefik_api_urls.keys()
    return ControlPlane(
        database=database,
        duties=duties,
        revisions=revisions,
        confirmations=confirmations,
        serving=serving,
        drains=drains,
        rises=rises,
        polls=polls,
        edges=edges,
        memory=Memory(database, edges),
        kept_memory=KeptMemory(database, edges),
        trials=Trials(),
        fallback=fallback,
        entry_points=EntryPoints(edges, settings.entry_point_urls),
        rollouts=rollouts,
        issuing=issuing,
        leasing=leasing,
        beats=Beats(database, leasing),
        routing=Routing(revisions, lambda: edges.surroundings.known, issuing.holdings.find_trouble),
        turns=turns,
        tried=Shelf(),
        access=Access(database),
        logins=Logins(database),
        refusals=Refusals(database),
        events=Events(revisions, edges),
        looks=looks,
        awaited=AwaitedCertificates(edges, looks),
        alarms=alarms,
        metrics=Metrics(
            *(database, revisions, polls, edges, alarms, confirmations),
            named=named,
            polls_route=PATH,
            certificate=certificate,
            leasing=leasing,
            rollouts=rollouts,
        ),
        certificate=certificate,
    )


def _make_polls(settings: Settings, revisions: Revisions) -> Polls:
    polls = Polls(settings.coalesce_ms / 1000, revisions.assemble)
    for name, version in settings.traefik_versions.items():
        polls.know(name, version)
    return polls


def _connect(plane: ControlPlane) -> None:
    """Let each hear of what concerns it."""
    plane.database.follow(plane.rollouts.heard)
    plane.database.follow(plane.revisions.heard)
    plane.database.follow(plane.rollouts.taken_over)
    plane.database.follow(plane.memory.heard)
    plane.database.follow(plane.kept_memory.heard)
    plane.database.follow(plane.issuing.heard)
    plane.database.follow(plane.confirmations.heard)
    plane.serving.subscribe(plane.polls.publish)
    plane.revisions.subscribe(plane.events.published)
    plane.confirmations.subscribe(plane.events.confirmed)
    plane.revisions.observe(plane.metrics.changed)
    plane.edges.follow(plane.fallback.is_at)
    plane.edges.subscribe(plane.metrics.judged)
    plane.edges.observe(plane.events.judged)
    plane.edges.health.subscribe(plane.events.observed)
    plane.rollouts.subscribe(plane.events.rolled)
    plane.leasing.subscribe(plane.events.leased)
    plane.issuing.subscribe(plane.events.issued)
    plane.edges.keepers.subscribe(plane.events.kept_out)
    plane.edges.keepers.subscribe(lambda _edge, turn: _let_rise(plane.rises, turn))
    plane.edges.health.find_rise = plane.rises.find
    plane.edges.health.find_leaving = lambda service, server: LeavingOutput(
        until=plane.drains.find_until(service, server),
        edges=find_edges(plane.edges.known, service.name, server.url, monotonic()),
    )


def _let_rise(rises: Rises, turn: Turned) -> None:
    """Let servers rise to their weights that were kept out."""
    for server in turn.back:
        rises.begin(server.service, server.url)


def _answer_errors(api: FastAPI) -> None:
    """Let errors leave it as problems, and on pages what takes much away as a question."""
    api.add_middleware(BodyLimit, longest_bytes={declarations.APPLY: LONGEST_BYTES_OF_ALL})
    problems.install(api)
    brakes.install(api)


def _list_routes() -> list[BaseRoute]:
    """Return all routes of the REST API, and all pages with their files. Where two of them match, the first answers."""
    parts = [
        *(retries, expose, adoption, rollouts_api, explain, conflicts, edges_api, leases),
        *(events_api, revisions_api, tokens_api, audit, declarations, acme, health, openapi, metrics_api),
        *(overview, exposing, applications, learn, trace, checks, pages, preferences, sessions),
    ]
    further = [
        *(edges_pages, event_pages, revisions_pages, arrival_pages, rollback_pages, undo_pages, confirmation_pages),
        *(rollout_pages, lease_pages, accounts_pages, tokens_pages, ca, audit_pages),
    ]
    before, after = [part.router for part in parts], [part.router for part in further]
    routers = [*nouns_api.ROUTERS, *before, *views.ROUTERS, *after]
    return [pages.static_files, *(route for router in routers for route in router.routes)]
