"""The units for systemd: verified by systemd itself."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from provider.environment import SECRETS, SETTINGS
from tests.programs import required
from tests.running import ROOT

UNITS: Final = ROOT / "docs" / "units"
PAGE: Final = (ROOT / "docs" / "systemd.md").read_text()
NAMES: Final = ["wayshub-provider.service", "traefik.service"]
HIGHEST_EXPOSURE: Final = 2.0
"""Of systemd's scale, which ends at 10: up to 2 it calls a unit safe enough."""


@pytest.fixture
def analyze() -> str:
    return required(shutil.which("systemd-analyze"), "systemd")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_systemd_finds_nothing_wrong_with_the_units(analyze: str, tmp_path: Path) -> None:
    for name in NAMES:
        programs = str(Path(sys.executable).parent)
        text = (UNITS / name).read_text().replace("/usr/local/bin", programs)
        (tmp_path / name).write_text(text)
    done = run(analyze, "verify", "--man=no", *(tmp_path / name for name in NAMES))
    ours = [line for line in done.stderr.splitlines() if any(line.startswith(str(tmp_path)) for _ in NAMES)]
    assert (ours, done.returncode) == ([], 0), done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_systemd_calls_the_units_safe(analyze: str, name: str) -> None:
    done = run(analyze, "security", "--offline=yes", f"--threshold={HIGHEST_EXPOSURE * 10:.0f}", UNITS / name)
    assert done.returncode == 0, done.stdout + done.stderr


def lines(name: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", (UNITS / name).read_text(), re.MULTILINE)


def test_the_service_migrates_and_hands_the_token_over_before_it_starts() -> None:
    (before, configuring), (start,) = lines(NAMES[0], "ExecStartPre"), lines(NAMES[0], "ExecStart")
    program = "/usr/local/bin/wayshub-provider"
    assert (before, start) == (f"{program} migrate", f"{program} serve")
    static, copy = configuring.removeprefix(f"{program} edge configure ").split()
    assert static == "/etc/wayshub-provider/traefik.yml"
    assert lines(NAMES[1], "ExecStart") == [f"/usr/local/bin/traefik --configFile={copy}"]
    assert lines(NAMES[0], "Type") == lines(NAMES[1], "Type") == ["notify"]


def test_the_settings_of_the_unit_are_settings_without_secrets() -> None:
    named = [line.partition("=")[0] for line in lines(NAMES[0], "Environment")]
    assert {name.removeprefix("PROVIDER_") for name in named if name.startswith("PROVIDER_")} <= SETTINGS
    assert "wsp_" not in json.dumps([(UNITS / name).read_text() for name in NAMES])


def test_the_drop_in_of_the_page_gives_the_service_a_secret_that_it_reads_and_unsets_that_of_the_unit() -> None:
    dropped = dict(re.findall(r"^Environment=(\w+)=(.*)$", PAGE, re.MULTILINE))
    files = [name for name, value in dropped.items() if value.startswith("%d/")]
    secrets = [name.removesuffix("_FILE") for name in files]
    assert {name.removeprefix("PROVIDER_") for name in secrets} <= SETTINGS & set(SECRETS)
    assert [dropped[name] for name in secrets] == [""]
    (handed_over,) = re.findall(r"^LoadCredential=(\w[\w-]*):", PAGE, re.MULTILINE)
    assert [dropped[name] for name in files] == [f"%d/{handed_over}"]


def test_the_traefik_of_the_units_is_configured_like_every_other() -> None:
    def read(path: Path) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load(path.read_text())
        return found

    usual = read(ROOT / "traefik" / "traefik.yml")
    usual["entryPoints"]["web"]["address"], usual["entryPoints"]["websecure"]["address"] = ":80", ":443"
    (fallback,) = (line for line in lines(NAMES[0], "Environment") if line.startswith("PROVIDER_FALLBACK_FILE="))
    usual["providers"]["file"]["filename"] = fallback.partition("=")[2]
    assert read(UNITS / "traefik.yml") == usual
