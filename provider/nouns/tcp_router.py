"""Routers of TCP: which connections go to which service."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from provider.messages import Message
from provider.nouns.beside import TCPBesideOther, beside_field
from provider.nouns.common import (
    ANY_ENTRY_POINTS,
    TCP_LANGUAGE,
    check_rule_of,
    labels_field,
    middlewares,
    name_field,
    reference,
)
from provider.nouns.fields import field, flag
from provider.nouns.nested import Nested
from provider.nouns.noun import Noun
from provider.nouns.objects import Object
from provider.nouns.texts import Text
from provider.nouns.tls import RouterTLS
from provider.nouns.types import Whole
from provider.rules import RULE_LENGTH
from provider.rules.implications import singles
from provider.rules.tcp import HostSNI, parse_tcp
from provider.values import Refusal

_ANY: Final = "HostSNI(`*`)"
_LAST: Final = -1


class TCPRouterTLS(RouterTLS):
    """Makes a router take connections over TLS only, with this certificate and these options."""

    is_empty_meant = True
    example: ClassVar = {"passthrough": True}

    passthrough: bool = flag(
        "Pass through", "The server speaks TLS with the client; Traefik only looks at the name that is asked for."
    )

    def does(self) -> Message:
        """Say what it means, in a few words and without a period."""
        return Message("Over TLS only, passed through to the servers") if self.passthrough else super().does()


class TCPRouter(Noun):
    """Which TCP connections go to which service."""

    kind = "tcpRouter"
    place = ("tcp", "routers")
    title = "TCP router"
    about = "which TCP connections go to which service"
    texts = ("name", "rule", "service")
    example: ClassVar = {"name": "db", "rule": _ANY, "service": "db", "entryPoints": ["db"], "labels": {}}

    name: str = name_field()
    rule: str = field(
        Text(check_rule_of(parse_tcp, TCP_LANGUAGE), most=RULE_LENGTH, is_long=True, word="RULE"),
        "Rule",
        "Such as HostSNI(`db.alvin.xyz`), the name in the TLS handshake; HostSNI(`*`) for all connections.",
        column=True,
    )
    service: str = field(reference("tcpService"), "Service", "One of your TCP services.")
    entry_points: list[str] = field(
        ANY_ENTRY_POINTS,
        "Entry points",
        "Where it listens. Empty: on all default entry points, those for HTTP too.",
        default=[],
        option="--entry-point",
    )
    middlewares: list[str] = field(
        middlewares("tcpMiddleware"),
        "Middlewares",
        "What its connections pass through first, in this order.",
        default=[],
        option="--middleware",
    )
    priority: int = field(
        Whole(-1_000_000_000, 1_000_000_000),
        "Priority",
        "The highest goes first. 0: by the length of the rule.",
        default=0,
        rare=True,
    )
    tls: TCPRouterTLS | None = field(
        Nested(TCPRouterTLS),
        "TLS",
        "Without it, the name that a client asks for is not known: the rule can only be HostSNI(`*`).",
        default=None,
        switch="Take connections over TLS only",
    )
    beside: TCPBesideOther | None = beside_field(TCPBesideOther)
    labels: dict[str, str] = labels_field()

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse a name of hosts without TLS, for which Traefik disables the router."""
        rule = given.get("rule")
        if isinstance(rule, str) and given.get("tls", ...) is None and _asks_for_a_name(rule):
            detail = Message("without TLS, clients ask for no name: add tls, or match HostSNI(`*`)")
            yield "tls", Refusal("tcpRouter.tls", detail)

    @property
    def rank(self) -> int:
        """The rank that Traefik gives it: what takes all comes last, unless a priority is set."""
        if self.beside is not None:
            return self.beside.priority
        return self.priority or (_LAST if self.rule == _ANY else len(self.rule.encode()))

    @property
    def waits(self) -> bool:
        """Whether another router takes its connections, beside which it stands."""
        return self.beside is not None and self.beside.waits

    @property
    def takes_all(self) -> bool:
        """Whether it takes every connection of its entry points that comes without TLS."""
        return not self.waits and self.tls is None and self.rule.replace(" ", "") == _ANY

    @property
    def hosts(self) -> list[str]:
        """The exact names for which it takes connections over TLS, in lower case."""
        found = singles(parse_tcp(self.rule).condition) if self.tls is not None else ()
        return [each.matcher.host for each in found if isinstance(each.matcher, HostSNI) and not each.negated]

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell that everything of all entry points is taken. Of those that it names, conflicts tell who loses."""
        if self.takes_all and not self.entry_points:
            yield (
                "rule",
                Message(
                    "this takes every connection on its entry points: HTTP routers there get no requests without TLS"
                ),
            )


def _asks_for_a_name(rule: str) -> bool:
    names = [str(single.matcher) for single in singles(parse_tcp(rule).condition) if "SNI" in single.matcher.name]
    return any(name != _ANY for name in names)


_MADE: Final = frozenset({"rule", "priority"})
"""The fields in whose place Traefik gets something that is made of them."""


class ServedTCPRouter(
    Object,
    more={each.name: each for key, each in TCPRouter.fields.items() if not each.is_ours and key not in _MADE},
):
    """A TCP router as Traefik gets it."""

    # With rules that it spares it may be longer than one that is given.
    rule: str = field(Text(said={"pattern": "."}))
    priority: int = field(Whole(), default=0)


TCPRouter.served = ServedTCPRouter
