"""Letting all that refers to a service refer to another one."""

from typing import Any

from provider.database.sessions import Session
from provider.errors import FieldError, Invalid, pointer
from provider.messages import Message
from provider.nouns import Named, Noun, Service
from provider.nouns.reading import Where
from provider.store import referrers, writes


def redirect(session: Session, service: str, target: str) -> list[Named]:
    """Let all that refers to a service refer to its target. Returns the kinds and names of what did.

    Raises `Invalid` where an object cannot refer to the target: as it does already, say.
    """
    own = Service.kind, target  # the target may go on to lead to the service, and a router may have its name
    users = [user for user in referrers.users(session, Service, service) if (user.kind, user.key) != own]
    for user in users:
        try:
            writes.replace(session, user, _redirected(user, service, target))
        except Invalid as error:
            raise Invalid([_told_of(user, each) for each in error.fields]) from None
    return [(user.kind, user.name) for user in users]


def _redirected(user: Noun, service: str, target: str) -> Noun:
    document = user.json()
    for use in user.uses():
        if use.kind == Service.kind and use.name == service:
            _set(document, use.where, target)
    return type(user).read(document)


def _set(document: Any, where: Where, value: str) -> None:
    *within, last = where
    for step in within:
        document = document[step]
    document[last] = value


def _told_of(user: Noun, wrong: FieldError) -> FieldError:
    told = {"kind": user.called(), "name": user.name, "why": wrong.detail}
    return FieldError(pointer("to"), "rollout.finish", Message("{kind} {name} could not use it: {why}", **told))
