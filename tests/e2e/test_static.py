"""The lines of the static configuration that users are shown, and those that `up` uses, in a real Traefik."""

import re
from pathlib import Path

import pytest
import yaml

from tests.e2e.edge import place
from tests.running import ROOT, Service, fetch, wait_until
from tests.written import static_configuration


def polls(service: Service, edge: str) -> int:
    """Return how many polls of an edge were answered."""
    metrics = fetch(f"{service.url}/metrics").raise_for_status().text
    counted = re.search(rf'^provider_edge_polls_total{{edge="{edge}"}} (\S+)$', metrics, re.MULTILINE)
    return int(float(counted[1])) if counted else 0


@pytest.mark.parametrize("poll_timeout", [None, "2s"], ids=["as-shown", "no-longer-than-the-wait"])
def test_the_lines_of_the_documentation_poll_without_an_error(
    service: Service, tmp_path: Path, poll_timeout: str | None
) -> None:
    shown = yaml.safe_load(static_configuration())["providers"]
    with place(tmp_path, service.url, "edge=default&wait=2") as edge:
        ours = edge.static["providers"]
        places = {"endpoint": ours["http"]["endpoint"], "headers": ours["http"]["headers"]}
        edge.static["providers"] = shown | {
            "http": shown["http"] | places | ({"pollTimeout": poll_timeout} if poll_timeout else {}),
            "file": shown["file"] | {"filename": ours["file"]["filename"]},
        }
        traefik = edge.start()
        traefik.wait_for(service)
        before = polls(service, "default")
        wait_until(lambda: polls(service, "default") > before + 2, "it has polled on, each time held to the end")
        assert " ERR " not in re.sub(r"\x1b\[[0-9;]*m", "", edge.log.read_text())


def test_an_upload_may_take_longer_than_traefik_allows_by_itself() -> None:
    static = yaml.safe_load((ROOT / "traefik" / "traefik.yml").read_text())
    assert static["entryPoints"]["web"]["transport"] == {"respondingTimeouts": {"readTimeout": "10m"}}
    assert "respondingTimeouts.readTimeout" in (ROOT / "docs" / "traefik.md").read_text()
