"""What Traefik makes of values that are refused here, by the code of the refusal, and by where they stand. Pure.

Measured on 3.7.15. What is not listed breaks: Traefik disables the object, or takes it, and it does not do what it
says.
"""

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from provider.durations import find_nanoseconds
from provider.imports.findings import Cause

_OURS: Final = {
    *("value.many", "value.long", "value.large", "text.control", "text.character", "name.format", "name.duplicate"),
    *("free.depth", "free.long", "rule.length", "rule.depth", "timeout.interval", "url.refused", "url.network"),
    *("url.user", "url.length", "host.length", "reference.format", "reference.internal"),
    *("weight.range", "reference.own", "reference.admin", "label.format", "path.segments", "weight.zero", "value.few"),
    *("duration.range", "certificate.key"),
}
_DISABLED: Final = {
    *("rule.arguments", "rule.exclusive", "rule.expression", "rule.host", "rule.matcher", "rule.path", "rule.syntax"),
    *("rule.alpn", "rule.network", "kind.none", "kind.many", "service.unknown", "service.cycle", "middleware.unknown"),
    *("middleware.cycle", "serversTransport.unknown", "tlsOption.unknown", "tcpService.unknown", "tcpService.cycle"),
    *("tcpMiddleware.unknown", "tcpServersTransport.unknown", "udpService.unknown", "udpService.cycle"),
    *("tcpRouter.tls", "expression.format", "headers.none", "network.format", "source.many"),
    *(
        "retry.none",
        "clientAuth.ca",
        "user.format",
        "user.none",
        "user.realm",
        "encoding.default",
        "mediaType.exclusive",
    ),
}


_NUMBERS: Final = re.compile(r"[0-9]+(-[0-9]+)?")


def _is_any(_value: Any) -> bool:
    return True


def _is_empty(value: Any) -> bool:
    return value in ("", [], None)


def _is_negative(value: Any) -> bool:
    return str(value).strip().startswith("-")


def _is_none(value: Any) -> bool:
    return (find_nanoseconds(str(value)) or 0) <= 0


def _is_no_status(value: Any) -> bool:
    listed = value if isinstance(value, list | dict) else [value]
    return not all(_NUMBERS.fullmatch(str(each).strip()) for each in listed)


def _is_of_lines(value: Any) -> bool:
    return "\n" in str(value) or "\r" in str(value)


_NEEDED: Final = (
    *("/ip*List/sourceRange", "/redirectScheme/scheme", "/circuitBreaker/expression", "/retry/attempts"),
    *("/errors/service", "/failover/service", "/failover/fallback", "/mirroring/service", "/mirroring/mirrors/*/name"),
    *("/weighted/services/*/name", "/highestRandomWeight/services/*/name"),
)
"""The fields without which Traefik disables an object. It takes one without any other."""

_AT: Final[Sequence[tuple[str, str, Callable[[Any], bool], Cause]]] = (
    *((field, "field.required", _is_any, Cause.DISABLED) for field in _NEEDED),
    ("/ip*List/sourceRange", "value.few", _is_any, Cause.DISABLED),
    ("/ip*List/rejectStatusCode", "*", _is_any, Cause.DISABLED),
    ("*/ipStrategy/ipv6Subnet", "value.*", _is_any, Cause.DISABLED),
    ("/redirectScheme/scheme", "*", _is_empty, Cause.DISABLED),
    ("/addPrefix/prefix", "*", _is_empty, Cause.DISABLED),
    ("/forwardAuth/tls/*", "*", _is_any, Cause.DISABLED),
    ("/rateLimit/redis/tls/*", "*", _is_any, Cause.DISABLED),
    ("/digestAuth/users", "user.none", _is_any, Cause.BREAKS),
    ("/rateLimit/period", "*", _is_negative, Cause.DISABLED),
    ("*/failureWindow", "duration.*", _is_none, Cause.BREAKS),
    ("/loadBalancer/healthCheck/timeout", "duration.*", _is_none, Cause.BREAKS),
    ("/forwardingTimeouts/*", "duration.*", _is_negative, Cause.BREAKS),
    ("/dialTimeout", "duration.*", _is_negative, Cause.BREAKS),
    ("/circuitBreaker/expression", "condition.*", _is_any, Cause.DISABLED),
    ("/circuitBreaker/responseCode", "value.*", _is_any, Cause.BREAKS),
    ("/buffering/retryExpression", "condition.*", _is_any, Cause.DISABLED),
    ("/buffering/*Bytes", "*", _is_negative, Cause.DISABLED),
    ("/retry/attempts", "value.small", _is_any, Cause.DISABLED),
    ("/retry/status/*", "*", _is_no_status, Cause.DISABLED),
    ("/errors/status/*", "*", _is_no_status, Cause.DISABLED),
    ("/errors/statusRewrites", "*", _is_no_status, Cause.DISABLED),
    ("/errors/status", "value.few", _is_any, Cause.BREAKS),
    ("/errors/statusRewrites/*", "value.*", _is_any, Cause.BREAKS),
    ("/compress/encodings/*", "value.choice", _is_any, Cause.DISABLED),
    ("/compress/defaultEncoding", "value.choice", _is_any, Cause.DISABLED),
    ("/stripPrefix/prefixes", "value.few", _is_any, Cause.BREAKS),
    ("/headers/customRequestHeaders/*", "*", _is_of_lines, Cause.BREAKS),
    ("/plugin", "value.many", _is_any, Cause.DISABLED),
    ("/strategy", "value.choice", _is_any, Cause.DISABLED),
    ("/mirroring/mirrors/*/percent", "value.*", _is_any, Cause.DISABLED),
    ("/clientAuth/caFiles/*", "*.format", _is_any, Cause.DISABLED),
    ("/curvePreferences/*", "curve.unknown", _is_any, Cause.DISABLED),
)
"""Where the code alone does not tell: the field, the code, which values, and what Traefik makes of those."""


def of(code: str, where: str = "", value: Any = None) -> Cause:
    """Return what Traefik makes of a value that stands at a JSON pointer within an object."""
    for field, kind, is_meant, cause in _AT:
        if fnmatchcase(where, field) and fnmatchcase(code, kind) and is_meant(value):
            return cause
    if code in _OURS or code.endswith(".duplicate"):
        return Cause.OURS
    return Cause.DISABLED if code in _DISABLED else Cause.BREAKS
