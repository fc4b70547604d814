"""`lint`: what Traefik would make of files, for people, programs and GitHub, without any service."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.running import Run
from tests.running import ROOT

BAD = """\
http:
  routers:
    shop: {rule: 'Host(`shop.test`)', service: shop, entryPoints: [web], colour: red}
  services:
    shop: {loadBalancer: {servers: [{url: 'http://127.0.0.1:3000'}]}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.yml"
    path.write_text(BAD)
    return path


def test_people_are_told_in_a_line_each(run: Run, file: Path) -> None:
    result = run("lint", str(file))
    assert (result.status, result.err) == (2, "")
    told = "rejected: Traefik has no field colour here. To do: remove it, or correct its name [field.unknown]"
    assert result.out.splitlines() == [f"{file}:3:74: {told}", "1 file: 1 rejected."]


def test_what_ends_with_a_question_gets_no_full_stop(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "asked.yml"
    file.write_text("http:\n  middleware: {}\n")
    assert "here: did you mean middlewares? To do: " in run("lint", str(file)).out


def test_nothing_is_found_in_good_files(run: Run, file: Path) -> None:
    file.write_text(BAD.replace(", colour: red", ""))
    assert run("lint", str(file.parent)).check().out == "1 file: nothing found.\n"


def test_programs_are_told_all_of_it(run: Run, file: Path) -> None:
    result = run("lint", str(file), "-o", "json")
    assert result.status == 2
    assert json.loads(result.out) == {
        "findings": [
            {
                "consequence": "rejected",
                "level": "error",
                "code": "field.unknown",
                "subject": "",
                "detail": "Traefik has no field colour here",
                "why": "Traefik refuses all files that it reads with this one",
                "advice": "remove it, or correct its name",
                "file": str(file),
                "line": 3,
                "column": 74,
            }
        ],
        "files": 1,
    }


def test_github_gets_annotations(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "a,b"
    folder.mkdir()
    (folder / "x.yml").write_text(BAD)
    result = run("lint", str(folder), "-o", "github")
    name = str(folder / "x.yml").replace(",", "%2C")
    title = "rejected%3A Traefik refuses all files that it reads with this one"
    told = "Traefik has no field colour here. To do: remove it, or correct its name"
    assert (result.status, result.out) == (2, f"::error file={name},line=3,col=74,title={title}::{told}\n")


def test_standard_input_and_variables_are_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "http:\n  middlewares:\n    m: {addPrefix: {prefix: '{{ env `P` }}'}}\n"

    def linted(*options: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return run("lint", "-", *options).out

    assert "unknown: the variable P is not given" in linted()
    assert linted("--env", "P=/x") == "1 file: nothing found.\n"


def test_an_older_traefik_refuses_what_came_later(run: Run, file: Path) -> None:
    file.write_text(BAD.replace(", colour: red", "").replace("loadBalancer: {", "loadBalancer: {strategy: p2c, "))
    assert run("lint", str(file)).status == 0
    assert run("lint", str(file), "--traefik", "3.4").status == 0
    result = run("lint", str(file), "--traefik", "v3.3.2")
    assert (result.status, "it came with 3.4" in result.out) == (2, True)
    wrong = run("lint", str(file), "--traefik", "newest")
    assert (wrong.status, "this is not a version of Traefik" in wrong.err) == (1, True)


@pytest.mark.parametrize(
    ("version", "told"),
    [("2.11", "only Traefik 3.0 and newer are known here"), ("new", "this is not a version of Traefik")],
)
def test_a_version_of_which_nothing_is_known_is_an_error(run: Run, file: Path, version: str, told: str) -> None:
    result = run("lint", str(file), "--traefik", version)
    assert (result.status, result.out) == (1, "")
    assert told in result.err


def test_what_cannot_be_read_is_an_error_and_what_is_no_text_is_refused(run: Run, tmp_path: Path) -> None:
    assert "No such file" in run("lint", str(tmp_path / "none.yml")).error()
    (tmp_path / "b.yml").write_bytes(b"http:\n  \xff: x\n")
    result = run("lint", str(tmp_path / "b.yml"))
    assert (result.status, "b.yml:2:3: rejected: this is not UTF-8" in result.out) == (2, True)


@pytest.mark.parametrize("command", ["lint", "import"])
def test_what_is_something_else_is_named_with_what_to_do(run: Run, tmp_path: Path, command: str) -> None:
    path = tmp_path / "traefik.yml"
    path.write_text("entryPoints: {web: {address: ':80'}}\n")
    assert run(command, str(path)).error() == (
        f"{path}: this is Traefik's static configuration: give the files that it names, "
        "or import what Traefik runs, with --from-api and the URL of its API"
    )
    path.write_bytes(b"\x30\x82\x0a\x00\x02\x01\x03\xff")
    assert run(command, str(path)).error().startswith(f"{path}: this is DER or PKCS#12: convert it to PEM")


@pytest.mark.parametrize("command", ["lint", "import"])
def test_a_folder_of_something_else_is_named_as_well(run: Run, tmp_path: Path, command: str) -> None:
    for name in ("service", "route"):
        (tmp_path / f"{name}.yaml").write_text(f"# of a chart\n---\napiVersion: v1\nkind: {name.title()}\n")
    told = run(command, str(tmp_path)).error()
    assert told.startswith(f"{tmp_path}/route.yaml: this is a Kubernetes object (Route)")
    (tmp_path / "good.yaml").write_text("http: {services: {s: {loadBalancer: {servers: [{url: 'http://a'}]}}}}\n")
    assert run("lint", str(tmp_path)).status == 2


@pytest.mark.parametrize("command", ["lint", "import"])
def test_a_file_for_apply_is_not_taken_for_one_of_compose(run: Run, command: str) -> None:
    told = f"wayshub-provider: {ROOT}/docs/state.yml: this file is for wayshub-provider: use `wayshub-provider apply`"
    result = run(command, str(ROOT / "docs" / "state.yml"))
    assert (result.status, result.err.strip()) == (1, told)


def test_labels_of_compose_files_are_linted(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "compose.yml"
    labels = ["traefik.enable=true", "traefik.http.routers.w.tls.certresolvers=le"]
    path.write_text(yaml.safe_dump({"services": {"w": {"image": "a", "labels": labels, "expose": [80]}}}))
    result = run("lint", str(path))
    assert result.status == 2
    assert f"{path}:8:7: disabled: container w: Traefik has no field certresolvers here" in result.out


def test_a_compose_file_that_cannot_be_read_is_not_taken_for_traefiks(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "compose.yml"
    file.write_text("services: {web: {command: '{{ .Name }}'}}\nvolumes: {}\nvolumes: {}\n")
    result = run("lint", str(file))
    assert (result.status, result.out.partition(". To do")[0]) == (
        2,
        f"{file}:3:1: rejected: Docker Compose cannot read this: the key volumes is given twice",
    )


def test_the_hook_for_pre_commit_names_the_command() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"] == "wayshub-provider lint"
    assert not hook["pass_filenames"]  # a file that changes refers to others that do not


# Odd files: a clear error, and no waiting


def test_a_pipe_in_a_folder_is_not_waited_for(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yml")
    for path in (tmp_path, tmp_path / "pipe.yml"):
        told = run("lint", str(path)).error()
        assert told.endswith("pipe.yml is a pipe, not a file: send it to standard input and write - instead")


def test_what_a_shell_gives_as_a_pipe_is_read(run: Run) -> None:
    reader, writer = os.pipe()
    os.write(writer, BAD.encode())
    os.close(writer)
    assert f"/proc/self/fd/{reader}:3:74: rejected" in run("lint", f"/proc/self/fd/{reader}").out
    os.close(reader)


@pytest.mark.parametrize(
    ("target", "told"), [("a.yml", "Too many levels of symbolic links"), ("gone.yml", "No such file or directory")]
)
def test_a_link_in_a_folder_that_leads_nowhere_makes_traefik_refuse_it(
    run: Run, tmp_path: Path, target: str, told: str
) -> None:
    (tmp_path / "a.yml").symlink_to(tmp_path / target)
    result = run("lint", str(tmp_path))
    assert (result.status, result.out.partition(". To do")[0]) == (
        2,
        f"{tmp_path}/a.yml: rejected: this link is broken: {told}",
    )
    assert run("lint", str(tmp_path / "a.yml")).error() == f"{tmp_path}/a.yml: {told}"


def test_links_to_folders_are_not_followed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "b.yml").write_text("")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert run("lint", str(tmp_path)).check().out.startswith("1 file")


def test_folders_may_be_deeper_than_pythons_stack(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _level in range(1_200):
        Path("d").mkdir()
        monkeypatch.chdir("d")
    Path("a.yml").write_text(BAD)
    monkeypatch.chdir(tmp_path)
    try:
        assert "1 file: 1 rejected." in run("lint", "d").out
    finally:
        subprocess.run(["rm", "-r", "d"], check=True)  # what takes pytest's folders away is not up to this


def test_a_folder_of_ten_thousand_files_is_read_together(run: Run, tmp_path: Path) -> None:
    for number in range(10_000):
        server = f"loadBalancer: {{servers: [{{url: 'http://10.0.0.1:{number + 1}'}}]}}"
        (tmp_path / f"{number}.yml").write_text(f"http: {{services: {{s{number}: {{{server}}}}}}}\n")
    assert "10,000 files" in run("lint", str(tmp_path)).out


def test_a_file_that_is_too_long_is_named(run: Run, tmp_path: Path) -> None:
    with (tmp_path / "long.yml").open("wb") as file:
        file.truncate(50_000_000)
    for command in ("lint", "import", "apply"):
        assert run(command, str(tmp_path / "long.yml")).error().endswith("long.yml is longer than 32 MiB")


USERS = """\
http:
  routers:
    shop: {rule: 'Host(`shop.test`)', service: shop, entryPoints: [web], middlewares: [login]}
  services:
    shop: {loadBalancer: {servers: [{url: 'http://127.0.0.1:3000'}]}}
  middlewares:
    login: {KIND: {USERSFILE: 'PATH'}}
"""


@pytest.mark.parametrize(
    ("kind", "content", "told"),
    [
        ("basicAuth", None, "there is no such file: Traefik disables this middleware"),
        ("basicAuth", "# people\n\n  alvin:$2y$05$x \r\n", ""),
        ("basicAuth", "# people\n", "there are no users in it: Traefik disables this middleware"),
        ("basicAuth", "alvin:$2y$05$x\nsari\n", "line 2 is not USER:HASH: Traefik disables this middleware"),
        ("digestAuth", "alvin:shop:x\n", ""),
        ("digestAuth", "alvin:x\n", "line 1 is not USER:REALM:HASH: Traefik disables this middleware"),
    ],
)
def test_a_file_with_users_is_looked_into(run: Run, tmp_path: Path, kind: str, content: str | None, told: str) -> None:
    path = tmp_path / "people"
    if content is not None:
        path.write_text(content)
    file = tmp_path / "a.yml"
    file.write_text(USERS.replace("KIND", kind).replace("PATH", str(path)).replace("USERSFILE", "usersfile"))
    result = run("lint", str(file))
    assert result.status == (2 if told else 0)
    assert told in result.out
    assert "$2y" not in result.out


def test_a_file_with_users_on_another_machine_is_told_but_nothing_is_found(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.yml"
    for path in ("/no/such/folder/people", "/no-such-people"):
        file.write_text(USERS.replace("KIND", "basicAuth").replace("PATH", path).replace("USERSFILE", "usersFile"))
        result = run("lint", str(file))
        assert (result.status, "if Traefik cannot read it either" in result.out) == (0, True)
