"""Routers: which requests go to which service."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Final, Self

from provider import rules, typed_hosts
from provider.hosts import check_hostname, to_ascii
from provider.messages import Message, template
from provider.nouns.beside import BesideOther, beside_field
from provider.nouns.common import ENTRY_POINTS, MIDDLEWARES, SERVICE, check_rule_of, labels_field, name_field
from provider.nouns.containers import ListOf
from provider.nouns.domain import Domain
from provider.nouns.fields import field, flag
from provider.nouns.nested import Nested
from provider.nouns.noun import Noun
from provider.nouns.objects import Object
from provider.nouns.protocol import is_unset, something_set
from provider.nouns.reading import Where
from provider.nouns.texts import Reference, Text
from provider.nouns.tls import DEFAULT, RouterTLS
from provider.nouns.together import both, either, has, may
from provider.nouns.types import Choice, Schema, Whole, Word
from provider.patterns import pattern
from provider.rules.implications import singles
from provider.values import Refusal, check_path_prefix

HIGHEST_PRIORITY: Final = 1_000_000_000
"""The highest priority that can be set, and below zero the lowest."""

check_rule: Final = check_rule_of(rules.parse)

_NAMED_PATTERN: Final = pattern(r"\{[A-Za-z][A-Za-z0-9_-]*:[^{}`]+\}")
_NONE: Final = {"type": "null"}
_TEXT: Final = {"type": "string"}
_MATCH: Final = [
    both(has(domains={"minItems": 1}), may(rule=_NONE)),
    both(has(pathPrefix=_TEXT), may(rule=_NONE)),
    both(has(rule=_TEXT), may(domains={"maxItems": 0}, pathPrefix=_NONE)),
]


def _check_priority(number: int) -> int:
    if number == 0:
        raise Refusal("priority.zero", Message("for Traefik, 0 means no priority: leave it empty, or set 1 or -1"))
    return number


class TraceVerbosity(StrEnum):
    """How much of a request is traced."""

    MINIMAL = "minimal"
    DETAILED = "detailed"


class Observability(Object):
    """What Traefik records of a router's requests."""

    example: ClassVar = {"accessLogs": False}

    access_logs: bool | None = flag("Access log", "A line for each request.", default=None)
    metrics: bool | None = flag("Metrics", "Counts and times.", default=None)
    tracing: bool | None = flag("Tracing", "Shows where requests spend their time.", default=None)
    trace_verbosity: TraceVerbosity = field(
        Choice(TraceVerbosity, {each: Word(each.value) for each in TraceVerbosity}),
        "Detail of traces",
        "How much of a request is traced.",
        default=TraceVerbosity.MINIMAL,
        since="3.5",
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse one in which nothing is set."""
        if is_unset(cls, given):
            yield "", Refusal("observability.none", Message("nothing is set: turn something on or off"))

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield something_set(cls)


class Router(Noun):
    """Which requests go to which service."""

    kind = "router"
    place = ("http", "routers")
    title = "Router"
    about = "which requests go to which service"
    texts = ("name", "service", "path_prefix", "rule")
    layout = (
        *("name", "domains", "pathPrefix", "service", "middlewares"),
        *("rule", ("entryPoints", "priority"), "tls", "observability", "enabled"),
    )
    example: ClassVar = {
        "name": "wayshub",
        "domains": ["alvin.xyz"],
        "pathPrefix": None,
        "rule": None,
        "service": "wayshub",
        "middlewares": [],
        "entryPoints": None,
        "priority": None,
        "tls": None,
        "observability": None,
        "enabled": True,
        "labels": {},
    }

    name: str = name_field()
    path_prefix: str | None = field(
        Text(check_path_prefix, most=255, word="PATH"),
        "Path prefix",
        "Only requests whose path starts with this, such as /api. Empty: all paths.",
        default=None,
        column=True,
    )
    rule: str | None = field(
        Text(
            check_rule,
            most=rules.RULE_LENGTH,
            is_long=True,
            word="RULE",
        ),
        "Rule",
        "Instead of domains and a path prefix, for what they cannot express, such as Host(`alvin.xyz`) && "
        "Method(`POST`).",
        default=None,
        rare=True,
        column=True,
    )
    domains: list[str] = field(
        ListOf(
            Reference(
                check_hostname,
                meant=typed_hosts.meant,
                word="DOMAIN",
                kind="domain",
                name_of=to_ascii,
            ),
            most=100,
            duplicate=("domains.duplicate", template("a domain is listed twice")),
            same=to_ascii,
        ),
        "Domains",
        "Requests for any of these host names match. They have to be among your domains.",
        default=[],
        option="--domain",
    )
    service: str = field(SERVICE, "Service", "One of your services, or NAME@PROVIDER.")
    middlewares: list[str] = field(
        MIDDLEWARES, "Middlewares", "Applied to its requests, in this order.", default=[], option="--middleware"
    )
    entry_points: list[str] | None = field(
        ENTRY_POINTS,
        "Entry points",
        "Traefik's entry points it listens on, separated by commas. Empty: the HTTPS one for domains with "
        "HTTPS, the HTTP one for others.",
        default=None,
        rare=True,
        option="--entry-point",
    )
    priority: int | None = field(
        Whole(-HIGHEST_PRIORITY, HIGHEST_PRIORITY, _check_priority, {"not": {"const": 0}}),
        "Priority",
        "If several routers match, the one with the highest priority takes the request. Empty: exact "
        "domains come before wildcards, and longer path prefixes before shorter ones; with a custom rule, "
        "its length counts, as in Traefik. May be negative.",
        default=None,
        rare=True,
    )
    tls: RouterTLS | None = field(
        Nested(RouterTLS),
        "TLS",
        "Takes precedence over the HTTPS settings of its domains. Its entry points have to accept TLS.",
        default=None,
        rare=True,
        switch="Take requests over TLS only",
        few=True,
    )
    observability: Observability | None = field(
        Nested(Observability),
        "Observability",
        "What Traefik records of its requests. Empty: as the entry point says.",
        default=None,
        switch="Set what is recorded",
        since="3.3",
        rare=True,
    )
    beside: BesideOther | None = beside_field(BesideOther)
    enabled: bool = flag(
        "Enabled",
        "A disabled router stays here, but is not sent to Traefik.",
        default=True,
        rare=True,
        column=True,
        option="--enabled/--disabled",
        ours=True,
    )
    labels: dict[str, str] = labels_field()

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse a rule beside domains or a path prefix, and a router that would match everything."""
        prefix, rule, domains = (given.get(name, ...) for name in ("pathPrefix", "rule", "domains"))
        if rule not in {None, ...} and prefix not in {None, ...}:
            detail = Message(
                "a router has either a rule or a path prefix: write the prefix in the rule, PathPrefix(`…`)"
            )
            yield "rule", Refusal("rule.exclusive", detail)
            rule = ...  # nothing more is said about it
        if domains and domains is not ... and rule not in {None, ...}:
            detail = Message("a router has either a rule or domains: write the domains in the rule, Host(`…`)")
            yield "domains", Refusal("rule.exclusive", detail)
        if given.get("beside") is not None and given.get("entryPoints", ...) is None:
            detail = Message("a router that stands beside another needs entry points: give it those of the other")
            yield "entryPoints", Refusal("beside.entryPoints", detail)
        if domains == [] and prefix is None and rule is None:
            yield (
                "domains",
                Refusal("router.match", Message("a router needs a domain, a path prefix or both, or a rule")),
            )

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield either(*_MATCH)
        yield either(may(beside={"type": "null"}), has(entryPoints={"type": "array"}))

    def without(self, kind: str, key: str) -> Self | None:
        """Return it without a domain, if it has others: without its only one, or its service, it has to go."""
        if kind != Domain.kind:
            return None
        kept = [domain for domain, name in zip(self.domains, self.ascii_domains, strict=True) if name != key]
        return self.copy(domains=kept) if kept else None

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell where Traefik leaves TLS options aside: it chooses them by the name that a client asks for.

        And where a rule has names in braces, which Traefik 2 knew: Traefik 3 looks for the braces themselves.
        """
        if self.rule is not None and (named := _NAMED_PATTERN.search(self.rule)):
            yield (
                "rule",
                Message("{part} is Traefik 2 syntax: Traefik 3 takes these characters literally", part=named[0]),
            )
        for each in singles(rules.parse(self.rule).condition) if self.rule is not None else ():
            if each.matcher.vain is not None and not each.negated:
                told = {"matcher": str(each.matcher), "why": each.matcher.vain}
                yield "rule", Message("no request ever matches {matcher}: {why}", **told)
        if self.tls is not None and self.tls.options not in {None, DEFAULT} and not self._has_exact_hosts():
            yield "tls", Message("TLS options apply to exact host names only: others get the default options")

    def warnings(self, where: Where = ()) -> Iterator[tuple[Where, Message]]:
        """Give what may not be meant. What middlewares guard, or answer before it is asked, is meant to be there."""
        for at, message in super().warnings(where):
            if not self.middlewares or at != (*where, "service"):
                yield at, message

    def _has_exact_hosts(self) -> bool:
        if self.rule is not None:
            return any(single.matcher.name == "Host" for single in singles(rules.parse(self.rule).condition))
        return bool(self.domains) and not any(domain.startswith("*.") for domain in self.domains)

    @property
    def ascii_domains(self) -> list[str]:
        """The domains as Traefik needs them, A-labels in lower case."""
        return [to_ascii(domain) for domain in self.domains]

    @property
    def takes(self) -> bool:
        """Whether it takes requests, and no router of another provider for it."""
        return self.enabled and (self.beside is None or self.beside.adopted)


_MADE: Final = frozenset({"domains", "pathPrefix", "rule", "entryPoints", "priority"})
"""The fields in whose place Traefik gets something that is made of them."""

HANDED_ON: Final = {key: each for key, each in Router.fields.items() if not each.is_ours and key not in _MADE}
"""The fields that Traefik gets as they are, and that are read of its own routers as they are."""


class ServedRouter(Object, more={each.name: each for each in HANDED_ON.values()}):
    """A router as Traefik gets it. Priority 0 leaves its rank to the length of the rule."""

    # For as many domains as a router may have: longer than one that is given may be.
    rule: str = field(Text(said={"pattern": "."}))
    service: str
    entry_points: list[str] = field(ENTRY_POINTS, default=[], explicit=True)
    middlewares: list[str]
    tls: RouterTLS | None
    observability: Observability | None
    priority: int = field(Whole(), default=0)


Router.served = ServedRouter
