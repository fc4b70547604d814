"""Files of Traefik, each damaged in one place: a field renamed, a map emptied, a type changed, bytes lost."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

_EVERYTHING: Final = Path(__file__).parent.parent / "imports" / "everything.yml"
_VALUES: Final[list[Any]] = [
    *("", "text", "true", "false", "yes", "10", "1.5", "10s", "1d", "a,b", "║", "é", "~", "null", "0x10", "2026-01-01"),
    *(0, 1, -1, 2**63, 1.5, 1e3, True, False, None),
    *([], {}, [None], [[]], [{}], ["a", "b"], {"a": "b"}, {"a": {"b": "c"}}, [1, 2], {"a": None}, [["a"]]),
]
_KEYS: Final = [
    "",
    "x",
    "Rule",
    "SERVICE",
    "servers",
    "url",
    "a b",
    "é",
    "1",
    "true",
    "<<",
    "tls",
    "a.b",
    "[0]",
]

Path_ = tuple[Any, ...]


def documents() -> list[dict[str, Any]]:
    """Return documents that Traefik takes: all that it knows at once, and the parts of it by themselves."""
    whole: dict[str, Any] = yaml.safe_load(_EVERYTHING.read_text())
    found = [whole]
    for section, kinds in whole.items():
        for kind, members in kinds.items() if isinstance(kinds, dict) else ():
            names = list(members) if isinstance(members, dict) else []
            found += [{section: {kind: {name: members[name]}}} for name in names]
    return found


def mutated(seed: int, sources: list[dict[str, Any]]) -> tuple[str, str | bytes]:
    """Return the name and the text of a damaged file. The same seed gives the same."""
    chance = random.Random(seed)
    document = copy.deepcopy(chance.choice(sources))
    for _ in range(chance.choice([1, 1, 1, 2])):
        chance.choice(_WAYS)(chance, document)
    if chance.random() < 0.15:
        return "m.yml", _damaged(chance, _written(chance, document).encode())
    return "m.yml", _written(chance, document)


def _written(chance: random.Random, document: Any) -> str:
    match chance.randrange(4):
        case 0:
            return json.dumps(document, ensure_ascii=False, allow_nan=False)
        case 1:
            return yaml.safe_dump(document, allow_unicode=True, default_flow_style=True, width=10_000)
        case _:
            return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def _damaged(chance: random.Random, content: bytes) -> bytes:
    at = chance.randrange(len(content) + 1)
    match chance.randrange(5):
        case 0:
            return content[:at]
        case 1:
            return content[:at] + content[at + 1 :]
        case 2:
            return content[:at] + bytes([chance.choice(b"\t\n {}[]:,\"'#&*!|>%@`-")]) + content[at:]
        case 3:
            return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]
    lines = content.splitlines(keepends=True)
    number = chance.randrange(len(lines))
    return b"".join([*lines[:number], b" " + lines[number], *lines[number + 1 :]])


def _places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*path, key)
        yield from _places(member, (*path, key))


def _parent(document: Any, path: Path_) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


def _chosen(chance: random.Random, document: Any) -> tuple[Any, Any] | None:
    places = list(_places(document))
    if not places:
        return None
    path = chance.choice(places)
    return _parent(document, path), path[-1]


def _rename(chance: random.Random, document: Any) -> None:
    if (found := _chosen(chance, document)) is not None and isinstance(found[0], dict):
        parent, key = found
        how: list[Callable[[str], str]] = [str.upper, str.lower, lambda text: text[:-1], lambda text: text + "s"]
        renamed = chance.choice([chance.choice(_KEYS), chance.choice(how)(str(key))])
        parent[renamed] = parent.pop(key)


def _empty(chance: random.Random, document: Any) -> None:
    places = [path for path in _places(document) if isinstance(_parent(document, path)[path[-1]], dict | list)]
    if places:
        path = chance.choice(places)
        _parent(document, path)[path[-1]] = chance.choice([{}, [], None, "", "true", "false"])


def _retype(chance: random.Random, document: Any) -> None:
    if (found := _chosen(chance, document)) is not None:
        found[0][found[1]] = chance.choice(_VALUES)


def _nest(chance: random.Random, document: Any) -> None:
    if (found := _chosen(chance, document)) is not None:
        parent, key = found
        parent[key] = chance.choice([[parent[key]], {"x": parent[key]}, {str(key): parent[key]}])


def _remove(chance: random.Random, document: Any) -> None:
    if (found := _chosen(chance, document)) is not None:
        del found[0][found[1]]


def _add(chance: random.Random, document: Any) -> None:
    places = [path for path in _places(document) if isinstance(_parent(document, path)[path[-1]], dict)]
    if places:
        path = chance.choice(places)
        _parent(document, path)[path[-1]][chance.choice(_KEYS)] = chance.choice(_VALUES)


def _break_reference(chance: random.Random, document: Any) -> None:
    places = [path for path in _places(document) if path[-1] in {"service", "fallback", "middlewares", "name"}]
    if places:
        path = chance.choice(places)
        _parent(document, path)[path[-1]] = "nowhere"


_WAYS: Final = [_rename, _rename, _empty, _empty, _retype, _retype, _retype, _nest, _remove, _add, _break_reference]
