"""JSON Schema says of objects what the declarations check: no more, and no less than it can say."""

import json
import re
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from provider.errors import Invalid
from provider.models import AdoptInput, ExposeInput, HandBackInput
from provider.nouns import NOUNS, Object
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.middlewares import KINDS
from provider.nouns.texts import Text
from provider.nouns.types import Type
from provider.values import Refusal
from tests import strategies
from tests.api import schemathesis_hooks  # noqa: F401  # what it says of our formats
from tests.nouns.middleware_rows import ROWS
from tests.running import cases

REF: Final = "#/components/schemas/{model}"
ROOTS: Final[list[type[Object]]] = [*NOUNS.values(), ExposeInput, AdoptInput, HandBackInput]
MODELS: Final[dict[str, type[Object]]] = {model.__name__: model for root in ROOTS for model in root.models()}

UNSAID: Final = {
    "timeout.interval": "two durations, compared",
    "services.duplicate": "items of a list that differ in something else, compared",
    "failover.same": "two names, compared",
    "user.duplicate": "names within texts, compared",
    "user.realm": "a name within a text, compared with another field",
    "header.duplicate": "names compared in lower case",
    "key.duplicate": "names compared in lower case",
    "mediaType.duplicate": "names compared in lower case",
    "network.duplicate": "different spellings of one network",
    "domains.duplicate": "different spellings of one host name",
    "tcpRouter.tls": "what a rule asks for",
    "key.other": "a key and its certificate, compared",
    "key.long": "how many bytes a name has",
    "free.depth": "how deep an object is",
    "free.list": "whether a number was written with a point",
    "free.number": "how many decimal places a number has",
    "free.long": "how long an object is as JSON",
}
"""What JSON Schema cannot say, and no `format` tells of a single text, by the codes of what is refused for it."""


@cache
def schemas() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for model in MODELS.values():
        found[model.__name__] = model.schema(REF, found)
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


@cache
def operations() -> Any:
    def operation(name: str) -> dict[str, Any]:
        content = {"application/json": {"schema": {"$ref": REF.format(model=name)}}}
        return {"post": {"requestBody": {"required": True, "content": content}, "responses": {"200": {}}}}

    about = {"openapi": "3.1.0", "info": {"title": "models", "version": "1"}}
    paths = {f"/{name}": operation(name) for name in MODELS}
    return schemathesis.openapi.from_dict({**about, "paths": paths, "components": {"schemas": schemas()}})


@cache
def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    found = jsonschema_rs.validator_for({"$ref": REF.format(model=name), "components": {"schemas": schemas()}})
    assert isinstance(found, jsonschema_rs.Draft202012Validator)
    return found


@pytest.mark.parametrize("name", MODELS)
def test_what_a_schema_allows_is_taken(name: str) -> None:
    with warnings.catch_warnings(action="ignore"):
        bodies = operations()[f"/{name}"]["POST"].as_strategy()

    @settings(
        max_examples=cases(5, 200), suppress_health_check=list(HealthCheck), phases=[Phase.generate], deadline=None
    )
    @given(bodies)
    def check(case: Any) -> None:
        try:
            # To JSON Schema, 1.0 is an integer.
            MODELS[name].read(json.loads(json.dumps(case.body), parse_float=as_number))
        except Invalid as error:
            wrong = [each for each in error.fields if each.code not in UNSAID]
            assert not wrong, case.body

    check()


def as_number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


def taken() -> Iterator[tuple[str, Any]]:
    for name, model in MODELS.items():
        if model.example:
            yield name, model.example
    for kind, row in ROWS.items():
        for document in (*row.good, *(document for document, *_ in row.warned)):
            yield "Middleware", {"name": "a", kind: document}
            if KINDS[kind].__name__ in MODELS:
                yield KINDS[kind].__name__, document


def test_what_is_taken_fits_the_schema() -> None:
    wrong = []
    for name, document in taken():
        for each in (dict(document), MODELS[name].read(dict(document)).json()):
            wrong += [f"{name}: {error}" for error in validator(name).iter_errors(each)]
    assert not wrong


def texts() -> dict[str, Text]:
    """All types of texts that are checked, each by the first field that has it."""
    found: dict[Any, tuple[str, Text]] = {}
    for name, model in MODELS.items():
        for key, each in model.fields.items():
            for type_ in within(each.type):
                found.setdefault(type_.check, (f"{name}.{key}", type_))
    return dict(found.values())


def within(type_: Type) -> Iterator[Text]:
    match type_:
        case Text() if type_.check is not None:
            yield type_
        case ListOf():
            yield from within(type_.item)
        case MapOf():
            yield from within(type_.value)
            yield from within(type_.key)


@pytest.mark.parametrize("name", texts())
def test_every_text_that_a_check_lets_pass_fits_what_is_said_of_it(name: str) -> None:
    type_ = texts()[name]
    assert type_.described, "nothing is said of what is checked"
    said = json.loads(json.dumps(type_.schema(REF, {})))
    patterns = re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', json.dumps(said))
    likely = [st.from_regex(json.loads(pattern)) for pattern in patterns]
    schema = jsonschema_rs.validator_for(said)

    @settings(max_examples=cases(20, 1000), suppress_health_check=list(HealthCheck), deadline=None)
    @given(st.one_of(*likely, strategies.hostile, strategies.hosts, strategies.urls))
    def check(text: str) -> None:
        if type_.most is not None and len(text) > type_.most:
            return
        try:
            found = type_.check(text)  # type: ignore[misc]
            json.dumps(text, ensure_ascii=False).encode()
        except (Refusal, UnicodeEncodeError):
            return
        assert schema.is_valid(text), text
        assert schema.is_valid(found), found

    check()
