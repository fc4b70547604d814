"""Where code tells the first nouns apart by name: `python -m tests.enumerations [FOLDER]` counts the places.

What is the same for every noun follows from the declarations, and names none. What one noun alone has does name it:
each such place is one that whoever adds a noun reads. Words in examples and messages are none.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

KINDS = frozenset({"domain", "service", "server", "router"})
PLURALS = frozenset(f"{kind}s" for kind in KINDS)


def is_kind(node: ast.AST) -> bool:
    """Tell whether an expression is the kind of a noun, or its plural, written out."""
    return isinstance(node, ast.Constant) and node.value in KINDS | PLURALS


def examples(tree: ast.AST) -> Iterator[ast.AST]:
    """Give what stands in examples: what `example` is set to, or described with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "example" and node.value is not None:
            yield from ast.walk(node.value)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "example":
                    yield from ast.walk(value)


def places(tree: ast.AST) -> Iterator[int]:
    """Give the lines in which a kind is compared with, or several are listed."""
    left = set(map(id, examples(tree)))
    for node in ast.walk(tree):
        if id(node) in left:
            continue
        if isinstance(node, ast.Compare):
            asked = [node.left, *node.comparators]
            within = [each for part in asked for each in getattr(part, "elts", ())]
            if any(map(is_kind, [*asked, *within])):
                yield node.lineno
        elif isinstance(node, ast.Dict):
            if sum(key is not None and is_kind(key) for key in node.keys) > 1:
                yield node.lineno
        elif isinstance(node, ast.Tuple | ast.List | ast.Set) and sum(map(is_kind, node.elts)) > 1:
            yield node.lineno


def count(folder: Path) -> dict[str, list[int]]:
    """Return the lines of such places, by module, the modules that have most first."""
    found = {
        str(path.relative_to(folder)): sorted(set(places(ast.parse(path.read_text()))))
        for path in sorted(folder.rglob("*.py"))
    }
    return dict(sorted(((name, lines) for name, lines in found.items() if lines), key=lambda each: -len(each[1])))


def main() -> None:
    """Print where the places are, and how many."""
    found = count(Path(sys.argv[1] if len(sys.argv) > 1 else "provider"))
    for name, lines in found.items():
        sys.stdout.write(f"{len(lines):4} {name}: {', '.join(map(str, lines))}\n")
    sys.stdout.write(f"{sum(map(len, found.values()))} places in {len(found)} modules\n")


if __name__ == "__main__":
    main()
