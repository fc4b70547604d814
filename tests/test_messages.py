"""Sentences that can be said in other languages."""

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from provider.messages import Message, recognise, translate
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


def test_a_byte_that_is_no_text_is_written_so_that_every_answer_and_the_database_take_it() -> None:
    told = Message("GET {path} is asked: {inner}", path="/\udcff\ud800é", inner=NONE)
    assert told == f"GET /\\xff\\ud800é is asked: {NONE}"
    assert translate(told, german).encode().decode() == "GET /\\xff\\ud800é is asked: {kind} (router) gibt es nicht"


def test_what_is_no_message_stays_as_it_is() -> None:
    assert translate("there is no {kind} {name}", german) == "there is no {kind} {name}"
    assert translate(NONE + "", german) == "there is no router {kind}"


def test_templates_stand_in_the_code_as_literals() -> None:
    found = extract()
    assert "this has to be one of {choices}" in found
    assert "Log out" in found


TEMPLATES = ["login as nobody refused", "login as {name} refused", "{name} ({id}) is [gone]. {why}"]


@given(st.sampled_from(TEMPLATES), st.text(), st.text(), st.text())
def test_a_stored_sentence_is_known_again_and_stays_the_same(known: str, name: str, id: str, why: str) -> None:  # noqa: A002
    stored = str(Message(known, name=name, id=id, why=why))
    found = recognise(stored, TEMPLATES)
    assert isinstance(found, Message)
    assert found == stored


def test_a_stored_sentence_is_that_of_the_first_template_that_fits() -> None:
    found = recognise("login as nobody refused", TEMPLATES)
    assert isinstance(found, Message)
    assert found.template == TEMPLATES[0]
    named = recognise("login as a b refused", TEMPLATES)
    assert translate(named, lambda _text: "{name}: no") == "a b: no"
    assert recognise("something else", TEMPLATES) == "something else"
    assert not isinstance(recognise("something else", TEMPLATES), Message)
