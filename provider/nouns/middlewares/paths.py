"""Middlewares that change the path of a request."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from provider.messages import Message, template
from provider.nouns.containers import ListOf
from provider.nouns.fields import field, flag
from provider.nouns.middlewares import Kind, Purpose
from provider.nouns.middlewares.replacements import filled, missing_groups
from provider.nouns.middlewares.underway import StopEffect, Underway, changed, goes_on, passes, too_long, with_raw_path
from provider.nouns.middlewares.words import either
from provider.nouns.protocol import EXPRESSION, check_path
from provider.nouns.texts import Text
from provider.patterns import pattern
from provider.rules.expressions import Expression
from provider.rules.literals import as_bytes, as_text
from provider.rules.paths import URLPath, with_slash
from provider.values import Refusal, check_path_prefix, in_schema, shown_text

_PART: Final = "[A-Za-z0-9._~!$&'()*+,;=:@/-]"
_GROUP: Final = r"\$(\$|\{[A-Za-z0-9_]*\}|[A-Za-z0-9_]+)"
_IN_PATHS: Final = pattern(rf"(?:{_PART}|%[0-9A-Fa-f]{{2}})*")
_UNTIDY: Final = pattern(r"//|/\.{1,2}(?:/|$)")


@in_schema({"format": "path-replacement", "pattern": rf"^({_PART}|%([0-9A-Fa-f]|{_GROUP}){{2}}|{_GROUP})*$"})
def check_path_replacement(text: str) -> str:
    """Check what takes the place of a part of a path: Traefik answers 500 for a wrong escape, 400 for `//` and `/../`.

    What stands in a group may be anything, and is not looked at.
    """
    if not _IN_PATHS.fullmatch(filled(text)):
        detail = Message("{text} is not part of a path: percent-encode special characters", text=shown_text(text))
        raise Refusal("path.format", detail)
    if _UNTIDY.search(filled(text)):
        raise Refusal("path.segments", Message("leave out //, /./ and /../: Traefik answers 400 to such paths"))
    return text


def taken(request: Underway, path: URLPath, prefix: str) -> StopEffect:
    """Let a request go on without the prefix of its path, which servers find in a header."""
    return goes_on(request, path, changed(request.path, path), header=("X-Forwarded-Prefix", prefix))


class StripPrefix(Kind):
    """Removes a prefix from the path."""

    title = "Strip a path prefix"
    purpose = Purpose.PATH
    about = "Removes a prefix from the path. Servers find it in X-Forwarded-Prefix."
    example: ClassVar = {"prefixes": ["/api"]}

    prefixes: list[str] = field(
        ListOf(
            Text(check_path_prefix, most=255, word="PATH"),
            least=1,
            most=100,
            duplicate=("prefixes.duplicate", template("a prefix is listed twice")),
        ),
        "Prefixes",
        "The first one that the path starts with is removed, such as /api. Note: /fo turns /foo/bar into /o/bar.",
        option="--strip-prefix",
    )
    force_slash: bool | None = flag(
        "Force a slash",
        "Deprecated in Traefik 3: the remaining path starts with a slash anyway.",
        default=None,
        rare=True,
    )

    def does(self) -> Message:
        """Say what it removes."""
        return Message("Removes {prefix} from the path", prefix=either(self.prefixes))

    def meet(self, request: Underway) -> StopEffect:
        """Take the first prefix away with which the path begins."""
        path = request.path
        prefix = next((each for each in self.prefixes if path.plain.startswith(each)), None)
        if prefix is None:
            return passes(
                request,
                Message(
                    "the path {path} does not begin with {prefix}", path=path.encoded, prefix=either(self.prefixes)
                ),
            )
        raw = with_slash(path.raw.removeprefix(prefix)) if path.raw else ""
        return taken(request, URLPath(with_slash(path.plain.removeprefix(prefix)), raw), prefix)


class StripPrefixRegex(Kind):
    """Removes a prefix that matches a regular expression from the path."""

    title = "Strip a matching prefix"
    purpose = Purpose.PATH
    about = "Removes the start of the path that a regular expression matches. Servers find it in X-Forwarded-Prefix."
    example: ClassVar = {"regex": ["^/v[0-9]+"]}

    regex: list[str] = field(
        ListOf(EXPRESSION, least=1, most=100),
        "Regular expressions",
        "In Go's syntax. The first match at the start of the path is removed: ^/v[0-9]+",
        option="--strip-prefix-regex",
    )

    def does(self) -> Message:
        """Say what it removes."""
        return Message("Removes what matches {prefix} from the path", prefix=either(self.regex))

    def meet(self, request: Underway) -> StopEffect:
        """Take away what the first expression matches with which the path begins."""
        path = request.path
        matches = (Expression(each).find(path.plain) for each in self.regex)
        prefix = next((each for each in matches if each and path.plain.startswith(each)), None)
        if prefix is None:
            told = {"path": path.encoded, "prefix": either(self.regex)}
            return passes(request, Message("the path {path} does not begin with {prefix}", **told))
        raw = with_slash(as_text(as_bytes(path.raw)[len(as_bytes(prefix)) :])) if path.raw else ""
        return taken(request, URLPath(with_slash(path.plain.removeprefix(prefix)), raw), prefix)

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of an expression that no beginning of a path matches."""
        if not all(Expression(each).can_begin("/") for each in self.regex):
            yield "regex", Message("a path starts with '/': without it, nothing is removed")


class AddPrefix(Kind):
    """Adds a prefix to the path."""

    title = "Add a path prefix"
    purpose = Purpose.PATH
    about = "Adds a prefix to the path."
    example: ClassVar = {"prefix": "/app"}

    prefix: str = field(
        Text(check_path_prefix, most=255, word="PATH"),
        "Prefix",
        "Such as /app, without a slash at the end.",
        option="--add-prefix",
    )

    def does(self) -> Message:
        """Say what it adds."""
        return Message("Puts {prefix} before the path", prefix=self.prefix)

    def meet(self, request: Underway) -> StopEffect:
        """Put the prefix before the path."""
        raw = self.prefix + request.path.raw if request.path.raw else ""
        path = URLPath(with_slash(self.prefix + request.path.plain), raw)
        return goes_on(request, path, changed(request.path, path))

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of a slash at the end, which is given twice then."""
        if self.prefix.endswith("/"):
            yield (
                "prefix",
                Message("the path gets two slashes after {prefix}: remove the one at the end", prefix=self.prefix),
            )


class ReplacePath(Kind):
    """Replaces every path with the same one."""

    title = "Replace the path"
    purpose = Purpose.PATH
    about = "Replaces every path with the same one. Servers find the original in X-Replaced-Path."
    example: ClassVar = {"path": "/index.html"}

    path: str = field(
        Text(check_path, most=1_000, word="PATH"),
        "Path",
        "Such as /index.html, percent-encoded.",
        option="--replace-path",
    )

    def does(self) -> Message:
        """Say for what it asks servers."""
        return Message("Replaces the path with {path}", path=self.path)

    def meet(self, request: Underway) -> StopEffect:
        """Put the path in the place of the one that was asked for."""
        return with_raw_path(request, self.path)


class ReplacePathRegex(Kind):
    """Replaces the part of the path that matches a regular expression."""

    title = "Replace a matching path"
    purpose = Purpose.PATH
    about = (
        "Replaces the part of the path that a regular expression matches. Servers find the original in X-Replaced-Path."
    )
    example: ClassVar = {"regex": "^/old/(.*)", "replacement": "/new/$1"}

    regex: str = field(
        EXPRESSION,
        "Regular expression",
        "In Go's syntax, matched against the path: ^/old/(.*)",
        option="--replace-path-regex",
    )
    replacement: str = field(
        Text(check_path_replacement, most=1_000), "Replacement", "Replaces what matched; $1 is the first group: /new/$1"
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse groups that are not there, and a path that begins with no slash, which servers cannot read."""
        yield from missing_groups(given)
        if {"regex", "replacement"} <= given.keys():
            begins = given["replacement"][:1]
            if begins not in {"", "/", "$"} and Expression(given["regex"]).can_begin("/"):
                yield "replacement", Refusal("replacement.slash", Message("a path starts with '/': begin with that"))

    def does(self) -> Message:
        """Say what takes the place of what."""
        told = {"regex": self.regex, "replacement": self.replacement}
        if not self.replacement:
            return Message("Removes what matches {prefix} from the path", prefix=self.regex)
        return Message("Replaces {regex} in the path with {replacement}", **told)

    def meet(self, request: Underway) -> StopEffect:
        """Replace what matches in the path, as it is encoded."""
        path, expression = request.path.encoded, Expression(self.regex)
        if not expression.found_in(path):
            return passes(request, Message("the path {path} does not match {regex}", path=path, regex=self.regex))
        made = expression.replaced(path, self.replacement.strip())
        return too_long(request) if made is None else with_raw_path(request, made)
