"""Documents as Traefik gets them: read as strictly as it does, and as they may be shown. Pure."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from types import GenericAlias
from typing import Annotated, Any

import msgspec

from provider.configuration import BEACON, BEACON_HEADER, DEFAULT_CERTIFICATE, DIGEST_LENGTH, ROOTS, STORE, STORES
from provider.errors import Unverified
from provider.messages import Message
from provider.nouns import Middleware, document
from provider.nouns.certificate import Pair
from provider.nouns.registry import served
from provider.parts import LISTED, PLACES
from provider.texts import LONGEST_KEY, find_trap

_HTTP, _MIDDLEWARES = Middleware.place

_ServedName = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_KEY, pattern=r"\A[^@]*\Z")]
"""The name of an object. What stands behind an `@` would be taken for the name of another provider."""


def _section(root: str) -> type[msgspec.Struct]:
    """Return the class of all that stands under one name of the document: objects by name or in lists, none empty."""
    fields = []
    for kind, (found, place) in PLACES.items():
        if found == root:
            struct = document.struct(served(kind))  # type: ignore[arg-type]  # a class has a hash
            many = GenericAlias(list, (struct,)) if kind in LISTED else GenericAlias(dict, (_ServedName, struct))
            members: Any = Annotated[many, msgspec.Meta(min_length=1)]
            fields.append((place, members | msgspec.UnsetType, msgspec.UNSET))
    if root == STORES[0]:
        fields.append((STORES[1], _struct_of_stores() | msgspec.UnsetType, msgspec.UNSET))
    return msgspec.defstruct(root, fields, forbid_unknown_fields=True, frozen=True, gc=False)


def _struct_of_stores() -> type[msgspec.Struct]:
    pair = document.struct(Pair)
    store = msgspec.defstruct("Store", [(DEFAULT_CERTIFICATE, pair)], forbid_unknown_fields=True)
    return msgspec.defstruct("Stores", [(STORE, store)], forbid_unknown_fields=True)


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
            shown = {name: served(kind).masked(member) for name, member in _members(plain, kind)}
            plain[root][place] = list(shown.values()) if kind in LISTED else shown
    for store in _stores(plain):
        store[DEFAULT_CERTIFICATE] = Pair.masked(store[DEFAULT_CERTIFICATE])
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()


def has_secrets(plain: Mapping[str, Any]) -> bool:
    """Tell whether a document has something that nobody may see but its edges."""
    return any(
        served(kind).masked(member) != member
        for kind in PLACES
        if served(kind).has_secrets()
        for _name, member in _members(plain, kind)
    )


def has_keys(plain: Mapping[str, Any]) -> bool:
    """Tell whether a document has private keys of certificates."""
    return any(True for kind in LISTED for _each in _members(plain, kind)) or bool(_stores(plain))


def _members(plain: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Any]]:
    """Give the objects of a kind that a document has, by name, or by number where they stand in a list."""
    root, place = PLACES[kind]
    members = plain.get(root, {}).get(place, {})
    yield from (
        ((str(index), each) for index, each in enumerate(members)) if isinstance(members, list) else members.items()
    )


def _stores(plain: Mapping[str, Any]) -> list[dict[str, Any]]:
    root, place = STORES
    return list(plain.get(root, {}).get(place, {}).values())


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
    for kind in PLACES:
        for name, member in _members(plain, kind):
            if not member or document.write(served(kind).loaded(member)) != member:
                raise Unverified(Message("{kind} {name} has an empty value", kind=kind, name=name))


def _check_references(plain: Mapping[str, Any]) -> None:
    """Check that all is there that objects of a document name."""
    there = {kind: dict(_members(plain, kind)) for kind in PLACES}
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
