"""Options follow from the declaration of a noun: of a made-up one, with fields of every form, and of all others."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from cryptography.hazmat.primitives.serialization import Encoding
from typer.main import get_command
from typer.testing import CliRunner

from provider.cli.nouns.columns import columns_of
from provider.cli.nouns.commands import group
from provider.cli.nouns.examples import examples
from provider.cli.nouns.slots import RESERVED, slots_of
from provider.nouns import NOUNS, Noun
from provider.nouns.middleware import Middleware
from tests.certs import ca
from tests.cli.things import Thing, app

EVERY: dict[str, type[Noun]] = {**NOUNS, Middleware.kind: Middleware, Thing.kind: Thing}


def given(*arguments: str, text: str | None = None) -> Any:
    """What a command makes of its options."""
    done = CliRunner().invoke(app, arguments, input=text)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def refused(*arguments: str, text: str | None = None) -> str:
    done = CliRunner().invoke(app, arguments, input=text)
    assert done.exit_code == 2, done.output
    return done.output.partition("Error: ")[2].strip()


@pytest.mark.parametrize(
    ("options", "document"),
    [
        ((), {}),
        (("--odd-thing-url", "x"), {"url": "x"}),
        (("--is-on",), {"isOn": True}),
        (("--no-is-on",), {"isOn": False}),
        (("--maybe",), {"maybe": True}),
        (("--color", "blue"), {"color": "blue"}),
        (("--count", "3"), {"count": 3}),
        (("--no-count",), {"count": None}),
        (("--tag", "a", "--tag", "b,c, d"), {"tags": ["a", "b", "c", "d"]}),
        (("--no-tag",), {"tags": None}),
        (
            ("--header", "X-A=1", "--header", "X-B=", "--no-header", "X-C"),
            {"headers": {"X-A": "1", "X-B": "", "X-C": None}},
        ),
        (("--label", "a=b", "--no-label", "c"), {"labels": {"a": "b", "c": None}}),
        (("--rate", "3"), {"rate": {"average": 3}}),
        (
            ("--rate-period", "5s", "--rate-inner-most-least", "2"),
            {"rate": {"period": "5s", "innerMost": {"least": 2}}},
        ),
        (("--no-rate-inner-most",), {"rate": {"innerMost": None}}),
        (("--no-rate",), {"rate": None}),
        (("--no-rate", "--no-rate-inner-most"), {"rate": None}),
        (("--squeeze",), {"squeeze": {}}),
        (("--no-squeeze",), {"squeeze": None}),
        (
            ("--squeeze", "--squeeze-colors", "red", "--squeeze-colors", "blue", "--squeeze-excluded-ips", "10.0.0.1"),
            {"squeeze": {"colors": ["red", "blue"], "excludedIPs": ["10.0.0.1"]}},
        ),
        (("--member", "name=a,weight=3,isLast=true"), {"members": [{"name": "a", "weight": 3, "isLast": True}]}),
        (("--member", "name=a,tags=b,tags=c"), {"members": [{"name": "a", "tags": ["b", "c"]}]}),
        (("--member", '{"name": "a"}', "--member", "name=b"), {"members": [{"name": "a"}, {"name": "b"}]}),
        (("--by-name", "a=name=a,weight=x"), {"byName": {"a": {"name": "a", "weight": "x"}}}),
        (("--user", "********"), {"users": ["********"]}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_typed_is_what_is_sent(options: tuple[str, ...], document: Any) -> None:
    assert given("set", *options) == document


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--count", "x"), "Invalid value for '--count'"),
        (("--color", "green"), "Invalid value for '--color'"),
        (("--count", "3", "--no-count"), "count cannot be both set and removed"),
        (("--rate", "3", "--no-rate"), "rate cannot be both set and removed"),
        (("--squeeze-colors", "red", "--no-squeeze"), "squeeze cannot be both set and removed"),
        (("--header", "X-A=1", "--no-header", "X-A"), "the header X-A cannot be both set and removed"),
        (("--header", "X-A"), "Invalid value for --header: 'X-A' is not a header: write KEY=VALUE"),
        (("--member", "a"), "Invalid value for --member: 'a' is not FIELD=VALUE"),
        (("--member", "{"), "Invalid value for --member: this is not JSON"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_meant_is_a_wrong_usage(options: tuple[str, ...], told: str) -> None:
    assert told in refused("set", *options)


SECRETS = [
    ("--password", "hunter2"),
    ("--user", "hunter2"),
    ("--header", "Authorization=hunter2"),
    ("--member", "name=a,key=hunter2"),
    ("--by-name", 'a={"name": "a", "key": "hunter2"}'),
]


@pytest.mark.parametrize(("option", "typed"), SECRETS)
def test_a_secret_is_never_typed_on_the_command_line(option: str, typed: str) -> None:
    told = refused("set", option, typed)
    assert told.startswith(f"Invalid value for {option}: others can read the command line")
    assert "hunter2" not in told


def test_a_secret_is_read_from_a_file_or_from_standard_input(tmp_path: Path) -> None:
    file, members = tmp_path / "secret", tmp_path / "members"
    file.write_text("hunter2\n")
    members.write_text('{"name": "a", "key": "hunter2"}')
    assert given("set", "--password", f"@{file}") == {"password": "hunter2"}
    assert given("set", "--password", "-", text="hunter2\n") == {"password": "hunter2"}
    assert given("set", "--user", "-", text="a:1\n\nb:2\n") == {"users": ["a:1", "b:2"]}
    assert given("set", "--header", f"Authorization=@{file}") == {"headers": {"Authorization": "hunter2"}}
    assert given("set", "--header", "X-A=@x") == {"headers": {"X-A": "@x"}}
    assert given("set", "--member", f"@{members}") == {"members": [{"name": "a", "key": "hunter2"}]}
    assert "standard input is already used for --password" in refused("set", "--password", "-", "--user", "-", text="a")
    file.write_bytes(b"\xff")
    assert "is not UTF-8 text" in refused("set", "--password", f"@{file}")


def test_a_long_text_can_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("-----BEGIN\n")
    assert given("set", "--certificate", f"@{tmp_path / 'a.pem'}") == {"certificate": "-----BEGIN\n"}
    (tmp_path / "a.pem").write_bytes("\ufeff-----BEGIN\r\n".encode())  # as editors on Windows write it
    assert given("set", "--certificate", f"@{tmp_path / 'a.pem'}") == {"certificate": "-----BEGIN\n"}


def test_of_a_file_in_another_format_it_is_told_how_it_becomes_pem(tmp_path: Path) -> None:
    file = tmp_path / "a.der"
    file.write_bytes(ca().certificate.public_bytes(Encoding.DER))
    told = " ".join(refused("set", "--certificate", f"@{file}").split())
    assert (
        f"this is a certificate in DER, but edges need PEM: convert it with openssl x509 -inform DER -in {file}" in told
    )


def test_at_a_terminal_a_secret_is_asked_for_without_echo() -> None:
    main, other = os.openpty()
    command = [sys.executable, "-m", "tests.cli.things", "set", "--password", "-"]
    with subprocess.Popen(
        command, stdin=other, stdout=subprocess.PIPE, stderr=other, text=True, start_new_session=True
    ) as process:
        os.close(other)
        seen = ""
        while "Password: " not in seen:
            seen += os.read(main, 1024).decode()
        os.write(main, b"hunter2\n")
        out, _none = process.communicate(timeout=60)
    assert json.loads(out) == {"password": "hunter2"}
    assert "hunter2" not in seen
    os.close(main)


def test_a_new_object_needs_what_has_no_default_and_has_nothing_to_take_away() -> None:
    assert "Missing option '--odd-thing-url'" in refused("add")
    shown = CliRunner().invoke(app, ["add", "--help"]).output
    assert "[default: (red)]" in shown
    assert "--no-count" not in shown
    assert "--no-squeeze" not in shown
    assert "--no-count" in CliRunner().invoke(app, ["set", "--help"]).output


def test_the_options_of_kinds_that_exclude_one_another_stand_together_in_the_help() -> None:
    shown = CliRunner().invoke(app, ["set", "--help"]).output
    general, _heading, rest = shown.partition("\nLimit the rate (rate):\n  Slows down.\n")
    rate, _heading, squeeze = rest.partition("\nSqueeze (squeeze):\n  Makes it small.\n")
    assert "--count NUMBER" in general
    assert "--rate" not in general
    assert "--rate-inner-most-least NUMBER" in rate
    assert "--no-rate " in rate
    assert "--squeeze / --no-squeeze" in squeeze


@pytest.mark.parametrize("kind", EVERY)
def test_no_two_options_of_a_noun_are_the_same(kind: str) -> None:
    root = typer.Typer()
    root.add_typer(group(EVERY[kind]))
    commands: Any = get_command(root)
    for verb, command in next(iter(commands.commands.values())).commands.items():
        options = [name for each in command.params for name in (*each.opts, *each.secondary_opts)]
        assert len(set(options)) == len(options), (verb, sorted(options))
        assert len({each.name for each in command.params}) == len(command.params)


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("verb", ["list", "show", "add", "set", "remove"])
def test_examples_follow_from_the_declaration_and_can_be_read(kind: str, verb: str) -> None:
    root = typer.Typer()
    root.add_typer(group(EVERY[kind]))
    commands: Any = get_command(root)
    for line in examples(EVERY[kind], verb):
        _program, name, same, *arguments = shlex.split(line)
        assert same == verb
        commands.commands[name].commands[verb].make_context(verb, arguments)


def test_an_example_says_what_is_not_at_its_default() -> None:
    begin = "wayshub-provider odd-thing add one-2"
    assert examples(Thing, "add") == [f"{begin} --odd-thing-url http://a.test --no-is-on --tag a --tag b --rate 3"]


def test_columns_are_the_fields_and_one_for_the_kind() -> None:
    columns = columns_of(Middleware)
    assert list(columns) == ["Name", "Kind", "Labels"]
    item = {"name": "a", "labels": {}, "rateLimit": {"average": 100, "burst": 50}}
    assert columns["Kind"](item) == "rateLimit: requests 100, burst 50"
    assert columns_of(Thing)["Members"]({"members": [{"name": "a", "weight": 2}]}) == "name a, weight 2"


def test_a_field_that_would_have_an_option_of_every_command_has_its_nouns_name_before_it() -> None:
    assert not {slot.option for noun in EVERY.values() for slot in slots_of(noun)} & RESERVED


def test_the_commands_of_nouns_are_read_without_what_only_a_service_needs() -> None:
    program = "import sys, provider.cli.commands; print(*{name.partition('.')[0] for name in sys.modules})"
    read = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert not {"pydantic", "sqlmodel", "sqlalchemy", "fastapi", "starlette", "msgspec"} & set(read)
