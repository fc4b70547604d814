"""What a drawing says: the labels of its nodes, for those who do not see it, and for those who point at one."""

from collections.abc import Mapping
from typing import Final

from provider.edges.states import EdgeState
from provider.messages import Message, template
from provider.models import ObservedState
from provider.passages import Stop
from provider.values import ServerState
from provider.web.drawings.blocks import Fold
from provider.web.drawings.scene import Carried, DrawnEdge, DrawnRouter, DrawnServer, DrawnService, Scene

NO_REQUESTS: Final = Message("no requests")
"""What stands in the place of a share where no request comes."""

NO_TRAFFIC: Final = Message("no traffic")
"""The same where no connection comes, or no packet."""

SPARE: Final = Message("spare")
"""What stands in the place of a share where requests only come while others are down."""

NOBODY: Final[Mapping[Carried, Message]] = {
    Carried.HTTP: Message("no server: answers 503"),
    Carried.TCP: Message("no server: closes connections"),
    Carried.UDP: Message("no server: loses packets"),
}
"""What becomes of what comes to a service without servers."""

_EDGES = {
    EdgeState.LIVE: Message("live"),
    EdgeState.PENDING: Message("pending"),
    EdgeState.DEGRADED: Message("degraded"),
    EdgeState.REJECTED: Message("rejected"),
    EdgeState.STALE: Message("stale"),
    EdgeState.UNCONFIRMED: Message("unconfirmed"),
    EdgeState.NEVER_SEEN: Message("never seen"),
}


def words_of_scene(scene: Scene) -> Message:
    return Message(
        "The path of requests: routers {routers}, services {services}, servers {servers}",
        routers=len(scene.routers),
        services=len(scene.services),
        servers=sum(len(service.own) for service in scene.services),
    )


def words_of_edge(edge: DrawnEdge, *, short: bool = False) -> Message:
    state = _EDGES[edge.state]
    if short:
        if edge.runs is None:
            return state
        if edge.state is EdgeState.REJECTED:  # that was another one
            return Message("{state}, runs revision {number}", state=state, number=edge.runs)
        return Message("{state}, revision {number}", state=state, number=edge.runs)
    return Message("Edge {name}: {state}; {detail}", name=edge.name, state=state, detail=edge.detail)


def words_of_router(router: DrawnRouter) -> Message:
    facts = {"name": router.name, "rule": router.rule, "service": router.service}
    if not router.enabled:
        return Message("Router {name}, disabled: {rule} would point to service {service}", **facts)
    if router.error is not None:
        return Message("Router {name}: {error}", name=router.name, error=router.error)
    if router.hidden_by is not None:
        return Message(
            "Router {name} never takes a request: {other} takes everything it matches",
            name=router.name,
            other=router.hidden_by,
        )
    if not router.rule:
        return Message("Router {name} points to service {service}", **facts)
    if router.tls is not None:
        return Message("Router {name}: {rule} points to service {service}. {tls}", tls=router.tls, **facts)
    return Message("Router {name}: {rule} points to service {service}", **facts)


def words_of_stop(stop: Stop) -> Message:
    if stop.is_elsewhere:
        return Message("Middleware {name} of another provider: what it does is not known here", name=stop.name)
    if stop.chain is not None:
        return Message(
            "Middleware {name} of the chain {chain}: {does}", name=stop.name, chain=stop.chain, does=stop.words
        )
    return Message("Middleware {name}: {does}", name=stop.name, does=stop.words)


def words_of_pool(service: DrawnService | None) -> Message:
    """Return how many servers of a service get requests, in few words."""
    if service is None:
        return Message("there is no such service")
    taking = sum(server.share > 0 for server in service.own)
    if service.servers and not service.own:
        return Message("servers unknown")
    if taking == 0:
        return Message("no server is left")
    return Message("{number} of {count} servers", number=taking, count=len(service.own))


def words_of_server(server: DrawnServer, share: str | None) -> Message:
    """Return what a server gets, and how it is. No `share`: no request comes to its service."""
    state = words_of_state(server)
    if server.copies is not None:
        told = words_of_copies(server.copies)
        return Message("Service {name}: {told}, and its responses are discarded", name=server.name, told=told)
    if server.is_elsewhere:
        told = NO_REQUESTS if share is None else Message("{share} of the new requests", share=share)
        return Message("Service {name} of another provider: {told}", name=server.name, told=told)
    if share is None:
        told = NO_REQUESTS if state is None else Message("{state}, {told}", state=state, told=NO_REQUESTS)
        return Message("Server {name} at {url}: {state}", name=server.title, url=server.url, state=told)
    facts = {"name": server.title, "url": server.url, "share": share}
    if state is None:
        return Message("Server {name} at {url}: {share} of the new requests", **facts)
    return Message("Server {name} at {url}: {state}, {share} of the new requests", state=state, **facts)


def words_of_copies(percent: int) -> Message:
    return Message("copies of {percent}%", percent=percent)


def words_of_address(server: DrawnServer, share: str | None) -> Message:
    """Return what a server of TCP or UDP gets, and how it is. No `share`: nothing comes to its service."""
    told = NO_TRAFFIC if share is None else share
    if (state := words_of_state(server)) is not None:
        told = Message("{state}, {told}", state=state, told=told)
    return Message("Server {name}: {told}", name=server.title, told=told)


def words_of_state(server: DrawnServer) -> Message | None:
    """Return the word for a server's state: of what is wanted of it, and if it is ready of its health."""
    if server.state is ServerState.DRAIN:
        return Message("drained")
    if server.state is ServerState.MAINT:
        return Message("in maintenance")
    if server.health is ObservedState.DOWN:
        return Message("down")
    return Message("up") if server.health is ObservedState.UP else None


def words_of_fold(fold: Fold) -> tuple[Message, list[Message]]:
    """Return how many servers are folded, and how they are."""
    counts = [
        (fold.ready, template("{number} ready")),
        (fold.up, template("{number} up")),
        (fold.down, template("{number} down")),
        (fold.drained, template("{number} drained")),
        (fold.out, template("{number} in maintenance")),
    ]
    told = [Message(words, number=count) for count, words in counts if count]
    if fold.is_all:
        return Message("{number} servers", number=fold.count), told
    return Message("{number} more servers", number=fold.count), told
