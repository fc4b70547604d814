"""Versions of Traefik, and which of them knows what is set of an object. Pure."""

import re
from functools import cache
from typing import Any, Final

from provider.nouns.containers import ListOf, MapOf
from provider.nouns.nested import Nested
from provider.nouns.objects import Object
from provider.nouns.types import Type

Version = tuple[int, ...]
"""A version of Traefik: 3.6.9 is (3, 6, 9)."""

_OLDEST: Final[Version] = (3, 0)
_VERSION: Final = re.compile(r"v?([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,4}))?(?:[-+].*)?")


def read(text: str | None) -> Version | None:
    """Return the version that a Traefik tells of itself, or None for one that is none, such as `dev`."""
    found = _VERSION.fullmatch(text or "")
    return None if found is None else tuple(int(part) for part in found.groups(default="0"))


def written(version: Version) -> str:
    """Write a version as people do: without the last number where that is 0."""
    numbers = version[:2] if version[2:] == (0,) else version
    return ".".join(map(str, numbers))


def needed(item: Object) -> Version:
    """Return the oldest version that knows all that is set of an object; empty where every Traefik 3 does."""
    newest: Version = ()
    for name, default, is_explicit, since, type_ in _newer(type(item)):  # type: ignore[arg-type]  # a class has a hash
        value = item.__dict__[name]
        if value is None or (value == default and not is_explicit):
            continue
        newest = max(newest, since, _within(type_, value))
    return newest


def _within(type_: Type, value: Any) -> Version:
    if isinstance(type_, Nested):
        return needed(value)
    if isinstance(type_, ListOf):
        return max((_within(type_.item, item) for item in value), default=())
    if isinstance(type_, MapOf):
        return max((_within(type_.value, member) for member in value.values()), default=())
    return ()


@cache
def _newer(model: type[Object]) -> list[tuple[str, Any, bool, Version, Type]]:
    """Return the fields that not every Traefik 3 knows, or that may have such within: of most objects there are few."""
    found = []
    for each in model.fields.values():
        since = read(each.since) or _OLDEST
        version = since if since > (*_OLDEST, 0) else ()
        if version or _may_be_newer(each.type):
            found.append((each.name, each.default, each.is_explicit, version, each.type))
    return found


def _may_be_newer(type_: Type) -> bool:
    if isinstance(type_, Nested):
        return bool(_newer(type_.model))  # type: ignore[arg-type]  # a class has a hash
    if isinstance(type_, ListOf):
        return _may_be_newer(type_.item)
    return isinstance(type_, MapOf) and _may_be_newer(type_.value)
