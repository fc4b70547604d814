"""`/api/v1/explain`: which router takes a request, and why."""

from typing import Annotated, Final

from fastapi import Query, Response
from pydantic import AfterValidator, Field

from provider import lost, passages, rules
from provider.api import documentation
from provider.api.answers import answer
from provider.api.explained import (
    CandidateOutput,
    ExplainedServer,
    ExplainOutput,
    FailureOutput,
    StepOutput,
)
from provider.api.routers import router_for
from provider.dependencies import HealthDependency, RevisionsDependency, RoutingDependency, StandingsDependency
from provider.edges.forecasts import forecast
from provider.errors import FieldError, Invalid, pointer
from provider.explanations import Candidate
from provider.listening import Listening
from provider.models import LostOutput
from provider.models.types import EntryPointName
from provider.observations import Answering, follow
from provider.passages import Encounter
from provider.security import needs
from provider.values import TEXT_SCHEMA, check_text

router = router_for("explain", needs=needs.STATE)

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
        description="Entry point on which the request arrives. Default: for an https URL the HTTPS entry point, else "
        "the HTTP one.",
    ),
]


@router.get("/explain", response_model=ExplainOutput, responses=documentation.LIST, summary="Explain a request")
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
) -> Response:
    """Return which router takes a request and why, which others match or nearly match, and which server answers."""
    headers = [_read_header(number, text) for number, text in enumerate(header)]
    try:
        request = rules.asked(url, method, headers, client)
        begun = passages.begin(url, method, headers, client)
    except rules.BadRequest as error:
        raise Invalid([FieldError(pointer(error.part), "request.refused", str(error), "query")]) from None
    entry_point = entry_point or revisions.points.of(url)
    answered = forecast(routing.views(), request, entry_point, standings)
    found = answered.explanation
    own = found.route if found.route is None or found.route.takes else None
    service = own.service if own else None
    passage, answering = None, Answering()
    if own is not None:
        with revisions.reading() as session:
            listening = Listening() if revisions.current is None else revisions.current.listening
            passage, _service, answering = follow(session, own, begun, health, listening.points)
    explained = ExplainOutput(
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
        staying=list(answering.staying),
        edges=list(answered.edges),
    )
    return answer(explained)


def _find_lost(revisions: RevisionsDependency, request: rules.Request, entry_point: str) -> LostOutput | None:
    current = revisions.current
    listening = Listening() if current is None else current.listening
    with revisions.reading() as session:
        return lost.find(session, request, entry_point, listening)


def _read_header(number: int, text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        detail = "write a header as 'Name: value'"
        raise Invalid([FieldError(pointer("header", number), "header.format", detail, "query")])
    return name, value.strip(" \t")


def _candidate(candidate: Candidate) -> CandidateOutput:
    return CandidateOutput.of(
        candidate,
        router=candidate.route.name,
        rule=candidate.route.rule.text,
        priority=candidate.route.priority,
        failures=[FailureOutput.of(failure) for failure in candidate.failures],
    )


def _step(step: Encounter) -> StepOutput:
    effect = step.effect
    return StepOutput.of(
        effect,
        middleware=step.stop.name,
        chain=step.stop.chain,
        does=step.stop.words,
        outcome=effect.fate,
        target=effect.request.target,
    )


def _servers(answering: Answering, name: str | None) -> list[ExplainedServer]:
    return [
        ExplainedServer.of(server, service=None if service.name == name else service.name)
        for service, server in answering.servers
    ]
