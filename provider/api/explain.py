"""`/api/v1/explain`: which router takes a request, and why."""

from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, BaseModel, Field

from provider import lost, passages, rules
from provider.api import documentation
from provider.api.bodies import StrictRoute
from provider.dependencies import HealthDependency, RevisionsDependency, RoutingDependency, StandingsDependency
from provider.edges.forecasts import forecast
from provider.errors import FieldError, Invalid, pointer
from provider.explanations import Candidate, Route, Routes, Verdict
from provider.listening import DEFAULT_POINTS, DefaultEntryPoints, Listening
from provider.models.base import output_config
from provider.models.types import EntryPointName
from provider.nouns import Service
from provider.nouns.common import SERVICE
from provider.nouns.middlewares.underway import Fate, Underway
from provider.observations import Answering, show_answering
from provider.passages import Encounter, Passage
from provider.security import needs
from provider.store import middlewares, nouns
from provider.values import TEXT_SCHEMA, check_text

router = APIRouter(tags=["explain"], route_class=StrictRoute, dependencies=[Depends(needs.STATE)])

_LONGEST_URL: Final = 2000
_LONGEST_HEADER: Final = 300
_MOST_HEADERS: Final = 10
"""All of it, percent-encoded, fits into the line of a request."""

_TEXT: Final = dict(TEXT_SCHEMA)

URL = Annotated[
    str,
    Query(
        max_length=_LONGEST_URL,
        description="URL of the request.",
        examples=["http://alvin.xyz/api"],
        json_schema_extra=_TEXT,
    ),
    AfterValidator(check_text),
]
HeaderText = Annotated[str, Field(max_length=_LONGEST_HEADER, json_schema_extra=_TEXT), AfterValidator(check_text)]
METHOD = Annotated[HeaderText, Query(description="Method of the request.", examples=["GET"])]
HEADERS = Annotated[
    list[HeaderText],
    Query(max_length=_MOST_HEADERS, description="Header of the request, as `Name: value`. Repeat it for several."),
]
CLIENT = Annotated[HeaderText | None, Query(description="IP address of the client. Without it, no ClientIP matches.")]
ENTRY_POINT = Annotated[
    EntryPointName | None,
    Query(
        alias="entryPoint",
        description="Entry point on which the request arrives. Default: for an https URL the HTTPS entry point, if a "
        "router listens there, else the HTTP one.",
    ),
]


class FailureOutput(BaseModel):
    """A matcher that failed."""

    model_config = output_config()

    matcher: Annotated[str, Field(description="The matcher, as written in a rule.")]
    wanted: Annotated[str, Field(description="What it requires, in words.")]
    got: Annotated[str, Field(description="What the request has, in words.")]


class CandidateOutput(BaseModel):
    """A router that matches, or nearly matches."""

    model_config = output_config()

    router: Annotated[str, Field(description="Name of the router.")]
    verdict: Annotated[Verdict, Field(description="What happened to the router.")]
    why: Annotated[str, Field(description="The same, as a sentence.")]
    rule: Annotated[str, Field(description="Its rule, as Traefik gets it.")]
    priority: Annotated[
        int,
        Field(
            description="Its priority: as set, or as it follows from its domains and path "
            "prefix, or the length of its rule."
        ),
    ]
    behind: Annotated[
        int | None, Field(description="By how much its priority is lower than the winner's, if it matches.")
    ]
    failures: Annotated[list[FailureOutput], Field(description="The matchers that failed, if it nearly matches.")]


class ExplainedServer(BaseModel):
    """A server that may answer the request."""

    model_config = output_config()

    name: Annotated[str, Field(description="Name of the server.")]
    url: Annotated[str, Field(description="URL of the server.")]
    share: Annotated[float, Field(description="Its share of the service's new requests, 0 to 1.")]
    service: Annotated[
        str | None,
        Field(
            description="Name of the service it belongs to. Absent if that is the router's service.",
            exclude_if=lambda name: name is None,
        ),
    ] = None


class StayingOutput(BaseModel):
    """A drained server that keeps its visitors."""

    model_config = output_config()

    service: Annotated[str, Field(description="Name of its service.")]
    server: Annotated[str, Field(description="Name of the server.")]
    url: Annotated[str, Field(description="URL of the server.")]
    until: Annotated[str, Field(description="Until when it keeps them.", json_schema_extra={"format": "date-time"})]
    cookie: Annotated[str, Field(description="The cookie, as `NAME=VALUE`: a request that has it goes to this server.")]


class StepOutput(BaseModel):
    """A middleware that the request reaches, and what happens to it there."""

    model_config = output_config()

    middleware: Annotated[str, Field(description="Name of the middleware.")]
    does: Annotated[str, Field(description="What it does, in words.")]
    outcome: Annotated[
        Fate,
        Field(
            description="What happens to this request: it `passes` unchanged; it `changes`, or its response does; "
            "whether it goes on `depends` on something unknown; or it `ends` here."
        ),
    ]
    why: Annotated[str, Field(description="The same, as a sentence.")]
    target: Annotated[str, Field(description="Path and query after this middleware.")]
    chain: Annotated[str | None, Field(description="Name of the chain it belongs to; null if none.")] = None
    status: Annotated[
        int | None,
        Field(ge=100, le=599, description="Status of the response, if the request ends here; otherwise null."),
    ] = None
    location: Annotated[str | None, Field(description="Where the response redirects to; null if it does not.")] = None


class LostOutput(BaseModel):
    """A router that used to take the request."""

    model_config = output_config()

    router: Annotated[str, Field(description="Name of the router.")]
    revision: Annotated[int, Field(description="Number of the revision that removed, disabled or changed it.")]
    author: Annotated[str, Field(description="Author of that revision.")]
    why: Annotated[str, Field(description="The same, as a sentence.")]


class DeviationOutput(BaseModel):
    """An edge that treats the request differently, or has a problem with that router."""

    model_config = output_config()

    edge: Annotated[str, Field(description="Name of the edge.")]
    router: Annotated[str | None, Field(description="Name of the router that takes it there; null if none does (404).")]
    why: Annotated[str, Field(description="Why, in Traefik's words where there are any.")]


class ExplainOutput(BaseModel):
    """Which router takes a request, and why."""

    model_config = output_config(
        {
            "router": "wayshub",
            "why": "it matches, and no other router does",
            "candidates": [
                {
                    "router": "wayshub",
                    "verdict": "takes",
                    "why": "it matches, and ranks highest with 17",
                    "rule": "Host(`alvin.xyz`)",
                    "priority": 17,
                    "behind": 0,
                    "failures": [],
                }
            ],
            "matched": 1,
            "steps": [
                {
                    "middleware": "strip-api",
                    "does": "Removes /api from the path",
                    "outcome": "changes",
                    "why": "the path /api/videos becomes /videos",
                    "target": "/videos",
                }
            ],
            "target": "/videos",
            "service": "wayshub",
            "servers": [{"name": "a", "url": "http://10.0.0.11:3000", "share": 1.0}],
            "lost": None,
        }
    )

    router: Annotated[
        str | None,
        Field(description="Name of the router that takes the request, also NAME@PROVIDER; null if none does."),
    ]
    why: Annotated[str, Field(description="Why that router, as a sentence.")]
    candidates: Annotated[
        list[CandidateOutput],
        Field(description="Routers that match, highest priority first, then those that nearly match."),
    ]
    matched: Annotated[int, Field(description="Number of routers that match. Not all may be listed.")]
    steps: Annotated[
        list[StepOutput],
        Field(
            description="The middlewares it reaches, in order. If the last one `ends` it, no server gets the request."
        ),
    ] = []
    target: Annotated[
        str | None,
        Field(description="Path and query that the server gets; null if no server gets the request."),
    ] = None
    service: Annotated[str | None, Field(description="Name of the service that the router sends it to.")]
    servers: Annotated[
        list[ExplainedServer],
        Field(description="The servers of that service, or of the services it is made of, by name."),
    ]
    lost: Annotated[
        LostOutput | None, Field(description="The router that used to take it, if none does now; null if unknown.")
    ] = None
    elsewhere: Annotated[
        list[str],
        Field(
            description="Services of other providers that may answer. Absent if there are none.",
            exclude_if=lambda names: not names,
        ),
    ] = []
    staying: Annotated[
        list[StayingOutput],
        Field(
            description="Drained servers that keep the visitors they have. Absent if there are none.",
            exclude_if=lambda servers: not servers,
        ),
    ] = []
    edges: Annotated[
        list[DeviationOutput],
        Field(
            description="Edges that poll and treat the request differently. Absent if there are none. A router that "
            "no edge serves takes no requests.",
            exclude_if=lambda edges: not edges,
        ),
    ] = []


@router.get("/explain", responses=documentation.LIST, summary="Explain a request")
def explain(
    routing: RoutingDependency,
    revisions: RevisionsDependency,
    health: HealthDependency,
    standings: StandingsDependency,
    url: URL,
    method: METHOD = "GET",
    header: HEADERS = [],  # noqa: B006  # FastAPI's default, which nobody changes
    client: CLIENT = None,
    entry_point: ENTRY_POINT = None,
) -> ExplainOutput:
    """Return which router takes a request and why, which others match or nearly match, and which server answers."""
    headers = [_read_header(number, text) for number, text in enumerate(header)]
    try:
        request = rules.asked(url, method, headers, client)
        begun = passages.begin(url, method, headers, client)
    except rules.BadRequest as error:
        raise Invalid([FieldError(pointer(error.part), "request.refused", str(error), "query")]) from None
    entry_point = entry_point or _usual_entry_point(routing.routes(), revisions.points, url)
    answered = forecast(routing.routes(), request, entry_point, standings)
    found = answered.explanation
    own = found.route if found.route is None or found.route.takes else None
    service = own.service if own else None
    passage, answering = _follow(revisions, health, own, begun)
    return ExplainOutput(
        router=found.route.taker if found.route else None,
        why=found.why,
        candidates=[_candidate(candidate) for candidate in found.candidates],
        matched=found.matched,
        steps=[] if passage is None else [_step(step) for step in passage.steps],
        target=None if passage is None else passage.target,
        service=service,
        servers=_servers(answering, service),
        lost=None if found.route or found.refused else _find_lost(revisions, request, entry_point),
        elsewhere=list(answering.elsewhere),
        staying=[StayingOutput(**asdict(each)) for each in answering.staying],
        edges=[DeviationOutput(edge=each.edge, router=each.router, why=each.why) for each in answered.edges],
    )


def _usual_entry_point(routes: Routes, points: DefaultEntryPoints, url: str) -> str:
    """Return the entry point at which a URL comes in where none is named."""
    is_secure = url.lower().startswith("https:") and any(
        points.secure in route.entry_points for route in routes.unsorted
    )
    return points.secure if is_secure else points.plain


def _find_lost(revisions: RevisionsDependency, request: rules.Request, entry_point: str) -> LostOutput | None:
    current = revisions.current
    listening = Listening() if current is None else current.listening
    with revisions.reading() as session:
        found = lost.find(session, request, entry_point, listening)
    return None if found is None else LostOutput(**asdict(found))


def _read_header(number: int, text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        detail = "write a header as 'Name: value'"
        raise Invalid([FieldError(pointer("header", number), "header.format", detail, "query")])
    return name, value.strip(" \t")


def _candidate(candidate: Candidate) -> CandidateOutput:
    return CandidateOutput(
        router=candidate.route.name,
        verdict=candidate.verdict,
        why=candidate.why,
        rule=candidate.route.rule.text,
        priority=candidate.route.priority,
        behind=candidate.behind,
        failures=[
            FailureOutput(matcher=failure.matcher, wanted=failure.wanted, got=failure.got)
            for failure in candidate.failures
        ],
    )


def _step(step: Encounter) -> StepOutput:
    effect = step.effect
    return StepOutput(
        middleware=step.stop.name,
        chain=step.stop.chain,
        does=step.stop.words,
        outcome=effect.fate,
        why=effect.why,
        status=effect.status,
        location=effect.location,
        target=effect.request.target,
    )


def _follow(
    revisions: RevisionsDependency, health: HealthDependency, route: Route | None, begun: Underway
) -> tuple[Passage | None, Answering]:
    """Return what becomes of a request that a router takes, and who may answer it."""
    if route is None:
        return None, Answering()
    name = route.service
    with revisions.reading() as session:
        service = nouns.find(session, Service, name)
        points = DEFAULT_POINTS if revisions.current is None else revisions.current.listening.points
        passage = passages.follow(begun, middlewares.stops(session, route, service, points))
        if service is None:  # another provider has it, or it was removed just now
            return passage, Answering(elsewhere=[name] if SERVICE.leads_elsewhere(name) else [])
        return passage, show_answering(session, service, health)


def _servers(answering: Answering, name: str | None) -> list[ExplainedServer]:
    return [
        ExplainedServer(
            name=server.name,
            url=server.url,
            share=server.share,
            service=None if service.name == name else service.name,
        )
        for service, server in answering.servers
    ]
