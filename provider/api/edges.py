"""`/api/v1/edges`."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Annotated, Final

from fastapi import Response
from pydantic import BaseModel, Field

from provider.api import documentation
from provider.api.outcomes import kept
from provider.api.pages import Page, PageParameters
from provider.api.routers import router_for
from provider.dependencies import ActorDependency, EdgesDependency, RevisionsDependency
from provider.edges.observed import DisabledRouter
from provider.edges.quarantine import Quarantine
from provider.edges.sightings import Sighting, Sightings, find_next_end
from provider.edges.states import Edge, EdgeState
from provider.models import ShownState
from provider.models.base import OutputPart, output_config
from provider.revisions import Revisions
from provider.security import needs, quarantines
from provider.snapshots import Served

router = router_for("edges", "/edges", needs=needs.STATE)

MOST_AMISS: Final = 20

NAME = Annotated[str, documentation.identifier("Name of the edge.", "default")]


class DocumentOutput(OutputPart):
    """A document, by its revision."""

    revision: Annotated[int, Field(description="Number of the revision.")]
    digest: Annotated[str, Field(description="Digest of the document, as in the beacon.")]


class PartOutput(OutputPart):
    """An object that an edge rejected: the edge keeps an older version of it, or does not get it at all."""

    kind: Annotated[str, Field(description="`router` or `service`.")]
    name: Annotated[str, Field(description="Name of the object.")]
    revision: Annotated[int, Field(description="Number of the revision that changed it to what the edge rejected.")]
    author: Annotated[str, Field(description="Author of that revision; empty if unknown.")]


class QuarantineOutput(OutputPart):
    """A document that the edge rejected, and the objects left out for this edge because of that."""

    rejected: DocumentOutput
    accepted: DocumentOutput
    changes: Annotated[list[str], Field(description="What changed between the two documents, as sentences.")]
    parts: Annotated[list[PartOutput], Field(description="The objects at fault.")]
    searching: Annotated[
        bool,
        Field(
            description="Whether the search for the objects at fault is still going on. "
            "Until it is done, more of them may be left out."
        ),
    ]


class DisabledRouterOutput(OutputPart):
    """A router that Traefik disabled, or serves only in part."""

    kind: Annotated[str, Field(description="Its kind: `router`, `tcpRouter` or `udpRouter`.")]
    name: Annotated[str, Field(description="Name of the router in Traefik.")]
    error: Annotated[str, Field(description="Traefik's reason.")]


class ShownDomainOutput(OutputPart):
    """A domain for which the edge shows no valid certificate, or one that expires soon."""

    domain: Annotated[str, Field(description="The domain, as an A-label.")]
    state: Annotated[ShownState, Field(description="The state of the certificate, as in a domain's `certificates`.")]
    since: Annotated[datetime | None, Field(description="Since when it has been in this state.")]
    why: Annotated[str, Field(description="The same, as a sentence.")]


class CertificatesOutput(OutputPart):
    """Which certificates the edge really shows for domains with HTTPS, as seen in TLS handshakes."""

    domains: Annotated[int, Field(ge=0, description="Number of domains with HTTPS that were checked.")]
    good: Annotated[int, Field(ge=0, description="Number of those whose certificate browsers accept.")]
    next_end: Annotated[datetime | None, Field(description="When the first of these certificates expires.")]
    amiss: Annotated[list[ShownDomainOutput], Field(description=f"Domains with a problem, at most {MOST_AMISS}.")]


class EdgeOutput(BaseModel):
    """An edge: a Traefik that polls."""

    model_config = output_config(
        {
            "name": "default",
            "state": "rejected",
            "since": "2026-01-01T12:00:00Z",
            "detail": "it rejected router wayshub of revision 7 by sari; everything else works",
            "address": "127.0.0.1",
            "instances": 1,
            "addresses": ["127.0.0.1"],
            "firstSeen": "2026-01-01T11:00:00Z",
            "lastSeen": "2026-01-01T12:00:05Z",
            "given": {"revision": 6, "digest": "0c7a9e1f24b3"},
            "givenAt": "2026-01-01T12:00:00Z",
            "running": "0c7a9e1f24b3",
            "version": "3.7.15",
            "startedAt": "2026-01-01T11:00:00Z",
            "entryPoints": {"web": ":8080"},
            "disabledRouters": [],
            "partlyServedRouters": [],
            "certificates": {"domains": 1, "good": 1, "nextEnd": "2026-04-01T00:00:00Z", "amiss": []},
            "quarantine": {
                "rejected": {"revision": 7, "digest": "f8d11bf8ddb1"},
                "accepted": {"revision": 6, "digest": "0c7a9e1f24b3"},
                "changes": ["router wayshub added"],
                "parts": [{"kind": "router", "name": "wayshub", "revision": 7, "author": "sari"}],
                "searching": False,
            },
        }
    )

    name: Annotated[str, Field(description="The name under which it polls.")]
    state: EdgeState
    since: Annotated[datetime | None, Field(description="Since when it has been in this state.")]
    detail: Annotated[str, Field(description="The state, as a sentence.")]
    address: Annotated[str | None, Field(description="The address of its last poll.")]
    instances: Annotated[
        int,
        Field(
            ge=0,
            description="Number of Traefiks that poll under this name, as far as they can be told apart. If there are "
            "several, only one of them can be read, and the edge is never `live`.",
        ),
    ]
    addresses: Annotated[list[str], Field(description="The addresses from which they poll.")]
    first_seen: Annotated[datetime | None, Field(description="When it first polled.")]
    last_seen: Annotated[datetime | None, Field(description="When its last poll was answered.")]
    given: Annotated[DocumentOutput | None, Field(description="The document it was last given.")]
    given_at: Annotated[datetime | None, Field(description="When it was first given that document.")]
    running: Annotated[str | None, Field(description="Digest of the document it runs, according to its API.")]
    version: Annotated[str | None, Field(description="Traefik's version.")]
    started_at: Annotated[str | None, Field(description="When Traefik started.")]
    entry_points: Annotated[
        dict[str, str], Field(description="Addresses of its entry points by name, according to its API.")
    ]
    disabled_routers: Annotated[list[DisabledRouterOutput], Field(description="Routers that it does not serve.")]
    partly_served_routers: Annotated[
        list[DisabledRouterOutput], Field(description="Routers that it serves on only some of their entry points.")
    ]
    certificates: CertificatesOutput
    quarantine: Annotated[
        QuarantineOutput | None, Field(description="The document it rejected; null if there is none.")
    ]


# All of these run in the event loop's thread, where the edges live.


@router.get("", summary="List edges", responses=documentation.LIST)
async def list_edges(edges: EdgesDependency, revisions: RevisionsDependency, page: PageParameters) -> Page[EdgeOutput]:
    """Return the Traefiks that poll, and those that are expected to. `q` searches the name."""
    known = [edge for edge in edges if edge.name > (page.after or "") and (page.q or "").lower() in edge.name]
    listed = [await shown(edge, revisions, edges.sightings) for edge in known[: page.limit + 1]]
    return page.answer(listed, lambda edge: edge.name)


@router.get("/{name}", summary="Show an edge", responses=documentation.READ_PLAIN)
async def show_edge(edges: EdgesDependency, revisions: RevisionsDependency, name: NAME) -> EdgeOutput:
    """Return an edge: its state, the document it was given, and the one it runs."""
    return await shown(edges.get(name), revisions, edges.sightings)


@router.delete("/{name}/quarantine", status_code=204, summary="Lift a quarantine", responses=documentation.LIFT)
async def lift_quarantine(
    edges: EdgesDependency, revisions: RevisionsDependency, actor: ActorDependency, name: NAME
) -> Response:
    """Offer the edge the rejected parts again."""
    await quarantines.lift(edges, revisions, edges.get(name), actor)
    return kept(revisions)


async def shown(edge: Edge, revisions: Revisions, sightings: Sightings) -> EdgeOutput:
    observed = edge.observation
    return EdgeOutput.model_construct(
        name=edge.name,
        state=edge.verdict.state,
        since=edge.since,
        detail=edge.verdict.detail,
        address=edge.address,
        instances=edge.pollers.instances,
        addresses=edge.pollers.addresses,
        first_seen=edge.first_seen,
        last_seen=edge.last_seen,
        given=_document(edge.given) if edge.given else None,
        given_at=edge.given_date,
        running=observed.digest if observed else None,
        version=observed.version if observed else None,
        started_at=observed.started if observed else None,
        entry_points=dict(observed.entry_points) if observed else {},
        disabled_routers=_routers(observed.disabled if observed else ()),
        partly_served_routers=_routers(observed.warned if observed else ()),
        certificates=_certificates(sightings.of_edge(edge.name)),
        quarantine=await _quarantine(edge.quarantine, revisions),
    )


def _certificates(seen: Mapping[str, Sighting]) -> CertificatesOutput:
    amiss = [(domain, seen[domain]) for domain in sorted(seen) if seen[domain].state is not ShownState.GOOD]
    return CertificatesOutput.model_construct(
        domains=len(seen),
        good=sum(each.is_accepted for each in seen.values()),
        next_end=find_next_end(seen.values()),
        amiss=[
            ShownDomainOutput.model_construct(domain=domain, state=each.state, since=each.since, why=each.why)
            for domain, each in islice(amiss, MOST_AMISS)
        ],
    )


def _routers(listed: Iterable[DisabledRouter]) -> list[DisabledRouterOutput]:
    return [
        DisabledRouterOutput.model_construct(kind=router.kind, name=router.name, error=router.error)
        for router in listed
    ]


async def _quarantine(quarantine: Quarantine | None, revisions: Revisions) -> QuarantineOutput | None:
    if quarantine is None:
        return None
    accepted, rejected = quarantine.accepted, quarantine.rejected
    changes = await asyncio.to_thread(revisions.changed_between, quarantine.since, rejected.revision)
    return QuarantineOutput.model_construct(
        rejected=_document(rejected),
        accepted=_document(accepted),
        changes=[change.words for change in changes],
        parts=[
            PartOutput.model_construct(kind=kind, name=name, revision=held.revision, author=held.author)
            for (kind, name), held in quarantine.culprits.items()
        ],
        searching=quarantine.is_searching,
    )


def _document(snapshot: Served) -> DocumentOutput:
    return DocumentOutput.model_construct(revision=snapshot.revision, digest=snapshot.document.digest)
