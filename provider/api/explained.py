"""What `/api/v1/explain` answers: who takes a request, what happens to it on the way, and who may answer it."""

from typing import ClassVar

from provider.explanations import Verdict
from provider.models import DeviationOutput, LostOutput, StayingOutput
from provider.models.shown import Shown, described
from provider.nouns.middlewares.underway import Fate
from provider.nouns.types import Whole


class FailureOutput(Shown):
    """A matcher that failed."""

    matcher: str = described("The matcher, as written in a rule.")
    wanted: str = described("What it requires, in words.")
    got: str = described("What the request has, in words.")


class CandidateOutput(Shown):
    """A router that matches, or nearly matches."""

    router: str = described("Name of the router.")
    verdict: Verdict = described("What happened to the router.")
    why: str = described("The same, as a sentence.")
    rule: str = described("Its rule, as Traefik gets it.")
    priority: int = described(
        "Its priority: as set, or as it follows from its domains and path prefix, or the length of its rule."
    )
    behind: int | None = described("By how much its priority is lower than the winner's, if it matches.")
    failures: list[FailureOutput] = described("The matchers that failed, if it nearly matches.")


class ExplainedServer(Shown):
    """A server that may answer the request."""

    name: str = described("Name of the server.")
    url: str = described("URL of the server.")
    share: float = described("Its share of the service's new requests, 0 to 1.")
    service: str | None = described(
        "Name of the service it belongs to. Absent if that is the router's service.", default=None, omitted=True
    )


class StepOutput(Shown):
    """A middleware that the request reaches, and what happens to it there."""

    middleware: str = described("Name of the middleware.")
    does: str = described("What it does, in words.")
    outcome: Fate = described(
        "What happens to this request: it `passes` unchanged; it `changes`, or its response does; "
        "whether it passes `depends` on something unknown; or it `ends` here."
    )
    why: str = described("The same, as a sentence.")
    target: str = described("Path and query after this middleware.")
    chain: str | None = described("Name of the chain it belongs to; null if none.", default=None)
    status: int | None = described(
        "Status of the response, if the request ends here; otherwise null.", Whole(100, 599), default=None
    )
    location: str | None = described("Where the response redirects to; null if it does not.", default=None)


class ExplainOutput(Shown):
    """Which router takes a request, and why."""

    example: ClassVar = {
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

    router: str | None = described("Name of the router that takes the request, also NAME@PROVIDER; null if none does.")
    why: str = described("Why that router, as a sentence.")
    candidates: list[CandidateOutput] = described(
        "Routers that match, highest priority first, then those that nearly match."
    )
    matched: int = described("Number of routers that match. Not all may be listed.")
    steps: list[StepOutput] = described(
        "The middlewares it reaches, in order. If the last one `ends` it, no server gets the request.", default=[]
    )
    target: str | None = described(
        "Path and query that the server gets; null if no server gets the request.", default=None
    )
    service: str | None = described("Name of the service that the router sends it to.")
    servers: list[ExplainedServer] = described(
        "The servers of that service, or of the services it is made of, by name."
    )
    lost: LostOutput | None = described(
        "The router that used to take it, if none does now; null if unknown.", default=None
    )
    elsewhere: list[str] = described(
        "Services of other providers that may answer. Absent if there are none.", default=[], omitted=True
    )
    staying: list[StayingOutput] = described(
        "Drained servers that keep the visitors they have. Absent if there are none.", default=[], omitted=True
    )
    edges: list[DeviationOutput] = described(
        "Edges that poll and treat the request differently. Absent if there are none. A router that "
        "no edge serves takes no requests.",
        default=[],
        omitted=True,
    )
