"""The place of one server in the service's pool, as REST has it: taken, kept, drained and given back."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from provider import moments, names
from provider.cli.client import Client, Unreachable, path
from provider.cli.replies import Item, Reply
from provider.errors import Brake, Invalid, NotFound, Unavailable

T = TypeVar("T")

_TIMEOUT_SECONDS: Final = 5.0
"""All is tried again, and who asks twice to stop waits no longer."""
_LONGEST_QUERY: Final = 100


@dataclass(frozen=True, slots=True)
class ControlPlaneAccess:
    """Where the control plane is, and with which token it is asked, which may be another one each time."""

    url: str
    find_token: Callable[[], str]

    def ask(self, question: Callable[[Client], T], wait_seconds: int = 0, confirmed: int | None = None) -> T:
        """Ask something, of which asking twice does no harm. Raises what the client raises.

        Who cannot answer now may be one of several services behind a balancer: the next connection leads to another.
        """
        try:
            return self._ask(question, wait_seconds, confirmed)
        except (Unreachable, Unavailable):
            return self._ask(question, wait_seconds, confirmed)

    def _ask(self, question: Callable[[Client], T], wait_seconds: int, confirmed: int | None) -> T:
        query = {} if confirmed is None else {"confirm": confirmed}
        with Client(self.url, self.find_token(), _TIMEOUT_SECONDS, wait_seconds, query) as client:
            return question(client)


@dataclass(frozen=True, slots=True)
class Departure:
    """What still leads to a drained server: visitors whom it keeps, and the edges that send it requests."""

    until: datetime | None = None
    seconds: float = 0.0
    """How long it still keeps its visitors."""
    edges: Sequence[str] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing does."""
        return self.until is None and not self.edges


@dataclass(slots=True)
class Membership:
    """A server of a service: what it registers as. All methods block, and raise what the client raises.

    Without a `given_name` it has the name of the server that has its URL already, or one made from that.
    `drain_seconds` is for how long its visitors may stay, or None where its service says that.
    """

    connection: ControlPlaneAccess
    service: str
    given_name: str | None
    server: Item
    drain_seconds: float | None = None
    name: str = ""
    """Empty until it is known."""

    @property
    def _path(self) -> str:
        return path("services", self.service, "servers", self.name)

    def check(self) -> None:
        """Find out whether it may register at all. Raises `NotFound` where there is no such service."""
        self.connection.ask(lambda client: client.ask(path("services", self.service, "servers"), {"limit": "1"}))

    def take(self, wait_seconds: int) -> Reply:
        self.name = self.given_name or self.connection.ask(self._find_name)
        return self.connection.ask(lambda client: client.put(self._path, self.server), wait_seconds)

    def _find_name(self, client: Client) -> str:
        url = str(self.server["url"])
        listed = client.items(path("services", self.service, "servers"), url[:_LONGEST_QUERY])
        return next((str(each["name"]) for each in listed if each.get("url") == url), names.from_url(url))

    def beat(self) -> bool:
        """Send a heartbeat. Returns whether the place is kept still: if not, it has to be taken again."""
        try:
            self.connection.ask(lambda client: client.post(self._path + path("heartbeat"), None))
        except NotFound:
            return False
        return True

    def drain(self) -> None:
        """Let no new requests come, and keep its visitors for as long as it may. It drains also if it is the last."""
        try:
            self._leave(lambda client: client.patch(self._path, self._drained(client)))
        except Invalid:  # no cookie keeps anybody
            self._leave(lambda client: client.patch(self._path, {"state": "drain"}))

    def _drained(self, client: Client) -> Item:
        seconds = self.drain_seconds
        if seconds is None:
            return {"state": "drain"}
        # By the clock of the service: that is the one that ends it.
        now = client.get(self._path).date or datetime.now(UTC)
        return {"state": "drain", "drainUntil": moments.written(now + timedelta(seconds=seconds)) if seconds else None}

    def find_leaving(self) -> Departure | None:
        """Find what still leads here; None where it is drained no more, or gone."""
        try:
            answer = self.connection.ask(lambda client: client.get(self._path))
        except NotFound:
            return Departure()
        found = answer.item.get("leaving")
        if found is None:
            return None
        until = None if found.get("until") is None else moments.read(str(found["until"]))
        left = 0.0 if until is None else (until - (answer.date or datetime.now(UTC))).total_seconds()
        return Departure(until, max(left, 0.0), [str(edge) for edge in found.get("edges") or ()])

    def give_back(self) -> None:
        self._leave(lambda client: client.delete(self._path))

    def _leave(self, leave: Callable[[Client], Reply]) -> None:
        with contextlib.suppress(NotFound):
            try:
                self.connection.ask(leave)
            except Brake as brake:
                self.connection.ask(leave, confirmed=brake.number)
