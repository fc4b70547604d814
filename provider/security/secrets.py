"""Secrets that are made here: tokens, sessions, one-time links. Long and random, so a plain hash of each is kept."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
ID_LENGTH: Final = 8
_BYTES: Final = 32
_TOKEN: Final = re.compile(r"wsp_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")
_PLAIN: Final = re.compile(r"ws[slb]_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A secret, and what may be shown of it."""

    id: str
    text: str

    @property
    def hash(self) -> str:
        """What is kept of it."""
        return hashed(self.text)

    def __repr__(self) -> str:
        """Show what may be shown."""
        return f"Secret(id={self.id!r})"


def make_token() -> Secret:
    """Make a token, as `wsp_ID_SECRET`. The identifier may be shown, so that it is recognised."""
    identifier = "".join(secrets.choice(_ALPHABET) for _ in range(ID_LENGTH))
    return Secret(identifier, f"wsp_{identifier}_{secrets.token_urlsafe(_BYTES)}")


def make_session() -> Secret:
    """Make the secret of a session. Its identifier is the beginning of its hash."""
    return _make_plain("wss")


def make_link() -> Secret:
    """Make the secret of a one-time link. Its identifier is the beginning of its hash."""
    return _make_plain("wsl")


def make_browser() -> Secret:
    """Make the secret by which a browser is known where somebody has logged in."""
    return _make_plain("wsb")


def _make_plain(prefix: str) -> Secret:
    # By its prefix it is recognised, and cut short, in a log and wherever else it should not be.
    text = f"{prefix}_{secrets.token_urlsafe(_BYTES)}"
    return Secret(hashed(text)[:ID_LENGTH], text)


def find_token_id(text: str) -> str | None:
    """Find the identifier in what should be a token."""
    found = _TOKEN.fullmatch(text)
    return found[1] if found else None


def is_plain(text: str) -> bool:
    """Tell whether this can be the secret of a session, of a one-time link or of a browser."""
    return _PLAIN.fullmatch(text) is not None


def hashed(text: str) -> str:
    """Return the SHA-256 of a secret in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def matches(kept_hash: str, text: str) -> bool:
    """Tell, always in the same time, whether a secret is the one of which the hash was kept."""
    return hmac.compare_digest(kept_hash, hashed(text))
