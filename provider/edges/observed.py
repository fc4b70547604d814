"""What a Traefik's own API told. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from provider.messages import Message
from provider.nouns import NOUNS, Named, Router, called


@dataclass(frozen=True, slots=True)
class DisabledRouter:
    """A router of HTTP, TCP or UDP that Traefik disabled, with Traefik's own words why."""

    name: str
    error: str
    kind: str = Router.kind

    @property
    def named(self) -> Named:
        """Its kind and its name."""
        return self.kind, self.name

    @property
    def plural(self) -> str:
        """The last part of the path of all of its kind."""
        return NOUNS[self.kind].plural

    @property
    def words(self) -> str:
        """Say it, for a person."""
        return Message("{kind} {name}: {what}", kind=called(self.kind), name=self.name, what=self.error)


@dataclass(frozen=True, slots=True)
class Observation:
    """What a Traefik's own API told when it was asked at one time; `error` says why it could not be read.

    `digest` is the document that it runs, by the beacon; `servers` are its services' servers by URL,
    true for those that it takes to be up, or None while that was not read. `seconds` is how long it took to answer.
    """

    at: float
    error: str | None = None
    digest: str | None = None
    version: str | None = None
    started: str | None = None
    disabled: tuple[DisabledRouter, ...] = ()
    servers: Mapping[str, Mapping[str, bool]] | None = None
    entry_points: Mapping[str, str] = field(default_factory=dict)
    warned: tuple[DisabledRouter, ...] = ()
    """Routers that it serves only in part: on some of their entry points."""
    seconds: float | None = field(default=None, compare=False)
