"""The warnings of a write in its response's headers: how many there are, and the first ones as sentences."""

from collections.abc import Sequence
from typing import Final

from starlette.datastructures import MutableHeaders

from provider import display_strings

WARNINGS_HEADER: Final = "Config-Warnings"
WARNING_HEADER: Final = "Config-Warning"

_MOST_BYTES: Final = 2048
"""How long the warnings in a header may be: some proxies refuse answers whose headers take more than 4 kB in all."""


def add(headers: dict[str, str] | MutableHeaders, details: Sequence[str]) -> None:
    """Add warnings to those that headers have."""
    told = display_strings.write([*display_strings.read(headers.get(WARNING_HEADER, "")), *details], _MOST_BYTES)
    headers[WARNINGS_HEADER] = str(int(headers.get(WARNINGS_HEADER, "0")) + len(details))
    if told:
        headers[WARNING_HEADER] = told
