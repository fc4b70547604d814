"""Modules with libraries that only who orders certificates needs: loaded when they are asked for first."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from provider.issuing.means import Means

if TYPE_CHECKING:
    from types import ModuleType

    from provider.issuing.ca import AcmeCA


def connect_ca(directory: str, key: str, url: str | None, ca_file: Path | None) -> "AcmeCA":
    """Return a CA that speaks ACME, with the account there."""
    made: AcmeCA = import_module("provider.issuing.ca").AcmeCA(directory, key, url, ca_file)
    return made


def change_record(
    what: str, record: str, content: str, provider: str, options: Mapping[str, str], means: Means
) -> None:
    """Set or remove a TXT record at a DNS provider. Raises `NoCertificateError`."""
    import_module("provider.issuing.providers").change(what, record, content, provider, options, means)


def lookups() -> "ModuleType":
    """Return the module that asks DNS (`issuing.lookups`)."""
    return import_module("provider.issuing.lookups")
