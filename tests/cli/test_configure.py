"""Traefik's static configuration, with the token for polling."""

import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.running import Run
from tests.running import ROOT, fetch, running_service

STATIC = ROOT / "traefik" / "traefik.yml"


@pytest.fixture
def run(run: Run, migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on a database of its own."""
    shutil.copy(migrated, tmp_path / "provider.db")
    monkeypatch.setenv("PROVIDER_DATABASE_URL", f"sqlite:///{tmp_path}/provider.db")
    return run


def authorization(copy: Path) -> str:
    header: str = yaml.safe_load(copy.read_text())["providers"]["http"]["headers"]["Authorization"]
    return header


def test_a_traefik_with_the_copy_polls_as_the_edge_that_it_names(run: Run, tmp_path: Path) -> None:
    copy = tmp_path / "edge" / "traefik.yml"
    assert "for the edge default is in" in run("edge", "configure", str(STATIC), str(copy)).check().out
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    made: dict[str, Any] = yaml.safe_load(copy.read_text())
    del made["providers"]["http"]["headers"]
    assert made == yaml.safe_load(STATIC.read_text())
    with running_service(tmp_path, None) as service:
        header = {"Authorization": authorization(copy)}
        assert fetch(f"{service.url}/traefik/configuration", headers=header).status_code == 200
        assert fetch(f"{service.url}/traefik/configuration?edge=other", headers=header).status_code == 403
        assert fetch(f"{service.url}/api/v1/domains", headers=header).status_code == 403


def test_a_token_that_is_still_good_stays(run: Run, tmp_path: Path) -> None:
    static, copy = tmp_path / "static.yml", tmp_path / "copy.yml"
    static.write_text("providers: {http: {endpoint: 'http://a/?edge=one', headers: {X-Mine: 'yes'}}}\n")
    configure = ("edge", "configure", str(static), str(copy))
    run(*configure).check()
    first = authorization(copy)
    static.write_text(f"log: {{level: DEBUG}}\n{static.read_text()}")
    run(*configure).check()
    made = yaml.safe_load(copy.read_text())
    assert made["log"] == {"level": "DEBUG"}
    assert made["providers"]["http"]["headers"] == {"X-Mine": "yes", "Authorization": first}
    run("token", "revoke", "edge.one").check()
    run(*configure).check()
    assert authorization(copy) != first
    copy.write_text("nothing: {of: ours}\n")  # whatever has become of it
    run(*configure).check()
    listed = run("token", "list", "-o", "json").check().out
    assert listed.count('"edge.one"') == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        ("a: [", "is not YAML"),
        ("- a", "is not a static configuration of Traefik"),
        ("providers: {docker: {}}", "has no providers.http.endpoint"),
        ("providers:", "has no providers.http.endpoint"),
    ],
)
def test_what_is_no_static_configuration_for_polling_is_named(
    run: Run, tmp_path: Path, content: str | None, told: str
) -> None:
    static = tmp_path / "static.yml"
    if content is not None:
        static.write_text(content)
    assert told in run("edge", "configure", str(static), str(tmp_path / "copy.yml")).error()


def test_where_the_copy_cannot_be_written_no_token_is_made(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written" in run("edge", "configure", str(STATIC), str(tmp_path / "file" / "copy.yml")).error()
    assert "edge.default" not in run("token", "list").check().out
