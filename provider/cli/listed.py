"""What the service has lists of: where they are, and how they are printed."""

from collections.abc import Sequence
from dataclasses import dataclass

from provider.cli.client import Client, Parameters, path
from provider.cli.output import Output
from provider.cli.tables import Columns, print_list
from provider.nouns import called


@dataclass(frozen=True, slots=True)
class Collection:
    """All objects of one kind, or those that belong to one other: `path` is where they are, `within` that other."""

    kind: str
    path: str
    columns: Columns
    within: str = ""

    def path_of(self, name: str) -> str:
        """Return the path of one object."""
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
