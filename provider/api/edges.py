"""`/api/v1/edges`."""

import asyncio
from collections.abc import Mapping
from itertools import islice
from typing import Annotated, ClassVar, Final

from fastapi import Response
from pydantic import AwareDatetime

from provider.api import documentation
from provider.api.answers import answer
from provider.api.outcomes import kept
from provider.api.pages import PageParameters
from provider.api.routers import router_for
from provider.dependencies import ActorDependency, EdgesDependency, RevisionsDependency
from provider.edges.quarantine import Quarantine
from provider.edges.sightings import Sighting, Sightings, find_next_end
from provider.edges.states import Edge, EdgeState
from provider.models import ShownState
from provider.models.shown import Shown, described
from provider.nouns.types import Whole
from provider.revisions import Revisions
from provider.security import needs, quarantines
from provider.snapshots import Served

router = router_for("edges", "/edges", needs=needs.STATE)

MOST_AMISS: Final = 20

NAME = Annotated[str, documentation.identifier("Name of the edge.", "default")]


class DocumentOutput(Shown):
    """A document, by its revision."""

    revision: int = described("Number of the revision.")
    digest: str = described("Digest of the document, as in the beacon.")


class PartOutput(Shown):
    """An object that an edge rejected: the edge keeps an older version of it, or does not get it at all."""

    kind: str = described("`router` or `service`.")
    name: str = described("Name of the object.")
    revision: int = described("Number of the revision that changed it to what the edge rejected.")
    author: str = described("Author of that revision; empty if unknown.")


class QuarantineOutput(Shown):
    """A document that the edge rejected, and the objects left out for this edge because of that."""

    rejected: DocumentOutput = described()
    accepted: DocumentOutput = described()
    changes: list[str] = described("What changed between the two documents, as sentences.")
    parts: list[PartOutput] = described("The objects at fault.")
    searching: bool = described(
        "Whether the search for the objects at fault is still running. Until it is done, more of them may be left out."
    )


class DisabledRouterOutput(Shown):
    """A router that Traefik disabled, or serves only in part."""

    kind: str = described("Its kind: `router`, `tcpRouter` or `udpRouter`.")
    name: str = described("Name of the router in Traefik.")
    error: str = described("Traefik's reason.")


class ShownDomainOutput(Shown):
    """A domain for which the edge shows no valid certificate, or one that expires soon."""

    domain: str = described("The domain, as an A-label.")
    state: ShownState = described("The state of the certificate, as in a domain's `certificates`.")
    since: AwareDatetime | None = described("Since when it has been in this state.")
    why: str = described("The same, as a sentence.")


class CertificatesOutput(Shown):
    """Which certificates the edge really shows for domains with HTTPS, as seen in TLS handshakes."""

    domains: int = described("Number of domains with HTTPS that were checked.", Whole(0))
    good: int = described("Number of those whose certificate browsers accept.", Whole(0))
    next_end: AwareDatetime | None = described("When the first of these certificates expires.")
    amiss: list[ShownDomainOutput] = described(f"Domains with a problem, at most {MOST_AMISS}.")


class EdgeOutput(Shown):
    """An edge: a Traefik that polls."""

    example: ClassVar = {
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

    name: str = described("The name under which it polls.")
    state: EdgeState = described()
    since: AwareDatetime | None = described("Since when it has been in this state.")
    detail: str = described("The state, as a sentence.")
    address: str | None = described("The address of its last poll.")
    instances: int = described(
        "Number of Traefiks that poll under this name, as far as they can be told apart. If there are "
        "several, only one of them can be read, and the edge is never `live`.",
        Whole(0),
    )
    addresses: list[str] = described("The addresses from which they poll.")
    first_seen: AwareDatetime | None = described("When it first polled.")
    last_seen: AwareDatetime | None = described("When its last poll was answered.")
    given: DocumentOutput | None = described("The document it was last given.")
    given_at: AwareDatetime | None = described("When it was first given that document.")
    running: str | None = described("Digest of the document it runs, according to its API.")
    version: str | None = described("Traefik's version.")
    started_at: str | None = described("When Traefik started.")
    entry_points: dict[str, str] = described("Addresses of its entry points by name, according to its API.")
    disabled_routers: list[DisabledRouterOutput] = described("Routers that it does not serve.")
    partly_served_routers: list[DisabledRouterOutput] = described(
        "Routers that it serves on only some of their entry points."
    )
    certificates: CertificatesOutput = described()
    quarantine: QuarantineOutput | None = described("The document it rejected; null if there is none.")


# All of these run in the event loop's thread, where the edges live.


@router.get("", response_model=list[EdgeOutput], summary="List edges", responses=documentation.LIST)
async def list_edges(edges: EdgesDependency, revisions: RevisionsDependency, page: PageParameters) -> Response:
    """Return the Traefiks that poll, and those that are expected to. `q` searches the name."""
    known = [edge for edge in edges if edge.name > (page.after or "") and (page.q or "").lower() in edge.name]
    listed = [await shown(edge, revisions, edges.sightings) for edge in known[: page.limit + 1]]
    return page.answer(listed, lambda edge: edge.name)


@router.get("/{name}", response_model=EdgeOutput, summary="Show an edge", responses=documentation.READ_PLAIN)
async def show_edge(edges: EdgesDependency, revisions: RevisionsDependency, name: NAME) -> Response:
    """Return an edge: its state, the document it was given, and the one it runs."""
    return answer(await shown(edges.get(name), revisions, edges.sightings))


@router.delete("/{name}/quarantine", status_code=204, summary="Lift a quarantine", responses=documentation.LIFT)
async def lift_quarantine(
    edges: EdgesDependency, revisions: RevisionsDependency, actor: ActorDependency, name: NAME
) -> Response:
    """Offer the edge the rejected parts again."""
    await quarantines.lift(edges, revisions, edges.get(name), actor)
    return kept(revisions)


async def shown(edge: Edge, revisions: Revisions, sightings: Sightings) -> EdgeOutput:
    observed = edge.observation
    return EdgeOutput.of(
        edge,
        state=edge.verdict.state,
        detail=edge.verdict.detail,
        instances=edge.pollers.instances,
        addresses=edge.pollers.addresses,
        given=_document(edge.given) if edge.given else None,
        given_at=edge.given_date,
        running=observed.digest if observed else None,
        version=observed.version if observed else None,
        started_at=observed.started if observed else None,
        entry_points=dict(observed.entry_points) if observed else {},
        disabled_routers=[DisabledRouterOutput.of(router) for router in (observed.disabled if observed else ())],
        partly_served_routers=[DisabledRouterOutput.of(router) for router in (observed.warned if observed else ())],
        certificates=_certificates(sightings.of_edge(edge.name)),
        quarantine=await _quarantine(edge.quarantine, revisions),
    )


def _certificates(seen: Mapping[str, Sighting]) -> CertificatesOutput:
    amiss = [(domain, seen[domain]) for domain in sorted(seen) if seen[domain].state is not ShownState.GOOD]
    return CertificatesOutput(
        domains=len(seen),
        good=sum(each.is_accepted for each in seen.values()),
        next_end=find_next_end(seen.values()),
        amiss=[ShownDomainOutput.of(each, domain=domain) for domain, each in islice(amiss, MOST_AMISS)],
    )


async def _quarantine(quarantine: Quarantine | None, revisions: Revisions) -> QuarantineOutput | None:
    if quarantine is None:
        return None
    changes = await asyncio.to_thread(revisions.changed_between, quarantine.since, quarantine.rejected.revision)
    return QuarantineOutput(
        rejected=_document(quarantine.rejected),
        accepted=_document(quarantine.accepted),
        changes=[change.words for change in changes],
        parts=[PartOutput.of(held, kind=kind, name=name) for (kind, name), held in quarantine.culprits.items()],
        searching=quarantine.is_searching,
    )


def _document(snapshot: Served) -> DocumentOutput:
    return DocumentOutput(revision=snapshot.revision, digest=snapshot.document.digest)
