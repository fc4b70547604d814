"""What a change does, told on a terminal."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import typer

from provider.cli.output import Output, note, words
from provider.cli.replies import Item, Reply
from provider.nouns.comparison import given, is_unset

_MOST_OBJECTS: Final = 200
_MOST_SHARES: Final = 50
_MOST_SENTENCES: Final = 50
_SIGNS: Final = {"create": "+", "change": "~", "remove": "-"}
_COLORS: Final = {"create": typer.colors.GREEN, "change": typer.colors.YELLOW, "remove": typer.colors.RED}
_DONE: Final = {"create": "created", "change": "changed", "remove": "removed"}
_TO_DO: Final = {"create": "to create", "change": "to change", "remove": "to remove"}


def tell(output: Output, difference: Item) -> None:
    """Print what a change does: objects field by field, how the traffic moves, and what has to be confirmed."""
    objects, shares = difference["objects"], difference["shares"]
    for described in objects[:_MOST_OBJECTS]:
        sign, kind = _SIGNS[described["action"]], described["kind"]
        output.marked(f"{sign} {kind} {described['name']}", _COLORS[described["action"]])
        for line in _fields(described):
            output.line(f"    {line}")
    if len(objects) > _MOST_OBJECTS:
        output.line(f"and {len(objects) - _MOST_OBJECTS:,} more objects: -o json shows all")
    if shares:
        output.line()
        rows = [(f"{one['service']}/{one['server']}", _share(one["before"]), _share(one["after"])) for one in shares]
        output.table(["Share of the traffic", "Before", "After"], rows[:_MOST_SHARES])
        if len(shares) > _MOST_SHARES:
            output.line(f"and {len(shares) - _MOST_SHARES:,} more shares: -o json shows all")
    # There is a sentence for each object, which is told above already, and then those about the traffic.
    for sentence in difference["words"][len(objects) :][:_MOST_SENTENCES]:
        output.line(sentence)
    if difference["brake"]:
        output.line()
        for reason in difference["brake"]["reasons"]:
            output.alarm(reason)
        output.line(f"To do it anyway, add --confirm {difference['brake']['confirm']}")


def tell_conflicts(output: Output, answer: Reply) -> None:
    """Print the conflicts that there are with what was done; beside an answer for programs, on standard error."""
    tell_one = (lambda text: note(f"Warning: {text}")) if output.is_json else output.caution
    for warning in answer.warnings:
        tell_one(warning)
    if untold := answer.conflicts - len(answer.warnings):
        more = "more " if answer.warnings else ""
        conflicts = f"is 1 {more}conflict" if untold == 1 else f"are {untold:,} {more}conflicts"
        tell_one(f"there {conflicts} with it: see `wayshub-provider check`")


def tell_warnings(output: Output, item: Item) -> None:
    """Print the conflicts that a change would be in, or make."""
    listed = item.get("warnings") or []
    for warning in listed[:_MOST_SENTENCES]:
        output.caution(warning["detail"])
    if len(listed) > _MOST_SENTENCES:
        output.line("and more: once it is applied, `wayshub-provider check` lists all")


def tell_trial(output: Output, answer: Reply) -> None:
    """Print what a write would do that was only tried; to programs the answer as it is."""
    if output.is_json:
        output.document(answer.item)
        return
    difference = answer.item["difference"]
    tell(output, difference)
    tell_warnings(output, answer.item)
    output.line(f"Dry run, nothing changed: {count(difference, done=False)} (at revision {answer.revision}).")


def count(difference: Item, *, done: bool) -> str:
    """Say how many objects a change creates, changes and removes: `3 to create, 1 to remove`."""
    verbs = _DONE if done else _TO_DO
    actions = [described["action"] for described in difference["objects"]]
    told = [f"{actions.count(action):,} {verb}" for action, verb in verbs.items() if action in actions]
    return ", ".join(told) or "nothing to do"


def is_empty(difference: Item) -> bool:
    return not difference["objects"]


def _fields(described: Item) -> Iterator[str]:
    fields: Sequence[Any] = described["fields"]
    if described["action"] == "remove":
        return
    kind = described["kind"]
    for field in fields:
        name = field["field"]
        if name == "name":
            continue
        after = _value(given(kind, name, field["after"]))
        if described["action"] != "create":
            yield f"{name}: {_value(given(kind, name, field['before']))} → {after}"
        elif field["after"] not in (None, "", [], {}) and not is_unset(kind, name, field["after"]):
            yield f"{name}: {after}"


def _value(value: Any) -> str:
    return words(value) or "none"


def _share(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.3g} %"
