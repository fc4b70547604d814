"""Documents as Traefik gets them: read as strictly as it does, and as they may be shown. Pure."""

import hashlib
import json
from collections.abc import Mapping
from types import GenericAlias
from typing import Annotated, Any

import msgspec

from provider.configuration import BEACON, BEACON_HEADER, DIGEST_LENGTH, ROOTS
from provider.errors import Unverified
from provider.messages import Message
from provider.nouns import Middleware, document
from provider.nouns.registry import served
from provider.parts import PLACES
from provider.texts import LONGEST_KEY, find_trap

_HTTP, _MIDDLEWARES = Middleware.place

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_KEY, pattern=r"\A[^@]*\Z")]
"""The name of an object. What stands behind an `@` would be taken for the name of another provider."""


def _section(root: str) -> type[msgspec.Struct]:
    """Return the class of all that stands under one name of the document: maps of objects by name, none of them {}."""
    fields = []
    for kind, (found, place) in PLACES.items():
        if found == root:
            struct = document.struct(served(kind))  # type: ignore[arg-type]  # a class has a hash
            members: Any = Annotated[GenericAlias(dict, (_Name, struct)), msgspec.Meta(min_length=1)]
            fields.append((place, members | msgspec.UnsetType, msgspec.UNSET))
    return msgspec.defstruct(root, fields, forbid_unknown_fields=True, frozen=True, gc=False)


_decode_document = msgspec.json.Decoder(
    msgspec.defstruct(
        "Document",
        [(root, _section(root) | msgspec.UnsetType, msgspec.UNSET) for root in ROOTS],
        forbid_unknown_fields=True,
        frozen=True,
        gc=False,
    )
).decode


def hide(content: bytes) -> bytes:
    """Return a document as it may be shown to people: with masks in place of its secrets."""
    plain = json.loads(content)
    if not has_secrets(plain):  # most are shown as they are
        return content
    for kind, (root, place) in PLACES.items():
        if place in plain.get(root, {}):
            plain[root][place] = {name: _masked(kind, member) for name, member in plain[root][place].items()}
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()


def has_secrets(plain: Mapping[str, Any]) -> bool:
    """Tell whether a document has something that nobody may see but its edges."""
    return any(
        _masked(kind, member) != member
        for kind, (root, place) in PLACES.items()
        if served(kind).has_secrets()
        for member in plain.get(root, {}).get(place, {}).values()
    )


def _masked(kind: str, member: Mapping[str, Any]) -> Mapping[str, Any]:
    return served(kind).masked(member)


def verify(content: bytes) -> None:
    """Decode a whole document as strictly as Traefik does, and check what it refers to.

    Raises `Unverified` for what Traefik would reject, for what would empty the edge, for a reference to
    nothing, a weight below 1, an empty map, a duplicate key and a beacon that is not that of the document.
    """
    try:
        _decode_document(content)
        plain = json.loads(content, object_pairs_hook=_without_duplicates)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Unverified(Message("the document cannot be decoded: {error}", error=str(error))) from error
    if trap := find_trap(content):
        raise Unverified(Message("the document cannot be decoded: {error}", error=trap))
    own = plain.get(_HTTP, {}).get(_MIDDLEWARES, {})
    beacon = own.pop(BEACON, None)
    told = None if beacon is None else beacon.get("headers", {}).get("customResponseHeaders", {}).get(BEACON_HEADER)
    if beacon is not None and not own:
        del plain[_HTTP][_MIDDLEWARES]
    _check_filled(content, plain)
    _check_references(plain)
    rest = json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()
    if told != hashlib.sha256(rest).hexdigest()[:DIGEST_LENGTH]:
        raise Unverified(Message("the beacon says {told}, which is not the digest of the document", told=told))


def _check_filled(content: bytes, plain: Mapping[str, Any]) -> None:
    """Check that nothing is empty that Traefik takes for a mistake."""
    if b"{}" not in content:
        return
    for kind, (root, place) in PLACES.items():
        for name, member in plain.get(root, {}).get(place, {}).items():
            if not member or document.write(served(kind).loaded(member)) != member:
                raise Unverified(Message("{kind} {name} has an empty value", kind=kind, name=name))


def _check_references(plain: Mapping[str, Any]) -> None:
    """Check that all is there that objects of a document name."""
    there = {kind: plain.get(root, {}).get(place, {}) for kind, (root, place) in PLACES.items()}
    for kind, members in there.items():
        if any(used in PLACES for used in served(kind).kinds()):
            for name, member in members.items():
                for use in served(kind).loaded(member).uses():
                    if use.name not in there.get(use.kind, {use.name}):
                        told = {"kind": kind, "name": name, "other": use.kind, "member": use.name}
                        raise Unverified(
                            Message("{kind} {name} points to the {other} {member}, which does not exist", **told)
                        )


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key is given twice")
    return members
