"""How commands name what is declared: `entry_points` is `--entry-points`, `TLS options` stay what they are."""

import re
from collections.abc import Iterator
from typing import Final

from provider.nouns import Field, Object

LABELS: Final = "labels"
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def kebab(name: str) -> str:
    """Write a name of Python's or of JSON's as commands and options are written."""
    return _HUMP.sub("-", name).replace("_", "-").lower()


def ordered(model: type[Object]) -> Iterator[tuple[str, Field]]:
    """Give the fields in the order in which people see them, labels last."""
    shown = [key for row in model.layout for key in ((row,) if isinstance(row, str) else row)]
    keys = dict.fromkeys([*shown, *model.fields])
    for key in sorted(keys, key=lambda key: key == LABELS):
        yield key, model.fields[key]
