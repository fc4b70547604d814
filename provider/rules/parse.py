"""Rules as Traefik reads them: from the text to what it matches.

Traefik (3.7.15) lets Go's parser of expressions read a rule, and takes of what that can read: matchers with
texts as arguments, `&&`, `||`, `!` and parentheses. Whatever else it reads, Traefik disables the router.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from provider.late import Late
from provider.rules import literals
from provider.rules.build import quote
from provider.rules.conditions import Condition, Mismatch, Single, all_of, either_of
from provider.rules.lexemes import Lexeme, LexemeKind, tokens
from provider.rules.matcher import BadArgument, Matcher
from provider.rules.matchers import MATCHERS, NAMES
from provider.rules.mistakes import BadRule
from provider.rules.requests import Request

if TYPE_CHECKING:
    import difflib
else:
    difflib = Late("difflib")

RULE_LENGTH: Final = 10_000
"""The most characters of a rule that is given; Traefik has no limit."""

DEPTH: Final = 50
"""How many parentheses may stand in one another; Traefik has no limit that one could reach."""

_PARSED: Final = 20_000
"""How many parsed rules are kept: those of a large state, so that a change costs one."""

_ONCE: Final = {
    "headers": "Header",
    "headersregexp": "HeaderRegexp",
    "hostheader": "Host",
    "hostsni": "Host",
    "hostsniregexp": "HostRegexp",
}
"""What had another name in Traefik 2, or has one in routers of TCP."""

_NAME_SHOWN: Final = 40

_WORDS: Final = {"and": "&&", "or": "||", "not": "!"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that Traefik takes."""

    text: str
    condition: Condition

    @property
    def priority(self) -> int:
        """The rank that Traefik gives it: the length of its text in bytes of UTF-8, comments and spaces too."""
        return len(self.text.encode())

    def matches(self, request: Request) -> bool:
        """Tell whether it matches a request."""
        return self.condition.matches(request)

    def failures(self, request: Request) -> Sequence[Mismatch]:
        """Return what stands in the way of a request, by the shortest way; nothing if it matches."""
        return self.condition.way(request)[0]


def parse(text: str) -> Rule:
    """Read a rule that is given. Raises `BadRule` for what Traefik would disable its router for, and for a long one."""
    _check_length(text)
    return read(text)


def parse_with(text: str, matchers: Mapping[str, type[Matcher]], names: Mapping[str, type[Matcher]]) -> Rule:
    """Read a rule that is given, of other matchers than those of HTTP; `names` are all spellings of these."""
    _check_length(text)
    return _read(text, matchers, names)


def _check_length(text: str) -> None:
    if len(text) > RULE_LENGTH:
        raise BadRule("rule.length", f"a rule has at most {RULE_LENGTH} characters", RULE_LENGTH)


@lru_cache(maxsize=_PARSED)
def read(text: str) -> Rule:
    """Read a rule however long it is, as one for many domains may be. Raises `BadRule`."""
    return _read(text, MATCHERS, NAMES)


def _read(text: str, matchers: Mapping[str, type[Matcher]], names: Mapping[str, type[Matcher]]) -> Rule:
    if not text.strip():
        form = next(iter(matchers.values())).form if matchers is not MATCHERS else "Host(`alvin.xyz`)"
        raise BadRule("rule.syntax", f"the rule is empty: write one such as {form}", 0)
    return Rule(text, _Parser(text, matchers, names).parsed())


class _Parser:
    """Goes through the words of a rule once, from left to right."""

    def __init__(self, rule: str, matchers: Mapping[str, type[Matcher]], names: Mapping[str, type[Matcher]]) -> None:
        self._matchers = matchers
        self._names = names
        self._words = list(tokens(rule))
        self._next = 0
        self._depth = 0

    def parsed(self) -> Condition:
        condition = self._either()
        after = self._take()
        if after.kind is LexemeKind.BREAK and self._seen.kind is LexemeKind.END:
            after = self._take()
        if after.kind is not LexemeKind.END:
            raise self._mistake(after, self._why_not_after(after))
        return condition

    def _either(self) -> Condition:
        return self._joined("||", self._all, either_of)

    def _all(self) -> Condition:
        return self._joined("&&", self._one, all_of)

    def _joined(
        self, sign: str, part: Callable[[], Condition], join: Callable[[Sequence[Condition]], Condition]
    ) -> Condition:
        parts = [part()]
        while self._seen.text == sign:
            self._take()
            parts.append(part())
        return join(parts)

    def _one(self) -> Condition:
        negated = False
        while self._seen.text == "!":
            self._take()
            negated = not negated
        word = self._take()
        if word.text == "(":
            condition = self._parenthesis(word)
        elif word.kind is LexemeKind.NAME:
            condition = Single(self._matcher(word))
        else:
            raise self._mistake(word, self._why_no_matcher(word))
        return condition.inverted() if negated else condition

    def _parenthesis(self, opening: Lexeme) -> Condition:
        self._depth += 1
        if self._depth > DEPTH:
            reason = f"parentheses are nested more than {DEPTH} deep"
            raise BadRule("rule.depth", reason, opening.position)
        condition = self._either()
        closing = self._take()
        if closing.text != ")":
            raise self._mistake(closing, self._why_not_after(closing, opening))
        self._depth -= 1
        return condition

    def _matcher(self, name: Lexeme) -> Matcher:
        found = self._names.get(name.text)
        if found is None:
            raise BadRule("rule.matcher", _why_unknown(name.text, self._matchers), name.position)
        if self._seen.text != "(":
            raise self._mistake(self._seen, f"{name.text} needs its arguments in parentheses: {found.form}")
        self._take()
        given = self._arguments(found)
        values = [self._value(token) for token in given]
        if len(values) not in found.counts:
            place = given[max(found.counts)] if len(given) > max(found.counts) else name
            raise BadRule("rule.arguments", _why_count(found, values), place.position)
        for token, value in zip(given, values, strict=True):
            if not value:
                raise BadRule("rule.arguments", _why_empty(found), token.position)
        try:
            return found(values)
        except BadArgument as error:
            raise BadRule(error.code, str(error), given[error.index].position) from None

    def _arguments(self, matcher: type[Matcher]) -> list[Lexeme]:
        """Take texts up to the closing parenthesis; a comma, or `...`, may stand before that, as in Go."""
        given: list[Lexeme] = []
        while self._seen.text != ")":
            word = self._take()
            if word.kind is not LexemeKind.TEXT:
                raise self._mistake(word, f"an argument in backticks belongs here, not {word}: {matcher.form}")
            given.append(word)
            last = self._seen.text == "..."
            if last:
                self._take()
            if self._seen.text != ",":
                break
            self._take()
            if last:
                break
        closing = self._take()
        if closing.text != ")":
            raise self._mistake(closing, f"',' or ')' belongs here, not {closing}: {matcher.form}")
        return given

    def _value(self, token: Lexeme) -> str:
        try:
            return literals.read(token.text)
        except literals.BadEscape as error:
            raise BadRule("rule.syntax", str(error), token.position + error.position) from None

    @property
    def _seen(self) -> Lexeme:
        return self._words[self._next]

    def _take(self) -> Lexeme:
        word = self._words[self._next]
        self._next += word.kind is not LexemeKind.END
        return word

    def _mistake(self, word: Lexeme, reason: str) -> BadRule:
        return BadRule("rule.syntax", reason, word.position)

    def _why_not_after(self, word: Lexeme, opening: Lexeme | None = None) -> str:
        if word.kind is LexemeKind.BREAK and self._seen.text != ")":
            return "a line break ends the rule here: put && or || before it, not after it"
        if word.text.lower() in _WORDS:
            return f"write {_WORDS[word.text.lower()]} for '{word.text}'"
        if opening is not None:
            return f"')' belongs here, not {word}, for the '(' at character {opening.position + 1}"
        if word.text == ")":
            return "there is no '(' for this ')'"
        return f"&& or || belongs here, not {word}"

    def _why_no_matcher(self, word: Lexeme) -> str:
        if word.kind is LexemeKind.TEXT:
            return "a matcher such as Host(`alvin.xyz`) belongs here, not text alone"
        return f"a matcher such as Host(`alvin.xyz`) belongs here, not {word}"


def _why_unknown(written: str, matchers: Mapping[str, type[Matcher]]) -> str:
    name = written if len(written) <= _NAME_SHOWN else written[:_NAME_SHOWN] + "…"
    lowered = name.lower()
    by_lower = {known.lower(): known for known in matchers}
    if lowered in _WORDS:
        return f"write {_WORDS[lowered]} for '{name}'"
    close = difflib.get_close_matches(lowered, by_lower, n=1)
    meant = (
        by_lower.get(lowered)
        or (_ONCE.get(lowered) if matchers is MATCHERS else None)
        or (by_lower[close[0]] if close else None)
    )
    if meant is not None:
        return f"there is no matcher {name}: did you mean {meant}?"
    return f"there is no matcher {name}: use {', '.join(sorted(matchers))}"


def _why_count(matcher: type[Matcher], values: Sequence[str]) -> str:
    wanted = " or ".join(map(str, matcher.counts)) + (" argument" if matcher.counts == (1,) else " arguments")
    reason = f"{matcher.name} takes {wanted}, this has {len(values)}"
    if matcher.counts == (1,) and len(values) > 1 and all(values):
        short = values[:2]
        return f"{reason}: write {' || '.join(f'{matcher.name}({quote(value)})' for value in short)}"
    return f"{reason}: {matcher.form}"


def _why_empty(matcher: type[Matcher]) -> str:
    return f"{matcher.name} takes no empty argument: {matcher.form}"
