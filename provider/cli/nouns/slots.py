"""The values of an object that can be typed, each with its option: they follow from the noun's declaration.

An object within an object has its fields as options of its own: `healthCheck.interval` is
`--health-check-interval`. A field can name a shorter option, or with a word of capitals an argument. What can be
taken away has `--no-…`; an object that means something while it is empty is a flag.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from provider.cli.nouns.words import kebab, ordered
from provider.nouns import Field, Nested, Noun, Object
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.noun import NAME, lowered
from provider.nouns.texts import Text
from provider.nouns.types import Choice, Flag, Type, Whole

RESERVED: Final = frozenset(
    f"--{name}"
    for name in (
        *("output", "url", "wait", "dry-run", "confirm", "message", "create", "if-match", "cascade", "yes", "etag"),
        *("help", "query", "limit"),
    )
)
"""The options that commands have anyway: a field of such a name has its noun's name before it."""


_METAVARS: Final[Mapping[type[Type], str]] = {MapOf: "KEY=VALUE", Whole: "NUMBER", Nested: "FIELD=VALUE,…"}


@dataclass(frozen=True, slots=True)
class OptionSlot:
    """A value: `where` it stands in the object's JSON, its option, and `removal`, the option that takes it away.

    `full` is the option's long name, for where several would have the same short one. A slot of an object within has
    an option only if it is a flag. `panel` is the object within to which it belongs, where an object has one of
    several: a heading, and below it what that does. `lead` goes before the field's own help.
    """

    where: tuple[str, ...]
    field: Field
    option: str
    full: str
    removal: str = ""
    panel: tuple[str, str] = ("", "")
    lead: str = ""

    @property
    def is_argument(self) -> bool:
        """Whether it stands by itself."""
        return self.option.isupper()

    @property
    def is_part(self) -> bool:
        """Whether it is an object within that means something while it is empty."""
        return isinstance(self.field.type, Nested) and self.field.type.model.is_empty_meant

    @property
    def is_flag(self) -> bool:
        """Whether its option has no value."""
        return isinstance(self.field.type, Flag) or self.is_part

    @property
    def hint(self) -> str:
        """What errors call it: its option, the first of a pair."""
        return self.option.partition("/")[0]

    @property
    def word(self) -> str:
        """What one of its values is called in a sentence."""
        return lowered(self.field.title).removesuffix("s")

    @property
    def parameter(self) -> str:
        """Its name in Python, unlike those of all other parameters."""
        return "field_" + "_".join(kebab(key).replace("-", "_") for key in self.where)

    @property
    def metavar(self) -> str | None:
        """What stands for a value in the help."""
        return _metavar(self.field.type)


def slots_of(noun: type[Noun]) -> Sequence[OptionSlot]:
    """Return the slots of a noun, in the order in which people see its fields; all but its name."""
    found = list(_walk(noun, (), "", ("", ""), (noun,)))
    nearest: dict[str, OptionSlot] = {}
    for slot in found:
        for name in filter(None, (slot.option, slot.removal)):
            if len(slot.where) < len(nearest.setdefault(name, slot).where):
                nearest[name] = slot
    return [_told_apart(noun, slot, nearest) for slot in found]


def _told_apart(noun: type[Noun], slot: OptionSlot, nearest: Mapping[str, OptionSlot]) -> OptionSlot:
    """Give a slot its long name where another that is less deep has the same short one."""
    option, removal = slot.option, slot.removal
    if option and nearest[option] is not slot:
        option = slot.full
    if removal and nearest[removal] is not slot:
        removal = _removal(slot.full)
    if option in RESERVED:
        prefix = f"--{kebab(noun.kind)}-"
        removal = removal and "--no-" + prefix[2:] + removal.removeprefix("--no-")
        option = prefix + option[2:]
    return replace(slot, option=option, removal=removal)


def _walk(
    model: type[Object], where: tuple[str, ...], prefix: str, panel: tuple[str, str], above: Sequence[type[Object]]
) -> Iterator[OptionSlot]:
    for key, each in ordered(model):
        if not where and key == NAME:
            continue
        full = f"{prefix}-{kebab(each.name)}" if prefix else f"--{kebab(each.name)}"
        shown = (f"{each.title} ({each.key})", each.help) if each.is_alternative else panel
        slot = OptionSlot((*where, key), each, each.option or full, full, panel=shown)
        if isinstance(each.type, Nested) and each.type.model not in above:
            yield from _within(slot, each.type.model, above)
        elif each.is_nullable or isinstance(each.type, ListOf | MapOf):
            has_removal = not (each.is_required or isinstance(each.type, Flag))
            yield replace(slot, removal=_removal(slot.option) if has_removal else "")
        else:
            yield slot


def _within(slot: OptionSlot, model: type[Object], above: Sequence[type[Object]]) -> Iterator[OptionSlot]:
    each = slot.field
    panel = slot.panel
    if each.is_alternative and not panel[0]:
        panel = (f"{each.title} ({each.key})" if each.title else each.key, each.help)
    short = slot.option
    nested = list(_walk(model, slot.where, slot.option, panel, (*above, model)))
    if nested and nested[0].field.option.startswith("--"):  # it stands for the whole, and so does what takes it away
        short = nested[0].option
        nested[0] = replace(nested[0], removal="", lead="" if panel[0] else each.help)
    if model.is_empty_meant:
        yield replace(slot, panel=panel, removal=_removal(slot.option))
    yield from nested
    if each.is_nullable and not model.is_empty_meant:
        yield replace(slot, option="", panel=panel, removal=_removal(short))


def _removal(option: str) -> str:
    return f"--no-{option.removeprefix('--')}" if option.startswith("--") else ""


def _metavar(type_: Type) -> str | None:
    match type_:
        case ListOf():
            return _metavar(type_.item)
        case Text():
            return "@FILE" if type_.is_secret else type_.word
        case Choice():
            return None
        case _:
            return _METAVARS.get(type(type_), "TEXT")
