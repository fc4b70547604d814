"""How large the package is, and what a field or a kind costs: `python -m tests.figures FOLDER…`, a column for each.

To compare with another commit, have it beside this one: `git worktree add /tmp/before COMMIT`, then give
`/tmp/before/provider provider`. `--rooms` adds the lines of each room, the modules and folders right below a folder.
"""

import ast
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median

from tests import enumerations

NAMES = ("passHostHeader|pass_host_header", "stripPrefixRegex|StripPrefixRegex")
"""A field that is handed through, and a kind of middleware: in how many files each is named."""

Figures = dict[str, str]


def main(folders: Iterable[str]) -> None:
    """Print the figures of folders beside one another."""
    wanted = [Path(folder) for folder in folders if folder != "--rooms"]
    columns = [figures(folder) | (rooms(folder) if "--rooms" in sys.argv else {}) for folder in wanted]
    for name in dict.fromkeys(name for column in columns for name in column):
        values = "".join(f"{column.get(name, ''):>44}" for column in columns)
        sys.stdout.write(f"{name:<44}{values}\n")


def figures(folder: Path) -> Figures:
    """Return what is counted of a folder, in words."""
    lines = {str(path.relative_to(folder)): path.read_text().count("\n") for path in modules(folder)}
    functions = {f"{name} {called}": long for name in lines for called, long in of_functions(folder / name)}
    found = enumerations.count(folder)
    return {
        "modules": f"{len(lines)}",
        "lines": f"{sum(lines.values()):,}",
        "lines of a module, median": f"{median(lines.values()):g}",
        "longest module": longest(lines),
        "lines of a function, median": f"{median(functions.values()):g}",
        "longest function": longest(functions),
        "places that tell the first nouns apart": f"{sum(map(len, found.values()))} in {len(found)} modules",
        **{f"files that name {names.partition('|')[0]}": f"{len(list(naming(folder, names)))}" for names in NAMES},
    }


def modules(folder: Path) -> Iterator[Path]:
    """Give the Python modules of a folder."""
    return (path for path in sorted(folder.rglob("*.py")) if "__pycache__" not in path.parts)


def of_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Give the functions of a module, each with its lines."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{node.name}:{node.lineno}", (node.end_lineno or node.lineno) - node.lineno + 1


def naming(folder: Path, names: str) -> Iterator[Path]:
    """Give the modules and templates in which one of these names stands."""
    for path in (*modules(folder), *folder.rglob("*.html")):
        if any(name in path.read_text() for name in names.split("|")):
            yield path


def longest(lengths: Mapping[str, int]) -> str:
    """Return how long the longest one is, and which that is."""
    name = max(lengths, key=lambda each: lengths[each])
    return f"{lengths[name]} ({name.rpartition('/')[2]})"


def rooms(folder: Path) -> Figures:
    """Return the lines of each room."""
    found: Counter[str] = Counter()
    for path in modules(folder):
        found[path.relative_to(folder).parts[0].removesuffix(".py")] += path.read_text().count("\n")
    return {f"  {room}": f"{lines:,}" for room, lines in sorted(found.items())}


if __name__ == "__main__":
    main(sys.argv[1:])
