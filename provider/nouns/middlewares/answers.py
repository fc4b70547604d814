"""Middlewares that change answers on their way back."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Final

from provider.messages import Message, template
from provider.nouns.containers import ListOf
from provider.nouns.fields import field
from provider.nouns.middlewares import Kind, Purpose
from provider.nouns.middlewares.underway import Fate
from provider.nouns.protocol import MEDIA_TYPES
from provider.nouns.types import Choice, Whole
from provider.values import Refusal


class Encoding(StrEnum):
    """How a response is compressed."""

    GZIP = "gzip"
    BR = "br"
    ZSTD = "zstd"


_ENCODINGS: Final = ListOf(
    Choice(Encoding), least=1, duplicate=("encodings.duplicate", template("an encoding is listed twice"))
)


class Compress(Kind):
    """Compression of responses."""

    is_empty_meant = True
    fate = Fate.CHANGES
    title = "Compress responses"
    purpose = Purpose.ANSWER
    about = "Compresses responses for clients that accept it, unless the server already did."
    example: ClassVar = {"minResponseBodyBytes": 1024}

    encodings: list[Encoding] = field(
        _ENCODINGS,
        default=[Encoding.GZIP, Encoding.BR, Encoding.ZSTD],
        title="Encodings",
        help="gzip, br and zstd, in order of preference.",
        since="3.2",
    )
    default_encoding: Encoding | None = field(
        Choice(Encoding),
        default=None,
        title="Default encoding",
        help="For clients that do not say what they accept. Empty: none.",
        since="3.0.2",
        rare=True,
    )
    min_response_body_bytes: int = field(
        Whole(1, 10**9), default=1_024, title="Minimum size", help="In bytes: shorter responses stay as they are."
    )
    included_content_types: list[str] = field(
        MEDIA_TYPES,
        default=[],
        title="Included media types",
        help="Only responses of these media types, such as text/html.",
        rare=True,
    )
    excluded_content_types: list[str] = field(
        MEDIA_TYPES,
        default=[],
        title="Excluded media types",
        help="Responses of these media types are not compressed.",
        rare=True,
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse what disables it: a default that is not among the encodings, and both lists of media types."""
        default = given.get("defaultEncoding")
        if default is not None and default not in given.get("encodings", [default]):
            yield "defaultEncoding", Refusal("encoding.default", Message("this is not one of the encodings"))
        if given.get("includedContentTypes") and given.get("excludedContentTypes"):
            detail = Message("media types are included or excluded: leave one of the lists empty")
            yield "excludedContentTypes", Refusal("mediaType.exclusive", detail)

    def does(self) -> Message:
        """Say how it compresses."""
        if self.encodings == type(self).fields["encodings"].default:
            return Message("Compresses responses")
        return Message("Compresses responses ({encodings})", encodings=", ".join(self.encodings))
