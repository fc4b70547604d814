"""References between the objects of a document, and what stands for each here. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from provider.imports import names
from provider.imports.findings import Cause, Reason
from provider.imports.objects import Key, ReadObject, ReadUse
from provider.imports.pieces import Piece, shown
from provider.nouns import NOUNS, Middleware, Router, internals
from provider.nouns.noun import lowered
from provider.nouns.tcp_router import TCPRouter
from provider.nouns.texts import Reference
from provider.nouns.tls_option import TLSOption
from provider.values import Refusal

MISSING: Final = "reference.missing"
"""The code where something that is referred to is not there."""

_DEFAULT: Final = "default"
_DEFAULT_TRANSPORT: Final = f"{_DEFAULT}@{internals.PROVIDER}"
_TRANSPORTS: Final = frozenset({"serversTransport", "tcpServersTransport"})
_UNTOLD: Final = _TRANSPORTS | {"tlsOption"}
"""The kinds of objects of which Traefik's API does not tell."""


@dataclass(frozen=True, slots=True)
class References:
    """What references can lead to: `names` has our names of all objects, by their kinds and full names.

    Only what is of one of the `kinds`, and not among those that stay, is taken over. Of the providers that are `ours`
    all comes from here already. What is `idle` does nothing, so that nobody needs to refer to it.
    """

    names: Mapping[str, Mapping[str, str]]
    kinds: Collection[str]
    stays: Collection[Key]
    ours: Collection[str]
    idle: Collection[Key]
    from_api: bool

    def find(self, read: ReadObject, part: Piece, type_: Reference, given: str) -> str | None:
        """Return what stands here for a reference of an object that is read, or refuse the part that has it."""
        _name, provider = names.split(read.full)
        full = names.qualified(given, provider)
        name, whose = names.split(full)
        if whose == provider and name in type_.built_in and full not in self.names[type_.kind] and "@" not in given:
            return name
        if type_.kind == TLSOption.kind and name == _DEFAULT and "@" in given and not self.from_api:
            told = f"there are no TLS options {shown(given)}, as {_DEFAULT} ones are named without a provider"
            part.refuse(f"{told}: Traefik disables what refers to it", Cause.DISABLED, MISSING)
            return None
        if whose == internals.PROVIDER:
            return _internal(type_, part, full)
        if full not in self.names[type_.kind]:
            return self._unknown(type_, part, given, full, is_own=whose == provider)
        if type_.kind not in self.kinds or (type_.kind, full) in self.stays:
            return self._left_there(type_, part, given, full)
        return self._taken(read, part, (type_.kind, full), given)

    def _taken(self, read: ReadObject, part: Piece, key: Key, given: str) -> str | None:
        """Return our name for an object of the document that is referred to, or None for one that does nothing."""
        kind, full = key
        if key in self.idle:
            part.change(f"its {NOUNS[kind].called()} {shown(given)} does nothing: it is left out")
            return None
        read.uses.append(ReadUse(key, part, given))
        return self.names[kind][full]

    def _unknown(self, type_: Reference, part: Piece, given: str, full: str, *, is_own: bool) -> str | None:
        """Return what stands for a reference to what is not in the document; `is_own` tells if it should be."""
        word = NOUNS[type_.kind].called()
        if self.from_api and type_.kind in _UNTOLD:
            what = lowered(NOUNS[type_.kind].titles)
            part.change(f"Traefik's API does not show {what}: it refers to {full}, which stays there")
            return full
        name, whose = names.split(full)
        if not self.from_api and whose and "@" not in name:
            return self._elsewhere(type_, part, given, full) if is_own else full
        told = f"there {_be(word)} no {word} {shown(given)}: Traefik disables what refers to it"
        part.refuse(told, Cause.DISABLED, MISSING)
        return None

    def _left_there(self, type_: Reference, part: Piece, given: str, full: str) -> str | None:
        """Leave a reference with another provider, which goes on to have what it leads to."""
        word, (name, whose) = NOUNS[type_.kind].called(), names.split(full)
        if whose in self.ours:
            return name
        try:
            found = full if type_.check is None else type_.check(full)
        except Refusal as refusal:
            part.refuse(f"its {word} {shown(given)} cannot be referred to: {refusal.detail}", Cause.OURS, refusal.code)
            return None
        if (type_.kind, full) in self.stays:
            part.change(f"its {word} {shown(given)} cannot be taken over: it stays {full}")
        return found

    def _elsewhere(self, type_: Reference, part: Piece, given: str, full: str) -> str | None:
        """Leave a reference with the same provider: what it leads to may stand in a file that is not given.

        The labels of all containers of a Docker host count together, whatever project of Compose they are in.
        """
        word = NOUNS[type_.kind].called()
        there = f"there {_be(word)} no {word} {shown(given)} in these files"
        if (like := next((each for each in self.names[type_.kind] if each.lower() == full.lower()), None)) is not None:
            there += f", but there is {shown(names.split(like)[0])}"
        if type_.check is not None:
            try:
                type_.check(full)
            except Refusal:
                part.refuse(f"{there}: Traefik disables what refers to it", Cause.DISABLED, MISSING)
                return None
        others = "Traefik's other files have none" if full.endswith(f"@{names.FILE}") else "no other container has it"
        told = f"{there}: it stays {full}, and if {others}, Traefik disables this"
        part.change(told, Cause.DISABLED, MISSING)
        return full

    def loss(self, use: ReadUse, objects: Mapping[Key, ReadObject], *, is_disabled: bool) -> Reason:
        """Say why an object is left out that uses another one."""
        kind, full = use.key
        word, place = NOUNS[kind].called(), use.part.place
        told = f"its {word} {shown(use.given)}"
        cause = Cause.DISABLED if is_disabled else Cause.OURS
        if names.split(full)[1] in self.ours:
            return Reason(f"{told} comes from wayshub-provider already", place, cause)
        if use.key in objects and kind == Middleware.kind:
            told += f" ({_middleware_kind(objects[use.key].part)})"
        return Reason(f"Traefik disables {told}" if is_disabled else f"{told} {_be(word)} left out", place, cause)


def use_default_options(objects: Mapping[Key, ReadObject]) -> None:
    """Let routers with TLS that name no options use the default ones, where these are given."""
    given = [key for key in objects if key[0] == TLSOption.kind and names.split(key[1])[0] == _DEFAULT]
    for read in objects.values() if given else ():
        router = read.noun
        tls = router.tls if isinstance(router, Router | TCPRouter) else None
        if tls is not None and not any(use.key[0] == TLSOption.kind for use in read.uses) and tls.options is None:
            read.uses.append(ReadUse(given[0], read.part, _DEFAULT))


def _internal(type_: Reference, part: Piece, full: str) -> str | None:
    if full == _DEFAULT_TRANSPORT and type_.kind in _TRANSPORTS:
        return None  # it is what there is without any
    try:
        return internals.check(type_.kind, full)
    except Refusal as refusal:
        part.refuse(f"{refusal.detail}: Traefik disables what refers to it", Cause.DISABLED, MISSING)
        return None


def _be(word: str) -> str:
    return "are" if word.endswith("s") else "is"


def _middleware_kind(part: Piece) -> str:
    """Say what a middleware does: Traefik's name for it, or that of a plugin."""
    value = part.value if isinstance(part.value, dict) else {}
    kinds = [str(name) for name in value if name not in {"status", "error", "usedBy", "name", "provider", "type"}]
    return ", ".join(map(shown, kinds)) or "without a kind"
