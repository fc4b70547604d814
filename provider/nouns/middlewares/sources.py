"""By what Traefik tells clients apart, where it counts or admits them."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from provider.messages import Message
from provider.nouns.fields import field, flag
from provider.nouns.nested import Nested
from provider.nouns.objects import Object
from provider.nouns.protocol import NETWORKS, OPTIONAL_HEADER_NAME
from provider.nouns.together import EMPTY, GIVEN, both, differs, either, has, may
from provider.nouns.types import Schema, Whole
from provider.values import Refusal


class IPStrategy(Object):
    """Which address counts as the client's, behind proxies."""

    is_sparse = True
    example: ClassVar = {"depth": 1}

    depth: int = field(
        Whole(0, 100),
        "Depth",
        "Which address in X-Forwarded-For counts, from the right: 1 is the last. 0: the connecting address. "
        "If there are fewer, none counts: an allow list answers 403.",
        default=0,
    )
    excluded_ips: list[str] = field(
        NETWORKS,
        "Your proxies",
        "IP addresses and networks to skip in X-Forwarded-For, from the right, such as 10.0.0.0/8.",
        default=[],
        key="excludedIPs",
    )
    ipv6_subnet: int | None = field(
        Whole(1, 128),
        "IPv6 subnet",
        "How many bits of an IPv6 address count, such as 64. Empty: all.",
        default=None,
        since="3.2",
        rare=True,
    )

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of what a depth makes meaningless."""
        if self.depth and self.excluded_ips:
            yield "excludedIPs", Message("with a depth, Traefik ignores this list: leave one of them out")


class SourceCriterion(Object):
    """Which requests are counted together."""

    is_sparse = True
    example: ClassVar = {"requestHeaderName": "X-Api-Key"}

    ip_strategy: IPStrategy | None = field(
        Nested(IPStrategy),
        "By address",
        "By the client's IP address.",
        default=None,
        switch="Choose which address counts",
    )
    request_header_name: str = field(
        OPTIONAL_HEADER_NAME,
        "By a header",
        "The name of a request header. Requests without it are counted together.",
        default="",
    )
    request_host: bool = flag("By host", "By the requested host name.")

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse none and several: Traefik rejects the document, or disables the middleware (measured)."""
        if len(given) < len(cls.fields):
            return
        chosen = [key for key, value in given.items() if value]
        if len(chosen) > 1:
            yield (
                chosen[1],
                Refusal("source.many", Message("choose one thing to count requests by, and leave out the others")),
            )
        if not chosen:
            yield "", Refusal("source.none", Message("choose an address, a header or the host to count requests by"))
        address = given["ipStrategy"]
        if address is not None and not address.changed():
            yield "ipStrategy", Refusal("source.address", Message("an address needs a depth, proxies or a subnet"))

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        address = {"type": "object", **differs({key: each.default for key, each in IPStrategy.fields.items()})}
        none, no = {"type": "null"}, {"const": False}
        yield either(
            both(has(ipStrategy=address), may(requestHeaderName=EMPTY, requestHost=no)),
            both(has(requestHeaderName=GIVEN), may(ipStrategy=none, requestHost=no)),
            both(has(requestHost={"const": True}), may(ipStrategy=none, requestHeaderName=EMPTY)),
        )


def counted_by(limit: Message, criterion: SourceCriterion | None) -> Message:
    """Say a limit with what it counts requests by, where that is chosen."""
    if criterion is None:
        return limit
    if criterion.request_host:
        return Message("{limit} per host", limit=limit)
    if criterion.request_header_name:
        return Message("{limit} per value of {header}", limit=limit, header=criterion.request_header_name)
    return Message("{limit} per address", limit=limit)
