"""The Traefik that `up` runs: which one it is, its static configuration, and what is told of its log."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from provider.cli.running import traefik
from provider.cli.running.traefik import TraefikError, find_traefik, read_static_configuration, static_path
from provider.cli.running.traefik_log import Log
from provider.errors import SettingsError

HEALTH = (
    '2026-11-23T07:13:02Z WRN Health check failed. error="checking HTTP health: HTTP request failed: '
    'Get \\"http://127.0.0.1:9102/health\\": dial tcp 127.0.0.1:9102: connect: connection refused" '
    "serviceName=wayshub@http targetURL=http://127.0.0.1:9102"
)


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_traefik_that_is_given_comes_before_one_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, found = program(tmp_path / "given" / "my-traefik"), program(tmp_path / "bin" / "traefik")
    monkeypatch.setenv("PATH", str(found.parent))
    assert find_traefik(given, "--traefik") == given
    assert find_traefik(None, "PROVIDER_TRAEFIK") == found


def test_a_traefik_may_be_given_by_a_relative_path_or_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, found = program(tmp_path / "here"), program(tmp_path / "bin" / "traefik-3")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(found.parent))
    assert find_traefik(Path("./here"), "--traefik") == here
    assert find_traefik(Path("traefik-3"), "PROVIDER_TRAEFIK") == found


def test_the_packages_traefik_is_found_when_the_environment_is_not_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_traefik(None, "PROVIDER_TRAEFIK")
    assert found.name == "traefik"
    assert found.stat().st_size > 1_000_000, "it is not a program of the size of Traefik"


def test_a_given_traefik_that_cannot_be_run_is_told_with_what_gave_it(tmp_path: Path) -> None:
    file = tmp_path / "traefik"
    file.write_text("")
    with pytest.raises(TraefikError, match=rf"^PROVIDER_TRAEFIK is {file}, which is not executable: run `chmod \+x"):
        find_traefik(file, "PROVIDER_TRAEFIK")
    with pytest.raises(TraefikError, match=rf"^--traefik is {tmp_path}, which is a folder"):
        find_traefik(tmp_path, "--traefik")
    with pytest.raises(TraefikError, match=r"^--traefik is nowhere, which does not exist"):
        find_traefik(Path("nowhere"), "--traefik")


def test_the_static_configuration_is_the_projects_but_for_the_ports() -> None:
    original: dict[str, Any] = yaml.safe_load(static_path().read_text())
    static = read_static_configuration(
        "http://[::1]:9000", {"web": 9080, "websecure": 9443, "traefik": 9081}, Path("/var/fallback.yml")
    )
    assert static["providers"]["file"].pop("filename") == "/var/fallback.yml"
    assert original["providers"]["file"].pop("filename") == "var/provider.fallback.yml"
    assert static["entryPoints"]["web"].pop("address") == "127.0.0.1:9080"
    assert static["entryPoints"]["websecure"].pop("address") == "127.0.0.1:9443"
    assert static["entryPoints"]["traefik"].pop("address") == "127.0.0.1:9081"
    endpoint = static["providers"]["http"].pop("endpoint")
    assert endpoint == "http://[::1]:9000/traefik/configuration?edge=default&wait=5"
    assert original["entryPoints"]["web"].pop("address") == "127.0.0.1:8080"
    assert original["entryPoints"]["websecure"].pop("address") == "127.0.0.1:8443"
    assert original["entryPoints"]["traefik"].pop("address") == "127.0.0.1:8081"
    assert original["providers"]["http"].pop("endpoint").startswith("http://127.0.0.1:8000/")
    assert static == original


@pytest.mark.parametrize("text", ["", "entryPoints: {web: {}}", "entryPoints: {web: {}, traefik: {}}", "a: [", "- a"])
def test_a_static_configuration_without_what_is_needed_is_told(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "traefik.yml"
    path.write_text(text)
    monkeypatch.setattr(traefik, "static_path", lambda: path)
    with pytest.raises(SettingsError, match=r"traefik\.yml"):
        read_static_configuration("http://127.0.0.1:8000", {"web": 8080, "traefik": 8081}, Path("fallback.yml"))


def test_a_server_that_is_down_is_told_in_words_and_once() -> None:
    log = Log()
    assert list(log.read(HEALTH)) == [
        "The server http://127.0.0.1:9102 of the service wayshub fails its health check: it gets no requests."
    ]
    assert not list(log.read(HEALTH.replace("07:13:02", "07:13:04")))
    assert list(log.read(HEALTH.replace("9102", "9103")))


def test_an_error_that_repeats_is_told_once() -> None:
    log = Log()
    assert list(log.read("2026-11-23T06:48:15Z ERR Provider error, retrying in 357.443ms error=refused")) == [
        "Traefik: Provider error, retrying in 357.443ms error=refused"
    ]
    assert not list(log.read("2026-11-23T06:48:16Z ERR Provider error, retrying in 1.2s error=refused"))


def test_what_is_not_wrong_is_not_told() -> None:
    log = Log()
    for line in ("2026-11-23T06:48:15Z INF Starting provider", "2026-11-23T06:48:15Z WRN advice", "", "More details:"):
        assert not list(log.read(line))
    assert log.find_reason() is None


def test_the_reason_of_an_end_is_the_last_grave_line() -> None:
    log = Log()
    for line in ("2026-11-23T06:48:15Z ERR first", "panic: second", "", "goroutine 1 [running]:"):
        list(log.read(line))
    assert log.find_reason() == "panic: second"
    assert log.last_lines() == ["2026-11-23T06:48:15Z ERR first", "panic: second", "goroutine 1 [running]:"]
