"""Host names: checked, and in the form that Traefik needs. Pure."""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from provider import typed_hosts
from provider.addresses import read_dotted
from provider.late import Late
from provider.messages import Message
from provider.patterns import pattern
from provider.values import Refusal, in_schema, shown_text

if TYPE_CHECKING:
    import idna
else:
    idna = Late("idna")

HOST_LENGTH: Final = 253
"""The most characters of a host name, as an A-label (RFC 1035)."""

HOSTNAME_SCHEMA: Final = {
    "format": "domain",
    "pattern": r"^(\*\.)?[^\x00-,/:-@\[-`{-\x7f]+$",
    "minLength": 1,
    "maxLength": HOST_LENGTH,
}
"""What JSON Schema can say of a host name: a `format` of our own where no pattern says it all."""

_HOSTS_KEPT: Final = 32_768
"""So many A-labels are known again: to find one takes 0.1 ms, and a change of many objects asks for each six times."""

NUMERIC_LABEL = pattern(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_PLAIN_HOST: Final = pattern(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")


@in_schema(HOSTNAME_SCHEMA)
@lru_cache(_HOSTS_KEPT)
def to_ascii(host: str) -> str:
    """Return a host name as Traefik needs it: lower case, A-labels (IDNA 2008), a leading `*.` kept.

    Raises `Refusal` (`host.…`) for what is not a host name, an IPv4 address or a wildcard
    one level deep. Traefik disables a router with a host that is not ASCII (measured on 3.7.15).
    """
    if not host or len(host) > HOST_LENGTH:
        raise Refusal(
            "host.length",
            Message("a host name has 1 to {most} characters, this has {length}", most=HOST_LENGTH, length=len(host)),
        )
    wildcard, rest = (True, host[2:]) if host.startswith("*.") else (False, host)
    if ("*" in rest or not rest) and typed_hosts.find_host(host) is None:
        raise Refusal(
            "host.wildcard",
            Message("{host}: '*' is allowed once, as the whole first label (*.example.com)", host=shown_text(host)),
        )
    try:
        encoded = rest if _is_plain(rest) else idna.encode(rest, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise Refusal(
            "host.format",
            Message("{host} is not a host name: {why}", host=shown_text(host), why=typed_hosts.why_not(host)),
        ) from None
    if encoded.endswith("."):  # some other characters stand for a dot, too
        raise Refusal("host.dot", Message("{host}: leave out the dot at the end", host=shown_text(host)))
    if NUMERIC_LABEL.fullmatch(encoded.rpartition(".")[2]) and (wildcard or read_dotted(encoded) is None):
        raise Refusal(
            "host.numeric", Message("{host} ends like a number, but is not an IPv4 address", host=shown_text(host))
        )
    result = "*." + encoded if wildcard else encoded
    if len(result) > HOST_LENGTH:
        raise Refusal(
            "host.length",
            Message("{host} is longer than {most} characters as an A-label", host=shown_text(host), most=HOST_LENGTH),
        )
    return result


def _is_plain(host: str) -> bool:
    """Tell whether a host is its own A-label, at a glance: of a large state nearly all are."""
    return "--" not in host and _PLAIN_HOST.fullmatch(host) is not None


@in_schema(HOSTNAME_SCHEMA)
def check_hostname(text: str) -> str:
    """Check a host name, and keep it as typed. `to_ascii` gives the form that is stored and compared."""
    to_ascii(text)
    return text
