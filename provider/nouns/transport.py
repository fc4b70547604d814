"""Servers transports: how Traefik speaks with servers."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from provider.messages import Message, shown
from provider.nouns.certificate import Paired
from provider.nouns.common import labels_field, name_field
from provider.nouns.containers import ListOf
from provider.nouns.fields import field, flag
from provider.nouns.nested import Nested
from provider.nouns.noun import Noun
from provider.nouns.objects import Object
from provider.nouns.protocol import KEY, LINE, PEM, period_or
from provider.nouns.tls import CIPHER_SUITES, TLS_VERSION, TLSVersion, check_versions, ordered
from provider.nouns.together import not_both
from provider.nouns.types import Schema, Whole
from provider.patterns import pattern
from provider.values import Refusal

_DEFAULTS: Final = {
    "dial_timeout": ("30s", "Connecting", "How long connecting to a server may take."),
    "response_header_timeout": ("0s", "Response headers", "How long a server may take to begin its response."),
    "idle_conn_timeout": ("90s", "Idle connections", "How long an unused connection to a server is kept open."),
    "read_idle_timeout": ("0s", "HTTP/2 ping after", "After this long without a frame, the server is pinged."),
    "ping_timeout": ("15s", "HTTP/2 ping", "How long a server may take to answer the ping."),
    "read_timeout": ("0s", "Reading", "How long reading from a server may take."),
    "write_timeout": ("0s", "Writing", "How long writing to a server may take."),
}


_TIMEOUT: Final = period_or("0s")
_NO_NAME: Final = pattern(r"/|:[0-9]*$")


def _timeouts() -> dict[str, Any]:
    return {
        name: field(
            _TIMEOUT, title, help_, default=default, since="3.7" if name in {"read_timeout", "write_timeout"} else "3.0"
        )
        for name, (default, title, help_) in _DEFAULTS.items()
    }


class ForwardingTimeouts(Object, more=_timeouts()):
    """Time limits for connections to servers; 0s means no limit."""

    dial_timeout: str
    ping_timeout: str

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell where 0s does not mean what it says, or makes visitors wait."""
        yield from doubted_dialling(self.dial_timeout)
        if self.ping_timeout == "0s":
            yield "pingTimeout", Message("for 0s, Traefik uses {default}", default=_DEFAULTS["ping_timeout"][0])


def doubted_dialling(timeout: str) -> Iterator[tuple[str, Message]]:
    """Tell what connecting without a time limit does."""
    if timeout == "0s":
        detail = Message("there is no time limit: while a server is unreachable, visitors wait for minutes")
        yield "dialTimeout", detail


class KeyPair(Paired):
    """A certificate and its key."""

    cert_file: str = field(PEM, "Certificate", "PEM text, or the path of a file on the edge.")
    key_file: str = field(KEY, "Key", "PEM text, or the path of a file on the edge.")


class Spiffe(Object):
    """Which SPIFFE identities servers may have."""

    is_empty_meant = True

    ids: list[str] = field(ListOf(LINE, most=100), "IDs", "The SPIFFE IDs that are let in.", default=[])
    trust_domain: str = field(LINE, "Trust domain", "All IDs of this domain are let in.", default="")

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse both ways at once, of which Traefik heeds one."""
        if given.get("ids") and given.get("trustDomain"):
            yield "trustDomain", Refusal("spiffe.both", Message("give either IDs or a trust domain, not both"))

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield not_both("ids", "trustDomain")

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell what it needs of the edge, which no API tells."""
        yield (
            "",
            Message("this needs spiffe in Traefik's static configuration: without it, every request gets 500"),
        )


class ServersTLS(Object):
    """TLS settings for connections to servers."""

    server_name: str = field(
        LINE, "Server name", "The name that certificates have to cover. Empty: the URL's host.", default=""
    )
    insecure_skip_verify: bool = flag(
        "Do not verify", "Accepts any certificate: anyone between Traefik and the server can read the traffic."
    )
    root_cas: list[str] = field(
        ListOf(PEM, most=100),
        "Root CAs",
        "PEM text, or paths on the edge: servers' certificates have to come from these. Empty: the system's.",
        default=[],
        key="rootCAs",
    )
    certificates: list[KeyPair] = field(
        ListOf(Nested(KeyPair), most=100),
        "Client certificates",
        "What Traefik shows to servers that ask for a certificate.",
        default=[],
        rare=True,
    )
    peer_cert_uri: str = field(
        LINE,
        "URI of the certificate",
        "Server certificates have to contain it.",
        default="",
        key="peerCertURI",
        rare=True,
    )
    spiffe: Spiffe | None = field(Nested(Spiffe), "SPIFFE", default=None, switch="Check SPIFFE identities", rare=True)

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell what is not safe, and of a name that no certificate covers."""
        yield from _doubted(self.insecure_skip_verify, self.server_name)


def _doubted(is_unverified: bool, name: str) -> Iterator[tuple[str, Message]]:
    if _NO_NAME.search(name):
        yield "serverName", Message("no certificate covers {name}: write only the host name", name=shown(name))
    if is_unverified:
        detail = Message("no certificate is checked: anyone between Traefik and the server can read the traffic")
        yield "insecureSkipVerify", detail


class ServersTransport(Noun, more={each.name: each for each in ServersTLS.fields.values()}):
    """How Traefik connects to servers."""

    kind = "serversTransport"
    place = ("http", "serversTransports")
    title = "Servers transport"
    about = "how Traefik connects to servers"
    cascade = "Also remove the services that use it."
    example: ClassVar = {"name": "internal", "serverName": "app.internal", "labels": {}}

    name: str = name_field()
    labels: dict[str, str] = labels_field()
    insecure_skip_verify: bool
    server_name: str
    max_idle_conns_per_host: int = field(
        Whole(-1, 1_000_000),
        default=0,
        title="Idle connections per server",
        help="How many are kept open. 0: two; -1: none. (Traefik's default transport keeps 200.)",
        rare=True,
        explicit=True,  # one of which nothing else is set would reject the whole document
    )
    forwarding_timeouts: ForwardingTimeouts | None = field(
        Nested(ForwardingTimeouts),
        "Timeouts",
        "Time limits for connections to servers.",
        default=None,
        switch="Set timeouts",
    )
    disable_http2: bool = flag("Without HTTP/2", "Speaks HTTP/1.1 with servers.", key="disableHTTP2", rare=True)
    min_version: TLSVersion | None = field(
        TLS_VERSION, "Oldest TLS version", "Empty: 1.2.", default=None, since="3.7", rare=True
    )
    max_version: TLSVersion | None = field(
        TLS_VERSION, "Newest TLS version", "Empty: 1.3.", default=None, since="3.7", rare=True
    )
    cipher_suites: list[str] = field(
        CIPHER_SUITES, "Cipher suites", "Empty: Go's defaults.", default=[], since="3.7", rare=True
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse an oldest version that is newer than the newest, and one alone.

        Traefik 3.7.15 takes that for newer than none, and leaves all TLS settings of the transport aside (measured).
        """
        yield from check_versions(given)
        if given.get("minVersion") is not None and given.get("maxVersion", ...) is None:
            detail = Message("give the newest version too: otherwise Traefik ignores all TLS settings here")
            yield "maxVersion", Refusal("version.newest", detail)

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield ordered(needs_both=True)

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell what is not safe, and of a name that no certificate covers."""
        yield from _doubted(self.insecure_skip_verify, self.server_name)
