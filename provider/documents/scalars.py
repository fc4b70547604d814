"""What the scalars of YAML's core schema stand for. Pure."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

TAG: Final = "tag:yaml.org,2002:"
CORE: Final = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
)
"""What a plain scalar stands for in YAML's core schema: kinds, patterns, and with what they begin."""

_KINDS: Final = [(kind, re.compile(pattern, re.ASCII)) for kind, pattern, _first in CORE]
_LARGEST_INTEGER: Final = 2**63 - 1


def kind_of(text: str) -> str:
    """Return the kind of a plain scalar: what its tag would be called."""
    return next((name for name, pattern in _KINDS if pattern.fullmatch(text)), "str")


def read_scalar(kind: str, text: str) -> Any:
    """Return what a scalar of a kind stands for. Raises `KeyError` for an unknown kind, and `ValueError` in words."""
    return _READ[kind](text)


def _integer(text: str) -> int:
    if len(text) > 70:
        raise ValueError("this number is too large")
    number = int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    if not -_LARGEST_INTEGER - 1 <= number <= _LARGEST_INTEGER:
        raise ValueError("this number is too large")
    return number


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("this number is too large")
    return number


_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "str": str,
    "null": lambda _text: None,
    "bool": lambda text: text.lower() == "true",
    "int": _integer,
    "float": _number,
}
