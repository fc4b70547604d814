"""Sentences that can be said in other languages."""

import json

import msgspec
from pydantic import BaseModel

from provider.messages import Message, translate
from tests.messages import extract

NONE = Message("there is no {kind} {name}", kind="router", name="{kind}")
GERMAN = {"there is no {kind} {name}": "{name} ({kind}) gibt es nicht", "{what}: stop": "{what}: halt"}


def german(text: str) -> str:
    return GERMAN.get(text, text)


class Shown(BaseModel):
    detail: str


def test_a_message_is_its_english_sentence() -> None:
    assert NONE == "there is no router {kind}"
    assert json.dumps([NONE]) == '["there is no router {kind}"]'
    dumped = Shown.model_construct(detail=NONE).model_dump(mode="json")
    assert msgspec.json.encode(dumped) == b'{"detail":"there is no router {kind}"}'


def test_a_message_is_said_with_its_values_in_another_order() -> None:
    assert translate(NONE, german) == "{kind} (router) gibt es nicht"


def test_a_message_in_a_message_is_said_too() -> None:
    assert translate(Message("{what}: stop", what=NONE), german) == "{kind} (router) gibt es nicht: halt"


def test_what_is_no_message_stays_as_it_is() -> None:
    assert translate("there is no {kind} {name}", german) == "there is no {kind} {name}"
    assert translate(NONE + "", german) == "there is no router {kind}"


def test_templates_stand_in_the_code_as_literals() -> None:
    found = extract()
    assert "this has to be one of {choices}" in found
    assert "Log out" in found
