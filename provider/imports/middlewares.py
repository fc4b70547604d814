"""What is special in middlewares of Traefik: by what those that count tell clients apart. Pure."""

from collections.abc import Mapping
from typing import Final

from provider.imports.declared import DeclaredReader, Given, Special
from provider.imports.pieces import Piece
from provider.nouns.middlewares.limits import InFlightReq
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


SPECIAL: Final[Mapping[type[Object], Special]] = {InFlightReq: _read_in_flight}
