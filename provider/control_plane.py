"""The control plane of one process: its parts, by name and type. `app` puts them together; handlers find them here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeVar

from fastapi import FastAPI, Request

from provider.alarms import Alarms
from provider.apart.shelf import Shelf
from provider.apart.turns import Turns
from provider.attempts import Prepared
from provider.confirmations import Confirmations
from provider.database.database import Database
from provider.drains import Drains
from provider.duties import Duties
from provider.edges.awaited import AwaitedCertificates
from provider.edges.entry_points import EntryPoints
from provider.edges.fallback import Fallback
from provider.edges.kept_memory import KeptMemory
from provider.edges.looks import Looks
from provider.edges.memory import Memory
from provider.edges.polls import Polls
from provider.edges.registry import Edges
from provider.edges.trials import Trials
from provider.events import Events
from provider.issuing.issuing import Issuing
from provider.leasing.beats import Beats
from provider.leasing.leasing import Leasing
from provider.metrics.metrics import Metrics
from provider.revisions import Revisions
from provider.rises import Rises
from provider.rollouts.rollouts import Rollouts
from provider.routing import Routing
from provider.security.access import Access
from provider.security.logins import Logins
from provider.security.refusals import Refusals
from provider.serving import Serving
from provider.tls import OwnCertificate

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """All that lives as long as the process does, and of which there is one."""

    database: Database
    duties: Duties
    revisions: Revisions
    confirmations: Confirmations
    serving: Serving
    drains: Drains
    rises: Rises
    polls: Polls
    edges: Edges
    memory: Memory
    kept_memory: KeptMemory
    trials: Trials
    fallback: Fallback
    rollouts: Rollouts
    issuing: Issuing
    leasing: Leasing
    beats: Beats
    entry_points: EntryPoints
    routing: Routing
    turns: Turns
    tried: Shelf[Prepared]
    access: Access
    logins: Logins
    refusals: Refusals
    events: Events
    looks: Looks
    awaited: AwaitedCertificates
    alarms: Alarms
    metrics: Metrics
    certificate: OwnCertificate | None
    started_at: float = field(default_factory=monotonic)
    """When it was made, in seconds of the monotonic clock."""

    def release(self) -> None:
        """Let go of all who wait for something to happen: the held polls, and who listens to events."""
        self.serving.close()
        self.polls.close()
        self.events.close()


class Api(FastAPI):
    """FastAPI, with what its handlers find by its type: the control plane, and what a door has of its own."""

    parts: Sequence[object] = ()


def find_part(request: Request, kind: type[T]) -> T:
    """Find a part of the app that answers a request."""
    api: Api = request.app
    return next(part for part in api.parts if isinstance(part, kind))


def find(request: Request) -> ControlPlane:
    """Find the control plane of the app that answers a request."""
    return find_part(request, ControlPlane)
