"""`up` reads its own Traefik back, and keeps a fallback for it."""

import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.cli.running import variables
from tests.forking import Forked
from tests.running import ROOT, answers, fetch, free_port, give_token, wait_until

ANY_PORTS = ("--port", "0", "--web-port", "0", "--secure-port", "0", "--api-port", "0")


@contextmanager
def up(folder: Path, *options: str, **settings: str) -> Iterator[dict[str, str]]:
    """Run `up` until it has printed all that a start prints; give the URLs of the service and of Traefik's API."""
    out = folder / "out.txt"
    with out.open("wb") as output:
        command = ["up", *ANY_PORTS, *options]
        process = Forked(command, cwd=folder, env=variables(**settings), stdout=output.fileno())
    try:
        wait_until(lambda: "Ctrl-C stops everything." in out.read_text(), "up has started")
        give_token(folder / "var" / "provider.db")
        found = {name: re.search(rf"(http://\S+)/{name}", out.read_text()) for name in ("docs", "dashboard")}
        yield {name: match[1] for name, match in found.items() if match}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def edges(service_url: str) -> dict[str, dict[str, Any]]:
    items = fetch(f"{service_url}/api/v1/edges").raise_for_status().json()["items"]
    return {edge["name"]: edge for edge in items}


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return document


def test_its_edge_is_live_when_it_says_so_and_has_a_fallback(tmp_path: Path) -> None:
    with up(tmp_path, "--demo") as urls:
        [(name, edge)] = edges(urls["docs"]).items()
        assert (name, edge["state"]) == ("default", "live")
        assert edge["version"] == fetch(f"{urls['dashboard']}/api/version").json()["Version"]
        file = tmp_path / "var" / "provider.fallback.yml"
        wait_until(lambda: "wayshub" in read(file)["http"].get("routers", {}), "the demo is kept in the file")
        assert read(file)["http"]["routers"]["wayshub"]["priority"] < 0
        wait_until(lambda: answers(f"{urls['dashboard']}/api/http/routers/wayshub@file"), "Traefik has the fallback")
        static = read(tmp_path / "var" / "provider.traefik.yml")
    wanted = read(ROOT / "traefik" / "traefik.yml")
    for configuration in (static, wanted):
        for point in configuration["entryPoints"].values():
            point.pop("address")
        configuration["providers"]["http"].pop("endpoint")
    assert re.fullmatch(r"Bearer wsp_\S+", static["providers"]["http"].pop("headers").pop("Authorization"))
    assert static["providers"]["file"].pop("filename") == str(file)
    assert wanted["providers"]["file"].pop("filename") == "var/provider.fallback.yml"
    assert static == wanted


def test_what_is_set_of_other_edges_and_of_the_file_is_kept(tmp_path: Path) -> None:
    apis = f"default=http://127.0.0.1:{free_port()},london=http://127.0.0.1:{free_port()}"
    with up(tmp_path, PROVIDER_TRAEFIK_API=apis, PROVIDER_FALLBACK_FILE="kept/fallback.yml") as urls:
        states = {name: edge["state"] for name, edge in edges(urls["docs"]).items()}
        assert states == {"default": "live", "london": "never seen"}
    static = read(tmp_path / "var" / "provider.traefik.yml")
    assert static["providers"]["file"]["filename"] == str(tmp_path / "kept" / "fallback.yml")
    assert (tmp_path / "kept" / "fallback.yml").exists()
    assert not (tmp_path / "var" / "provider.fallback.yml").exists()


def test_entry_points_listen_on_the_address_that_is_named_and_the_api_never_does(tmp_path: Path) -> None:
    """Here on another address of this machine, as 0.0.0.0 would open the test to the network."""
    with up(tmp_path, "--edge-host", "127.0.0.2") as urls:
        points = read(tmp_path / "var" / "provider.traefik.yml")["entryPoints"]
        ports = {name: int(point["address"].rpartition(":")[2]) for name, point in points.items()}
        listening = {
            (name, host) for name, port in ports.items() for host in ("127.0.0.1", "127.0.0.2") if is_taken(host, port)
        }
        assert listening == {("web", "127.0.0.2"), ("websecure", "127.0.0.2"), ("traefik", "127.0.0.1")}
        assert urls["dashboard"] == f"http://127.0.0.1:{ports['traefik']}"
        assert f"http://127.0.0.2:{ports['web']}/" in (tmp_path / "out.txt").read_text()
        assert [edge["state"] for edge in edges(urls["docs"]).values()] == ["live"]


def is_taken(host: str, port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((host, port)) == 0
