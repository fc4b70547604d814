"""The catalogues: everything that the console says is translated, with the same values in it."""

import re
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message

from provider.web.languages import LANGUAGES, SOURCE, catalogue_path
from tests.messages import extract, read, updated

TRANSLATED = [code for code in LANGUAGES if code != SOURCE]
MARKUP = re.compile(r"</?[a-z][^>]*>")


@pytest.fixture(scope="module")
def extracted() -> Catalog:
    return extract()


def texts(value: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def values(text: str) -> set[str]:
    """Return the names of the values in a message: `%(name)s` in templates, `{name}` in code."""
    if "%(" in text:
        return set(re.findall(r"%\((\w+)\)[sd]", text))
    return {name for _text, name, _format, _conversion in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_catalogue_has_every_message_and_no_other(code: str, extracted: Catalog) -> None:
    known = {message.id for message in read(code) if message.id}
    assert known == {message.id for message in extracted if message.id}, "run `make messages`"


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_message_is_translated(code: str) -> None:
    catalogue = read(code)
    untranslated = [message.id for message in catalogue if message.id and not is_translated(message, catalogue)]
    assert untranslated == []


def is_translated(message: Message, catalogue: Catalog) -> bool:
    said = texts(message.string)
    wanted = catalogue.num_plurals if message.pluralizable else 1
    return len(said) == wanted and all(said) and not message.fuzzy


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_translation_has_the_values_and_the_markup_of_its_message(code: str) -> None:
    for message in read(code):
        for said in texts(message.string) if message.id else []:
            source = texts(message.id)[-1]
            assert values(said) == values(source), message.id
            assert sorted(MARKUP.findall(said)) == sorted(MARKUP.findall(source)), message.id
            assert said[:1].isspace() == source[:1].isspace(), message.id
            assert said[-1:].isspace() == source[-1:].isspace(), message.id


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_catalogue_is_written_as_make_messages_writes_it(code: str, extracted: Catalog) -> None:
    assert catalogue_path(code).read_bytes() == updated(code, extracted)
