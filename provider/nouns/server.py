"""Servers: where a service's requests are answered."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar, Final

from provider.messages import Message
from provider.nouns.common import labels_field, name_field
from provider.nouns.fields import field, flag
from provider.nouns.noun import Noun
from provider.nouns.protocol import check_path
from provider.nouns.texts import Text
from provider.nouns.together import either, has, may
from provider.nouns.types import Choice, Schema, Whole, Word
from provider.patterns import pattern
from provider.server_urls import URL_LENGTH, URL_SCHEMA, check_server_url
from provider.values import Refusal, ServerState, check_moment, check_ttl, check_weight, in_schema, shown_text

SERVER_URL: Final = Text(check_server_url, is_asked=True)
"""The URL of a server without a path."""

_PARTS: Final = pattern(r"([^:/?#]*://[^/?#]*)(/[^?#]+)?(.*)", re.DOTALL)
_SAID: Final = {**URL_SCHEMA, "pattern": str(URL_SCHEMA["pattern"]).replace("/?$", r"(/[^\x00- ?#\\]*)?$")}

DRAIN_UNTIL: Final = "drainUntil"

_STATES: Final[Mapping[str, Word]] = {
    ServerState.READY: Word("ready: takes requests"),
    ServerState.DRAIN: Word("drain: gets no new requests"),
    ServerState.MAINT: Word("maintenance: gets no requests"),
}


@in_schema(_SAID)
def check_url(text: str) -> str:
    """Check where a server is, and the path below which it answers, if there is one: see `check_server_url`."""
    parts = _PARTS.fullmatch(text)
    if parts is None or parts[2] is None or len(text) > URL_LENGTH:
        return check_server_url(text)
    return check_server_url(parts[1] + parts[3]) + check_path(parts[2])


def _find_path(url: str) -> str:
    """Return the path of a server's URL, empty where it has none."""
    parts = _PARTS.fullmatch(url)
    return (parts and parts[2]) or ""


class Server(Noun):
    """A server of one service."""

    kind = "server"
    within = "service"
    title = "Server"
    about = "the URLs that answer a service's requests"
    texts = ("name", "url")
    layout = ("name", "url", ("weight", "state"))
    example: ClassVar = {"name": "a", "url": "http://10.0.0.11:3000", "weight": 3, "state": "ready", "labels": {}}

    name: str = name_field()
    url: str = field(
        Text(check_url, is_asked=True),
        "URL",
        "Where it listens: http, https or h2c, host and port, such as http://10.0.0.11:3000.",
        column=True,
        option="SERVER_URL",
    )
    weight: int = field(
        Whole(check=check_weight, said={"minimum": 1, "maximum": 1000}),
        "Weight",
        "1 to 1000: how often it is chosen compared with the others.",
        default=1,
    )
    state: ServerState = field(
        Choice(ServerState, _STATES), "State", "The state it should be in.", default=ServerState.READY, column=True
    )
    ttl: str | None = field(
        Text(check_ttl, most=30, word="DURATION"),
        "Lease",
        "How long it may go without a heartbeat, such as 30s: from 1s to 24h. After that it is drained, and then "
        "removed. With several services on one database, take 10s or more. Empty: it needs no heartbeats.",
        default=None,
        column=True,
        rare=True,
        omitted=True,
    )
    preserve_path: bool = flag(
        "Keep the path of the URL",
        "Puts the path of the server's URL, such as http://10.0.0.11:3000/app, in front of the request's path.",
        since="3.2",
        rare=True,
        omitted=True,
    )
    drain_until: str | None = field(
        Text(check_moment, most=40, word="TIME"),
        "Drain until",
        "When a drained server of a sticky service lets its visitors go, such as 2026-01-01T12:00:00Z.",
        default=None,
        omitted=True,
        apart=True,
    )
    labels: dict[str, str] = labels_field()

    @classmethod
    def following(cls, document: Mapping[str, Any], given: Collection[str]) -> Mapping[str, Any]:
        """Forget until when a server was to be drained once it is drained no more."""
        if DRAIN_UNTIL in given or document.get("state", ServerState.READY) == ServerState.DRAIN:
            return document
        return {key: value for key, value in document.items() if key != DRAIN_UNTIL}

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse a path that Traefik would leave out, and a time until which a server that takes requests drains."""
        if given.get(DRAIN_UNTIL) is not None and given.get("state", ServerState.READY) != ServerState.DRAIN:
            detail = Message("only a drained server has this: leave it out, or set the state to drain")
            yield DRAIN_UNTIL, Refusal("drainUntil.state", detail)
        path = _find_path(given.get("url", ""))
        if path and given.get("preservePath") is False:
            detail = Message("Traefik drops {path}: set preservePath, or leave the path out", path=shown_text(path))
            yield "url", Refusal("url.path", detail)

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield either(may(drainUntil={"type": "null"}), has(state={"const": ServerState.DRAIN.value}))
        yield either(has(preservePath={"const": True}), may(url={"pattern": URL_SCHEMA["pattern"]}))
