"""Middlewares by files and commands, up to the request."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.running import Run
from tests.e2e.traffic import HOST
from tests.running import Echo, Traefik, echoing


@pytest.fixture
def echo() -> Iterator[Echo]:
    with echoing() as server:
        yield server


def test_a_file_and_commands_hold_middlewares_too(
    cli: Run, client: httpx.Client, traefik: Traefik, echo: Echo, tmp_path: Path
) -> None:
    file = tmp_path / "state.yml"
    file.write_text(
        "domains: {alvin.xyz: {}}\n"
        f"services: {{shop: {{servers: {{a: {{url: '{echo.url}'}}}}}}}}\n"
        "middlewares: {shorten: {stripPrefix: {prefixes: [/api]}}}\n"
        "routers: {shop: {domains: [alvin.xyz], service: shop, middlewares: [shorten]}}\n"
    )
    assert "middleware shorten" in cli("plan", str(file)).out
    cli("apply", str(file), "--yes", "--wait", "20").check()
    assert traefik.get(HOST, "/api/x").text == "/x"
    assert "Plan: nothing to do" in cli("plan", str(file), "--prune").check().out
    cli("middleware", "add", "prefix", "--add-prefix", "/app").check()
    cli("router", "set", "shop", "--middleware", "prefix", "--wait", "20").check()
    assert traefik.get(HOST, "/x").text == "/app/x"
    listed = cli("middleware", "list").check().out
    assert "prefix" in listed
    assert "addPrefix" in listed
    exported = cli("export").check().out
    assert "addPrefix" in exported
    cli("middleware", "add", "geo", "--plugin", 'geoblock={"countries": ["ID"], "deep": {"limit": 3}}').check()
    assert client.get("/middlewares/geo").json()["plugin"] == {"geoblock": {"countries": ["ID"], "deep": {"limit": 3}}}
    assert "this has a secret" in cli("middleware", "add", "b", "--plugin", 'geoblock={"apiKey": "a"}').err
    cli("middleware", "add", "sorry", "--errors", "shop", "--errors-status", "500-599").check()
    assert client.get("/middlewares/sorry").json()["errors"] == {"status": ["500-599"], "service": "shop"}
    cli("router", "set", "shop", "--no-middleware").check()
    cli("middleware", "remove", "prefix", "--yes").check()
    assert client.get("/middlewares/prefix").status_code == 404
