"""What a form asks for, field by field, as fields are declared: in which shape, with which words and limits. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from provider.messages import template
from provider.nouns import NOUNS, Field, Nested, Noun
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.free import FreeObject
from provider.nouns.noun import LABELS, NAME
from provider.nouns.texts import Reference, Text
from provider.nouns.types import Choice, Flag, Type, Whole, Word
from provider.web.inputs import Texts
from provider.web.nouns import texts as written
from provider.web.nouns.texts import KEY, VALUE

_PLAIN: Final = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
_YES: Final = Word(template("yes"))
_NO: Final = Word(template("no"))
_UNSET: Final = Word(template("not set"))
_FORMATS: Final = {"server-url": "url"}
_SIMPLE: Final = frozenset({"line", "number", "select"})


@dataclass(frozen=True, slots=True)
class FormSlot:
    """One field of a form.

    `shape` is a macro of `macros/nouns.html`. `title`, `help`, `switch` and the words of `choices` are messages.
    `refers` is the kind of objects whose names are proposed, `secret` the type of what is shown to nobody again. A part
    has its fields in `lines`, those in one line beside one another; a list has `rows`, the last of which
    is empty; each is called `singular`, if that is not the title. `is_changed` says that another thing than at first
    stands in it.
    """

    shape: str
    name: str
    title: str
    help: str
    switch: str = ""
    is_optional: bool = False
    is_rare: bool = False
    is_changed: bool = False
    is_nullable: bool = False
    refers: str = ""
    secret: Text | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, Word] = field(default_factory=dict)
    lines: Sequence[Sequence["FormSlot"]] = ()
    rows: Sequence[Sequence[Sequence["FormSlot"]]] = ()
    singular: str = ""

    @property
    def names(self) -> list[str]:
        return [self.name, *(name for slot in self.inner() for name in slot.names)]

    def inner(self) -> Iterator["FormSlot"]:
        for lines in (self.lines, *self.rows):
            for line in lines:
                yield from line


def asked(noun: type[Noun], kind: str | None, *, is_new: bool) -> list[Field]:
    """Return the fields that a form has: the name only for a new object, of the alternatives only the kind.

    What an action of its own sets is not among them.

    The labels, which all nouns have, come last.
    """
    fields = [each for each in written.fields_of(noun) if (is_new or each.key != NAME) and not each.is_apart]
    fields.sort(key=lambda each: each.key == LABELS)
    return [
        replace(each, is_nullable=False) if each.key == kind else each
        for each in fields
        if each.key == kind or each.key not in (*noun.alternatives(), *(noun.alone if kind else ()))
    ]


def lines(
    fields: Sequence[Field], layout: Iterable[str | tuple[str, ...]], texts: Texts, prefix: str = ""
) -> list[list[FormSlot]]:
    """Return the slots of a form, or of a part of it, line by line: as they are laid out, and then the others.

    In a part for which nothing is laid out, short ones that follow one another stand in one line. A part that is always
    there has its lines among the others.
    """
    made = {each.key: slot(each, texts, prefix) for each in fields}
    spliced = [name for name, each in made.items() if each.shape == "part" and not each.is_nullable]
    planned = [(names,) if isinstance(names, str) else names for names in layout]
    known = {name for names in planned for name in names}
    # Of one of a noun's kinds not all that is laid out is there.
    found = [line for names in planned if (line := [made[name] for name in names if name in made])]
    for each in (made[name] for name in made if name not in known):
        last = found[-1][0] if found else each
        if each.name.removeprefix(prefix) in spliced:
            found += [list(line) for line in each.lines if line]
        elif prefix and not planned and found and {each.shape, last.shape} <= _SIMPLE and each.is_rare == last.is_rare:
            found[-1].append(each)
        else:
            found.append([each])
    return found


def slot(each: Field, texts: Texts, prefix: str) -> FormSlot:
    """Return the slot of a field. Only outermost ones are required by the browser: others may be switched off."""
    made = _slot(each.type, prefix + each.key, texts, is_nullable=each.is_nullable)
    needed = each.is_required or (not each.is_nullable and each.default not in ("", [], {}))
    attributes = dict(made.attributes)
    if not prefix and needed and made.shape in _SIMPLE | {"area"}:
        attributes["required"] = True
    return replace(
        made,
        title=each.title,
        help=each.help,
        switch=each.switch or each.title,
        attributes=attributes,
        is_optional=not needed,
        is_rare=each.is_rare,
        is_changed=written.is_changed(each, texts, prefix),
        is_nullable=each.is_nullable,
    )


def _slot(type_: Type, name: str, texts: Texts, *, is_nullable: bool) -> FormSlot:
    if isinstance(type_, Nested):
        return FormSlot("part", name, "", "", lines=_lines_of(type_, name, texts))
    if isinstance(type_, MapOf) or (isinstance(type_, ListOf) and not type_.is_line):
        indices = written.indices(texts, name)
        following = max(indices, default=-1) + 1
        rows = [_row(type_, name, index, texts) for index in [*indices, following]]
        is_one = len(rows[0]) == len(rows[0][0]) == 1 and rows[0][0][0].shape != "part"
        shape = "rows" if is_one else "groups"  # a row shows one field alone
        refers = rows[0][0][0].refers if isinstance(type_, ListOf) else ""
        shape = "pairs" if isinstance(type_, MapOf) and len(rows[0]) == 1 else shape
        return FormSlot(shape, name, "", "", rows=rows, singular=NOUNS[refers].title if refers else "")
    if isinstance(type_, Flag):
        words = {"": _UNSET, "true": _YES, "false": _NO}
        return FormSlot("select", name, "", "", choices=words) if is_nullable else FormSlot("flag", name, "", "")
    if isinstance(type_, Choice):
        named = {each.value: type_.named.get(each) or Word(each.value) for each in type_.words}
        shape = "radio" if any(word.meaning for word in named.values()) else "select"
        return FormSlot(shape, name, "", "", choices={"": _UNSET, **named} if is_nullable else named)
    if isinstance(type_, Whole):
        least = type_.said.get("minimum") if type_.least is None else type_.least
        most = type_.said.get("maximum") if type_.most is None else type_.most
        limits = {"min": least, "max": most, "step": 1, "inputmode": "numeric", "autocomplete": "off"}
        return FormSlot("number", name, "", "", attributes=limits)
    return _text_slot(type_, name)


def _text_slot(type_: Type, name: str) -> FormSlot:
    """Return the slot of a text, or of names in one line."""
    if isinstance(type_, FreeObject):
        return FormSlot("area", name, "", "", attributes={"rows": 6, "class": "code", **_PLAIN})
    text = type_.item if isinstance(type_, ListOf) else type_
    if not isinstance(text, Text):
        raise TypeError(f"no form has a field for {type_!r}")
    attributes: dict[str, Any] = {"maxlength": written.limits(text) if text is type_ else None}
    attributes |= {} if text.is_prose else _PLAIN
    if mode := _FORMATS.get(text.described.get("format", "")):
        attributes["inputmode"] = mode
    if text.is_long:
        attributes |= {"rows": 2, "class": None if text.is_prose else "code"}
    refers = text.kind if isinstance(text, Reference) else ""
    return FormSlot(
        "area" if text.is_long else "line",
        name,
        "",
        "",
        refers=refers,
        secret=text if text.is_secret else None,
        attributes=attributes,
    )


def _lines_of(part: Nested, name: str, texts: Texts) -> list[list[FormSlot]]:
    return lines(written.fields_of(part.model), part.model.layout, texts, f"{name}/")


def _row(type_: ListOf | MapOf, name: str, index: int, texts: Texts) -> list[list[FormSlot]]:
    row = f"{name}/{index}"
    if isinstance(type_, ListOf):
        made = _slot(type_.item, row, texts, is_nullable=False)
        return [list(line) for line in made.lines] if made.shape == "part" else [[made]]
    key = replace(_slot(type_.key, f"{row}/{KEY}", texts, is_nullable=False), title=template("Key"))
    value = _slot(type_.value, f"{row}/{VALUE}", texts, is_nullable=False)
    if value.shape == "part":
        return [[key], *(list(line) for line in value.lines)]
    return [[key, replace(value, title=template("Value"))]]


def walk(slots: Iterable[FormSlot]) -> Iterator[FormSlot]:
    """Give slots, and all that are in them."""
    for each in slots:
        yield each
        yield from walk(each.inner())


def choice_words(slots: Iterable[FormSlot]) -> dict[str, dict[str, str]]:
    """Return the words in which what stands in switches and choices is told, by the names of the fields."""
    found = {}
    for each in walk(slots):
        if each.choices:
            found[each.name] = {value: word.title for value, word in each.choices.items()}
        elif each.shape == "flag" or (each.shape == "part" and each.is_nullable):
            found[each.name] = {"true": _YES.title, "": _NO.title}
    return found
