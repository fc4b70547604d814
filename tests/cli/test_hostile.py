"""What the command line reads may be anybody's: it costs no more than it should, and no terminal obeys it."""

import gzip
import json
import zlib

import pytest
import yaml

from provider.cli.files import documents
from provider.documents import DocumentError, parse, toml
from tests.cli.running import Run, answering

MEBIBYTE = 1024 * 1024
OBEYED = [
    "\x1b[2J",  # C0: an escape sequence
    "\x7f",
    "\x9b2J",  # C1: the same, in one character
    "\x85",
    "\u2028",
    "\u200e",  # marks of direction
    "\u202e",
    "\u2066",
    "\u061c",
    "\ufeff",
    "\u200b",
    "\U000e0041",  # tags
]
TEXT = "a".join(OBEYED) + "é日本 😀"

DEEP = "this is nested deeper than 20 levels"
MUCH = "the file has more than 400000 keys and values"
BAD_TOML = {
    "a dotted key": ("x = 1\na" + ".a" * 500_000 + " = 1\n", f"2:40: {DEEP}"),
    "a dotted key with quotes and spaces": ("a" + ' . "a.b"' * 30 + " = 1\n", f"1:155: {DEEP}"),
    "a table's name": ("[a" + ".a" * 500_000 + "]\n", f"1:41: {DEEP}"),
    "lists": ("a = " + "[" * 100_000, f"1:25: {DEEP}"),
    "tables in a line": ("a = " + "{b = " * 1000, f": {DEEP}"),
    "dotted keys in a table": ("a = {b" + ".b" * 1000 + " = 1}\n", f": {DEEP}"),
    "many keys of many parts": ("".join(f"a{i}{'.b' * 18} = 1\n" for i in range(30_000)), f": {MUCH}"),
    "many values": ("a = [" + "1," * 400_000 + "]", f": {MUCH}"),
    "many tables": ("[[a]]\n" * 300_000, f": {MUCH}"),
    "a number": ("a = " + "9" * 100_000, "Exceeds the limit"),
    "its length": ("# " + "a" * 9 * MEBIBYTE, "is longer than 8 MiB, the limit for TOML"),
}


@pytest.mark.parametrize("kind", BAD_TOML)
def test_toml_that_would_cost_too_much_is_refused_with_its_place(kind: str) -> None:
    text, told = BAD_TOML[kind]
    with pytest.raises(DocumentError) as refused:
        toml.read("dynamic.toml", text)
    assert told in refused.value.detail
    assert len(refused.value.detail) < 300


def test_toml_is_counted_without_its_texts_and_comments() -> None:
    text = "\n".join(
        [
            f"a = '{'.' * 50}' # {'[' * 50}",
            f'b = "\\"{"{" * 50}"',
            f'c = """\n{"." * 50}\\"{"[" * 50}"""',
            f"d = '''{'[' * 50}'{'.' * 50}'''",
            f'[e."{"." * 50}"]',
            f"{'.'.join('abcdefghijklmnopqrst')} = 1.5",
        ]
    )
    read = toml.read("dynamic.toml", text)
    assert set(read) == set("abcde")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 1000,
        '[{"a":' * 1000,
        "- " * 1000 + "a",
        f"[{'[],' * 3_000_000}1]",
        "[" + "1," * 2_000_001 + "1]",
    ],
)
@pytest.mark.parametrize("name", ["state.yml", "state.json"])
def test_yaml_and_json_that_would_cost_too_much_are_refused_with_their_place(name: str, text: str) -> None:
    with pytest.raises(DocumentError, match=rf"^{name}:[0-9]+:[0-9]+: "):
        parse(name, text)


def packed_twice(content: bytes) -> bytes:
    return gzip.compress(gzip.compress(content))


LONG = b'{"a":"' + b"0" * 33 * MEBIBYTE + b'"}'
PACKED = [
    (gzip.compress(LONG, 1), "gzip", "is longer than 32 MiB"),
    (zlib.compress(LONG, 1), "deflate", "is longer than 32 MiB"),
    (LONG, None, "is longer than 32 MiB"),
    (packed_twice(b"{}"), "gzip, gzip", "is compressed with gzip, gzip, which was not asked for"),
    (b"{}", "br", "is compressed with br, which was not asked for"),
    (b"{}", "gzip", "cannot be decompressed"),
    (gzip.compress(b"[" + b"[]," * 1_100_000 + b"1]", 1), "gzip", "has more than 1000000 objects and lists"),
]


@pytest.mark.parametrize("command", ["service", "api"])
@pytest.mark.parametrize("case", range(len(PACKED)))
def test_an_answer_is_read_to_a_bound_whatever_it_is_packed_into(run: Run, command: str, case: int) -> None:
    content, packed, told = PACKED[case]
    with answering(200, "application/json", content, packed) as stranger:
        if command == "service":
            result = run("status", "--url", stranger.url)
        else:
            result = run("import", "--from-api", stranger.url, "--dry-run", "--url", stranger.url)
    assert told in result.error()
    assert "identity" in {headers.get("Accept-Encoding") for headers in stranger.seen}


def test_an_answer_that_is_gzipped_unasked_is_read_all_the_same(run: Run) -> None:
    edge = {"name": "default", "state": "live", "detail": "", "quarantine": None}
    with answering(200, "application/json", gzip.compress(json.dumps(edge).encode()), "gzip") as stranger:
        shown = run("edge", "show", "default", "-o", "json", "--url", stranger.url).check()
    assert json.loads(shown.out) == edge


def test_json_from_a_service_has_nothing_that_a_terminal_obeys(run: Run) -> None:
    edge = {"name": TEXT, "state": "live", "detail": [TEXT, {TEXT: TEXT}], "quarantine": None}
    with answering(200, "application/json", json.dumps(edge)) as stranger:
        shown = run("edge", "show", "default", "-o", "json", "--url", stranger.url).check()
    assert json.loads(shown.out) == edge
    assert all(character.isprintable() or character == "\n" for character in shown.out)
    assert "é日本 😀" in shown.out


@pytest.mark.parametrize(
    "command", [("edge", "show", "default"), ("edge", "list"), ("status",), ("domain", "show", "a")]
)
@pytest.mark.parametrize("status", [200, 422])
def test_nothing_from_a_service_is_obeyed_by_a_terminal(run: Run, command: tuple[str, ...], status: int) -> None:
    told: dict[str, object] = {
        "name": TEXT,
        "state": TEXT,
        "detail": TEXT,
        "quarantine": None,
        "revision": TEXT,
        "items": [],
    }
    told |= {"type": TEXT, "title": TEXT, "errors": [{"pointer": TEXT, "code": TEXT, "detail": TEXT}]}
    kind = "application/json" if status == 200 else "application/problem+json"
    with answering(status, kind, json.dumps(told)) as stranger:
        result = run(*command, "--url", stranger.url)
    printed = result.out + result.err
    assert printed
    assert all(character.isprintable() or character == "\n" for character in printed)


def test_yaml_that_is_printed_has_nothing_that_a_terminal_obeys_and_is_read_as_it_was() -> None:
    document = {"domains": {TEXT: {"description": TEXT}}, "a": "plain", "b": "é日本 😀", "c": "two\nlines é"}
    written = documents.write(document)
    assert all(character.isprintable() or character == "\n" for character in written)
    assert yaml.safe_load(written) == document
    assert parse("state.yml", written).document == document
    assert "é日本" in written
