"""`lint`: what Traefik would make of files, for people, programs and GitHub, without any service."""

import io
import json
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


def test_labels_of_compose_files_are_linted(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "compose.yml"
    labels = ["traefik.enable=true", "traefik.http.routers.w.tls.certresolvers=le"]
    path.write_text(yaml.safe_dump({"services": {"w": {"image": "a", "labels": labels, "expose": [80]}}}))
    result = run("lint", str(path))
    assert result.status == 2
    assert f"{path}:8:7: disabled: container w: Traefik has no field certresolvers here" in result.out


def test_the_hook_for_pre_commit_names_the_command() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"] == "wayshub-provider lint"
    assert not hook["pass_filenames"]  # a file that changes refers to others that do not
