"""Middlewares that hold bodies before they go on."""

from typing import ClassVar, Final

from provider.messages import Message
from provider.nouns.fields import field
from provider.nouns.middlewares import Kind, Purpose
from provider.nouns.middlewares.predicates import TEXT, TRUTH, WHOLE, checking
from provider.nouns.middlewares.underway import StopEffect, Underway, depends, passes
from provider.nouns.middlewares.words import size
from provider.nouns.texts import Text
from provider.nouns.types import Whole
from provider.values import optional

_BYTES: Final = Whole(0, 1_000_000_000_000)

_check_condition = checking(
    {
        "Attempts": ((), WHOLE),
        "ResponseCode": ((), WHOLE),
        "IsNetworkError": ((), TRUTH),
        "RequestMethod": ((), TEXT),
    },
    "retry-condition",
)


check_retry: Final = optional(_check_condition)
"""Check the condition of a retry, or that there is none."""


class Buffering(Kind):
    """Buffering of whole bodies."""

    is_empty_meant = True
    title = "Buffer bodies"
    purpose = Purpose.LIMIT
    about = "Reads whole requests and responses before it passes them on, and refuses those that are too long."
    example: ClassVar = {"maxRequestBodyBytes": 10_000_000}

    max_request_body_bytes: int = field(
        _BYTES,
        "Longest request",
        "In bytes: for longer bodies, clients get 413. 0: no limit.",
        default=0,
        explicit=True,
    )
    mem_request_body_bytes: int = field(
        _BYTES, "Request in memory", "In bytes: the rest is kept on disk. 0: 1 MiB.", default=0, rare=True
    )
    max_response_body_bytes: int = field(
        _BYTES, "Longest response", "In bytes: for longer responses, clients get 500. 0: no limit.", default=0
    )
    mem_response_body_bytes: int = field(
        _BYTES, "Response in memory", "In bytes: the rest is kept on disk. 0: 1 MiB.", default=0, rare=True
    )
    retry_expression: str = field(
        Text(check_retry, most=1_000),
        "Retry when",
        'Such as IsNetworkError() && Attempts() < 3; also ResponseCode() and RequestMethod() == "PUT". '
        "Requests without a body are never retried: use a retry middleware for those.",
        default="",
    )

    def does(self) -> Message:
        """Say how long bodies may be."""
        asked, answered = size(self.max_request_body_bytes), size(self.max_response_body_bytes)
        if self.max_request_body_bytes and self.max_response_body_bytes:
            return Message(
                "Buffers requests up to {asked} and responses up to {answered}", asked=asked, answered=answered
            )
        if self.max_request_body_bytes:
            return Message("Buffers requests up to {asked}, and refuses longer ones", asked=asked)
        if self.max_response_body_bytes:
            return Message("Buffers responses up to {answered}, and refuses longer ones", answered=answered)
        return Message("Buffers requests and responses")

    def meet(self, request: Underway) -> StopEffect:
        """Turn away a body that is too long, which is not known here."""
        if not self.max_request_body_bytes:
            return passes(request, self.does())
        told = {"most": size(self.max_request_body_bytes)}
        return depends(request, Message("the length of the body: more than {most} get 413", **told))
