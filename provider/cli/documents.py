"""Files that hold a state, in YAML or JSON: read with the place of everything, so that errors can name it.

YAML is read by its core schema: `yes`, `on` and `1:30` are texts, as in JSON, and not what YAML 1.1 makes of
them. A key that stands twice is an error.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from provider.errors import ProviderError, pointer

_LONGEST_BYTES: Final = 32 * 1024 * 1024
_MOST_NODES: Final = 2_000_000
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

STANDARD_INPUT: Final = "-"


class DocumentError(ProviderError):
    """A file cannot be read as a document. The detail names line and column."""

    code = "document"
    title = "The file cannot be read"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class File:
    """A document, and where in its file each part stands, by JSON pointer."""

    name: str
    document: Any
    places: Mapping[str, Place] = field(repr=False)

    def place(self, where: str) -> str:
        """Say where a part stands, or the nearest part around it: `state.yml:12:7`."""
        while where and where not in self.places:
            where = where.rpartition("/")[0]
        found = self.places.get(where)
        return f"{self.name}:{found.line}:{found.column}" if found else self.name


class _Loader(_Base):  # type: ignore[misc]  # the fast loader, where there is one
    """Reads scalars by YAML's core schema."""

    yaml_implicit_resolvers: Mapping[str, Any] = {}


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))


def read(path: str) -> File:
    """Read a file, or standard input for `-`. Raises `DocumentError`."""
    name = "standard input" if path == STANDARD_INPUT else path
    content = sys.stdin.buffer.read() if path == STANDARD_INPUT else Path(path).read_bytes()
    if len(content) > _LONGEST_BYTES:
        raise DocumentError(f"{name} is longer than {_LONGEST_BYTES // (1024 * 1024)} MiB")
    try:
        text = content.decode("utf-8-sig")
        root = yaml.compose(text, Loader=_Loader)
    except UnicodeDecodeError as error:
        raise DocumentError(f"{name} is not UTF-8, at byte {error.start}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise DocumentError(f"{where}: {error.problem or error.context}") from None
    except yaml.YAMLError as error:  # a character that no file may have
        raise DocumentError(f"{name}: {' '.join(str(error).split())}") from None
    reader = _Reader(name)
    document = None if root is None else reader.value(root, "")
    return File(name, document, reader.places)


def write(document: Any) -> str:
    """Write a document as YAML. A file that is read again gives the same."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120) if document else "{}\n"


class _Reader:
    """Makes values of YAML's nodes, and notes where each stands."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0
        self._around: set[int] = set()
        self.places: dict[str, Place] = {}

    def value(self, node: Any, where: str) -> Any:
        """Return what a node stands for. Raises `DocumentError`."""
        self._count += 1
        if self._count > _MOST_NODES:
            raise self._wrong(node, "the document is too large: its aliases may make it so")
        self.places.setdefault(where, _place(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._around:
            raise self._wrong(node, "this alias leads to itself")
        self._around.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item, where + pointer(index)) for index, item in enumerate(node.value)]
            return self._mapping(node, where)
        finally:
            self._around.discard(id(node))

    def _mapping(self, node: Any, where: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._wrong(key_node, "a key has to be a text")
            key = key_node.value
            if key in found:
                raise self._wrong(key_node, f"the key {key} stands twice")
            below = where + pointer(key)
            self.places[below] = _place(key_node)
            found[key] = self.value(value_node, below)
        return found

    def _scalar(self, node: Any) -> Any:
        kind, text = node.tag.rpartition(":")[2], node.value
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "int":
            return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
        if kind == "float":
            return float(text)
        if kind == "str":
            return text
        raise self._wrong(node, f"the tag {node.tag} is not known here")

    def _wrong(self, node: Any, problem: str) -> DocumentError:
        place = _place(node)
        return DocumentError(f"{self._name}:{place.line}:{place.column}: {problem}")


def _place(node: Any) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)
