"""Passwords: which ones are taken, and how they are kept (Argon2id, RFC 9106)."""

import unicodedata
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from provider.messages import Message
from provider.values import Refusal

SHORTEST: Final = 12
LONGEST: Final = 1024

_hasher = PasswordHasher()
"""With the parameters that the library recommends now."""


def check_password(text: str, account: str) -> str:
    """Check a password for an account, and return it as it is hashed. Nothing is demanded but length."""
    password = normal(text)
    if not SHORTEST <= len(password) <= LONGEST:
        detail = Message("a password has {shortest} to {longest} characters", shortest=SHORTEST, longest=LONGEST)
        raise Refusal("password.length", detail)
    if len(set(password)) < 4 or account.lower() * 2 in password.lower():
        raise Refusal("password.simple", Message("this password is too easy to guess: use several words"))
    return password


def normal(text: str) -> str:
    """Return a password in the one form in which it is hashed, however a keyboard composes its letters."""
    return unicodedata.normalize("NFC", text)


def hashed(password: str, hasher: PasswordHasher | None = None) -> str:
    """Return what is kept of a password."""
    return (hasher or _hasher).hash(password)


@cache
def _nobodys(hasher: PasswordHasher) -> str:
    return hasher.hash("of an account that does not exist")


def verify(password_hash: str | None, text: str, hasher: PasswordHasher | None = None) -> bool:
    """Tell whether this is the password. Where there is none it takes as long, and is not."""
    if len(text) > LONGEST:
        text = ""
    hasher = hasher or _hasher
    nobodys = _nobodys(hasher)  # made once, by whoever comes first: also for who has a password
    try:
        hasher.verify(password_hash or nobodys, normal(text))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str, hasher: PasswordHasher | None = None) -> bool:
    """Tell whether a password was hashed with other parameters than are used now."""
    return (hasher or _hasher).check_needs_rehash(password_hash)
