"""What forms send: texts by the names of their fields, read with the models that REST reads with.

A form knows texts only, so `"3"` is a number here; all else is as strict as for programs.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Request

from provider.errors import FieldError, Invalid, ProviderError, pointer
from provider.messages import Message
from provider.nouns import Object
from provider.web.forms import Form

M = TypeVar("M", bound=Object)
W = TypeVar("W", bound=StrEnum)

Texts = Mapping[str, str]

MOST_FIELDS: Final = 10_000
"""The most fields of a form: a service's page has some for each of its servers."""

TICKED: Final = "true"
"""What a ticked box sends. One that is not ticked sends nothing."""


async def read_texts(request: Request) -> dict[str, str]:
    """Read the form that was sent. Raises `Invalid` where a field is given twice, or is a file."""
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    texts: dict[str, str] = {}
    for name, value in form.multi_items():
        if name in texts or not isinstance(value, str):
            detail = Message("give this field once, as text")
            raise Invalid([FieldError(pointer(*name.split("/")), "field.duplicate", detail)])
        texts[name] = value
    return texts


SentDependency = Annotated[dict[str, str], Depends(read_texts)]
"""What was sent, by the names of the fields."""


def parse(model: type[M], document: Mapping[str, Any]) -> M:
    """Validate what a form says, as its model does. Raises `Invalid`, with a pointer for each field."""
    return model.read(dict(document), is_typed=True)


def choose(words: type[W], sent: Texts, name: str) -> W:
    """Read which of some words was chosen. Raises `Invalid`."""
    try:
        return words(sent.get(name, ""))
    except ValueError:
        detail = Message("this has to be one of {choices}", choices=", ".join(words))
        raise Invalid([FieldError(f"/{name}", "value.choice", detail)]) from None


def refused(texts: Texts, error: ProviderError) -> Form:
    """Return a form again: what was typed, with what is wrong at the field that shows it."""
    fields = error.fields or [FieldError("", error.code, error.detail)]
    return Form(texts, [replace(field, pointer=_shown_at(field.pointer, texts)) for field in fields])


def is_ticked(texts: Texts, name: str) -> bool:
    return texts.get(name) == TICKED


def tick(*, ticked: bool) -> str:
    """Return what a box sends."""
    return TICKED if ticked else ""


def _shown_at(place: str, texts: Texts) -> str:
    """Return the pointer of the field that shows a value: the value's own, or that of what it is a part of."""
    shown = place
    while shown and shown.removeprefix("/") not in texts:
        shown = shown.rpartition("/")[0]
    return shown or place
