"""What pages show of servers alone: what is observed of them; and draining, activating and taking out."""

import string
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from fastapi import APIRouter, Request, Response

from provider import durations, moments
from provider.database.sessions import Session
from provider.errors import FieldError, Invalid
from provider.messages import Message, template
from provider.nouns import Noun, Server, Service
from provider.nouns.server import DRAIN_UNTIL
from provider.observations import show_servers
from provider.store import nouns, servers
from provider.store.tags import tag
from provider.values import Refusal, ServerState, check_drain_time
from provider.web import paths
from provider.web.inputs import Texts, choose
from provider.web.notices import Notice, Tone
from provider.web.nouns import edits
from provider.web.nouns.places import Place
from provider.web.nouns.views import View
from provider.web.rendering import redirect
from provider.web.scenes import Sight, SightDependency
from provider.web.writing import PageWriteDependency, done

_TIME: Final = "time"
_NOW: Final = "now"
_NEXT: Final = "next"

_DONE: Final[Mapping[ServerState, str]] = {
    ServerState.READY: template("Server {name} is active again: each edge that runs this change sends it requests."),
    ServerState.DRAIN: template("Server {name} is drained: each edge that runs this change sends it no new requests."),
    ServerState.MAINT: template(
        "Server {name} is in maintenance: each edge that runs this change sends it no requests."
    ),
}
_DONE_UNHEARD: Final[Mapping[ServerState, str]] = {
    ServerState.READY: template("Server {name} is active again, but no Traefik is connected: {until}"),
    ServerState.DRAIN: template("Server {name} is drained, but no Traefik is connected: {until}"),
    ServerState.MAINT: template("Server {name} is in maintenance, but no Traefik is connected: {until}"),
}


class Servers(View):
    """The pages of servers."""

    show_template = "servers/show.html"

    def first(self, session: Session, place: Place) -> Texts:
        """Propose a name that no server of the service has yet: a, then b, and so on."""
        taken = {server.name for server in servers.pool(session, place.owner or "")}
        return {"name": next((letter for letter in string.ascii_lowercase if letter not in taken), "")}

    def shown(self, session: Session, sight: Sight, place: Place, item: Noun, typed: Texts) -> Mapping[str, Any]:
        """Show what is wanted of it beside what is observed."""
        service = nouns.get(session, Service, place.owner or "")
        [server] = show_servers(session, service, [cast("Server", item)], sight.health, sight.leasing.find)
        count = len(servers.pool(session, service.name))
        until = None if server.leaving is None or server.leaving.until is None else moments.read(server.leaving.until)
        return {"service": service, "server": server, "tag": tag(session, item), "count": count, "keeps_until": until}

    def added(self, place: Place, item: Noun) -> Message:
        """Say to which service."""
        return Message("Server {name} was added to {service}.", name=item.name, service=place.owner)

    def removed(self, place: Place, item: Noun) -> Message:
        """Say from which service."""
        return Message("Server {name} was removed from {service}.", name=item.name, service=place.owner)

    def question(self, place: Place, item: Noun) -> Message:
        """Ask of which service one shall go."""
        return Message("Remove the server {name} of {service}?", name=item.name, service=place.owner)

    def next_path(self, place: Place, item: Noun) -> str:
        """Lead to the service: often there is one more to add."""
        return place.above

    def extend(self, router: APIRouter) -> None:
        """Add the buttons for its state."""

        @router.post("/{name}/state")
        def set_state(
            request: Request, write: PageWriteDependency, sight: SightDependency, service: str, name: str
        ) -> Response:
            """Drain a server, bring it back or take it out, if it is still as it was seen; and lead back."""
            state, place = choose(ServerState, write.sent, "state"), Place(Server, service)
            given = _read_time(write.sent, datetime.now(UTC)) if state is ServerState.DRAIN else {}
            kept = {} if state is ServerState.DRAIN else {"drain_until": None}
            back = paths.local(write.sent.get(_NEXT, place.above))
            try:
                outcome = edits.change_seen(
                    write,
                    place,
                    name,
                    lambda server: server.copy(state=state, **kept, **given),
                    [DRAIN_UNTIL] if given else [],
                )
            except edits.Outdated:
                detail = Message(
                    "Server {name} was not changed: somebody else changed it after you opened the page. "
                    "Check its current state, then try again.",
                    name=name,
                )
                return redirect(request, back, Notice(detail, Tone.WARNING))
            return done(request, back, _told(state, name, is_heard=any(edge.awaited for edge in sight.edges)), outcome)


def _told(state: ServerState, name: str, *, is_heard: bool) -> Notice:
    if is_heard:
        return Notice(Message(_DONE[state], name=name))
    until = Message("until one is, requests are sent as before.")
    return Notice(Message(_DONE_UNHEARD[state], name=name, until=until), Tone.WARNING)


def _read_time(sent: Texts, now: datetime) -> dict[str, str | None]:
    """Read until when a drained server keeps its visitors; nothing where that is left to its service."""
    time = sent.get(_TIME, "")
    if not time:
        return {}
    try:
        seconds = None if time == _NOW else durations.find_seconds(check_drain_time(time))
    except Refusal as refusal:
        raise Invalid([FieldError(f"/{_TIME}", refusal.code, refusal.detail)]) from None
    return {"drain_until": None if seconds is None else moments.written(now + timedelta(seconds=seconds))}
