"""Servers: where a service's requests are answered."""

from collections.abc import Mapping
from typing import ClassVar, Final

from provider.nouns.common import labels_field, name_field
from provider.nouns.objects import Noun, field
from provider.nouns.types import Choice, Flag, Text, Whole, Word
from provider.values import URL_SCHEMA, ServerState, check_server_url, check_weight

_STATES: Final[Mapping[str, Word]] = {
    ServerState.READY: Word("ready: takes requests"),
    ServerState.DRAIN: Word("drain: finishes its requests, gets no new ones"),
    ServerState.MAINT: Word("maintenance: gets no requests"),
}


class Server(Noun):
    """A server of one service."""

    kind = "server"
    plural = "servers"
    within = "service"
    title = "Server"
    titles = "Servers"
    about = "the URLs that answer a service's requests"
    texts = ("name", "url")
    layout = ("name", "url", ("weight", "state"))
    example: ClassVar = {"name": "a", "url": "http://10.0.0.11:3000", "weight": 3, "state": "ready", "labels": {}}

    name: str = name_field()
    url: str = field(
        Text(check_server_url, said=URL_SCHEMA, is_asked=True),
        title="URL",
        help="Where it listens: http, https or h2c, host and port, such as http://10.0.0.11:3000.",
        column=True,
        option="SERVER_URL",
    )
    weight: int = field(
        Whole(check=check_weight, said={"minimum": 1, "maximum": 1000}),
        default=1,
        title="Weight",
        help="1 to 1000: how often it is chosen compared with the others.",
    )
    state: ServerState = field(
        Choice(ServerState, _STATES),
        default=ServerState.READY,
        title="State",
        help="The state it should be in.",
        column=True,
    )
    preserve_path: bool = field(
        Flag(),
        default=False,
        title="Keep the path of the URL",
        help="Requests go below the path of the server's URL.",
        since="3.2",
        rare=True,
        omitted=True,
    )
    labels: dict[str, str] = labels_field()
