"""The place of one server in the service's pool, as REST has it: taken, kept, drained and given back."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from provider import names
from provider.cli.client import Client, Item, Reply, Unreachable, path
from provider.errors import Brake, NotFound

T = TypeVar("T")

_TIMEOUT_SECONDS: Final = 10.0
_LONGEST_QUERY: Final = 100


@dataclass(frozen=True, slots=True)
class ControlPlaneAccess:
    """Where the control plane is, and with which token it is asked, which may be another one each time."""

    url: str
    find_token: Callable[[], str]

    def ask(self, question: Callable[[Client], T], wait_seconds: int = 0, confirmed: int | None = None) -> T:
        """Ask something. Raises what the client raises."""
        query = {} if confirmed is None else {"confirm": confirmed}
        with Client(self.url, self.find_token(), _TIMEOUT_SECONDS, wait_seconds, query) as client:
            return question(client)


@dataclass(slots=True)
class Membership:
    """A server of a service: what it registers as. All methods block, and raise what the client raises.

    Without a `given_name` it has the name of the server that has its URL already, or one made from that.
    """

    connection: ControlPlaneAccess
    service: str
    given_name: str | None
    server: Item
    name: str = ""
    """Empty until it is known."""

    drains_until: datetime | None = None
    """Until when the visitors of a sticky service stay once it is drained."""

    @property
    def _path(self) -> str:
        return path("services", self.service, "servers", self.name)

    def check(self) -> None:
        """Find out whether it may register at all. Raises `NotFound` where there is no such service."""
        self.connection.ask(lambda client: client.ask(path("services", self.service, "servers"), {"limit": "1"}))

    def take(self, wait_seconds: int) -> Reply:
        """Register."""
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

    def drain(self, wait_seconds: int) -> None:
        """Let no new requests come. It stops in any case, so that it may be the last one, too."""
        answer = self._leave(lambda client: client.patch(self._path, {"state": "drain"}), wait_seconds)
        self.drains_until = None if answer is None else _read_time(answer.item.get("drainUntil"))

    def find_drain_seconds(self) -> float:
        """Return for how long its visitors stay still: somebody may end that earlier, or let it last longer."""
        if self.drains_until is None:
            return 0.0
        with contextlib.suppress(Unreachable):
            try:
                found = self.connection.ask(lambda client: client.get(self._path)).item
            except NotFound:
                found = {}
            self.drains_until = _read_time(found.get("drainUntil"))
        left = 0.0 if self.drains_until is None else (self.drains_until - datetime.now(UTC)).total_seconds()
        return max(left, 0.0)

    def give_back(self) -> None:
        """Leave the pool."""
        self._leave(lambda client: client.delete(self._path), 0)

    def _leave(self, leave: Callable[[Client], Reply], wait_seconds: int) -> Reply | None:
        try:
            return self.connection.ask(leave, wait_seconds)
        except Brake as brake:
            return self.connection.ask(leave, wait_seconds, brake.number)
        except NotFound:
            return None


def _read_time(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
