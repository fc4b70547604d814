"""Settings: what can be set from outside, and what a wrong one is told."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from provider.environment import PORTS, SETTINGS, find_doubts, find_own_url, find_secret, find_url
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
        ("DATABASE_URL", "sqlite://bk/rel.db"),
        ("DATABASE_URL", "sqlite://user@/rel.db"),
        ("DATABASE_URL", "sqlite+aiosqlite:///rel.db"),
        ("DATABASE_URL", "sqlite:///~/provider.db"),
        ("DATABASE_URL", "sqlite:///$HOME/provider.db"),
        ("DATABASE_URL", "sqlite:///${DATA}/provider.db"),
        ("DATABASE_URL", "sqlite:///provider.db?mode=ro"),
        ("DATABASE_URL", "sqlite:///provider.db?"),
        ("DATABASE_URL", "sqlite:///file:provider.db?mode=ro&uri=true"),
        ("DATABASE_URL", "sqlite:////srv/"),
        ("DATABASE_URL", '"sqlite:///provider.db"'),
        ("HOST", "*.example.com"),
        ("HOST", "127.0.0.1,10.0.0.1"),
        ("HOST", "'127.0.0.1'"),
        ("FALLBACK_FILE", "~/fallback.yml"),
        ("FALLBACK_FILE", "$HOME/fallback.yml"),
        ("FALLBACK_FILE", '"fallback.yml"'),
        ("FALLBACK_FILE", "file:///srv/fallback.yml"),
        ("TRAEFIK", "~/bin/traefik"),
        ("TLS_CERTIFICATE", "~/cert.pem"),
        ("PUBLIC_URL", "provider.example"),
        ("PUBLIC_URL", "ftp://provider.example"),
        ("PUBLIC_URL", "https://provider.example/console"),
        ("PUBLIC_URL", "https://provider.example?x"),
        ("PUBLIC_URL", "https://user@provider.example"),
        ("PUBLIC_URL", "https://*.example"),
        ("PUBLIC_URL", "https://provider.example:0"),
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


@pytest.mark.parametrize("value", ["", "  ", "\n", " \t\r\n"])
def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    plain = read_settings()
    for name in Settings.model_fields:
        monkeypatch.setenv(f"PROVIDER_{name.upper()}", value)
    assert read_settings() == plain


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("DATABASE_URL", "sqlite://bk/rel.db", "three slashes"),
        ("DATABASE_URL", "sqlite:///~/a.db", "write the whole path"),
        ("DATABASE_URL", "sqlite:///a.db?mode=ro", "no parameters"),
        ("FALLBACK_FILE", '"a.yml"', "write a.yml"),
        ("PUBLIC_URL", "https://provider.example/console", "write https://provider.example"),
        ("HOST", "127.0.0.1,10.0.0.1", "0.0.0.0"),
    ],
)
def test_what_to_write_instead_is_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str, advice: str) -> None:
    monkeypatch.setenv(f"PROVIDER_{name}", value)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert advice in caught.value.detail


def test_a_port_that_kubernetes_sets_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_PORT", "tcp://10.96.0.7:9000")
    assert read_settings().port == 8000
    assert find_url({"PROVIDER_PORT": "tcp://10.96.0.7:9000"}) == "http://127.0.0.1:8000"


@pytest.mark.parametrize(("variable", "default"), [("PORT", 8000), ("SECURE_PORT", 443), ("ACME_HTTP_PORT", 80)])
def test_no_port_comes_from_what_kubernetes_sets_for_a_service_of_that_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, default: int
) -> None:
    monkeypatch.setenv(f"PROVIDER_{variable}", "tcp://10.96.0.7:9000")
    assert getattr(read_settings(), variable.lower()) == default
    (told,) = find_doubts({f"PROVIDER_{variable}": "tcp://10.96.0.7:9000"})
    assert f"the port is {default}" in told
    service = {"PORT": "provider", "SECURE_PORT": "provider-secure", "ACME_HTTP_PORT": "provider-acme-http"}
    assert f"for a service called {service[variable]}." in told


def test_what_somebody_may_believe_to_be_a_setting_is_told() -> None:
    told = list(
        find_doubts({"PROVIDER_PORT": "tcp://10.96.0.7:9000", "PROVIDER_DATABSE_URL": "x", "PROVIDER_ZZZ": "y"})
    )
    assert told[0] == "PROVIDER_DATABSE_URL is not a setting, so it is ignored: did you mean PROVIDER_DATABASE_URL?"
    assert told[1].startswith("PROVIDER_PORT=tcp://10.96.0.7:9000 is not a port: Kubernetes sets it")
    assert told[2] == "PROVIDER_ZZZ is not a setting, so it is ignored"


def test_what_kubernetes_sets_besides_is_no_doubt() -> None:
    service = {
        "PROVIDER_SERVICE_HOST": "10.96.0.7",
        "PROVIDER_SERVICE_PORT": "8000",
        "PROVIDER_SERVICE_PORT_HTTP": "8000",
        "PROVIDER_PORT_8000_TCP": "tcp://10.96.0.7:8000",
        "PROVIDER_PORT_8000_TCP_PROTO": "tcp",
        "PROVIDER_PORT_8000_TCP_PORT": "8000",
        "PROVIDER_PORT_8000_TCP_ADDR": "10.96.0.7",
        "PROVIDER_METRICS_SERVICE_HOST": "10.96.0.8",
        "PROVIDER_METRICS_PORT": "tcp://10.96.0.8:8000",
    }
    ours = {"PROVIDER_URL": "http://127.0.0.1:8000", "PROVIDER_TOKEN": "x", "provider_port": "9000", "PROVIDER_X": ""}
    assert list(find_doubts(service | ours)) == []


def test_the_names_of_all_settings_are_known_where_nothing_else_of_them_is() -> None:
    assert {name.upper() for name in Settings.model_fields} == SETTINGS
    ports = {name.upper(): str(field.default) for name, field in Settings.model_fields.items() if "port" in name}
    assert {name: ports.get(name) for name in PORTS} == PORTS


def test_brackets_around_an_address_to_listen_on_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_HOST", "[::1]")
    assert (read_settings().host, read_settings().is_loopback) == ("::1", True)
    assert find_url({"PROVIDER_HOST": "[::1]"}) == "http://[::1]:8000"


def test_a_public_url_names_a_host_under_which_the_service_may_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_PUBLIC_URL", "https://Provider.Example:8443/")
    settings = read_settings()
    assert settings.public_url == "https://provider.example:8443"
    assert "provider.example" in settings.allowed_host_names


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRAEFIK_API", "http://alvin:geheim@10.0.0.5:8081"),
        ("TRAEFIK_API", "one=http://10.0.0.4:8081,two=https://alvin:geheim@10.0.0.5"),
        ("ENTRY_POINTS", "web=http://alvin:geheim@10.0.0.5"),
        ("PUBLIC_URL", "https://alvin:geheim@provider.example"),
        ("EDGE_URL", "http://alvin:geheim@10.0.0.5:8000"),
        ("DATABASE_URL", "'postgresql+psycopg://alvin:geheim@db/provider'"),
        ("DATABASE_URL", '"postgresql+psycopg://alvin@db/provider?password=geheim"'),
    ],
)
def test_no_password_in_a_wrong_setting_is_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"PROVIDER_{name}", value)
    with pytest.raises(SettingsError, match=f"^PROVIDER_{name}: ") as caught:
        read_settings()
    assert "heim" not in caught.value.detail


def test_settings_do_not_change() -> None:
    settings = read_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1  # type: ignore[misc]  # this is what is tested


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PORT", "eighty", "this has to be a whole number"),
        ("PORT", "-1", "this has to be at least 0"),
        ("PORT", "65536", "this has to be at most 65535"),
        ("SERVER_NAMES", "perhaps", "this has to be true or false"),
        ("LOG_LEVEL", "loud", "this has to be 'debug', 'info', 'warning' or 'error'"),
        ("LOG_FORMAT", "xml", "this has to be 'text' or 'json'"),
        ("TRUSTED_PROXIES", "proxy", "'proxy' is not a network: write 10.0.0.0/8 or fd00::/8"),
        ("SERVER_NETWORKS", "10.0.0.0/8,", "a network is missing at a comma"),
        ("SERVER_NETWORKS", "10.1.2.3/8", "'10.1.2.3/8' is an address within a network: write 10.0.0.0/8"),
    ],
)
def test_a_wrong_setting_is_told_in_our_words(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(f"PROVIDER_{name}", value)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert caught.value.detail == f"PROVIDER_{name}: {told}"


def test_a_secret_setting_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("sqlite:////srv/a.db\n")
    monkeypatch.setenv("PROVIDER_DATABASE_URL_FILE", str(file))
    monkeypatch.setenv("PROVIDER_DATABASE_URL", "")  # which is not set
    assert read_settings().database_path == Path("/srv/a.db")
    assert find_secret({"PROVIDER_TOKEN_FILE": str(file)}, "TOKEN") == "sqlite:////srv/a.db"
    assert find_secret({"PROVIDER_TOKEN_FILE": "", "PROVIDER_TOKEN": "x"}, "TOKEN") == "x"
    assert list(find_doubts({"PROVIDER_DATABASE_URL_FILE": "x", "PROVIDER_TOKEN_FILE": "x"})) == []


def test_the_end_of_the_line_is_no_part_of_a_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A secret of Kubernetes that was made of a file has it, and editors on Windows put a mark in front."""
    values = {"DATABASE_URL": "sqlite:////srv/a.db", "HOST": "127.0.0.1", "PORT": "8123", "FALLBACK_FILE": "/srv/b.yml"}
    for name, value in values.items():
        monkeypatch.setenv(f"PROVIDER_{name}", f"{value}\r\n")
    found = read_settings()
    assert (found.database_path, found.fallback_file) == (Path("/srv/a.db"), Path("/srv/b.yml"))
    assert find_own_url(os.environ) == f"http://{found.host}:{found.port}" == "http://127.0.0.1:8123"
    assert find_url({"PROVIDER_URL": "http://provider:8000\n"}) == "http://provider:8000"
    assert find_secret({"PROVIDER_TOKEN": "x\n"}, "TOKEN") == "x"
    (tmp_path / "token").write_bytes(b"\xef\xbb\xbfx\r\n")
    assert find_secret({"PROVIDER_TOKEN_FILE": f"{tmp_path / 'token'}\n"}, "TOKEN") == "x"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"one\ntwo\n", "has more than one line"),
        (b"x" * 70_000, "has more than one line"),
        (b"\xff\xfe", "is not text"),
    ],
)
def test_a_file_without_a_secret_is_named(tmp_path: Path, content: bytes | None, told: str) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        find_secret({"PROVIDER_TOKEN_FILE": str(file)}, "TOKEN")
    assert caught.value.detail == f"PROVIDER_TOKEN_FILE: {file} {told}"


def test_a_secret_is_set_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_DATABASE_URL_FILE", "/srv/url")
    monkeypatch.setenv("PROVIDER_DATABASE_URL", "sqlite:////srv/a.db")
    with pytest.raises(SettingsError, match="PROVIDER_DATABASE_URL and PROVIDER_DATABASE_URL_FILE are both set"):
        read_settings()


def test_a_wrong_setting_from_a_file_is_told_by_the_variable_that_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "url").write_text("mysql://localhost/provider")
    monkeypatch.setenv("PROVIDER_DATABASE_URL_FILE", str(tmp_path / "url"))
    monkeypatch.delenv("PROVIDER_DATABASE_URL", raising=False)
    with pytest.raises(SettingsError, match=r"^PROVIDER_DATABASE_URL_FILE: "):
        read_settings()
