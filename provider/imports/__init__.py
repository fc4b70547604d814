"""Traefik's dynamic configuration, as a declaration, with a list of all that cannot be held. Pure."""

from provider.imports.findings import ImportFinding, ImportOutcome, Renamed, leaves
from provider.imports.keeping import keeping
from provider.imports.rawdata import NOT_TOLD, reshaped, running
from provider.imports.reading import DEFAULT_ENTRY_POINTS, Imported, Provenance, Running, read
from provider.imports.templates import find_deciding

__all__ = [
    "DEFAULT_ENTRY_POINTS",
    "NOT_TOLD",
    "ImportFinding",
    "ImportOutcome",
    "Imported",
    "Provenance",
    "Renamed",
    "Running",
    "find_deciding",
    "keeping",
    "leaves",
    "read",
    "reshaped",
    "running",
]
