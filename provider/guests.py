"""Who is connected, and who has to go when there are too many: whoever of the largest crowd was quiet for longest.

Connections on which nobody was recognised yet are counted by their address, all others by whose token or session
came on them. So thousands of edges may stay, with one token and from one address, while somebody who only opens
connections pushes out his own.
"""

from typing import Final, Protocol

from provider.addresses import find_place

MOST_OF_A_STRANGER: Final = 500
"""The most connections from one address on which nobody is recognised: an office of a hundred people has fewer."""

_ADDRESS: Final = "address:"
_KEPT_FOR_FILES: Final = 300
"""Files that may be open beside the connections: the database's, and connections to the edges' APIs."""


class Guest(Protocol):
    """A connection."""

    @property
    def address(self) -> str | None:
        """Where it comes from."""

    @property
    def holder(self) -> str | None:
        """Whose token or session came on it last."""

    def leave(self) -> None:
        """End it, now."""


class Guests:
    """All connections of a server. Used in the event loop's thread."""

    def __init__(self, most_files: int) -> None:
        self._most = max(most_files - _KEPT_FOR_FILES, most_files // 2)
        self._most_of_a_stranger = min(MOST_OF_A_STRANGER, self._most // 4)
        self._most_of_a_holder = self._most * 3 // 4
        self._groups: dict[str, dict[Guest, None]] = {}
        """Each group has who was used longest ago first."""
        self._group_of: dict[Guest, str] = {}

    def __len__(self) -> int:
        return len(self._group_of)

    def join(self, guest: Guest) -> None:
        """Take in a connection; another one may have to leave for it."""
        self._put(guest)
        name = self._group_of[guest]
        group = self._groups[name]
        while len(group) > (self._most_of_a_stranger if guest.holder is None else self._most_of_a_holder):
            self._dismiss(group)
        while len(self._group_of) > self._most:
            self._dismiss(self._find_largest())

    def used(self, guest: Guest) -> None:
        """Note that a request came on a connection."""
        if guest in self._group_of:
            self.left(guest)
            self._put(guest)

    def left(self, guest: Guest) -> None:
        """Forget a connection that has ended."""
        name = self._group_of.pop(guest, None)
        if name is not None:
            group = self._groups[name]
            del group[guest]
            if not group:
                del self._groups[name]

    def _put(self, guest: Guest) -> None:
        name = f"{_ADDRESS}{find_place(guest.address or '')}" if guest.holder is None else guest.holder
        self._group_of[guest] = name
        self._groups.setdefault(name, {})[guest] = None

    def _find_largest(self) -> dict[Guest, None]:
        """Return the largest crowd: one of strangers, where these have more than half of all places together."""
        strange = [group for name, group in self._groups.items() if name.startswith(_ADDRESS)]
        chosen = strange if sum(map(len, strange)) > self._most // 2 else self._groups.values()
        return max(chosen, key=len)

    def _dismiss(self, group: dict[Guest, None]) -> None:
        """Let go of who was quiet for longest, unless it turns out that somebody was recognised there meanwhile."""
        guest = next(iter(group))
        before = self._group_of[guest]
        self.left(guest)
        if guest.holder is not None and before != guest.holder:
            self._put(guest)
        else:
            guest.leave()
