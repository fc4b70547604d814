"""Examples for the help of a noun's commands: they follow from the example of its declaration, so that they run."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

from provider.cli.nouns.slots import OptionSlot, slots_of
from provider.cli.nouns.words import kebab
from provider.nouns import NOUNS, Nested, Noun, is_used
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.noun import NAME
from provider.nouns.texts import Text

_PLAIN: Final = frozenset('`$\\!"')


def examples(noun: type[Noun], verb: str) -> list[str]:
    owner = [str(NOUNS[noun.within].example[NAME])] if noun.within else []
    name = str(noun.example[NAME])
    other = f"www.{name}" if "." in name else f"{name}-2"
    given = [_typed(slot, _value(noun, slot)) for slot in _slots(noun)]
    everything = [word for words in given for word in words]
    first = next((words for words in given if words[0].startswith("--")), [])
    lines = {
        "list": [owner, [*owner, "-q", name, "-o", "json"]],
        "show": [[*owner, name]],
        "add": [[*owner, other, *everything]],
        "set": [[*owner, name, *first], [*owner, other, *everything, "--create"]],
        "remove": [[*owner, name, *(["--cascade", "--yes"] if is_used(noun.kind) else [])]],
    }
    return [
        " ".join(_quoted(word) for word in ("wayshub-provider", kebab(noun.kind), verb, *line)) for line in lines[verb]
    ]


def _slots(noun: type[Noun]) -> Iterator[OptionSlot]:
    """Give the slots for which the example has something to show, arguments first."""
    found = [
        slot
        for slot in slots_of(noun)
        if slot.option and (_file(slot) or not slot.field.type.is_secret) and _value(noun, slot) not in (None, [], {})
    ]
    firsts = {slot.where[0]: slot for slot in reversed(found) if slot.is_part or len(slot.where) > 1}
    told = [slot for slot in found if _tells(noun, slot) or slot in firsts.values()]
    return iter(sorted(told, key=lambda slot: not slot.is_argument))


def _value(noun: type[Noun], slot: OptionSlot) -> Any:
    found: Any = noun.example
    for key in slot.where:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _tells(noun: type[Noun], slot: OptionSlot) -> bool:
    value = _value(noun, slot)
    if slot.is_part:
        return False
    return slot.field.is_required or value != slot.field.json(slot.field.first())


def _file(slot: OptionSlot) -> str:
    """Return from which file a value is read, if it is a long one that has to be given: as a certificate."""
    type_ = slot.field.type
    is_file = isinstance(type_, Text) and type_.is_long and slot.field.is_required and slot.where[0].endswith("File")
    return f"@{kebab(slot.where[0]).removesuffix('-file')}.pem" if is_file else ""


def _typed(slot: OptionSlot, value: Any) -> list[str]:
    if slot.is_argument:
        return [str(value)]
    match slot.field.type:
        case ListOf():
            return [word for item in value for word in (slot.option, _item(item))]
        case MapOf():
            return [word for key, member in value.items() for word in (slot.option, f"{key}={member}")]
        case Nested():
            return [slot.option]
    if isinstance(value, bool):
        on, _slash, off = slot.option.partition("/")
        return [on if value else off or f"--no-{on.removeprefix('--')}"]
    return [slot.option, _file(slot) or str(value)]


def _item(value: Any) -> str:
    """Write an item of a list; an object as its fields, `name=a,weight=3`."""
    if isinstance(value, Mapping):
        return ",".join(f"{key}={member}" for key, member in value.items())
    return str(value)


def _quoted(word: str) -> str:
    """Quote a word for a shell, the way that is read best."""
    return f'"{word}"' if "'" in word and not _PLAIN & set(word) else shlex.quote(word)
