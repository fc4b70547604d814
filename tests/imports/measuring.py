"""How much of other people's files an import holds: `python -m tests.imports.measuring FOLDER`.

Files whose names begin alike, up to a `-`, are one person's, and read together as one directory.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from provider import imports
from provider.cli.files import sources
from provider.cli.files.documents import DocumentError

ROUTERS = {("http", "routers"): "router", ("tcp", "routers"): "TCP router", ("udp", "routers"): "UDP router"}


def _person(path: Path) -> str:
    return path.name.partition(".")[0].partition("-")[0]


def _merged(one: Any, other: Any, depth: int = 2) -> Any:
    """Merge two files as Traefik does: of two objects of one name the first counts."""
    if isinstance(one, dict) and isinstance(other, dict):
        both = {name: _merged(one[name], other[name], depth - 1) for name in one if depth and name in other}
        return {**other, **one, **both}
    if isinstance(one, list) and isinstance(other, list):
        return one + other
    return other if one is None else one


def _people(folder: Path, unread: Counter[str]) -> Iterator[Mapping[str, Any]]:
    for _name, paths in groupby(sorted(folder.iterdir()), _person):
        whole: Any = {}
        for path in paths:
            try:
                whole = _merged(whole, sources.read_file(str(path)).document)
            except DocumentError:
                unread["files that cannot be read: templates"] += 1
        yield whole


def _measured(folder: Path) -> Iterator[str]:
    given, lost, why, others = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for document in _people(folder, others):
        found = imports.read(document)
        for (section, name), kind in ROUTERS.items():
            given[kind] += len(((document or {}).get(section) or {}).get(name) or {})
        for finding in found.findings:
            if finding.outcome is imports.ImportOutcome.LEFT_OUT:
                (why if finding.kind in ROUTERS.values() else others)[f"{finding.kind}: {finding.reason}"] += 1
                lost[finding.kind] += 1
    yield from (f"{kind}: {count - lost[kind]} of {count} held" for kind, count in given.items())
    for title, counted in (("routers", why), ("others", others)):
        yield f"\n{title}, by reason"
        yield from (f"{count:5} {reason}" for reason, count in counted.most_common())


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in _measured(Path(sys.argv[1])))
