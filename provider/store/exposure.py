"""What leads to what Traefik makes itself: only admins may write it, or what decides who gets there."""

from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Text, cast

from provider.database.sessions import Session
from provider.database.tables import FIELDS, TABLES
from provider.errors import Forbidden
from provider.nouns import NOUNS, Named, Noun, Router, internals
from provider.nouns.references import GUARD, exposed, guarded, guards, refused
from provider.store import nouns, referrers


def check_rights(session: Session, before: Noun | None, item: Noun) -> None:
    """Raise `Forbidden` for what leads to what Traefik makes itself, and is written by somebody who is no admin.

    Nor does anybody else change what decides who gets there.
    """
    if session.is_admin:
        return

    def find_others(kind: str, names: Collection[str]) -> Iterable[Noun]:
        return nouns.find_all(session, NOUNS[kind], list(names))

    wrong = [refused(item, *found) for found in exposed(item, find_others)]
    if before is not None and item.kind == GUARD and not wrong:
        exposing = (router for router in _exposing(session) if item.key in guards(router, find_others))
        wrong = [guarded(item, (), router.name) for router in islice(exposing, 1)]
    if wrong:
        raise Forbidden(wrong[0].detail, wrong)


def check_returning(session: Session, listed: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Raise `Forbidden` where objects of somebody who is no admin lead to what Traefik makes itself, as they were.

    They would come back by themselves, and what decided who gets there may be another by then.
    """

    def find_others(kind: str, names: Collection[str]) -> Iterable[Noun]:
        return nouns.find_all(session, NOUNS[kind], list(names))

    kinds = {Router.kind, *internals.KINDS}
    items = [NOUNS[kind].loaded(dict(document)) for kind, document in listed if kind in kinds]
    is_direct = any(internals.is_internal(use.name) for item in items for use in item.foreign())
    for item in items if is_direct or _leading(session) else ():
        for found in exposed(item, find_others):
            raise Forbidden(refused(item, *found).detail, [refused(item, *found)])


def _leading(session: Session) -> list[Noun]:
    """Return what names something that Traefik makes itself: little, or nothing."""
    kinds = (Router.kind, *internals.KINDS)
    tables = [(NOUNS[kind], cast(TABLES[kind].table.c[FIELDS], Text)) for kind in kinds]
    return [item for noun, fields in tables for item in nouns.matching(session, noun, fields.contains(internals.END))]


def _exposing(session: Session) -> list[Noun]:
    """Return the routers that lead to what Traefik makes itself, also by way of others: there are few, or none."""
    found: dict[Named, Noun] = {}
    waiting = _leading(session)
    while waiting:
        item = waiting.pop()
        if (item.kind, item.key) not in found:
            found[item.kind, item.key] = item
            for kind in (Router.kind, *internals.KINDS) if item.kind != Router.kind else ():
                waiting += referrers.users_of(session, NOUNS[kind], type(item), item.key)
    return [item for (kind, _name), item in found.items() if kind == Router.kind]
