"""Sentences that can be said in other languages: a text in English that remembers what it was made of.

Whoever takes it for a text has the English sentence, as it always was. Whoever shows it to a person finds
the template, which a catalogue of messages translates, and the values that stand in it.
"""

from collections.abc import Callable, Mapping
from typing import Self


class Message(str):
    """A sentence made of a template and its values, in English.

    `Message("there is no {kind} {name}", kind="router", name="a")` is the text "there is no router a". The
    template is a literal, which stands in the catalogues; a value may be a message itself. What is cut out
    of it, or joined with another text, is a plain text again.
    """

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """Make the sentence."""
        made = super().__new__(cls, template.format(**values))
        made.template = template
        made.values = values
        return made


def template(text: str) -> str:
    """Mark a template that is made a `Message` elsewhere, so that it is found for the catalogues."""
    return text


def translate(text: str, gettext: Callable[[str], str]) -> str:
    """Say a message in another language. What is no message stays as it is."""
    if not isinstance(text, Message):
        return text
    values = {
        name: translate(value, gettext) if isinstance(value, str) else value for name, value in text.values.items()
    }
    return gettext(text.template).format(**values)
