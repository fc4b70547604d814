"""Middlewares for servers that fail: ask again, ask no more, answer in their place."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from provider.messages import Message, template
from provider.nouns.common import MOST_RESERVED, SERVICE
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.fields import field, flag
from provider.nouns.middlewares import Kind, Purpose
from provider.nouns.middlewares.predicates import RATIO, WHOLE, checking
from provider.nouns.middlewares.underway import Fate, StopEffect, Underway, depends
from provider.nouns.middlewares.words import named
from provider.nouns.objects import Object
from provider.nouns.protocol import HEADER_NAMES, PERIOD, check_pause, check_statuses
from provider.nouns.texts import Text
from provider.nouns.together import GIVEN, either, has, may
from provider.nouns.types import Schema, Whole
from provider.patterns import pattern
from provider.values import Refusal, check_text, in_schema, shown_text

_PLACEHOLDER: Final = pattern(r"\{(?:status|originalStatus|url)\}")
_PAGE_PART: Final = "[A-Za-z0-9._~!$&'()*+,;=:@/?-]"
_PAGE: Final = pattern(rf"(?:{_PAGE_PART}|%[0-9A-Fa-f]{{2}})*")


@in_schema({"pattern": f"^({_PAGE_PART}|%([0-9A-Fa-f]|{_PLACEHOLDER.pattern}){{2}}|{_PLACEHOLDER.pattern})*$"})
def check_page(text: str) -> str:
    """Check the path of a page, with placeholders and perhaps a query."""
    check_text(text)
    if not _PAGE.fullmatch(_PLACEHOLDER.sub("1", text)):
        detail = Message("{text} is not a path, such as /{{status}}.html", text=shown_text(text))
        raise Refusal("page.format", detail)
    return text


def _numbers(statuses: str) -> range:
    first, _hyphen, last = statuses.partition("-")
    return range(int(first), int(last or first) + 1)


STATUSES: Final = ListOf(
    Text(check_statuses, most=20),
    most=100,
    duplicate=("status.duplicate", template("a status is listed twice")),
)


class _Attempts(Object):
    """How often, and how soon after one another."""

    attempts: int = field(Whole(1, 100), "Attempts", "Maximum number, including the first.", option="--retry")
    initial_interval: str = field(
        Text(check_pause, most=30, word="DURATION"),
        "Pause",
        "Before the second attempt, such as 100ms; it grows up to twice as long.",
        default="0s",
    )
    timeout: str = field(
        Text(check_pause, most=30, word="DURATION"),
        "Time limit",
        "No new attempt starts after this time, such as 2s. 0s: no limit.",
        default="0s",
        since="3.7",
        rare=True,
    )


class Retry(_Attempts, Kind):
    """Retries of failed requests."""

    title = "Retry"
    purpose = Purpose.FAILURE
    about = "Retries a request if a server cannot be reached or answers with certain statuses."
    example: ClassVar = {"attempts": 3, "initialInterval": "100ms"}

    status: list[str] = field(
        STATUSES, "Statuses", "Statuses after which it retries: 503, or 500-599.", default=[], since="3.7"
    )
    retry_non_idempotent_method: bool = flag(
        "POST too",
        "Also retries POST, PATCH and LOCK after these statuses. They may then take effect twice.",
        since="3.7",
        rare=True,
    )
    disable_retry_on_network_error: bool = flag(
        "Only after statuses", "Does not retry when a server cannot be reached.", since="3.7", rare=True
    )
    max_request_body_bytes: int = field(
        Whole(-1, MOST_RESERVED),
        "Longest body",
        "In bytes: requests with a longer body are not retried after a status. -1: no limit.",
        default=2_097_152,
        since="3.7",
        rare=True,
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse one that never asks again, which Traefik disables."""
        if given.get("status") == [] and given.get("disableRetryOnNetworkError"):
            yield "status", Refusal("retry.none", Message("add a status, or retry when a server cannot be reached"))

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield either(has(status=GIVEN), may(disableRetryOnNetworkError={"const": False}))

    def does(self) -> Message:
        """Say how often it tries, and when."""
        told = {"attempts": self.attempts, "statuses": named(self.status) if self.status else ""}
        if self.disable_retry_on_network_error:
            return Message("Tries up to {attempts} times if the status is {statuses}", **told)
        if self.status:
            return Message("Tries up to {attempts} times if a server cannot be reached or answers {statuses}", **told)
        return Message("Tries up to {attempts} times if a server cannot be reached", attempts=self.attempts)

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of what has no effect, and of bodies that fill the memory."""
        if self.attempts == 1:
            yield "attempts", Message("with one attempt, nothing is retried")
        if self.retry_non_idempotent_method and not self.status:
            yield "retryNonIdempotentMethod", Message("this needs statuses: add some")
        if self.max_request_body_bytes < 0:
            yield "maxRequestBodyBytes", Message("the edge keeps bodies of any length in memory: set a limit")


class CircuitBreaker(Kind):
    """A circuit breaker for a service that fails too often."""

    title = "Circuit breaker"
    purpose = Purpose.FAILURE
    about = "Answers 503 in place of a service that fails too often, until it recovers. Each router counts separately."
    example: ClassVar = {"expression": "NetworkErrorRatio() > 0.30"}

    expression: str = field(
        Text(
            checking(
                {
                    "NetworkErrorRatio": ((), RATIO),
                    "ResponseCodeRatio": ((WHOLE, WHOLE, WHOLE, WHOLE), RATIO),
                    "LatencyAtQuantileMS": ((RATIO,), WHOLE),
                },
                "breaker-condition",
            ),
            most=1_000,
        ),
        "Condition",
        "When it opens: NetworkErrorRatio() > 0.30, ResponseCodeRatio(500, 600, 0, 600) > 0.25 or "
        "LatencyAtQuantileMS(50.0) > 100, joined by && and ||.",
        option="--circuit-breaker",
    )
    check_period: str = field(PERIOD, "Check every", "How often it checks, such as 100ms.", default="100ms", rare=True)
    fallback_duration: str = field(
        PERIOD, "Open for", "How long the service gets no requests, such as 10s.", default="10s"
    )
    recovery_duration: str = field(
        PERIOD, "Recover for", "Then its requests increase gradually for this long.", default="10s", rare=True
    )
    response_code: int = field(
        Whole(200, 599), "Status", "Status of responses while it is open.", default=503, rare=True
    )

    def does(self) -> Message:
        """Say when it answers itself, and for how long."""
        told = {"status": self.response_code, "span": self.fallback_duration, "condition": self.expression}
        return Message("Answers {status} for {span} when {condition}", **told)

    def meet(self, request: Underway) -> StopEffect:
        """Say that it is open or not."""
        told = {"status": self.response_code, "condition": self.expression}
        return depends(request, Message("whether the service fails: {status} when {condition}", **told))

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of an answer that looks like a good one."""
        if self.response_code < 400:
            detail = Message("rejected clients get {status}, which is not an error status", status=self.response_code)
            yield "responseCode", detail


class Errors(Kind):
    """Pages to show instead of errors."""

    fate = Fate.CHANGES
    title = "Error pages"
    purpose = Purpose.FAILURE
    about = "Shows pages of another service instead of responses with certain statuses."
    example: ClassVar = {"status": ["500-599"], "service": "pages", "query": "/{status}.html"}

    status: list[str] = field(
        ListOf(STATUSES.item, least=1, most=100, duplicate=STATUSES.duplicate),
        "Statuses",
        "Statuses to replace: 404, or 500-599.",
    )
    service: str = field(SERVICE, "Service", "The service that has the pages.", option="--errors")
    query: str = field(
        Text(check_page, most=1_000, word="PATH"),
        "Page",
        "The path to request, such as /{status}.html; also {originalStatus} and {url}. Empty: none.",
        default="",
    )
    status_rewrites: dict[str, int] = field(
        MapOf(Whole(200, 599), key=Text(check_statuses, most=20), most=100),
        "Other statuses",
        "What clients get instead of a status: 500-599 = 502.",
        default={},
        since="3.4",
        rare=True,
    )
    error_request_headers: list[str] = field(
        HEADER_NAMES,
        "Request headers",
        "The client's headers the service gets. Empty: all, with cookies and passwords.",
        default=[],
        since="3.6.15",
        rare=True,
    )

    def does(self) -> Message:
        """Say what is shown instead of which answers."""
        told = {"statuses": named(self.status), "service": self.service, "page": self.query}
        if not self.query:
            return Message("Shows pages of {service} instead of {statuses}", **told)
        return Message("Shows {page} of {service} instead of {statuses}", **told)

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of a status that is never replaced."""
        replaced = {number for each in self.status for number in _numbers(each)}
        for each in self.status_rewrites:
            if replaced.isdisjoint(_numbers(each)):
                yield "statusRewrites", Message("{status} is not one of the statuses to replace", status=each)
