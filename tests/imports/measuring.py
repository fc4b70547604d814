"""How much of other people's files an import holds: `python -m tests.imports.measuring FOLDER`.

Files whose names begin alike, up to a `-`, are one person's, and read together as one directory. Variables that
their templates ask for are made up.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from provider import imports
from provider.imports import files
from provider.imports.files import Effect, Environment, Folder, SourceText

ROUTERS = {("http", "routers"): "router", ("tcp", "routers"): "TCP router", ("udp", "routers"): "UDP router"}
_IN_URL = re.compile(r"://\{\{-?\s*env\s+[\"`](\w+)[\"`]")
_VARIABLE = re.compile(r"env\s+[\"`](\w+)[\"`]")


def person(path: Path) -> str:
    """Return whose file one is."""
    return path.name.partition(".")[0].partition("-")[0]


def invented(text: str) -> Environment:
    """Make up the variables for which templates ask."""
    in_urls = set(_IN_URL.findall(text))
    return {name: "10.1.2.3" if name in in_urls else _value(name) for name in sorted(set(_VARIABLE.findall(text)))}


def _value(name: str) -> str:
    if name.endswith(("URL", "ADDRESS")):
        return "http://10.1.2.3:8080"
    if "_IP" in name:
        return "10.1.2.0/24"
    return "made.example" if "DOMAIN" in name or "HOST" in name else "made"


def people(folder: Path) -> Iterator[tuple[Folder, Environment, list[Path]]]:
    """Read what each person has."""
    for _name, paths in groupby(sorted(folder.iterdir()), person):
        own = list(paths)
        texts = [SourceText(path.name, path.read_text()) for path in own]
        environment = invented("".join(each.text for each in texts))
        yield files.read(texts, environment), environment, own


def _measured(folder: Path) -> Iterator[str]:
    given, lost, why, others, refused = Counter[str](), Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for read, _environment, _paths in people(folder):
        found = imports.read(read.document)
        for (section, name), kind in ROUTERS.items():
            given[kind] += len(read.document.get(section, {}).get(name) or {})
        for finding in found.findings:
            if finding.outcome is imports.ImportOutcome.LEFT_OUT:
                (why if finding.kind in ROUTERS.values() else others)[f"{finding.kind}: {finding.reason}"] += 1
                lost[finding.kind] += 1
        refused.update(f"{each.place}: {each.detail}" for each in read.findings if each.effect is not Effect.IGNORED)
    yield from (f"{kind}: {count - lost[kind]} of {count} held" for kind, count in given.items())
    for title, counted in (("routers", why), ("others", others), ("files", refused)):
        yield f"\n{title}, by reason"
        yield from (f"{count:5} {reason}" for reason, count in counted.most_common())


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in _measured(Path(sys.argv[1])))
