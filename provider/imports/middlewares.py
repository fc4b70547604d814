"""What is special in middlewares of Traefik: defaults that are not ours, and what does nothing. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from provider.imports.declared import DeclaredReader, Given, Special
from provider.imports.findings import Cause
from provider.imports.observed import OBSERVED
from provider.imports.pieces import Ledger, Piece
from provider.nouns.middlewares.limits import InFlightReq, RateLimit
from provider.nouns.middlewares.paths import AddPrefix, StripPrefix
from provider.nouns.objects import Object

_SOURCE: Final = "sourceCriterion"
_BY_ADDRESS: Final = {"ipStrategy": {"ipv6Subnet": 128}}
"""By the address that connects: all bits of it. An address of which nothing is set cannot be said here."""


def _read_in_flight(reader: DeclaredReader, part: Piece, where: str) -> Given | None:
    """Read what counts by the host unless an address is asked for, though nothing is set of that."""
    found = reader.object(InFlightReq, part, where)
    given = reader.places.get(f"{where}/{_SOURCE}/ipStrategy")
    if found and given is not None and _SOURCE not in found:
        return {**found, _SOURCE: _BY_ADDRESS}
    return found


def _read_rate_limit(reader: DeclaredReader, part: Piece, where: str) -> Given | None:
    """Read a limit: one without an average limits nothing."""
    found = reader.object(RateLimit, part, where)
    return None if found is None else {"average": 0, **found}


def _read_added(reader: DeclaredReader, part: Piece, where: str) -> Given | None:
    """Read a prefix, before which Traefik puts the slash."""
    found = reader.object(AddPrefix, part, where)
    prefix = (found or {}).get("prefix", "")
    if not found or not prefix or prefix[0] == "/":
        return found
    reader.places[f"{where}/prefix"].change(f"Traefik puts a slash before {prefix}: it becomes /{prefix}")
    return {**found, "prefix": f"/{prefix}"}


def _read_stripped(reader: DeclaredReader, part: Piece, where: str) -> Given | None:
    """Read prefixes. If there are others, those with which no path begins are left out."""
    found = reader.object(StripPrefix, part, where)
    prefixes = (found or {}).get("prefixes", [])
    good = [each for each in prefixes if not _never_begins(each)]
    if not found or not good or good == prefixes:
        return found
    told = ", ".join(each for each in prefixes if each not in good)
    why = f"Traefik strips no prefix that does not begin with a slash: {told} is left out"
    reader.places[f"{where}/prefixes"].change(why, Cause.BREAKS, "path.format")
    return {**found, "prefixes": good}


def _never_begins(prefix: str) -> bool:
    return bool(prefix) and prefix[0] != "/"


def is_idle(value: Any) -> bool:
    """Tell whether a middleware lets all requests pass as they are: it strips nothing with which a path can begin."""
    given = _lowered(value)
    stripped = _lowered(given.get("stripprefix"))
    if len(given) != 1 or not stripped:
        return False
    prefixes = stripped.get("prefixes")
    return prefixes is None or all(map(_never_begins, Piece(prefixes, "", Ledger()).texts()))


def _lowered(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        return {}
    return {str(name).lower(): each for name, each in value.items() if each is not None and name not in OBSERVED}


SPECIAL: Final[Mapping[type[Object], Special]] = {
    InFlightReq: _read_in_flight,
    RateLimit: _read_rate_limit,
    AddPrefix: _read_added,
    StripPrefix: _read_stripped,
}
