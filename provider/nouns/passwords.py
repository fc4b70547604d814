"""Users and their passwords, as Traefik's basicAuth has them: `name:hash`. Pure, but for the salt of a new hash."""

import base64
from typing import TYPE_CHECKING, Final

from provider.late import Late
from provider.messages import Message
from provider.nouns.texts import MASK
from provider.patterns import pattern
from provider.values import Refusal, check_text, in_schema, shown_text, trimmed

if TYPE_CHECKING:
    import hashlib
    import hmac

    import bcrypt
else:
    hashlib, hmac = Late("hashlib"), Late("hmac")
    bcrypt = Late("bcrypt")

_ROUNDS: Final = 10
"""Traefik computes a hash at each request: 2 ** 10 rounds take some 50 ms, as Go has it by default."""

_MOST_ROUNDS: Final = 14
"""More in a hash that somebody gives would keep Traefik busy at each request, for hours with 31."""

_PASSWORD_BYTES: Final = 72
"""The most that bcrypt looks at."""

_BCRYPT: Final = pattern(r"\$2[abxy]\$(0[4-9]|1[0-9]|2[0-9]|3[01])\$[./A-Za-z0-9]{53}")
_HASH: Final = pattern(
    rf"{_BCRYPT.pattern}|\$(?:apr1|1)\$[./A-Za-z0-9]{{1,8}}\$[./A-Za-z0-9]{{22}}|\{{SHA\}}[A-Za-z0-9+/]{{27}}="
)
_LIKE_A_HASH: Final = pattern(r"\$[A-Za-z0-9-]+\$|\{[A-Z0-9-]+\}")


@in_schema({"format": "basic-user", "pattern": f"^{trimmed(':')}:{trimmed(':', is_open=True)}$"})
def check_user(text: str) -> str:
    """Check a user with a password, or with a hash that Traefik can compare: bcrypt, apr1, MD5 or SHA-1.

    Traefik disables the middleware for a user without exactly one colon, and answers 401 to everybody for a hash
    that it does not know (measured).
    """
    check_text(text)
    name, _colon, password = text.partition(":")
    if text.count(":") != 1 or not name or not password:
        raise Refusal("user.format", Message("write NAME:PASSWORD or NAME:HASH, with one colon"))
    if name.strip() != name:
        raise Refusal("user.name", Message("a user name cannot start or end with a space"))
    if not _HASH.fullmatch(password) and _LIKE_A_HASH.match(password):
        raise Refusal(
            "user.hash", Message("Traefik cannot read this hash of {user}: use bcrypt", user=shown_text(name))
        )
    if _rounds(password) > _MOST_ROUNDS:
        detail = Message(
            "it would take Traefik seconds to check this hash of {user}: use bcrypt with a cost of at most {most}",
            user=shown_text(name),
            most=_MOST_ROUNDS,
        )
        raise Refusal("user.hash", detail)
    if len(password.encode()) > _PASSWORD_BYTES and not _HASH.fullmatch(password):
        raise Refusal("user.password", Message("a password has at most {most} bytes", most=_PASSWORD_BYTES))
    return text


def user_name(text: str) -> str:
    """Return the name of a user."""
    return text.partition(":")[0]


def mask_user(text: str) -> str:
    """Return a user without the password, whatever it is."""
    return f"{user_name(text)}:{MASK}"


def keep_user(text: str, before: str | None) -> str:
    """Return a user with a hash: that from `before`, if it is one of the same password."""
    name, _colon, password = text.partition(":")
    if _HASH.fullmatch(password):
        return text
    if before is not None and _fits(password.encode(), before.partition(":")[2]):
        return before
    return f"{name}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(_ROUNDS)).decode()}"


def _rounds(kept: str) -> int:
    """Return the cost of a hash of bcrypt; 0 for anything else."""
    found = _BCRYPT.fullmatch(kept)
    return 0 if found is None else int(found[1])


def _fits(password: bytes, kept: str) -> bool:
    """Tell whether a hash is one of a password, unless that would take longer than with a hash of ours."""
    if rounds := _rounds(kept):
        try:
            return rounds <= _ROUNDS and bcrypt.checkpw(password, kept.encode())
        except ValueError:  # a hash that nothing gives
            return False
    digest = base64.b64encode(hashlib.sha1(password, usedforsecurity=False).digest()).decode()
    return hmac.compare_digest(kept, "{SHA}" + digest)
