"""What a CA that speaks ACME says of an order, as values. Pure, but for the keys that are made here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from provider.late import ec, serialization

HTTP: Final = "http-01"
DNS: Final = "dns-01"


@dataclass(frozen=True, slots=True)
class Binding:
    """The account at a CA which an account for ACME shall belong to (EAB)."""

    kid: str
    key: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a CA says of itself: where its terms are, and which profiles it has."""

    terms: str | None = None
    profiles: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wished of the certificates of a CA: their profile, and by name the root that their chains lead to."""

    profile: str | None = None
    root: str | None = None


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A certificate with those that signed it, and the names of the roots up to which the CA offered chains."""

    chain: str
    roots: Sequence[str]


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a CA looks for, to see that a name is ours: `content` is what has to be found, under `token` for HTTP."""

    kind: str
    url: str
    status: str
    token: str
    content: str
    said: str | None
    raw: Any


@dataclass(frozen=True, slots=True)
class Authorization:
    """Whether a CA has seen that a name is ours, and how it may be shown."""

    name: str
    status: str
    challenges: Sequence[Challenge]

    def find(self, kind: str) -> Challenge | None:
        """Find the challenge of a kind."""
        return next((each for each in self.challenges if each.kind == kind), None)


@dataclass(frozen=True, slots=True)
class OrderAtCA:
    """An order as the CA has it."""

    url: str
    status: str
    authorizations: Sequence[Authorization]
    finalize: str
    certificate: str | None
    said: str | None


def make_key() -> str:
    """Return a new private key, as PEM text."""
    private = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    return private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def host_of(directory: str) -> str:
    """Return what a CA is called: the host of its directory."""
    return urlsplit(directory).hostname or directory
