"""Sentences that can be said in other languages: a text in English that remembers what it was made of.

Whoever takes it for a text has the English sentence, as it always was. Whoever shows it to a person finds
the template, which a catalogue of messages translates, and the values that stand in it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, reduce
from string import Formatter
from typing import Any, Final, Self

from provider.patterns import pattern

_TEMPLATE: Final = "template"
_VALUES: Final = "values"
_SURROGATE: Final = pattern(r"[\ud800-\udfff]")

# In English, a number that counts stands before what it counts, and one that is a name, or is to be typed, after it.
_NAME: Final = pattern(r"\b(?:certificate|exactly|not|number|port|revision|round|status) \{(\w+)\}")


class Message(str):
    """A sentence made of a template and its values, in English.

    `Message("there is no {kind} {name}", kind="router", name="a")` is the text "there is no router a". The
    template is a literal, which stands in the catalogues; a value may be a message itself. What is cut out
    of it, or joined with another text, is a plain text again. A byte that is no UTF-8, as a text of a rule may
    have it (a lone surrogate), is written as an escape: no answer and no database takes it otherwise.
    """

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """Make the sentence."""
        values = {name: shown(value) if type(value) is str else value for name, value in values.items()}
        made = super().__new__(cls, template.format(**values))
        made.template = template
        made.values = values
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], Mapping[str, object]]:
        """Return what it is made of again in another process."""
        return (self.template,), self.values


def shown(text: str) -> str:
    """Return a text as it can be shown and kept: half of a surrogate pair as the byte that it stands for."""
    return text if text.isascii() else _SURROGATE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def template(text: str) -> str:
    """Mark a template that is made a `Message` elsewhere, so that it is found for the catalogues."""
    return text


def recognise(text: str, templates: Iterable[str]) -> str:
    """Return a sentence that was stored as a text as the message that it was: of the first template that fits.

    What was made of none of them stays as it is. Whatever the values were, the English sentence is the same.
    """
    for known in templates:
        found = _pattern(known).fullmatch(text)
        if found is not None:
            return Message(known, **found.groupdict())
    return text


@cache
def _pattern(known: str) -> re.Pattern[str]:
    """Return what matches the sentences that a template gives. Each value stands in it once."""
    parts = Formatter().parse(known)
    written = "".join(
        re.escape(literal) + (f"(?P<{name}>.*?)" if name else "") for literal, name, _spec, _conv in parts
    )
    return re.compile(written, re.DOTALL)


def trimmed(number: float) -> float:
    """Return a number as it is read: without a fraction if it has none."""
    return int(number) if number == int(number) else number


def listed(names: Sequence[str], most: int) -> str:
    """Name the first few, and count the others."""
    named, more = names[:most], len(names) - most
    if more > 0:
        return Message("{first} and {last}", first=_in_a_row(named), last=Message("{number} more", number=more))
    if len(named) == 1:
        return named[0]
    return Message("{first} and {last}", first=_in_a_row(named[:-1]), last=named[-1])


def _in_a_row(names: Sequence[str]) -> str:
    return joined(names) if any(isinstance(name, Message) for name in names) else ", ".join(names)


_COMMA: Final = template("{one}, {other}")


def joined(parts: Sequence[str], between: str = _COMMA) -> str:
    """Write parts one after another, with commas or as the template `between` says; each may be a message."""
    return reduce(lambda one, other: Message(between, one=one, other=other), parts) if parts else ""


def freeze(text: str) -> Any:
    """Return a message as JSON, with its template and its values; what is none, as the text that it is."""
    if not isinstance(text, Message):
        return str(text)
    values = {name: freeze(value) if isinstance(value, str) else value for name, value in text.values.items()}
    return {_TEMPLATE: text.template, _VALUES: values}


def thaw(frozen: Any) -> str:
    """Return what `freeze` was given."""
    if not isinstance(frozen, dict):
        return str(frozen)
    values = {name: thaw(value) if isinstance(value, str | dict) else value for name, value in frozen[_VALUES].items()}
    return Message(frozen[_TEMPLATE], **values)


def translate(text: str, gettext: Callable[[str], str], number: Callable[[float], str] = str) -> str:
    """Say a message in another language, with its numbers as that language writes them: 12,500 or 12.500.

    What is no message stays as it is, and so does a number that is a name: there is no revision 12,500.
    """
    if not isinstance(text, Message):
        return text
    names = frozenset(_NAME.findall(text.template))
    values = {name: value if name in names else _said(value, gettext, number) for name, value in text.values.items()}
    return gettext(text.template).format(**values)


def _said(value: object, gettext: Callable[[str], str], number: Callable[[float], str]) -> object:
    if isinstance(value, str):
        return translate(value, gettext, number)
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
