"""Middlewares for what HTTP carries: media types, gRPC, escapes in paths."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, ClassVar, Final

from provider.messages import Message, template
from provider.nouns.containers import ListOf
from provider.nouns.fields import field, flag
from provider.nouns.middlewares import Kind, Purpose
from provider.nouns.middlewares.underway import Fate, StopEffect, Underway, answers, passes
from provider.nouns.middlewares.words import either, named
from provider.nouns.texts import Text
from provider.patterns import pattern
from provider.values import matching

_ORIGIN: Final = pattern(r"\*|[a-z][a-z0-9+.-]*://(?:\[[0-9a-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")


check_origin: Final = matching(
    _ORIGIN, "origin.format", template("{text} is not an origin, such as https://alvin.xyz, nor *")
)
"""Check the origin of a page as browsers send it, or `*`: Traefik compares it to the letter."""


class ContentType(Kind):
    """Detection of media types."""

    is_empty_meant = True
    fate = Fate.CHANGES
    title = "Detect media types"
    purpose = Purpose.ANSWER
    about = "Sets Content-Type from the content of a response, if the server did not."
    example: ClassVar[dict[str, Any]] = {}

    auto_detect: bool | None = flag(
        "Detect it",
        "Deprecated in Traefik 3: leave it out. Switched off, it turns the middleware off.",
        default=None,
        rare=True,
    )

    def does(self) -> Message:
        """Say what it finds out."""
        return Message("Does nothing") if self.auto_detect is False else Message("Detects the media type of responses")

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of one that does nothing."""
        if self.auto_detect is False:
            yield "autoDetect", Message("this turns the middleware off: leave it out, or remove the middleware")


class GrpcWeb(Kind):
    """gRPC for browsers."""

    title = "gRPC for browsers"
    purpose = Purpose.ANSWER
    about = "Turns gRPC Web requests of browsers into gRPC."
    example: ClassVar = {"allowOrigins": ["https://alvin.xyz"]}

    allow_origins: list[str] = field(
        ListOf(
            Text(check_origin, most=300),
            least=1,
            most=100,
            duplicate=("origins.duplicate", template("an origin is listed twice")),
        ),
        "Allowed origins",
        "Origins whose pages may send requests: https://alvin.xyz, or * for all.",
        option="--grpc-web",
    )

    def does(self) -> Message:
        """Say from which pages it takes gRPC."""
        if "*" in self.allow_origins:
            return Message("Accepts gRPC from browsers")
        return Message("Accepts gRPC from browsers on pages of {origins}", origins=named(self.allow_origins))


class EncodedCharacters(Kind):
    """Escapes that paths may contain."""

    is_empty_meant = True
    since = "3.7"
    title = "Refuse escapes in paths"
    purpose = Purpose.LIMIT
    about = "Answers 400 to paths with escapes that servers may read as another path."
    example: ClassVar = {"allowEncodedSlash": True}

    allow_encoded_slash: bool = flag("Allow %2F", "A slash within a name.", explicit=True)
    allow_encoded_back_slash: bool = flag("Allow %5C", "A backslash.")
    allow_encoded_null_character: bool = flag("Allow %00", "The null character.")
    allow_encoded_semicolon: bool = flag("Allow %3B", "A semicolon.")
    allow_encoded_percent: bool = flag("Allow %25", "A percent sign.")
    allow_encoded_question_mark: bool = flag("Allow %3F", "A question mark.")
    allow_encoded_hash: bool = flag("Allow %23", "A hash sign.")

    @property
    def refused(self) -> list[str]:
        """The escapes that it refuses, as they stand in the titles of its fields."""
        return [each.title[-3:] for each in self.fields.values() if not getattr(self, each.name)]

    def does(self) -> Message:
        """Say which escapes it refuses."""
        if not self.refused:
            return Message("Refuses no escapes in paths")
        return Message("Refuses paths with {escapes}", escapes=either(self.refused))

    def meet(self, request: Underway) -> StopEffect:
        """Turn away a path with one of the escapes."""
        path = request.path.encoded
        found = [escape for escape in self.refused if escape in path.upper()]
        if not found:
            return passes(request, Message("the path {path} has none of these escapes", path=path))
        return answers(request, HTTPStatus.BAD_REQUEST, Message("the path has {escapes}", escapes=named(found)))
