"""Routers: which requests go to which service."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final, Self

from provider import rules, typed_hosts
from provider.messages import Message, template
from provider.nouns.common import ENTRY_POINTS, MIDDLEWARES, labels_field, name_field
from provider.nouns.domain import Domain
from provider.nouns.objects import Noun, field
from provider.nouns.types import Flag, ListOf, Reference, Text, Whole
from provider.values import (
    HOSTNAME_SCHEMA,
    NAME_SCHEMA,
    PATH_SCHEMA,
    Refusal,
    check_hostname,
    check_name,
    check_path_prefix,
    check_text,
    to_ascii,
)


def check_rule(text: str) -> str:
    """Check a rule: one line, and one that Traefik would not disable the router for. It is kept as typed.

    Raises a `Refusal` with the code of the mistake (`rule.…`), whose detail tells the place.
    """
    check_text(text)
    try:
        rules.parse(text)
    except rules.BadRule as mistake:
        detail = Message("at character {position}: {reason}", position=mistake.position + 1, reason=mistake.reason)
        raise Refusal(mistake.code, detail) from None
    return text


_NO_RULE: Final = {"rule": {"type": "null"}}
_MATCH: Final = [
    {"required": ["domains"], "properties": {"domains": {"minItems": 1}} | _NO_RULE},
    {"required": ["pathPrefix"], "properties": {"pathPrefix": {"type": "string"}} | _NO_RULE},
    {
        "required": ["rule"],
        "properties": {"rule": {"type": "string"}, "domains": {"maxItems": 0}, "pathPrefix": {"type": "null"}},
    },
]


class Router(Noun):
    """What matches a request, and where it goes."""

    kind = "router"
    plural = "routers"
    title = "Router"
    titles = "Routers"
    about = "which requests go to which service"
    texts = ("name", "service", "path_prefix", "rule")
    layout = ("name", "domains", "pathPrefix", "rule", "service", ("entryPoints", "priority"), "enabled")
    said: ClassVar = {"anyOf": _MATCH}
    example: ClassVar = {
        "name": "wayshub",
        "domains": ["alvin.xyz"],
        "pathPrefix": None,
        "rule": None,
        "service": "wayshub",
        "middlewares": [],
        "entryPoints": ["web"],
        "priority": None,
        "enabled": True,
        "labels": {},
    }

    name: str = name_field()
    path_prefix: str | None = field(
        Text(check_path_prefix, most=255, said=PATH_SCHEMA, word="PATH"),
        default=None,
        title="Path prefix",
        help="Only requests whose path starts with this, such as /api. Empty: all paths.",
        column=True,
    )
    rule: str | None = field(
        Text(
            check_rule,
            most=rules.RULE_LENGTH,
            said={"format": "traefik-rule", "minLength": 1},
            is_long=True,
            word="RULE",
        ),
        default=None,
        title="Rule",
        help="Instead of domains and a path prefix, for what they cannot express, such as Host(`alvin.xyz`) && "
        "Method(`POST`).",
        column=True,
    )
    domains: list[str] = field(
        ListOf(
            Reference(
                check_hostname,
                said=HOSTNAME_SCHEMA,
                meant=typed_hosts.meant,
                word="DOMAIN",
                kind="domain",
                name_of=to_ascii,
            ),
            most=100,
            duplicate=("domains.duplicate", template("a domain is listed twice")),
            same=to_ascii,
        ),
        default=[],
        title="Domains",
        help="Requests for any of these host names match. They have to be among your domains.",
        option="--domain",
    )
    service: str = field(
        Reference(check_name, said=NAME_SCHEMA, kind="service", word="NAME"),
        title="Service",
        help="One of your services.",
    )
    middlewares: list[str] = field(
        MIDDLEWARES,
        default=[],
        title="Middlewares",
        help="Applied to its requests, in this order.",
        option="--middleware",
    )
    entry_points: list[str] = field(
        ENTRY_POINTS,
        default=["web"],
        title="Entry points",
        help="Names of Traefik's entry points it listens on, separated by commas.",
        explicit=True,
        option="--entry-point",
    )
    priority: int | None = field(
        Whole(1, 1_000_000_000),
        default=None,
        title="Priority",
        help="If several routers match, the one with the highest priority takes the request. Leave it empty to rank "
        "exact domains before wildcards and longer path prefixes before shorter ones; a custom rule ranks by its "
        "length, as in Traefik.",
    )
    enabled: bool = field(
        Flag(),
        default=True,
        title="Enabled",
        help="A disabled router stays here, but is not sent to Traefik.",
        column=True,
        option="--enabled/--disabled",
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
        if domains == [] and prefix is None and rule is None:
            yield (
                "domains",
                Refusal("router.match", Message("a router needs a domain, a path prefix or both, or a rule")),
            )

    def without(self, kind: str, key: str) -> Self | None:
        """Return it without a domain, if it has others: without its only one, or its service, it has to go."""
        if kind != Domain.kind:
            return None
        kept = [domain for domain, name in zip(self.domains, self.ascii_domains, strict=True) if name != key]
        return self.copy(domains=kept) if kept else None

    @property
    def ascii_domains(self) -> list[str]:
        """The domains as Traefik needs them, A-labels in lower case."""
        return [to_ascii(domain) for domain in self.domains]
