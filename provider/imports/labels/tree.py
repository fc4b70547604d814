"""Labels as a tree, as Traefik's decoder makes one of them (read in the source of paerser 0.2). Pure.

Parts of a key are compared without case, also the names of objects: the first one that is read gives the spelling.
Keys are read in the order of their bytes, so `[10]` stands before `[2]`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from provider.imports.labels.containers import ContainerLabel
from provider.imports.pieces import shown

ROOT = "traefik"


class LabelError(Exception):
    """A label for which Traefik ignores the whole container. It has a place, and the reason in words.

    `is_unset` tells that it is not known which label Traefik gets.
    """

    def __init__(self, place: str, reason: str, *, is_unset: bool = False) -> None:
        super().__init__(reason)
        self.place = place
        self.is_unset = is_unset
        self.reason = reason


@dataclass(slots=True)
class Node:
    """A part of a key with what is below it, and the value that stands for itself."""

    name: str
    place: str
    value: str | None = None
    children: "dict[str, Node]" = field(default_factory=dict)

    def find(self, *path: str) -> "Node | None":
        """Return what is below it by these names, in lower case, or None."""
        node = self
        for name in path:
            if (found := node.children.get(name)) is None:
                return None
            node = found
        return node

    def made(self, name: str, place: str | None = None) -> "Node":
        """Return the child of a name, made if it is not there."""
        return self.children.setdefault(name.lower(), Node(name, self.place if place is None else place))

    def set(self, name: str, value: str, place: str | None = None) -> None:
        """Give a child of a name this value."""
        self.made(name, place).value = value

    @property
    def is_list(self) -> bool:
        """Whether what is below it is numbered."""
        return bool(self.children) and all(name.startswith("[") for name in self.children)

    def each(self) -> "Iterator[Node]":
        """Go through what is below it."""
        yield from self.children.values()


def read(labels: Iterable[ContainerLabel]) -> Node:
    """Make a tree of labels. Raises `LabelError`."""
    root = Node(ROOT, "")
    for label in sorted(labels, key=lambda label: label.key.encode()):
        if label.problem:
            raise LabelError(label.place, label.problem, is_unset=label.is_unset)
        node = root
        for part in _parts(label):
            node = node.made(part, label.place)
        node.value = label.value
    return root


def _parts(label: ContainerLabel) -> Iterator[str]:
    first, *parts = label.key.split(".")
    if first != ROOT:
        raise LabelError(label.place, f"the label {shown(label.key)} has to begin with {ROOT} in lower case")
    for part in parts:
        if not part:
            raise LabelError(label.place, f"the label {shown(label.key)} has two dots in a row, or one at the end")
        if part.startswith("["):
            raise LabelError(label.place, f"the label {shown(label.key)} has a dot before a bracket")
        name, bracket, _rest = part.partition("[")
        if part.endswith("]") and bracket:
            yield name
            yield part[len(name) :]
        else:
            yield part
