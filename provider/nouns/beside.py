"""Standing beside a router of another provider: below it, without its requests, or above it, with all of them. Pure.

A priority of Traefik is an `int` of Go, which has 32 bits on some machines.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Final, TypeVar

from provider import rules
from provider.messages import Message
from provider.nouns import internals
from provider.nouns.common import HIGHEST_OF_TRAEFIK, TCP_LANGUAGE, check_rule_of
from provider.nouns.containers import ListOf
from provider.nouns.fields import field, flag
from provider.nouns.nested import Nested
from provider.nouns.noun import BESIDE, Noun
from provider.nouns.objects import Object
from provider.nouns.texts import Text
from provider.nouns.together import either, has, may
from provider.nouns.types import Schema, Whole
from provider.rules.tcp import parse_tcp
from provider.values import OTHERS_PATTERN, Refusal, check_reference, in_schema, shown_text, whole

HIGHEST_BELOW: Final = -1_100_000_000
"""Up to here routers rank that leave all requests to others: below any rank that can be set here."""

_MIDDLE: Final = -1_600_000_000
_SPAN: Final = -(_MIDDLE - HIGHEST_BELOW)
_MOST_SPARED: Final = 1000


@in_schema({"pattern": whole(OTHERS_PATTERN)})
def _check_other(text: str) -> str:
    if internals.is_internal(text) or "@" not in text:
        detail = Message("{text} is not a router of another provider, such as shop@docker", text=shown_text(text))
        raise Refusal("beside.router", detail)
    return check_reference(text)


def _spared(check: Callable[[str], str]) -> list[str]:
    """Declare the rules of those that go first; `check` says which there are."""
    declared: list[str] = field(
        ListOf(Text(check, most=rules.RULE_LENGTH, is_long=True, word="RULE"), most=_MOST_SPARED),
        "Spared rules",
        "Requests that match one of these rules stay with other routers, even once this one is adopted. "
        "Adopting sets this.",
        default=[],
    )
    return declared


class BesideOther(Object):
    """Lets a router stand beside one of another provider, and says which of the two takes the requests."""

    is_sparse = True
    example: ClassVar = {"router": "shop@docker", "rank": 26}

    router: str = field(
        Text(_check_other, most=300, word="NAME@PROVIDER"),
        "Stands beside",
        "A router of another provider, such as shop@docker, which takes the requests until this one is adopted.",
        option="--beside",
    )
    rank: int | None = field(
        Whole(-HIGHEST_OF_TRAEFIK, HIGHEST_OF_TRAEFIK - 1),
        "The other's priority",
        "The priority of the other router, or the length of its rule. Empty: as an edge's API reports it.",
        default=None,
    )
    adopted: bool = flag("Adopted", "This router takes the requests: its priority is one higher than the other's.")
    spared: list[str] = _spared(check_rule_of(rules.parse))

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse one that shall rank above another of which the rank is not known, or that nothing can go below."""
        if given.get("adopted") is True and given.get("rank", ...) is None:
            yield "rank", Refusal("beside.rank", Message("to take over, it needs the other router's priority: set it"))

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield either(may(adopted={"const": False}), has(rank={"type": "integer"}))

    @staticmethod
    def parse(text: str) -> rules.Rule:
        """Read a rule."""
        return rules.read(text)

    @property
    def priority(self) -> int:
        """The priority that Traefik gets: never 0, which is none for Traefik."""
        if self.adopted:
            return above(self.rank or 0)
        rank = self.rank or 0
        return min(_MIDDLE + max(-_SPAN, min(rank, _SPAN)), rank - 1)

    def rule(self, text: str) -> str:
        """Return the rule that Traefik gets of a router with a rule."""
        if not self.adopted or not self.spared:
            return text
        # Without what may stand in a rule besides: what follows a comment would be part of it.
        own, *others = (str(self.parse(each).condition) for each in (text, *self.spared))
        return " && ".join([f"({own})", *(f"!({other})" for other in others)])

    @property
    def waits(self) -> bool:
        """Whether the other one takes the requests."""
        return not self.adopted


_Beside = TypeVar("_Beside", bound=BesideOther)


class TCPBesideOther(BesideOther):
    """Lets a TCP router stand beside one of another provider, and says which of the two takes the connections."""

    spared: list[str] = _spared(check_rule_of(parse_tcp, TCP_LANGUAGE))

    @staticmethod
    def parse(text: str) -> rules.Rule:
        """Read a rule of TCP."""
        return parse_tcp(text)


def beside_of(item: Noun) -> BesideOther | None:
    """Return what a router has of the one of another provider beside which it stands."""
    found: BesideOther | None = getattr(item, BESIDE)
    return found


def beside_field(model: type[_Beside]) -> _Beside | None:
    """Declare that a router stands beside one of another provider."""
    declared: _Beside | None = field(
        Nested(model),
        "Beside",
        "Its priority is lower than that router's and, once adopted, one higher. A priority of its own "
        "is ignored meanwhile.",
        default=None,
        switch="Stand beside another provider's router",
        rare=True,
        omitted=True,
        apart=True,
        ours=True,
    )
    return declared


def above(rank: int) -> int:
    """Return the lowest priority above a rank. Nothing has the rank 0: as a priority that is none."""
    return rank + 1 or 1
