"""Traefik's dynamic configuration, as a declaration, with a list of all that cannot be held. Pure."""

from provider.imports.findings import ImportFinding, ImportOutcome, Renamed, leaves
from provider.imports.keeping import keeping
from provider.imports.provenance import Provenance, Running
from provider.imports.rawdata import NOT_TOLD, reshaped
from provider.imports.reading import Imported, read
