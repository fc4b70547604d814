"""What of a document an older Traefik does not know: for such a field, it refuses the file. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from provider.errors import pointer
from provider.imports.files.decoding import Mistake
from provider.imports.files.fields import Known, fields
from provider.imports.files.findings import Effect
from provider.nouns import versions
from provider.nouns.versions import Version


def find_newer(document: Any, version: Version) -> Iterator[Mistake]:
    """Give the fields that came after a version."""
    if isinstance(document, dict):
        yield from _members("", document, "", version)


def _members(members: str, value: Mapping[str, Any], where: str, version: Version) -> Iterator[Mistake]:
    known = fields(members)
    for key, member in value.items():
        field = known.get(key.lower())
        if field is None or member is None:
            continue
        place = where + pointer(key)
        if is_newer(field.since, version):
            told = f"Traefik {versions.written(version)} has no field {field.name} here: it came with {field.since}"
            yield Mistake(Effect.REFUSED, "field.newer", place, told)
        else:
            yield from _within(field, member, place, version)


def _within(known: Known, value: Any, where: str, version: Version) -> Iterator[Mistake]:
    if not known.members:
        return
    if known.type == "object" and isinstance(value, dict):
        yield from _members(known.members, value, where, version)
    elif known.type == "map" and isinstance(value, dict):
        for name, member in value.items():
            if isinstance(member, dict):
                yield from _members(known.members, member, where + pointer(name), version)
    elif known.type == "list" and isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield from _members(known.members, item, f"{where}/{index}", version)


def is_newer(since: str, version: Version) -> bool:
    """Tell whether something that came with a version is newer than another; 3.4 stands for all of 3.4."""
    came = versions.read(since)
    return came is not None and came[: len(version)] > version
