"""The middleware that asks for a password and never sees it."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from provider.late import Late
from provider.messages import Message, template
from provider.nouns.containers import ListOf
from provider.nouns.fields import field, flag
from provider.nouns.middlewares.access import BasicAuth, meet_password, words_of_users
from provider.nouns.middlewares.underway import StopEffect, Underway
from provider.nouns.texts import MASK, Secrecy, Text
from provider.patterns import pattern
from provider.values import Refusal, check_text, in_schema, trimmed

if TYPE_CHECKING:
    import hashlib
else:
    hashlib = Late("hashlib")

REALM: Final = "traefik"
"""What Traefik calls itself where nothing is said."""

_HASH: Final = pattern("[0-9a-f]{32}")


@in_schema({"format": "digest-user", "pattern": f"^{trimmed(':')}:{trimmed(':')}:{trimmed(is_open=True)}$"})
def check_digest_user(text: str) -> str:
    """Check NAME:REALM:PASSWORD, or with a hash in place of the password: MD5 of the whole, as htdigest makes it."""
    check_text(text)
    parts = text.split(":", 2)
    if len(parts) < 3 or not all(parts):
        raise Refusal("user.format", Message("write NAME:REALM:PASSWORD or NAME:REALM:HASH"))
    name, realm, password = parts
    if name.strip() != name or realm.strip() != realm:
        raise Refusal("user.name", Message("a user name cannot start or end with a space"))
    if _HASH.fullmatch(password.lower()) and password != password.lower():
        raise Refusal("user.hash", Message("write the hash of {user} in lower case, as Traefik does", user=name))
    return text


def digest_name(text: str) -> str:
    """Return the name and the realm of a user."""
    return ":".join(text.split(":", 2)[:2])


def mask_digest(text: str) -> str:
    """Return a user without the password."""
    return f"{digest_name(text)}:{MASK}"


def keep_digest(text: str, _before: str | None) -> str:
    """Return a user with a hash."""
    if _HASH.fullmatch(text.split(":", 2)[2]):
        return text
    return f"{digest_name(text)}:{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}"


class DigestAuth(BasicAuth):
    """Users whose passwords are not sent."""

    title = "Ask for a password (digest)"
    about = "Lets in only clients that know a name and a password, without sending the password."
    example: ClassVar = {"users": ["alvin:traefik:secret"]}

    users: list[str] = field(
        ListOf(
            Text(check_digest_user, most=500, secret=Secrecy(mask_digest, keep_digest)),
            most=1_000,
            duplicate=("user.duplicate", template("a user is listed twice")),
            same=digest_name,
        ),
        "Users",
        "NAME:REALM:PASSWORD, with the realm below (traefik). Only a hash is stored; you can also give the hash.",
        default=[],
    )
    remove_header: bool = flag("Remove the header", "Servers do not get the Authorization header.", rare=True)

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse one without users, and users of another realm: Traefik lets neither in."""
        yield from super().mistakes(given)
        realm = given.get("realm")
        for user in given.get("users") or ():
            name, own = digest_name(user).split(":")
            if realm is not None and own != (realm or REALM):
                detail = Message(
                    "{user} is in the realm {own}, but this middleware has the realm {realm}",
                    user=name,
                    own=own,
                    realm=realm or REALM,
                )
                yield "users", Refusal("user.realm", detail)

    def does(self) -> Message:
        """Say that it asks for a password."""
        return Message(
            "Asks for a password, which is not sent ({who})", who=words_of_users(self.users, self.users_file)
        )

    def meet(self, request: Underway) -> StopEffect:
        """Turn away who brings no proof of a password; whether one is right is not told here."""
        return meet_password(request, "Digest")
