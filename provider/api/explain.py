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
        description="What is asked for, with its host.",
        examples=["http://alvin.xyz/api"],
        json_schema_extra=_TEXT,
    ),
    AfterValidator(check_text),
]
HeaderText = Annotated[str, Field(max_length=_LONGEST_HEADER, json_schema_extra=_TEXT), AfterValidator(check_text)]
METHOD = Annotated[HeaderText, Query(description="Method of the request.", examples=["GET"])]
HEADERS = Annotated[
    list[HeaderText],
    Query(max_length=_MOST_HEADERS, description="Header of the request, as `Name: value`; it may stand several times."),
]
CLIENT = Annotated[HeaderText | None, Query(description="IP address of who asks; without it no ClientIP matches.")]
ENTRY_POINT = Annotated[
    EntryPointName | None,
    Query(
        alias="entryPoint",
        description="Entry point of Traefik at which it comes in. Without it: for a URL of https the secure one, if a "
        "router listens there; else the plain one.",
    ),
]


class FailureOutput(BaseModel):
    """One matcher that stood in the way of a request."""

    model_config = output_config()

    matcher: Annotated[str, Field(description="The matcher, as it is written in a rule.")]
    wanted: Annotated[str, Field(description="What it wants, in words.")]
    got: Annotated[str, Field(description="What the request had, in words.")]


class CandidateOutput(BaseModel):
    """A router that matched, or nearly did."""

    model_config = output_config()

    router: Annotated[str, Field(description="Name of the router.")]
    verdict: Annotated[Verdict, Field(description="What became of it.")]
    why: Annotated[str, Field(description="The same in words.")]
    rule: Annotated[str, Field(description="Its rule, as Traefik has it.")]
    priority: Annotated[int, Field(description="Its rank: the priority that is set, or the length of its rule.")]
    behind: Annotated[int | None, Field(description="By how much its rank is lower than the winner's, if it matched.")]
    failures: Annotated[list[FailureOutput], Field(description="What stood in the way, if it nearly matched.")]


class ExplainedServer(BaseModel):
    """A server that may answer the request."""

    model_config = output_config()

    name: Annotated[str, Field(description="Name of the server.")]
    url: Annotated[str, Field(description="Where it is.")]
    share: Annotated[float, Field(description="Part of the service's new requests that it gets, 0 to 1.")]
    service: Annotated[
        str | None,
        Field(
            description="Name of the service that has it: left out where that is the service of the router.",
            exclude_if=lambda name: name is None,
        ),
    ] = None


class StepOutput(BaseModel):
    """A middleware that the request comes to, and what becomes of it there."""

    model_config = output_config()

    middleware: Annotated[str, Field(description="Name of the middleware.")]
    does: Annotated[str, Field(description="What it does, in words.")]
    outcome: Annotated[
        Fate,
        Field(
            description="What becomes of this request: it `passes` as it is; it `changes`, or its answer does; it "
            "`depends` on what is not known whether it goes on; or it `ends` there."
        ),
    ]
    why: Annotated[str, Field(description="The same in words.")]
    target: Annotated[str, Field(description="Path and query as they are after it.")]
    chain: Annotated[str | None, Field(description="Name of the chain of which it is a member; null for none.")] = None
    status: Annotated[
        int | None, Field(ge=100, le=599, description="Status of the answer, where it ends; null where it does not.")
    ] = None
    location: Annotated[str | None, Field(description="Where the answer redirects; null where it does not.")] = None


class LostOutput(BaseModel):
    """A router that would have taken the request not long ago."""

    model_config = output_config()

    router: Annotated[str, Field(description="Name of the router.")]
    revision: Annotated[int, Field(description="Number of the revision that removed, disabled or changed it.")]
    author: Annotated[str, Field(description="Who made that revision.")]
    why: Annotated[str, Field(description="The same in words.")]


class DeviationOutput(BaseModel):
    """An edge that does something else with the request, or of which something is amiss with that router."""

    model_config = output_config()

    edge: Annotated[str, Field(description="Name of the edge.")]
    router: Annotated[str | None, Field(description="Name of the router that takes it there; null for none: 404.")]
    why: Annotated[str, Field(description="Why, in words: Traefik's own, where Traefik says it.")]


class ExplainOutput(BaseModel):
    """Who takes a request."""

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

    router: Annotated[str | None, Field(description="Name of the router that takes it; null for none.")]
    why: Annotated[str, Field(description="Why that one, in words.")]
    candidates: Annotated[list[CandidateOutput], Field(description="Who matched, the highest rank first, or nearly.")]
    matched: Annotated[int, Field(description="How many routers match; more than are listed, perhaps.")]
    steps: Annotated[
        list[StepOutput],
        Field(
            description="The middlewares that it comes to, in order. Where the last one `ends` it, no server gets it."
        ),
    ] = []
    target: Annotated[
        str | None,
        Field(description="Path and query for which a server is asked; null where none is."),
    ] = None
    service: Annotated[str | None, Field(description="Name of the service that it is handed to.")]
    servers: Annotated[
        list[ExplainedServer],
        Field(description="The servers of that service, or of those of which it is made, by name."),
    ]
    lost: Annotated[
        LostOutput | None, Field(description="Who took it not long ago, where nobody does now; null for none.")
    ] = None
    elsewhere: Annotated[
        list[str],
        Field(
            description="The services of other providers that may answer: left out where there is none.",
            exclude_if=lambda names: not names,
        ),
    ] = []
    edges: Annotated[
        list[DeviationOutput],
        Field(
            description="The edges that poll and do something else with it: left out where none does. A router that "
            "none serves takes nothing.",
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
    """Tell which router takes a request and why, which others matched or nearly did, and who answers it."""
    headers = [_read_header(number, text) for number, text in enumerate(header)]
    try:
        request = rules.asked(url, method, headers, client)
        begun = passages.begin(url, method, headers, client)
    except rules.BadRequest as error:
        raise Invalid([FieldError(pointer(error.part), "request.refused", str(error), "query")]) from None
    entry_point = entry_point or _usual_entry_point(routing.routes(), revisions.points, url)
    answered = forecast(routing.routes(), request, entry_point, standings)
    found = answered.explanation
    service = found.route.service if found.route else None
    passage, answering = _follow(revisions, health, found.route, begun)
    return ExplainOutput(
        router=found.route.name if found.route else None,
        why=found.why,
        candidates=[_candidate(candidate) for candidate in found.candidates],
        matched=found.matched,
        steps=[] if passage is None else [_step(step) for step in passage.steps],
        target=None if passage is None else passage.target,
        service=service,
        servers=_servers(answering, service),
        lost=None if found.route or found.refused else _find_lost(revisions, request, entry_point),
        elsewhere=list(answering.elsewhere),
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
        detail = "a header is written as 'Name: value'"
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
