"""What `/api/v1/explain` answers: who takes a request, what happens to it on the way, and who may answer it."""

from typing import Annotated

from pydantic import BaseModel, Field

from provider.explanations import Verdict
from provider.models.base import OutputPart, output_config
from provider.nouns.middlewares.underway import Fate


class FailureOutput(OutputPart):
    """A matcher that failed."""

    matcher: Annotated[str, Field(description="The matcher, as written in a rule.")]
    wanted: Annotated[str, Field(description="What it requires, in words.")]
    got: Annotated[str, Field(description="What the request has, in words.")]


class CandidateOutput(OutputPart):
    """A router that matches, or nearly matches."""

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


class ExplainedServer(OutputPart):
    """A server that may answer the request."""

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


class StayingOutput(OutputPart):
    """A drained server that keeps its visitors."""

    service: Annotated[str, Field(description="Name of its service.")]
    server: Annotated[str, Field(description="Name of the server.")]
    url: Annotated[str, Field(description="URL of the server.")]
    until: Annotated[
        str, Field(description="Until when it keeps its visitors.", json_schema_extra={"format": "date-time"})
    ]
    cookie: Annotated[str, Field(description="The cookie, as `NAME=VALUE`: a request that has it goes to this server.")]


class StepOutput(OutputPart):
    """A middleware that the request reaches, and what happens to it there."""

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


class LostOutput(OutputPart):
    """A router that used to take the request."""

    router: Annotated[str, Field(description="Name of the router.")]
    revision: Annotated[int, Field(description="Number of the revision that removed, disabled or changed it.")]
    author: Annotated[str, Field(description="Author of that revision.")]
    why: Annotated[str, Field(description="The same, as a sentence.")]


class DeviationOutput(OutputPart):
    """An edge that treats the request differently, or has a problem with that router."""

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
                    "why": "it matches, and no other router does",
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
