"""Services put together from services: by weight, by the client, with copies, and with a spare one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from provider.messages import Message, template
from provider.nouns.balancing import Sticky
from provider.nouns.common import MOST_RESERVED, SERVICE
from provider.nouns.containers import ListOf
from provider.nouns.fields import field, flag
from provider.nouns.nested import Nested
from provider.nouns.objects import Object
from provider.nouns.protocol import check_statuses
from provider.nouns.reading import Where
from provider.nouns.texts import Text
from provider.nouns.types import Whole
from provider.values import Refusal

_BYTES: Final = Whole(-1, MOST_RESERVED)


class Composition(Object):
    """A way to put services together."""

    is_sparse = True

    title: ClassVar[str] = ""
    about: ClassVar[str] = ""

    def watched(self) -> Iterator[tuple[Where, str]]:
        """Give the services that need a health check, each with its place."""
        return iter(())


class Watching(Composition):
    """Services of which those that are down can be left out."""

    services: "Sequence[WeightedService]"
    health_check: "ParentCheck | None"

    def watched(self) -> Iterator[tuple[Where, str]]:
        """Give all its services, where those that are down are left out."""
        for index, each in enumerate(self.services if self.health_check is not None else ()):
            yield ("services", index, "name"), each.name


def composition(model: type[Composition], since: str = "3.0") -> Any:
    """Declare one of the ways in which a noun's services are put together."""
    return field(Nested(model), model.title, model.about, default=None, alternative=True, since=since)


def _name(item: "WeightedService | MirroredService") -> str:
    return item.name


def members(model: "type[WeightedService | MirroredService]", least: int = 1) -> ListOf:
    """Return the type of the services of which one is made."""
    twice = template("a service is listed twice")
    return ListOf(Nested(model), least=least, most=100, duplicate=("services.duplicate", twice), same=_name)


class ParentCheck(Object):
    """Whether a service made of others skips those that are down. Each of them needs a health check."""

    is_empty_meant = True


def by_health(since: str = "3.0") -> Any:
    """Declare whether a service made of others goes by their health."""
    return field(
        Nested(ParentCheck),
        "Only services that are up",
        "A service counts as down when all its servers are down. Each of the services needs a health check.",
        default=None,
        switch="Leave out services that are down",
        since=since,
    )


class WeightedService(Object):
    """A service and its weight."""

    name: str = field(SERVICE, "Service", "One of your services, or NAME@PROVIDER.")
    weight: int = field(Whole(1, 1_000_000), "Weight", "How often it is chosen compared with the others.", default=1)


class Weighted(Watching):
    """Services that take turns by weight."""

    title = "Weighted"
    about = "Shares requests among services by their weights."
    example: ClassVar = {"services": [{"name": "blue", "weight": 3}, {"name": "green"}]}

    services: list[WeightedService] = field(
        members(WeightedService), "Services", "They take turns by weight.", option="--weighted"
    )
    sticky: Sticky | None = field(
        Nested(Sticky),
        "Sticky sessions",
        "A cookie keeps each browser on the service that answered first.",
        default=None,
        switch="Keep each visitor on one service",
    )
    health_check: ParentCheck | None = by_health()


class HighestRandomWeight(Watching):
    """Services of which each client always gets the same one."""

    title = "By the client's address"
    about = "Chooses a service by the client's address and the weights: a client always gets the same one."
    example: ClassVar = {"services": [{"name": "blue"}, {"name": "green"}]}

    services: list[WeightedService] = field(
        members(WeightedService),
        "Services",
        "Clients are shared among them by weight.",
        option="--highest-random-weight",
    )
    health_check: ParentCheck | None = by_health()


class MirroredService(Object):
    """A service that gets copies of requests."""

    name: str = field(SERVICE, "Service", "One of your services, or NAME@PROVIDER.")
    percent: int = field(Whole(0, 100), "Percent", "Percentage of requests it gets a copy of.", default=0)


class Mirroring(Composition):
    """A service, and others that get copies of its requests."""

    title = "Mirroring"
    about = "Sends requests to one service, and copies of some to others, whose responses are discarded."
    example: ClassVar = {"service": "wayshub", "mirrors": [{"name": "next", "percent": 10}]}

    service: str = field(SERVICE, "Service", "The service that answers.", option="--mirroring")
    mirrors: list[MirroredService] = field(
        members(MirroredService, least=0), "Mirrors", "Their responses are discarded.", default=[], option="--mirror"
    )
    mirror_body: bool = flag("Copy bodies", "Copies include the request's body.", default=True, since="3.2", rare=True)
    max_body_size: int = field(
        _BYTES,
        "Largest body in bytes",
        "Requests with a larger body are not copied. -1: no limit; every body is held in memory.",
        default=-1,
        rare=True,
    )
    health_check: ParentCheck | None = by_health()


class FailoverErrors(Object):
    """The responses after which the spare service is asked."""

    is_sparse = True
    example: ClassVar = {"status": ["502-504"]}

    status: list[str] = field(
        ListOf(Text(check_statuses, most=20), least=1, most=50),
        "Status",
        "Such as 503 or 500-599: the response is discarded, and the spare service answers.",
    )
    max_request_body_bytes: int = field(
        _BYTES,
        "Largest body in bytes",
        "Larger requests get 413, because they could not be sent again. -1: no limit.",
        default=-1,
        rare=True,
    )


class Failover(Composition):
    """A service, and a spare one that takes over while it is down."""

    title = "Failover"
    about = "Sends requests to one service, and to a spare one while the first is down."
    example: ClassVar = {"service": "wayshub", "fallback": "sorry"}

    service: str = field(SERVICE, "Service", "Answers requests. Needs a health check.", option="--failover")
    fallback: str = field(SERVICE, "Spare service", "Answers while the first one is down.", option="--fallback")
    health_check: ParentCheck | None = by_health()
    errors: FailoverErrors | None = field(
        Nested(FailoverErrors),
        "After errors",
        "For each request: if the status is one of these, the spare service answers instead.",
        default=None,
        switch="Ask the spare service after errors too",
        since="3.7",
        rare=True,
    )

    def watched(self) -> Iterator[tuple[Where, str]]:
        """Give the first service, unless errors lead to the spare one, and that too where it goes by health."""
        if self.errors is None:
            yield ("service",), self.service
        if self.health_check is not None:
            yield ("fallback",), self.fallback

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse a service that is its own spare."""
        if given.get("service") is not None and given.get("service") == given.get("fallback"):
            yield "fallback", Refusal("failover.same", Message("a service cannot be its own spare: name another"))
