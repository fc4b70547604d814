"""Middlewares that change the path of a request."""

from collections.abc import Iterator
from typing import ClassVar

from provider.messages import Message, template
from provider.nouns.middlewares import Kind
from provider.nouns.objects import field
from provider.nouns.protocol import EXPRESSION, check_path
from provider.nouns.types import Flag, ListOf, Text
from provider.values import PATH_SCHEMA, check_path_prefix


class StripPrefix(Kind):
    """A prefix taken away from the path."""

    title = "Strip a path prefix"
    about = "Removes a prefix from the path. Servers find it in X-Forwarded-Prefix."
    example: ClassVar = {"prefixes": ["/api"]}

    prefixes: list[str] = field(
        ListOf(
            Text(check_path_prefix, most=255, said=PATH_SCHEMA, word="PATH"),
            least=1,
            most=100,
            duplicate=("prefixes.duplicate", template("a prefix is listed twice")),
        ),
        title="Prefixes",
        option="--strip-prefix",
        help="The first one that the path begins with is removed, such as /api. Note: /fo turns /foo/bar into /o/bar.",
    )
    force_slash: bool | None = field(
        Flag(),
        default=None,
        title="Force a slash",
        help="Deprecated in Traefik 3: the path that is left begins with a slash anyway.",
        rare=True,
    )


class StripPrefixRegex(Kind):
    """A prefix that matches an expression taken away from the path."""

    title = "Strip a matching prefix"
    about = "Removes the beginning of the path that an expression matches. Servers find it in X-Forwarded-Prefix."
    example: ClassVar = {"regex": ["^/v[0-9]+"]}

    regex: list[str] = field(
        ListOf(EXPRESSION, least=1, most=100),
        title="Regular expressions",
        help="In Go's notation. What the first one matches at the beginning of the path is removed: ^/v[0-9]+",
        option="--strip-prefix-regex",
    )


class AddPrefix(Kind):
    """A prefix put before the path."""

    title = "Add a path prefix"
    about = "Puts a prefix before the path."
    example: ClassVar = {"prefix": "/app"}

    prefix: str = field(
        Text(check_path_prefix, most=255, said=PATH_SCHEMA, word="PATH"),
        title="Prefix",
        option="--add-prefix",
        help="Such as /app, without a slash at the end.",
    )

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of a slash at the end, which is given twice then."""
        if self.prefix.endswith("/"):
            yield "prefix", Message("the path gets two slashes after {prefix}: end it without one", prefix=self.prefix)


class ReplacePath(Kind):
    """One path in place of all."""

    title = "Replace the path"
    about = "Asks servers for one path, whatever the client asked for. The original is in X-Replaced-Path."
    example: ClassVar = {"path": "/index.html"}

    path: str = field(
        Text(check_path, most=1_000, word="PATH"),
        title="Path",
        help="Such as /index.html, percent-encoded.",
        option="--replace-path",
    )
