"""What Traefik makes of values that are refused here, by the code of the refusal. Pure.

Measured on 3.7.15. What is not listed breaks: Traefik disables the object, or takes it, and it does not do what it
says.
"""

from typing import Final

from provider.imports.findings import Cause

_OURS: Final = {
    *("value.many", "value.long", "value.large", "text.control", "text.character", "name.format", "name.duplicate"),
    *("free.depth", "free.long", "rule.length", "rule.depth", "timeout.interval", "url.refused", "url.network"),
    *("rule.network", "url.user", "url.length", "host.length", "reference.format", "reference.internal"),
    *("weight.range", "reference.own", "reference.admin", "label.format", "path.segments", "weight.zero", "value.few"),
    *("duration.range", "certificate.key"),
}
_DISABLED: Final = {
    *("rule.arguments", "rule.exclusive", "rule.expression", "rule.host", "rule.matcher", "rule.path", "rule.syntax"),
    *("rule.alpn", "kind.none", "kind.many", "service.unknown", "service.cycle", "middleware.unknown"),
    *("middleware.cycle", "serversTransport.unknown", "tlsOption.unknown", "tcpService.unknown", "tcpService.cycle"),
    *("tcpMiddleware.unknown", "tcpServersTransport.unknown", "udpService.unknown", "udpService.cycle"),
    *("tcpRouter.tls", "expression.empty", "expression.format", "headers.none", "network.format", "source.many"),
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


def of(code: str) -> Cause:
    """Return what Traefik makes of it."""
    if code in _OURS or code.endswith(".duplicate"):
        return Cause.OURS
    return Cause.DISABLED if code in _DISABLED else Cause.BREAKS
