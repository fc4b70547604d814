"""Files that hold a state: YAML by its core schema and JSON, read with the place of everything."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.cli.files import documents
from provider.documents import DocumentError, File
from tests.running import cases

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "no",
        "on",
        "1:30",
        "0o17",
        "0x1F",
        "1e5",
        "1_000",
        ".inf",
        "~",
        "null",
        "True",
        "2026-11-24",
        "<<",
        "=",
        "a: b",
        "",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda members: st.lists(members, max_size=3) | st.dictionaries(TEXTS, members, max_size=3),
    max_leaves=12,
)
MAPPINGS = st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4)


def read(folder: Path, text: str | bytes, name: str = "state.yml") -> File:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return documents.read(str(path))


def error(folder: Path, text: str | bytes, name: str = "state.yml") -> str:
    """The error of a file, without the folder."""
    with pytest.raises(DocumentError) as raised:
        read(folder, text, name)
    return raised.value.detail.removeprefix(f"{folder}/")


def problem(path: Path) -> str:
    """What is wrong with a file, or its name if nothing is."""
    try:
        return documents.read(str(path)).name
    except DocumentError as wrong:
        return wrong.detail


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@settings(max_examples=cases(30, 2000), deadline=None)
@given(MAPPINGS)
def test_json_is_read_as_json(folder: Path, document: dict[str, Any]) -> None:
    for text in (json.dumps(document), json.dumps(document, indent=2, ensure_ascii=False)):
        assert read(folder, text, "state.json").document == document
        assert read(folder, text).document == document


@settings(max_examples=cases(30, 2000), deadline=None)
@given(MAPPINGS)
def test_what_is_written_is_read_again(folder: Path, document: dict[str, Any]) -> None:
    assert read(folder, documents.write(document)).document == document


@settings(max_examples=cases(30, 2000), deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda found: found.decode("latin-1")))
def test_whatever_a_file_has_in_it_it_is_read_or_said_to_be_wrong(folder: Path, text: str) -> None:
    path = folder / "any.yml"
    path.write_bytes(text.encode(errors="surrogatepass"))
    assert problem(path).startswith(str(path))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(text, text) for text in ("yes", "on", "1:30", "2026-11-24", "1_000", ".inf", "<<", "0b1", "=")],
        *[(text, None) for text in ("", "~", "null", "NULL", "!!null x")],
        *[("true", True), ("False", False), ("12", 12), ("-0", 0), ("+7", 7), ("0o17", 15), ("0x1f", 31), ("017", 17)],
        *[("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("!!str 12", "12"), ("'12'", "12"), ('"\\u00e9"', "é")],
        *[("[a, 1]", ["a", 1]), ("|-\n  a\n  b", "a\nb"), ("&x 7", 7)],
    ],
)
def test_plain_texts_are_what_yamls_core_schema_makes_of_them(folder: Path, text: str, value: Any) -> None:
    found = read(folder, f"key: {text}\n").document["key"]
    assert (found, type(found)) == (value, type(value))


def test_keys_are_texts_however_they_are_written(folder: Path) -> None:
    assert read(folder, "1: a\ntrue: b\n~: c\n").document == {"1": "a", "true": "b", "~": "c"}


def test_aliases_stand_for_what_they_name(folder: Path) -> None:
    text = "a: &one {weight: 3}\nb: *one\nc: [*one, &two x, *two]\n"
    found = read(folder, text)
    assert found.document == {"a": {"weight": 3}, "b": {"weight": 3}, "c": [{"weight": 3}, "x", "x"]}
    assert found.place("/b/weight").endswith("state.yml:2:1")


def test_a_file_may_begin_with_a_mark_of_its_bytes(folder: Path) -> None:
    assert read(folder, "\ufeffa: 1\n").document == {"a": 1}
    assert read(folder, '\ufeff{"a": 1}', "state.json").document == {"a": 1}
    assert read(folder, "# nothing\n").document is None


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("", "1:1"),
        ("/services", "1:1"),
        ("/services/a~1b", "2:3"),
        ("/services/a~1b/servers/x/url", "3:19"),
        ("/services/a~1b/servers/x/weight", "3:15"),  # where there is none, what is around it
        ("/domains/1", "5:3"),
        ("/nothing/of/it", "1:1"),
    ],
)
def test_everything_has_a_place(folder: Path, where: str, place: str) -> None:
    text = "services:\n  a/b:\n    servers: {x: {url: 'http://a'}}\ndomains: [a,\n  b]\n"
    assert read(folder, text).place(where).endswith(f"state.yml:{place}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: [", "state.yml:3:1: "),
        ("a: 1\n b: 2\n", "state.yml:2:3: unexpected colon"),
        ("a: 1\na: 2\n", "state.yml:2:1: the key a is given twice"),
        ("? [a]\n: 1\n", "state.yml:1:3: a key has to be a string"),
        ("a: *b\n", "state.yml:1:4: the alias *b refers to nothing"),
        ("a: &a [*a]\n", "state.yml:1:8: the alias *a refers to nothing"),
        ("a: !!binary eA==\n", "state.yml:1:4: the tag "),
        ("a: !own x\n", "state.yml:1:4: the tag !own is not known here"),
        ("a: !!int x\n", "state.yml:1:4: invalid literal"),
        ("a: 9223372036854775808\n", "state.yml:1:4: this number is too large"),
        ("a: 1e999\n", "state.yml:1:4: this number is too large"),
        ("a: " + "[" * 30, "state.yml:1:23: this is nested deeper than 20 levels"),
        ("a: 1\n--- \nb: 2\n", "state.yml:2:1: this is a second document: a file can have only one"),
        ("a: \x07\n", "state.yml: "),
        (b"a: \xff\n", "state.yml is not UTF-8, at byte 3"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(folder: Path, text: str | bytes, told: str) -> None:
    assert error(folder, text).startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1,\n "a": 2}', "state.json:2:2: the key a is given twice"),
        ('{"a": 1,\n}', "state.json:"),
        ('{\n "a": "\\ud800"}', "state.json:2:7: the text has half of a surrogate pair"),
        ('{"a": ' + "[" * 30 + "]" * 30 + "}", "state.json:1:26: this is nested deeper than 20 levels"),
        ('{"a": 9223372036854775808}', "state.json:1:7: this number is too large"),
    ],
)
def test_in_json_it_is_too(folder: Path, text: str, told: str) -> None:
    assert error(folder, text, "state.json").startswith(told)


def test_a_short_file_that_stands_for_more_than_memory_holds_is_refused_at_once(folder: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "too large once its aliases are expanded" in error(folder, "\n".join(lines))


def test_a_file_may_be_deep_without_end(folder: Path) -> None:
    assert "nested deeper than 20 levels" in error(folder, "a: " + "[" * 100_000)
    assert "nested deeper than 20 levels" in error(folder, '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "state.json")


def test_a_file_that_is_too_long_is_refused(folder: Path) -> None:
    long = b"# " + b"x" * documents.LONGEST_BYTES
    assert error(folder, long) == "state.yml is longer than 32 MiB"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("state.yml", "a: b: c", "1:5: unexpected colon"),
        ("state.yml", "\ta: 1", "1:1: a value cannot begin with this character: indent with spaces"),
        ("state.yml", "a: @b", "1:4: a value cannot begin with this character"),
        ("state.yml", "a: [", "2:1: a value is missing here"),
        ("state.yml", "a: 'b", "1:6: the quoted text does not end"),
        ("state.yml", 'a: "\\q"', "1:5: unknown escape after the backslash"),
        ("state.yml", "a: \x00", " it has a character that YAML does not allow"),
        ("state.json", '{"a": 1,}', "1:9: a field's name in double quotes belongs here"),
        ("state.json", '{"a" 1}', "1:6: a colon is missing here"),
        ("state.json", '{"a": "', "1:7: the string that begins here does not end"),
        ("state.json", '{"a": 1} x', "1:10: something follows the end of the document"),
    ],
)
def test_what_cannot_be_read_is_told_in_our_words(folder: Path, name: str, text: str, told: str) -> None:
    path = folder / name
    path.write_text(text)
    assert problem(path).removeprefix(f"{path}:").startswith(told)
