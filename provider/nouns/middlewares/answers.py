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
from provider.nouns.together import both, either, has, may, not_both
from provider.nouns.types import Choice, Schema, Whole
from provider.values import Refusal


class Encoding(StrEnum):
    """How a response is compressed."""

    GZIP = "gzip"
    BR = "br"
    ZSTD = "zstd"


_ENCODINGS: Final = ListOf(
    Choice(Encoding), least=1, duplicate=("encodings.duplicate", template("an encoding is listed twice"))
)


_AMONG: Final = either(
    may(defaultEncoding={"type": "null"}),
    *(
        both(has(defaultEncoding={"const": word.value}), may(encodings={"contains": {"const": word.value}}))
        for word in Encoding
    ),
)
"""The default is one of the encodings."""


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
        "Encodings",
        "gzip, br and zstd, in order of preference.",
        default=[Encoding.GZIP, Encoding.BR, Encoding.ZSTD],
        since="3.2",
    )
    default_encoding: Encoding | None = field(
        Choice(Encoding),
        "Default encoding",
        "For clients that do not say what they accept. Empty: none.",
        default=None,
        since="3.0.2",
        rare=True,
    )
    min_response_body_bytes: int = field(
        Whole(1, 10**9), "Minimum size", "In bytes: shorter responses stay as they are.", default=1_024
    )
    included_content_types: list[str] = field(
        MEDIA_TYPES,
        "Included media types",
        "Only responses of these media types, such as text/html.",
        default=[],
        rare=True,
    )
    excluded_content_types: list[str] = field(
        MEDIA_TYPES, "Excluded media types", "Responses of these media types are not compressed.", default=[], rare=True
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

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield _AMONG
        yield not_both("includedContentTypes", "excludedContentTypes")

    def does(self) -> Message:
        """Say how it compresses."""
        if self.encodings == type(self).fields["encodings"].default:
            return Message("Compresses responses")
        return Message("Compresses responses ({encodings})", encodings=", ".join(self.encodings))
