"""The images and the Compose files, as they are read: `tests/e2e/test_images.py` builds and runs them."""

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from provider.cli.configure import configure
from provider.environment import SETTINGS
from provider.settings import Settings
from tests.postgres import Postgres
from tests.running import ROOT

Instruction = tuple[str, str]

SHARED: Final = {"PROVIDER_URL"}
"""Variables in the Compose file that only the command line reads."""


def instructions() -> list[Instruction]:
    """The instructions of the Dockerfile, each on one line, with its name in front."""
    lines = (line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def stages() -> dict[str, list[Instruction]]:
    """The instructions of each stage of the Dockerfile, with those of the stages that it goes on from."""
    found: dict[str, list[Instruction]] = {}
    for name, rest in instructions():
        if name == "FROM":
            base, _as, stage = re.split(r"\s+(AS)\s+", rest)
            found[stage] = [*found.get(base, []), (name, rest)]
        elif found:
            found[stage].append((name, rest))
    return found


def composed() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


def services() -> Iterator[tuple[str, dict[str, Any]]]:
    yield from composed()["services"].items()


images = pytest.mark.parametrize("target", ["service", "edge"])


@images
def test_an_image_is_for_a_user_that_is_not_root_and_ends_as_it_should(target: str) -> None:
    stage = dict(stages()[target])
    assert re.fullmatch(r"[1-9][0-9]+:[1-9][0-9]+", stage["USER"])
    # Without a shell between: that would be the first process, and would pass no signal on.
    for name in ("ENTRYPOINT", "CMD"):
        assert json.loads(stage[name])
    assert json.loads(stage["HEALTHCHECK"].partition("CMD ")[2]) == ["python3", "-m", "provider.health"]


def test_no_instruction_needs_a_shell() -> None:
    ran = [rest for name, rest in instructions() if name == "RUN"]
    assert all(isinstance(json.loads(rest), list) for rest in ran)


@images
def test_an_image_has_what_was_installed_and_not_what_it_was_installed_with(target: str) -> None:
    stage = [(name, rest) for name, rest in stages()[target] if name in {"COPY", "ADD", "RUN"}]
    copied = [rest.split() for name, rest in stage if name != "RUN"]
    assert [(words[0].partition("=")[0], *words[1:]) for words in copied] == [
        ("--from", "/opt/wayshub-provider", "/opt/wayshub-provider")
    ]
    assert {json.loads(rest)[0] for name, rest in stage if name == "RUN"} == {"groupadd", "useradd", "install"}


def test_what_is_installed_is_what_the_lock_file_says() -> None:
    pips = [json.loads(rest) for name, rest in stages()["build-edge"] if name == "RUN" and "pip" in rest]
    fetching = [words for words in pips if "--no-index" not in words and "download" in words]
    assert [words[words.index("-r") + 1] for words in fetching] == ["requirements.lock"]
    assert all("--require-hashes" in words and "--only-binary=:all:" in words for words in fetching)
    assert all("--no-index" in words for words in pips if "install" in words)


@images
def test_an_image_says_what_it_is(target: str) -> None:
    labels = " ".join(rest for name, rest in stages()[target] if name == "LABEL")
    wanted = {"title", "description", "licenses", "version", "revision"}
    assert set(re.findall(r"org\.opencontainers\.image\.(\w+)=", labels)) == wanted
    arguments = dict(rest.split("=") for name, rest in stages()[target] if name == "ARG")
    assert arguments["VERSION"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@images
def test_the_settings_of_an_image_are_settings(target: str) -> None:
    variables = dict(shlex.split(rest)[0].split("=", 1) for name, rest in stages()[target] if name == "ENV")
    listed = [word.partition("=") for name, rest in stages()[target] if name == "ENV" for word in shlex.split(rest)]
    ours = {name: value for name, _, value in listed if name.startswith("PROVIDER_")}
    assert {name.removeprefix("PROVIDER_") for name in ours} <= SETTINGS
    assert variables
    made = Settings(**{name.removeprefix("PROVIDER_").lower(): value for name, value in ours.items()})
    volumes = [Path(path) for name, rest in stages()[target] if name == "VOLUME" for path in json.loads(rest)]
    assert made.database_path.parent in volumes


def test_nothing_is_sent_to_the_builder_but_what_it_copies() -> None:
    ignored, *kept = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert ignored == "*"
    copied = {
        source
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    }
    assert {line.removeprefix("!") for line in kept if line.startswith("!")} == copied
    assert all((ROOT / source).exists() for source in copied)


def test_every_container_is_confined() -> None:
    for name, service in services():
        assert service["cap_drop"] == ["ALL"], name
        assert service["tmpfs"] == ["/tmp"], name  # noqa: S108  # where large changes are planned
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is (name != "setup"), name
        assert not service.keys() & {"privileged", "cap_add", "pid", "ipc", "devices"}, name


def test_nobody_waits_long_for_a_shell_that_is_the_first_process_of_a_container() -> None:
    """It does not end when it is told to. With `init` it would, but not every engine has a program for that."""
    shells = {name: service for name, service in services() if service.get("entrypoint", [""])[0] == "sh"}
    assert shells
    assert {service.get("stop_grace_period") for service in shells.values()} == {"2s"}
    assert not any("init" in service for _name, service in services())


def test_every_setting_of_a_container_is_one() -> None:
    for _name, service in services():
        assert {name.removeprefix("PROVIDER_") for name in service.get("environment", {}).keys() - SHARED} <= SETTINGS
    made = {
        name.removeprefix("PROVIDER_").lower(): re.sub(r"\$\{\w+:-(\w+)\}", r"\1", value)
        for name, value in composed()["services"]["provider"]["environment"].items()
    }
    settings = Settings(**made)
    assert "provider" in settings.allowed_host_names
    assert settings.traefik_api_urls == {"default": "http://traefik-api:8081"}


def test_no_token_is_in_the_environment_or_on_a_command_line() -> None:
    variables = [name for _name, service in services() for name in service.get("environment", {})]
    assert [name for name in variables if "TOKEN" in name or "PASSWORD" in name] == []
    assert "wsp_" not in (ROOT / "compose.yaml").read_text()


def test_from_outside_only_browsers_come_in_and_the_console_is_for_this_machine() -> None:
    published = {name: service["ports"] for name, service in services() if "ports" in service}
    assert {name: [str(port).rpartition(":")[2] for port in ports] for name, ports in published.items()} == {
        "provider": ["8000"],
        "traefik": ["8080", "8443"],
    }
    assert published["provider"][0].startswith("127.0.0.1:")


def networks(service: Mapping[str, Any]) -> set[str]:
    return set(service.get("networks", {}))


def test_servers_reach_neither_the_service_nor_the_api_of_traefik() -> None:
    made = composed()
    beside_servers = {name for name, service in services() if "apps" in networks(service)}
    assert beside_servers == {"traefik", "a", "b", "c"}
    assert made["networks"]["control"]["internal"] is True
    # The name is only in the network `control`, and Traefik listens on the address that it stands for.
    assert made["services"]["traefik"]["networks"]["control"]["aliases"] == ["traefik-api"]
    static = yaml.safe_load(made["configs"]["traefik"]["content"])
    assert static["entryPoints"]["traefik"]["address"] == "traefik-api:8081"


def test_the_traefik_of_the_compose_file_is_configured_like_every_other() -> None:
    static = yaml.safe_load(composed()["configs"]["traefik"]["content"])
    usual = yaml.safe_load((ROOT / "traefik" / "traefik.yml").read_text())
    for name, address in (("web", ":8080"), ("websecure", ":8443"), ("traefik", "traefik-api:8081")):
        usual["entryPoints"][name]["address"] = address
    http = usual["providers"]["http"]
    http["endpoint"] = http["endpoint"].replace("127.0.0.1", "provider")
    usual["providers"]["file"]["filename"] = "/edge/fallback.yml"
    assert static == usual


def test_what_starts_first_migrates_and_hands_the_token_over_in_a_file() -> None:
    made = composed()["services"]
    (script,) = made["setup"]["command"]
    assert script.splitlines() == [
        "wayshub-provider migrate",
        f"wayshub-provider edge {configure.__name__} /traefik.yml /edge/traefik.yml",
    ]
    assert made["provider"]["depends_on"] == {"setup": {"condition": "service_completed_successfully"}}
    assert made["traefik"]["command"] == ["--configFile=/edge/traefik.yml"]
    users = {line[1] for line in stages()["service"] if line[0] == "USER"}
    assert {made["traefik"]["user"]} == users
    assert "edge:/edge:ro" in made["traefik"]["volumes"]


def on_postgresql() -> dict[str, Any]:
    text = (ROOT / "compose.postgresql.yaml").read_text()
    found: dict[str, Any] = yaml.safe_load(re.sub(r" !(reset|override)\b", "", text))
    return found


def test_with_postgresql_every_service_has_the_same_database_and_key_and_one_writes_the_fallback() -> None:
    made = on_postgresql()["services"]
    variables = [made[name]["environment"] for name in ("setup", "provider", "provider-2", "demo")]
    shared = {"PROVIDER_DATABASE_URL", "PROVIDER_DATABASE_URL_FILE", "PROVIDER_SECRET_KEY_FILE"}
    assert all({name: each[name] for name in shared} == variables[0] for each in variables)
    assert variables[0]["PROVIDER_DATABASE_URL"] == ""  # or the one in the image would be the one
    assert [each.get("PROVIDER_FALLBACK_FILE") for each in variables] == [None, None, "", None]
    assert made["provider-2"]["extends"] == {"file": "compose.yaml", "service": "provider"}


def test_postgresql_is_healthy_once_it_is_reached_over_tcp(postgres: Postgres) -> None:
    """Its image starts it twice at first: the first time on its socket alone, where nobody else reaches it."""
    _cmd, program, *options = on_postgresql()["services"]["postgres"]["healthcheck"]["test"]
    asked = [str(postgres.programs / program)]
    assert subprocess.run(asked, env={"PGHOST": str(postgres.folder)}, check=False).returncode == 0
    assert "--host=127.0.0.1" in options


def test_the_password_of_postgresql_is_in_files_and_nobody_else_reaches_it() -> None:
    made = on_postgresql()
    for name, service in made["services"].items():
        assert [key for key in service["environment"] if "PASSWORD" in key and not key.endswith("_FILE")] == [], name
        assert "ports" not in service or name == "provider-2", name
    assert made["networks"]["database"]["internal"] is True
    assert networks({"networks": made["services"]["postgres"]["networks"]}) == {"database"}
    assert made["services"]["provider-2"]["networks"]["control"]["aliases"] == ["provider"]
