"""Sentences for people in header fields: whatever they are, they are read as they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider import display_strings

_TEXTS = st.lists(st.text(st.characters(codec="utf-8")))


def test_they_are_written_as_the_standard_says() -> None:
    written = display_strings.write(['a "b", 100 %', "köln"], 100)
    assert written == '%"a %22b%22, 100 %25", %"k%c3%b6ln"'


@given(texts=_TEXTS)
def test_what_was_written_is_read(texts: list[str]) -> None:
    written = display_strings.write(texts, 1_000_000)
    assert display_strings.read(written) == texts
    assert written.isascii()
    assert written.isprintable()


@given(texts=_TEXTS, most=st.integers(0, 100))
def test_no_more_is_written_than_fits(texts: list[str], most: int) -> None:
    written = display_strings.write(texts, most)
    read = display_strings.read(written)
    assert len(written) <= most
    assert read == texts[: len(read)]


@pytest.mark.parametrize("field", ["", "1", '"text"', '%"without an end', "tok;a=1"])
def test_nothing_is_read_from_what_is_none(field: str) -> None:
    assert display_strings.read(field) == []


def test_what_is_no_utf_8_is_read_with_a_mark() -> None:
    assert display_strings.read('%"a%ff"') == ["a\N{REPLACEMENT CHARACTER}"]
