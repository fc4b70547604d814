"""Upgrades: another version migrates the database while this one serves it, and the way back."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from provider.database import schema, versions
from tests.cli.running import run_forked
from tests.running import ROOT, answers, fetch, free_port, http_client, service_process, wait_until

NEWEST: Final = versions.versions()[-1]
LATER: Final = "9999"

# The table of tokens is another one afterwards, so that this version can read it no more.
UP: Final = 'op.alter_column("token", "secret_hash", new_column_name="hash_of_secret")'
DOWN: Final = 'op.alter_column("token", "hash_of_secret", new_column_name="secret_hash")'


@pytest.fixture(autouse=True)
def database(migrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated, tmp_path / "provider.db"))


class Later:
    """The version after this one: the same, with one more migration."""

    def __init__(self, folder: Path, up: str, down: str = "pass") -> None:
        ignored = shutil.ignore_patterns("__pycache__")
        package = Path(shutil.copytree(ROOT / "provider", folder / "later" / "provider", ignore=ignored))
        migrations = Path(shutil.copytree(ROOT / "migrations", package / "migrations", ignore=ignored))
        shutil.copytree(ROOT / "traefik", package / "traefik")
        (migrations / "versions" / f"{LATER}_later.py").write_text(
            '"""later"""\n\nfrom alembic import op\nimport sqlalchemy as sa\n\n'
            f'revision = "{LATER}"\ndown_revision = "{NEWEST}"\nbranch_labels = None\ndepends_on = None\n\n\n'
            f"def upgrade():\n    {up}\n\n\ndef downgrade():\n    {down}\n"
        )
        self._folder, self._path = folder, package.parent

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Run one of its commands on the database."""
        return subprocess.Popen(
            [sys.executable, "-m", "provider", *arguments],
            cwd=self._folder,
            env=environment(self._folder) | {"PYTHONPATH": str(self._path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        said, _none = process.communicate(timeout=120)
        return process.returncode, said

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Run its service. Gives the URL."""
        port = str(free_port())
        process = self.start("serve", "--port", port)
        try:
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), "the later version answers")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate(timeout=60)


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"PROVIDER_DATABASE_URL": f"sqlite:///{folder}/provider.db"}


def test_this_version_answers_polls_while_a_later_one_migrates_and_writes_nothing_afterwards(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "go")
    later = Later(tmp_path, f'{UP}; open("{tmp_path}/go").read()', DOWN)
    with service_process(tmp_path) as (_process, url), http_client(url) as client:

        def poll() -> tuple[int, bytes]:
            answer = client.get("/traefik/configuration")
            return answer.status_code, answer.content

        client.post("/api/v1/domains", json={"name": "alvin.xyz"}).raise_for_status()
        served = poll()
        assert served[0] == 200
        migrating = later.start("migrate")
        with (tmp_path / "go").open("w"):  # which the migration waits for, in the middle
            for _ in range(3):
                assert poll() == served
            assert client.post("/api/v1/domains", json={"name": "belajar.xyz"}).status_code == 503
        said, _none = migrating.communicate(timeout=60)
        assert (migrating.returncode, "is up to date" in said) == (0, True), said

        refused = client.post("/api/v1/domains", json={"name": "belajar.xyz"})
        assert refused.status_code == 503
        assert f"was migrated to {LATER}, but" in refused.json()["detail"]

        def is_told() -> bool:
            return any(f"was migrated to {LATER}" in line for line in client.get("/readyz").json()["warnings"])

        wait_until(is_told, "`/readyz` says so")
        assert poll() == served


def test_a_version_that_is_too_old_says_how_to_go_back_and_the_way_back_keeps_what_there_is(
    tmp_path: Path,
) -> None:
    later = Later(
        tmp_path, 'op.add_column("domain", sa.Column("note", sa.String()))', 'op.drop_column("domain", "note")'
    )
    assert later.run("migrate")[0] == 0
    with later.serving() as url:
        assert fetch(f"{url}/readyz").status_code == 200
        with http_client(url) as client:
            client.post("/api/v1/domains", json={"name": "alvin.xyz"}).raise_for_status()
    told = run_forked("serve", "--port", "0", env=environment(tmp_path)).error()
    assert "made by a newer version of wayshub-provider" in told
    assert f"downgrade the database with its command `migrate --to {NEWEST}`" in told
    assert later.run("migrate", "--to", NEWEST)[0] == 0
    with service_process(tmp_path) as (_process, url):
        assert fetch(f"{url}/api/v1/domains/alvin.xyz").status_code == 200
    assert len(list(tmp_path.glob("provider.db.*.copy"))) == 2


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ('op.execute("INSERT INTO domain (name) VALUES (NULL)")', "nothing was migrated: NOT NULL constraint failed"),
        ('op.execute("SELECT * FROM nowhere")', "nothing was migrated: "),
        ('raise ValueError("there is too much of it")', "nothing was changed: there is too much of it"),
        ("raise ArithmeticError", "The migration did not finish and changed nothing"),
    ],
)
def test_a_migration_that_fails_leaves_the_database_to_the_version_before(
    database: Path, tmp_path: Path, fault: str, told: str
) -> None:
    before = database.read_bytes()
    status, said = Later(tmp_path, f"{UP}; {fault}").run("migrate")
    assert status == 1
    assert told in said, said
    assert database.read_bytes() == before
    assert "removed that copy" in said
    assert not list(tmp_path.glob("provider.db.*.copy"))  # systemd tries again and again: copies would fill the disk
    with service_process(tmp_path) as (_process, url):
        assert fetch(f"{url}/readyz").status_code == 200


def test_the_way_back_is_refused_where_it_would_lose_something(database: Path, tmp_path: Path) -> None:
    with service_process(tmp_path) as (_process, url), http_client(f"{url}/api/v1") as client:
        client.post("/domains", json={"name": "alvin.xyz", "tls": {"from": "stored"}}).raise_for_status()
    variables = environment(tmp_path)
    refused = run_forked("migrate", "--to", "0013", env=variables)
    assert refused.status == 1
    assert "knows no HTTPS of domains: turn it off for alvin.xyz first" in refused.err
    schema.check_current(database)
    assert (
        "--to 0: the versions of the database are 0001 to" in run_forked("migrate", "--to", "0", env=variables).error()
    )
    assert json.loads(run_forked("token", "list", "-o", "json", env=variables).check().out)
