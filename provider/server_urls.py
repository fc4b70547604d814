"""Where a server is: its URL, checked and in its normal form."""

import ipaddress
import re
from typing import Final

from provider.addresses import find_refusal, read_dotted
from provider.hosts import HOST_LENGTH, NUMERIC_LABEL, to_ascii
from provider.messages import Message
from provider.patterns import pattern
from provider.values import Refusal, in_schema, shown_text

URL_LENGTH: Final = 300
"""The most characters of a server's URL."""

URL_SCHEMA: Final = {
    "format": "server-url",
    "pattern": r"^([Hh][Tt][Tt][Pp][Ss]?|[Hh]2[Cc])://[^\x00- /?#@\\]+/?$",
    "maxLength": URL_LENGTH,
}

_URL = pattern(r"([^:/?#]+)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_AUTHORITY = pattern(r"(\[[^\]]*\]|[^:\[\]]*)(?::([^:]*))?", re.DOTALL)
_SERVER_HOST = pattern(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_DOTS = (".", "\u3002", "\uff0e", "\uff61")
"""What IDNA takes for the dot between labels."""


@in_schema(URL_SCHEMA)
def check_server_url(text: str) -> str:
    """Check where a server is: scheme, host and optional port, and nothing else. Returns the normal form.

    The normal form has scheme and host in lower case, A-labels, IPv6 compressed, and no slash at the
    end, so that one server has one spelling. Addresses in unusual spellings (`0x7f.1`, `2130706433`)
    are refused, and so are those where no server is, however they are spelled: see `addresses`.
    """
    if len(text) > URL_LENGTH:
        raise Refusal(
            "url.length",
            Message("the URL has {length} characters; the limit is {most}", length=len(text), most=URL_LENGTH),
        )
    match = _URL.fullmatch(text)
    if match is None or match[1].lower() not in {"http", "https", "h2c"}:
        raise Refusal(
            "url.scheme", Message("{text} does not begin with http://, https:// or h2c://", text=shown_text(text))
        )
    scheme, authority, path, query, fragment = match.groups()
    if "@" in authority:
        raise Refusal("url.user", Message("a server's URL cannot have a user or password"))
    if path not in {"", "/"}:
        raise Refusal(
            "url.path", Message("a server's URL ends after the host and port: leave out {path}", path=shown_text(path))
        )
    if query is not None:
        raise Refusal("url.query", Message("a server's URL has no query: leave out {query}", query=shown_text(query)))
    if fragment is not None:
        raise Refusal(
            "url.fragment",
            Message("a server's URL has no fragment: leave out {fragment}", fragment=shown_text(fragment)),
        )
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or not parts[1]:
        raise Refusal("url.host", Message("{text} has no host", text=shown_text(text)))
    host = _server_host(parts[1])
    if reason := find_refusal(host):
        raise Refusal(
            "url.refused",
            Message("{host} {reason}: servers are not allowed there", host=shown_text(parts[1]), reason=reason),
        )
    return f"{scheme.lower()}://{host}{_server_port(parts[2])}"


def _server_host(host: str) -> str:
    if host.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(host[1:-1] if '%' not in host else '').compressed}]"
        except ValueError:
            raise Refusal("url.host", Message("{host} is not an IPv6 address", host=shown_text(host))) from None
    # A dot at the end says that the name is whole: it is looked up as it stands, in none of the search domains.
    end = "." if host.endswith(_DOTS) else ""
    lowered = host[: len(host) - len(end)].lower()
    if not lowered.isascii():
        try:
            lowered = to_ascii(lowered)
        except Refusal as error:
            raise Refusal("url.host", error.detail) from None
    if len(lowered) > HOST_LENGTH or not _SERVER_HOST.fullmatch(lowered):
        raise Refusal("url.host", Message("{host} is not a host name or an address", host=shown_text(host)))
    if NUMERIC_LABEL.fullmatch(lowered.rpartition(".")[2]) and (end or read_dotted(lowered) is None):
        raise Refusal(
            "url.host",
            Message("{host} is not an IPv4 address: write four numbers, such as 10.0.0.11", host=shown_text(host)),
        )
    if end and ("." not in lowered or find_refusal(lowered)):
        raise Refusal("url.host", Message("{host}: leave out the dot at the end", host=shown_text(host)))
    return lowered + end


def _server_port(port: str | None) -> str:
    if port is None:
        return ""
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise Refusal("url.port", Message("{port} is not a port: 1 to 65535", port=shown_text(port)))
    return f":{int(port)}"
