"""`user` and `token`, on the database itself: before there is a service, and for who is locked out."""

import json
import re
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from provider.cli.links import first_link_path, make_first_link
from provider.cli.running.binding import check_binding
from provider.database.locations import Location
from provider.database.versions import versions
from provider.errors import SettingsError
from provider.security import passwords
from provider.settings import Settings
from tests.cli.running import Run
from tests.people import PASSWORD, add_account, writing

Rows = Callable[..., list[tuple[Any, ...]]]
LINK = re.compile(r"http://127\.0\.0\.1:8000/password\?link=(wsl_[A-Za-z0-9_-]{43})")
TOKEN = re.compile(r"wsp_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")


@pytest.fixture
def path(migrated: Path, tmp_path: Path) -> Path:
    """A database that no service has."""
    made = tmp_path / "provider.db"
    made.write_bytes(migrated.read_bytes())
    return made


@pytest.fixture
def run(run: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process, on that database."""
    monkeypatch.setenv("PROVIDER_DATABASE_URL", f"sqlite:///{path}")
    return run


@pytest.fixture
def rows(path: Path) -> Rows:
    def find(query: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(query, values).fetchall()

    return find


def audited(rows: Rows) -> list[tuple[Any, ...]]:
    return rows("SELECT action, credential, words FROM audit ORDER BY id")


def test_an_account_is_added_with_a_link_that_is_the_last_line(run: Run, rows: Rows) -> None:
    out = run("user", "add", "desk", "--role", "operator").check().out
    assert LINK.fullmatch(out.splitlines()[-1])
    assert rows("SELECT name, role, password_hash FROM account") == [("desk", "operator", None)]
    assert rows("SELECT count(*) FROM invitation") == [(1,)]
    made = json.loads(run("user", "add", "budi", "--role", "viewer", "-o", "json").check().out)
    assert LINK.fullmatch(made["link"])
    assert (made["name"], made["role"], made["hasPassword"]) == ("budi", "viewer", False)
    assert [entry[:2] for entry in audited(rows)] == [("account.add", "database"), ("account.invite", "database")] * 2


@pytest.mark.parametrize("name", ["", "Ops", "de wi", "d.ewi", "-x", "x" * 64, "dé", "desk\n", "../x", "admin'--"])
def test_a_name_that_is_none_is_refused(run: Run, name: str) -> None:
    assert "name" in run("user", "add", "--role", "viewer", "--", name).error()


def test_a_name_that_is_taken_and_a_role_that_is_none_are_refused(run: Run) -> None:
    run("user", "add", "desk", "--role", "viewer").check()
    assert run("user", "add", "desk", "--role", "admin").error() == "account desk already exists"
    assert "root" in run("user", "add", "budi", "--role", "root").usage_error()


def test_accounts_are_listed_without_what_is_secret(run: Run, path: Path) -> None:
    assert "there is no account yet" in run("user", "list").err
    add_account(path, "desk")
    run("user", "add", "budi", "--role", "viewer").check()
    listed = json.loads(run("user", "list", "-o", "json").check().out)
    assert [(item["name"], item["role"], item["hasPassword"]) for item in listed] == [
        ("budi", "viewer", False),
        ("desk", "admin", True),
    ]
    table = run("user", "list").check().out
    assert "not set yet" in table
    for text in (table, json.dumps(listed)):
        assert "argon2" not in text
        assert "wsl_" not in text


def test_a_role_is_changed_but_the_last_admin_stays_one(run: Run, path: Path, rows: Rows) -> None:
    add_account(path, "desk")
    run("user", "add", "budi", "--role", "admin").check()  # who cannot log in yet
    for command in (("set", "desk", "--role", "viewer"), ("remove", "desk", "--yes")):
        assert "desk is the last admin who can log in" in run("user", *command).error()
    add_account(path, "eko")
    run("user", "set", "desk", "--role", "viewer").check()
    run("user", "remove", "desk", "--yes").check()
    assert run("user", "remove", "desk", "--yes").error() == "there is no account desk"
    assert rows("SELECT name FROM account ORDER BY name") == [("budi",), ("eko",)]


def test_a_password_is_the_first_line_of_the_input(
    run: Run, path: Path, rows: Rows, stdin: Callable[[str], None]
) -> None:
    add_account(path, "desk", password="the one before this")
    stdin(f"{PASSWORD}\nand more\n")
    run("user", "password", "desk").check()
    ((kept,),) = rows("SELECT password_hash FROM account")
    assert passwords.verify(kept, PASSWORD)
    assert kept.startswith("$argon2id$")
    assert not passwords.needs_rehash(kept)


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda text: monkeypatch.setattr("sys.stdin", StringIO(text))


@pytest.mark.parametrize("text", ["", "\n", "short\n", "aaaaaaaaaaaaaaaa\n", "deskdeskdesk\n", "x" * 1025 + "\n"])
def test_a_password_that_is_easy_to_guess_is_refused(
    run: Run, path: Path, rows: Rows, stdin: Callable[[str], None], text: str
) -> None:
    add_account(path, "desk")
    before = rows("SELECT * FROM account")
    stdin(text)
    assert "password" in run("user", "password", "desk").error()
    assert rows("SELECT * FROM account") == before


def test_a_link_can_be_made_for_who_forgot_a_password(run: Run, path: Path, rows: Rows) -> None:
    add_account(path, "desk")
    made = run("user", "password", "desk", "--link").check().out
    assert LINK.fullmatch(made.strip())
    assert rows("SELECT account FROM invitation") == [("desk",)]
    assert run("user", "password", "nobody", "--link").error() == "there is no account nobody"


def test_tokens_are_made_listed_and_revoked(run: Run, rows: Rows) -> None:
    first = run("token", "create", "deploy", "--scope", "write", "--scope", "edge:eu-1").check().out.splitlines()[-1]
    made = json.loads(run("token", "create", "deploy", "-s", "read", "--expires", "12h", "-o", "json").check().out)
    assert TOKEN.fullmatch(made["token"])
    listed = json.loads(run("token", "list", "-o", "json").check().out)
    assert [token["scopes"] for token in listed if token["name"] == "deploy"] == [["edge:eu-1", "write"], ["read"]]
    assert first not in json.dumps(listed)
    assert "several tokens are named deploy" in run("token", "revoke", "deploy").error()
    assert "Revoked token deploy" in run("token", "revoke", made["id"]).check().out
    assert "Revoked token deploy" in run("token", "revoke", "deploy").check().out
    assert run("token", "revoke", "deploy").error() == "there is no token deploy"
    told = audited(rows)
    assert [entry[0] for entry in told] == ["token.create"] * 2 + ["token.revoke"] * 2
    assert not [entry for entry in told if first in str(entry) or made["token"] in str(entry)]


@pytest.mark.parametrize("span", ["0m", "1", "-1d", "1y", "tomorrow", "99999d", "", "1d1h", "2020-01-01T00:00Z"])
def test_a_time_that_cannot_be_or_is_over_is_refused(run: Run, rows: Rows, span: str) -> None:
    done = run("token", "create", "x", "--scope", "read", f"--expires={span}")
    assert (done.status in {1, 2}, done.out) == (True, "")
    assert "Traceback" not in done.err
    assert rows("SELECT name FROM token") == [("tests",)]


@pytest.mark.parametrize("span", ["1m", "12h", "90d", "52w", "2099-01-01T00:00Z", "2099-01-01"])
def test_a_time_is_a_span_or_a_date(run: Run, span: str) -> None:
    out = run("token", "create", "spans", "--scope", "read", "--expires", span).check().out
    assert TOKEN.fullmatch(out.splitlines()[-1])


NO_SCOPES = [
    "",
    "Read",
    "root",
    "register:",
    "register:A",
    "register:a b",
    "edge:",
    "edge:*",
    "register:*",
    "read ",
    "*",
]


@pytest.mark.parametrize("scope", NO_SCOPES)
def test_a_scope_that_is_none_is_refused(run: Run, scope: str) -> None:
    assert "scope" in run("token", "create", "x", "--scope", scope).error()


# The first start's link


def test_the_first_start_makes_a_link_that_only_its_owner_can_read(path: Path, rows: Rows) -> None:
    told = make_first_link(Location(file=path), "http://127.0.0.1:9000")
    file = first_link_path(path)
    (link,) = [line.strip() for line in told if "link=" in line]
    assert re.fullmatch(r"http://127\.0\.0\.1:9000/password\?link=wsl_[A-Za-z0-9_-]{43}", link)
    assert file.read_text() == f"{link}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert rows("SELECT name, role, password_hash FROM account") == [("admin", "admin", None)]


def test_the_next_start_makes_another_in_its_place(path: Path, rows: Rows) -> None:
    make_first_link(Location(file=path), "http://127.0.0.1:8000")
    first = first_link_path(path).read_text()
    first_link_path(path).chmod(0o644)  # somebody opened it to all
    make_first_link(Location(file=path), "http://127.0.0.1:8000")
    assert first_link_path(path).read_text() != first
    assert stat.S_IMODE(first_link_path(path).stat().st_mode) == 0o600
    assert rows("SELECT count(*) FROM invitation") == [(1,)]


def test_the_link_is_gone_when_an_admin_can_log_in(path: Path, rows: Rows) -> None:
    make_first_link(Location(file=path), "http://127.0.0.1:8000")
    add_account(path, "desk")
    assert make_first_link(Location(file=path), "http://127.0.0.1:8000") == []
    assert not first_link_path(path).exists()
    assert rows("SELECT name FROM account WHERE password_hash IS NULL") == [("admin",)]


# Where the service may listen


def settings(path: Path, **options: Any) -> Settings:
    return Settings(database_url=f"sqlite:///{path}", **options)


OPEN_HOSTS = ["0.0.0.0", "::", "10.0.0.7", "2001:db8::1", "console.example", "0"]


@pytest.mark.parametrize("host", OPEN_HOSTS)
def test_beyond_loopback_it_says_why_it_does_not_listen(path: Path, host: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check_binding(settings(path, host=host))
    told = caught.value.detail
    assert "no admin can log in yet" in told
    assert "would cross the network unencrypted" in told
    assert "--allow-insecure" in told


@pytest.mark.parametrize("host", OPEN_HOSTS)
def test_with_the_option_it_listens_and_warns(path: Path, host: str) -> None:
    assert len(check_binding(settings(path, host=host, allow_insecure=True))) == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.9.9.9", "[::1]", "a.localhost"])
def test_on_loopback_it_listens(path: Path, host: str) -> None:
    assert check_binding(settings(path, host=host)) == []


def test_with_an_admin_and_tls_or_a_proxy_it_listens_anywhere(path: Path, tmp_path: Path) -> None:
    tls = {"tls_certificate": tmp_path / "cert.pem", "tls_key": tmp_path / "key.pem"}
    with pytest.raises(SettingsError, match="no admin can log in yet"):
        check_binding(settings(path, host="0.0.0.0", **tls))
    add_account(path, "desk")
    with pytest.raises(SettingsError, match="would cross the network unencrypted"):
        check_binding(settings(path, host="0.0.0.0"))
    assert check_binding(settings(path, host="0.0.0.0", **tls)) == []
    assert check_binding(settings(path, host="0.0.0.0", trusted_proxies="10.0.0.0/8")) == []
    with writing(path) as session:
        session.connection().exec_driver_sql("UPDATE account SET role = 'viewer'")
    with pytest.raises(SettingsError, match="no admin can log in yet"):
        check_binding(settings(path, host="0.0.0.0", **tls))


def test_serve_itself_refuses(run: Run, path: Path) -> None:
    told = run("serve", "--host", "0.0.0.0", "--port", "0").error()
    assert "0.0.0.0 can be reached from other machines" in told
    assert not first_link_path(path).exists()


def test_commands_on_the_database_answer_in_json_too(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def answer(*arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(run(*arguments, "-o", "json").check().out)
        return found

    assert answer("user", "add", "desk", "--role", "viewer")["name"] == "desk"
    assert answer("user", "set", "desk", "--role", "operator") == {"name": "desk", "role": "operator"}
    assert LINK.fullmatch(answer("user", "password", "desk", "--link")["link"])
    assert answer("user", "remove", "desk", "--yes") == {"removed": "desk"}
    token = answer("token", "create", "ci", "--scope", "read")["id"]
    assert answer("token", "revoke", "ci") == {"id": token, "name": "ci"}
    assert answer("migrate")["version"] == versions()[-1]
    assert answer("backup", "copy.db")["file"] == "copy.db"
    assert answer("restore", "copy.db")["revision"] == 0
    assert answer("secrets", "rotate")["step"] in {"made", "finished"}
    assert answer("copy", "--to", f"sqlite:///{tmp_path}/other.db")["revision"] == 0
    assert Path(answer("ca")["file"]).is_file()
