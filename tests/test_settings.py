"""Settings: what can be set from outside, and what a wrong one is told."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from provider.errors import SettingsError
from provider.settings import Settings, read_settings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PROVIDER_{name.upper()}", raising=False)


def test_everything_has_a_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read_settings()
    assert (settings.host, settings.port, settings.coalesce_ms) == ("127.0.0.1", 8000, 500)
    assert (settings.log_level, settings.log_format, settings.traefik) == ("info", "text", None)
    assert settings.database_path == tmp_path / "var" / "provider.db"


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_PORT", "9000")
    monkeypatch.setenv("PROVIDER_LOG_LEVEL", "WARNING")
    monkeypatch.setenv("PROVIDER_DATABASE_URL", "sqlite:////srv/a%20b.db")
    settings = read_settings()
    assert (settings.port, settings.log_level) == (9000, "warning")
    assert settings.database_path == Path("/srv/a b.db")


def test_entry_points_are_given_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_ENTRY_POINTS", "web=http://127.0.0.1:8080, other=http://edge.example:81/,")
    assert read_settings().entry_point_urls == {"web": "http://127.0.0.1:8080", "other": "http://edge.example:81"}
    monkeypatch.setenv("PROVIDER_ENTRY_POINTS", "")
    assert read_settings().entry_point_urls == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", ""),
        ("COALESCE_MS", "-1"),
        ("COALESCE_MS", "60001"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("ALLOWED_HOSTS", "http://provider.example"),
        ("ALLOWED_HOSTS", "provider.example:8000"),
        ("ALLOWED_HOSTS", "*"),
        ("HOST", "a b"),
        ("ENTRY_POINTS", "http://127.0.0.1:8080"),
        ("ENTRY_POINTS", "web=https://127.0.0.1:8443"),
        ("ENTRY_POINTS", "web=http://127.0.0.1:8080/path"),
        ("ENTRY_POINTS", "web=http://a:80,web=http://b:80"),
        ("ENTRY_POINTS", "W=http://a:80"),
        ("DATABASE_URL", "var/provider.db"),
        ("DATABASE_URL", "postgresql://localhost/provider"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", ""),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"PROVIDER_{name}", value)
    with pytest.raises(SettingsError, match=f"^PROVIDER_{name}: ") as caught:
        read_settings()
    assert [field.pointer for field in caught.value.fields] == [f"/{name.lower()}"]


def test_all_wrong_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_PORT", "x")
    monkeypatch.setenv("PROVIDER_LOG_FORMAT", "y")
    with pytest.raises(SettingsError, match=r"PROVIDER_PORT: .*; PROVIDER_LOG_FORMAT: "):
        read_settings()


def test_an_empty_traefik_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_TRAEFIK", "")
    assert read_settings().traefik is None


def test_settings_do_not_change() -> None:
    settings = read_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1  # type: ignore[misc]  # this is what is tested
