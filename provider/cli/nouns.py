"""What the nouns' commands share: to list, show, add, set and remove objects of one kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import typer

from provider.cli import differences, liveness
from provider.cli.client import Answer, Client, Item, Query, Unreachable, path
from provider.cli.options import confirm
from provider.cli.output import Output, note
from provider.errors import NotFound

EXAMPLE_URL = "http://127.0.0.1:3000"

_OPTIONAL: Final[set[Callable[[Item], object]]] = set()

Columns = Mapping[str, Callable[[Item], object]]
"""How objects are shown to people: headings, and what stands below each."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Where objects of one kind are, and what they are called: `collection` is their path."""

    kind: str
    collection: str
    columns: Columns
    within: str = ""

    def path(self, name: str) -> str:
        """Return the path of one object."""
        return self.collection + path(name)

    def label(self, name: str) -> str:
        """Say which object is meant."""
        return f"{self.kind} {self.within}{name}"


def list_all(
    client: Client,
    output: Output,
    place: Collection,
    query: str,
    limit: int | None,
    advice: str,
    labels: Sequence[str] | None = None,
    more: Query | None = None,
) -> None:
    """Print the objects of a list; to people, where there is none, what to do about it."""
    asked = {**({"label": labels} if labels else {}), **(more or {})}
    items = list(client.items(place.collection, query, limit, asked or None))
    if output.is_json:
        output.document(items)
    elif items:
        table(output, place.columns, items)
    else:
        if query or labels:
            wanted = [f"has {query!r} in it"] if query else []
            wanted += [f"has the label {label}" for label in labels or ()]
            advice = f"no {place.kind} {' and '.join(wanted)}"
        note(advice)


def show(client: Client, output: Output, place: Collection, name: str, *, etag: bool) -> Answer:
    """Print one object, or its tag alone."""
    answer = client.get(place.path(name))
    tag = answer.etag.strip('"')
    if etag:
        output.line(tag)
    elif output.is_json:
        output.document(answer.item)
    else:
        output.facts([*((heading, read(answer.item)) for heading, read in place.columns.items()), ("ETag", tag)])
    return answer


def add(client: Client, output: Output, place: Collection, document: Item) -> None:
    """Make an object."""
    answer = client.post(place.collection, document)
    tell(client, output, answer, f"Added {place.label(document['name'])}")


def change(
    client: Client,
    output: Output,
    place: Collection,
    name: str,
    patch: Item,
    *,
    create: bool,
    if_match: str | None,
    advice: str = "",
) -> None:
    """Change some fields of an object, or with `create` make it of them if there is none.

    `advice` is added where nothing was given, or nobody answers.
    """
    if create and if_match:
        raise typer.BadParameter("--create is for what may not exist, --if-match for what does: leave one out")
    if not patch and not create:
        raise typer.BadParameter(f"nothing to change was given: --help lists the options{advice}")
    try:
        answer, done = client.patch(place.path(name), patch, if_match), "Changed"
    except Unreachable as error:
        raise Unreachable(error.detail + advice) from error
    except NotFound:
        if not create:
            raise
        fields = {field: value for field, value in patch.items() if value is not None}
        if labels := {key: value for key, value in (patch.get("labels") or {}).items() if value is not None}:
            fields["labels"] = labels
        answer, done = client.post(place.collection, {"name": name} | fields), "Added"
    tell(client, output, answer, f"{done} {place.label(name)}")


def remove(
    client: Client,
    output: Output,
    place: Collection,
    name: str,
    *,
    yes: bool,
    if_match: str | None,
    cascade: bool = False,
    users: Callable[[], list[str]] = list,
) -> None:
    """Remove an object, after asking; with `cascade` what depends on it too, which `users` names."""
    if not output.is_trial:
        along = users() if cascade and not yes else []
        question = f"Remove {place.label(name)}{' with ' + ', '.join(along) if along else ''}?"
        confirm(question, yes=yes, needs_yes="--cascade" if cascade else "")
    answer = client.delete(place.path(name), cascade=cascade, if_match=if_match)
    tell(client, output, answer, f"Removed {place.label(name)}")


def tell_conflicts(client: Client, output: Output, kind: str, name: str) -> None:
    """Print the conflicts that an object is in, and what keeps requests from a service."""
    found = client.ask("/conflicts", {"object": f"{kind}/{name}"})
    for each in found["items"]:
        output.caution(each["detail"])


def table(output: Output, columns: Columns, items: list[Item]) -> None:
    """Print objects, one a row; without a column for labels, and the like, where nothing has any."""
    if not any(item.get("labels") for item in items):
        columns = {heading: read for heading, read in columns.items() if read is not words_of_labels}
    columns = {
        heading: read for heading, read in columns.items() if read not in _OPTIONAL or any(read(item) for item in items)
    }
    output.table(list(columns), [[read(item) for read in columns.values()] for item in items])


def field(name: str) -> Callable[[Item], object]:
    """Read a field as it is."""
    return lambda item: item.get(name)


def optional(name: str) -> Callable[[Item], object]:
    """Read a field of which a column is shown only where something has it."""
    read_field = field(name)
    _OPTIONAL.add(read_field)
    return read_field


def words_of_labels(item: Item) -> str:
    """Write labels as they are typed."""
    return ", ".join(f"{key}={value}" for key, value in (item.get("labels") or {}).items()) or "none"


def percent(share: float) -> str:
    """Write a share, 0 to 1, for people."""
    return f"{share * 100:.3g} %" if share < 1 else "100 %"


def tell(client: Client, output: Output, answer: Answer, done: str) -> None:
    """Print what a write did, or would do, and whether it is live; to programs the object, if there is one."""
    if output.is_trial:
        differences.tell_trial(output, answer)
        return
    if not output.is_json:
        output.line(f"{done} (revision {answer.revision}).")
    elif answer.item:
        output.document(answer.item)
    differences.tell_conflicts(output, answer)
    liveness.tell(client, output, answer)
