"""`import` and `lint` read the certificates that Traefik's files name, and show nothing of their keys."""

import json
import os
from pathlib import Path

import httpx
import pytest

from tests import certs
from tests.cli.running import Run

ONE = certs.issue("shop.test")
FILE = """\
tls:
  certificates:
    - {certFile: certs/one.pem, keyFile: certs/one.key}
    - {certFile: certs/gone.pem, keyFile: certs/gone.key}
    - {certFile: /nowhere/else.pem, keyFile: /nowhere/else.key}
  stores: {default: {defaultCertificate: {certFile: certs/one.pem, keyFile: certs/one.key}}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a certificate in a folder, and with Traefik's file in another one."""
    (tmp_path / "certs").mkdir()
    (tmp_path / "certs" / "one.pem").write_text(ONE.chain)
    (tmp_path / "certs" / "one.key").write_text(ONE.key)
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "tls.yml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def keeps_the_key(text: str) -> bool:
    return not any(line in text for line in ONE.key.splitlines()[1:-1])


def test_certificates_are_imported_from_where_the_command_runs(cli: Run, client: httpx.Client) -> None:
    for form in ("table", "json"):
        tried = cli("import", "conf.d", "--dry-run", "-o", form).check()
        assert keeps_the_key(tried.out + tried.err)
    done = cli("import", "conf.d", "--yes").check()
    assert "Taken over: 1 of 3 certificates." in done.out
    assert keeps_the_key(done.out + done.err)
    (found,) = client.get("/certificates").raise_for_status().json()["items"]
    assert (found["name"], found["names"], found["default"]) == ("shop-test", ["shop.test"], True)
    assert "Plan: nothing to do" in cli("import", "conf.d", "--yes").check().out


def test_a_certificate_that_is_there_under_another_name_keeps_it(cli: Run, client: httpx.Client) -> None:
    older = certs.issue("shop.test")
    client.put("/certificates/mine", json={**older.pair, "labels": {"a": "b"}}).raise_for_status()
    cli("import", "conf.d", "--yes").check()
    (found,) = client.get("/certificates").raise_for_status().json()["items"]
    assert (found["name"], found["labels"], found["certFile"]) == ("mine", {"a": "b"}, ONE.pem)


def test_lint_tells_what_traefik_leaves_out_and_what_is_only_not_here(run: Run, folder: Path) -> None:
    result = run("lint", "conf.d", "-o", "json")
    assert result.status == 2
    gone = ("ignored", "file.missing", "there is no such file: Traefik leaves this certificate out")
    here = "there is no such file here, and no such folder"
    away = ("unknown", "file.elsewhere", f"{here}; if Traefik cannot read it either, it leaves this certificate out")
    found = [(each["consequence"], each["code"], each["detail"]) for each in json.loads(result.out)["findings"]]
    assert found == [
        (*gone[:2], f"certs/gone.pem: {gone[2]}"),
        (*gone[:2], f"its private key: {gone[2]}"),
        (*away[:2], f"/nowhere/else.pem: {away[2]}"),
        (*away[:2], f"its private key: {away[2]}"),
    ]
    (folder / "conf.d" / "tls.yml").write_text("\n".join(FILE.splitlines()[:3]))
    assert run("lint", "conf.d").check().out == "1 file: nothing found.\n"
    (folder / "conf.d" / "tls.yml").write_text("tls: {certificates: [{certFile: /nowhere/a, keyFile: /nowhere/b}]}")
    assert run("lint", "conf.d").check().out.endswith("1 file: 2 unknown.\n")


def test_what_is_no_file_is_not_waited_for(run: Run, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    odd = ["pipe", "certs", "/dev/zero", "certs/one.pem/x", "x" * 5000]
    listed = [{"certFile": name, "keyFile": name} for name in odd]
    (folder / "conf.d" / "tls.yml").write_text(json.dumps({"tls": {"certificates": listed}}))
    result = run("lint", "conf.d", "-o", "json")
    assert result.status == 2
    findings = json.loads(result.out)["findings"]
    assert {each["code"] for each in findings} == {"file.unreadable", "file.elsewhere"}
    assert len(findings) == 2 * len(odd)
