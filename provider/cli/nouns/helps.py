"""The helps of a noun's commands."""

from collections.abc import Callable, Mapping
from typing import Final

from provider.cli.nouns.examples import examples
from provider.cli.nouns.extras import Extras
from provider.cli.nouns.slots import slots_of
from provider.nouns import NOUNS, Noun, is_used
from provider.nouns.containers import ListOf

_ASKS: Final = "Asks first on a terminal, unless you pass --yes"


def help_of(noun: type[Noun], verb: str, extras: Extras) -> str:
    """Return the help of a verb: a line that says what it does, what there is to know, and examples."""
    summary = " ".join(filter(None, [_SUMMARIES[verb](noun), extras.summaries.get(verb, "")]))
    paragraphs = [summary, extras.notes.get(verb, ""), _NOTES[verb](noun) if verb in _NOTES else ""]
    lines = "\n".join(f"  {line}" for line in [*examples(noun, verb), *extras.examples.get(verb, ())])
    return "\n\n".join([*filter(None, paragraphs), f"Examples:\n{lines}"])


def _list(noun: type[Noun]) -> str:
    return f"List the {noun.many()} of {NOUNS[noun.within].one()}." if noun.within else f"List {noun.many()}."


def _add(noun: type[Noun]) -> str:
    return f"Add {noun.one()} to {NOUNS[noun.within].one()}." if noun.within else f"Add {noun.one()}."


def _remove(noun: type[Noun]) -> str:
    return f"Remove {noun.one()} that nothing uses." if is_used(noun.kind) else f"Remove {noun.one()}."


_SUMMARIES: Final = {
    "list": _list,
    "show": lambda noun: f"Show {noun.one()}.",
    "add": _add,
    "set": lambda noun: f"Change some fields of {noun.one()} and keep the others.",
    "remove": _remove,
}


def _about_query(noun: type[Noun]) -> str:
    return f"--query searches {noun.searched()}."


def _about_lists(noun: type[Noun]) -> str:
    lists = [slot.hint for slot in slots_of(noun) if isinstance(slot.field.type, ListOf) and len(slot.where) == 1]
    if not lists:
        return ""
    *others, last = lists
    if not others:
        return f"{last} replaces the whole list."
    return f"{', '.join(others)} and {last} each replace a whole list."


def _about_removal(noun: type[Noun]) -> str:
    if not is_used(noun.kind):
        return f"{_ASKS}."
    return f"{_ASKS}. Without a terminal, --cascade needs --yes."


_NOTES: Final[Mapping[str, Callable[[type[Noun]], str]]] = {
    "list": _about_query,
    "set": _about_lists,
    "remove": _about_removal,
}
