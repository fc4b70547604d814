"""Tables of objects for people: headings, what stands below each, and the lists of the service that fill them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provider.cli.client import Client, Parameters, path
from provider.cli.output import Output, note
from provider.cli.replies import Item
from provider.nouns import called

Columns = Mapping[str, Callable[[Item], object]]
"""How objects are shown: headings, and what is read of an object for each."""


@dataclass(frozen=True, slots=True)
class Rare:
    """A column that a table has only if one of its objects has something there."""

    read: Callable[[Item], object]
    is_there: Callable[[Item], object]

    def __call__(self, item: Item) -> object:
        return self.read(item)


def table(output: Output, columns: Columns, items: Sequence[Item]) -> None:
    columns = {
        heading: read
        for heading, read in columns.items()
        if not isinstance(read, Rare) or any(map(read.is_there, items))
    }
    output.table(list(columns), [[read(item) for read in columns.values()] for item in items])


def print_list(output: Output, columns: Columns, items: Sequence[Item], advice: str) -> None:
    """Print a list: as JSON, or to people as a table, and where nothing is in it what to do about that."""
    if output.is_json:
        output.document(items)
    elif items:
        table(output, columns, items)
    else:
        note(advice)


def field(name: str) -> Callable[[Item], object]:
    return lambda item: item.get(name)


def _words_of_labels(item: Item) -> str:
    return ", ".join(f"{key}={value}" for key, value in (item.get("labels") or {}).items()) or "none"


LABELS: Final = Rare(_words_of_labels, field("labels"))
"""The labels of objects, as they are typed."""


def percent(share: float) -> str:
    """Write a share, 0 to 1, for people."""
    return f"{share * 100:.3g} %" if share < 1 else "100 %"


@dataclass(frozen=True, slots=True)
class Collection:
    """All objects of one kind, or those that belong to one other: `path` is where they are, `within` that other."""

    kind: str
    path: str
    columns: Columns
    within: str = ""

    def path_of(self, name: str) -> str:
        return self.path + path(name)

    def label(self, name: str) -> str:
        """Say which object is meant."""
        what = called(self.kind)
        return f"{what} {self.within}/{name}" if self.within else f"{what} {name}"


def list_all(
    client: Client,
    output: Output,
    collection: Collection,
    query: str,
    limit: int | None,
    advice: str,
    labels: Sequence[str] | None = None,
    more: Parameters | None = None,
) -> None:
    """Print the objects of a list; to people, where there is none, what to do about it."""
    asked = {**({"label": labels} if labels else {}), **(more or {})}
    items = list(client.items(collection.path, query, limit, asked or None))
    if query or labels:
        wanted = [f"has {query!r} in it"] if query else []
        wanted += [f"has the label {label}" for label in labels or ()]
        advice = f"no {called(collection.kind)} {' and '.join(wanted)}"
    print_list(output, collection.columns, items, advice)
