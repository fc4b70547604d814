"""Requests as Traefik's matchers see them: after its entry point has cleaned and decoded them.

From the source of Traefik 3.7 and Go 1.26's `net/http`, and held by tests against a real Traefik 3.7.15
with the entry point's defaults (`sanitizePath` on, no trusted addresses for forwarded headers, no
`encodeQuerySemicolons`). A text may have bytes that are not UTF-8, see `literals`.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from provider.addresses import Address
from provider.hosts import to_ascii
from provider.messages import Message
from provider.patterns import pattern
from provider.rules.literals import as_bytes, as_text
from provider.rules.networks import read_client
from provider.values import Refusal

_METHOD: Final = pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HOST: Final = pattern(r"[!$%&'()*+,.:;=\[\]_~0-9A-Za-z-]*")
_BAD_PERCENT: Final = pattern(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL: Final = pattern(r"[\x00-\x1f\x7f]")
_BAD_VALUE: Final = pattern(r"[\x00-\x08\x0a-\x1f\x7f]")
_AS_IT_IS: Final = pattern(rb"[!$&'()*+,;=:@\[\]%/_.~0-9A-Za-z-]*")
_PERCENT: Final = pattern(rb"%[0-9A-Fa-f]{2}")
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_RESERVED: Final = frozenset(b":/?#[]@!$&'()*+,;=%")

# Traefik takes these away from whoever it does not trust, however they are spelled, and sets some anew.
_MANAGED: Final = frozenset(
    f"X-{name}"
    for name in (
        *("Forwarded-Proto", "Forwarded-For", "Forwarded-Host", "Forwarded-Port", "Forwarded-Server"),
        *("Forwarded-Uri", "Forwarded-Method", "Forwarded-Prefix"),
        *("Forwarded-Tls-Client-Cert", "Forwarded-Tls-Client-Cert-Info", "Real-Ip"),
    )
)
# Read by Go's server itself, and not among the headers any more when Traefik sees them.
_TAKEN: Final = frozenset({"Host", "Transfer-Encoding", "Trailer"})


class BadRequest(ValueError):
    """A request that Traefik answers with 400 before any router sees it; the message says why.

    `part` is what is wrong with it: `url`, `method`, `header` or `client`.
    """

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(reason)
        self.part = part
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Request:
    """What matchers look at.

    `host` is in lower case and without port, `path` cleaned and decoded but for reserved characters,
    `headers` by canonical name, `query` decoded. `client` is None where it is not known: no `ClientIP`
    matches then. `secure` is whether it came over TLS: Traefik then only asks routers with TLS, else those without.
    """

    host: str
    path: str = "/"
    method: str = "GET"
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    client: Address | None = None
    secure: bool = False


def asked(
    url: str,
    method: str = "GET",
    headers: Iterable[tuple[str, str]] = (),
    client: str | None = None,
) -> Request:
    """Return the request that a client sends for a URL, `http` or `https`. Raises `BadRequest`.

    What a client percent-encodes, is: spaces and characters that are not ASCII. A fragment is never sent.
    A header `Host` stands for that of the URL, as in curl.
    """
    listed = list(headers)
    host, target, secure = sent(url, listed)
    return received(host, target, method, listed, client, secure=secure)


def sent(url: str, headers: Iterable[tuple[str, str]] = ()) -> tuple[str, str, bool]:
    """Return what a client sends for a URL: the header `Host`, path and query, and whether over TLS.

    Raises `BadRequest`.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise BadRequest("url", Message("the URL's host is wrong: an IPv6 address is written http://[::1]/")) from None
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise BadRequest("url", Message("the URL does not begin with http:// or https:// and a host"))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = "".join(quote_from_bytes(as_bytes(c)) if c == " " or not c.isascii() else c for c in target)
    hosts = [value for name, value in headers if canonical(name) == "Host"]
    host = hosts[-1] if hosts else _sent_host(parts.netloc.rpartition("@")[2])
    return host, target, parts.scheme == "https"


def received(
    host: str,
    target: str,
    method: str = "GET",
    headers: Iterable[tuple[str, str]] = (),
    client: str | None = None,
    *,
    secure: bool = False,
) -> Request:
    """Return a request as the matchers see it. Raises `BadRequest` for what Traefik answers with 400.

    `target` is path and query as they are sent, `host` the header of this name, `client` an IP address,
    `secure` whether it came over TLS.
    """
    if not _METHOD.fullmatch(method):
        raise BadRequest("method", Message("{method!r} is not a method", method=method))
    if not _HOST.fullmatch(host):
        raise BadRequest("url", Message("{host!r} is not a host", host=host))
    if not target.startswith("/") or " " in target or _CONTROL.search(target):
        raise BadRequest("url", Message("{target!r} is not the path of a request", target=target))
    path, _mark, query = target.partition("?")
    address = None
    if client is not None:
        try:
            address = read_client(client)
        except ValueError:
            raise BadRequest("client", Message("{client!r} is not an IP address", client=client)) from None
    return Request(
        host=_without_port(host).strip().lower(),
        path=routing_path(path),
        method=method,
        headers=_seen_headers(headers, host, client, secure=secure),
        query=_decoded_query(query),
        client=address,
        secure=secure,
    )


def _sent_host(host: str) -> str:
    """Return a URL's host and port as a client sends them: A-labels for what is not ASCII."""
    if host.isascii():
        return host
    name, colon, port = host.partition(":")
    try:
        return to_ascii(name) + colon + port
    except Refusal as error:
        raise BadRequest("url", error.detail) from None


def canonical(name: str) -> str:
    """Return a header's name as Go writes it, `X-Forwarded-For`; one that cannot be a name stays as it is."""
    if not _METHOD.fullmatch(name):
        return name
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def routing_path(path: str) -> str:
    """Return the path that Traefik compares: cleaned, and decoded but for what is reserved. Raises `BadRequest`.

    `.` and `..` and double slashes are resolved; `%2F` and the like stay, in capitals. A path with a
    character that should have been encoded is decoded as a whole first, its `%2F` too, as Go does it.
    """
    return as_text(_PERCENT.sub(_undecoded_if_reserved, as_bytes(cleaned_path(path))))


def cleaned_path(path: str) -> str:
    """Return a path as Traefik's entry point hands it on, cleaned and percent-encoded. Raises `BadRequest`."""
    sent = as_bytes(path)
    if _BAD_PERCENT.search(sent):
        raise BadRequest("url", Message("{path!r} has a '%' without two hexadecimal digits after it", path=path))
    if b"#" in sent:
        raise BadRequest("url", Message("{path!r} has a '#'", path=path))
    if _AS_IT_IS.fullmatch(sent):
        escaped = _PERCENT.sub(lambda code: _decoded(code[0], _UNRESERVED), sent)
    else:
        escaped = quote_from_bytes(unquote_to_bytes(sent), safe="$&+,/:;=@").encode()
    return as_text(_cleaned(escaped))


def _cleaned(path: bytes) -> bytes:
    # Two slashes at the beginning mean something to POSIX, and nothing to Go.
    cleaned = posixpath.normpath(b"/" + path.lstrip(b"/"))
    return cleaned + b"/" if path.endswith(b"/") and cleaned != b"/" else cleaned


def _decoded(code: bytes, characters: frozenset[int]) -> bytes:
    value = int(code[1:], 16)
    return bytes([value]) if value in characters else code.upper()


def _undecoded_if_reserved(code: re.Match[bytes]) -> bytes:
    value = int(code[0][1:], 16)
    return code[0] if value in _RESERVED else bytes([value])


def _without_port(host: str) -> str:
    """Cut a port off as Go's `net.SplitHostPort` does; what it does not understand stays."""
    if ":" not in host:
        return host
    bracketed = re.fullmatch(r"\[([^\[\]]*)\](?::[^:\[\]]*)?", host)
    if bracketed:
        return bracketed[1]
    if host.startswith("[") and host.endswith("]"):
        return host[1:-1]
    plain = re.fullmatch(r"([^:\[\]]*):[^:\[\]]*", host)
    return plain[1] if plain else host


def _decoded_query(query: str) -> dict[str, tuple[str, ...]]:
    """Read a query as Go does: `;` separates as `&` does, and a pair that cannot be decoded is left out."""
    found: dict[str, tuple[str, ...]] = {}
    for pair in as_bytes(query).replace(b";", b"&").split(b"&"):
        if not pair or _BAD_PERCENT.search(pair):
            continue
        name, _equals, value = (as_text(unquote_to_bytes(part)) for part in pair.replace(b"+", b" ").partition(b"="))
        found[name] = (*found.get(name, ()), value)
    return found


def _seen_headers(
    headers: Iterable[tuple[str, str]], host: str, client: str | None, *, secure: bool
) -> dict[str, tuple[str, ...]]:
    sent: dict[str, tuple[str, ...]] = {}
    for name, value in headers:
        if not _METHOD.fullmatch(name):
            raise BadRequest("header", Message("{name!r} is not the name of a header", name=name))
        if _BAD_VALUE.search(value):
            raise BadRequest("header", Message("the header {name} has a control character", name=name))
        sent[canonical(name)] = (*sent.get(canonical(name), ()), value.strip(" \t"))
    seen = {name: values for name, values in sent.items() if name not in _TAKEN and not _is_managed(name)}
    if sent.get("Pragma", ("",))[0] == "no-cache":
        seen.setdefault("Cache-Control", ("no-cache",))
    return _without_connection(seen | _forwarded(sent, host, client, secure=secure))


def _is_managed(name: str) -> bool:
    return canonical(name.replace("_", "-")) in _MANAGED


def _forwarded(
    sent: Mapping[str, tuple[str, ...]], host: str, client: str | None, *, secure: bool
) -> dict[str, tuple[str, ...]]:
    """Return the headers that Traefik adds, but for `X-Forwarded-Server`: its own host name is not known here."""
    upgrade = _first_has(sent, "Connection", "upgrade") and _first_has(sent, "Upgrade", "websocket")
    port = re.fullmatch(r"(?:\[[^\[\]]*\]|[^:\[\]]*):([^:\[\]]+)", host)
    added = {
        "X-Forwarded-Proto": ("ws" if upgrade else "http") + ("s" if secure else ""),
        "X-Forwarded-Port": port[1] if port else "443" if secure else "80",
        "X-Forwarded-Host": host,
        "X-Real-Ip": "" if client is None else client.partition("%")[0],
    }
    return {name: (value,) for name, value in added.items() if value}


def _first_has(headers: Mapping[str, tuple[str, ...]], name: str, word: str) -> bool:
    return word in {part.strip().lower() for part in headers.get(name, ("",))[0].split(",")}


def _without_connection(headers: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Take away the headers that `Connection` names, and itself but for an upgrade."""
    options = [word.strip(" \t") for value in headers.get("Connection", ()) for word in value.split(",")]
    named = {canonical(word) for word in options if word}
    kept = {
        name: values
        for name, values in headers.items()
        if name != "Connection" and (name not in named or _is_managed(name))
    }
    upgrade = headers.get("Upgrade", ("",))[0]
    if "upgrade" in {word.lower() for word in options} and upgrade:
        kept |= {"Upgrade": (upgrade,), "Connection": ("Upgrade",)}
    return kept
