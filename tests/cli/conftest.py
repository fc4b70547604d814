"""Fixtures: commands against the shared service."""

import gc
import os
import sys
from collections.abc import Iterator
from functools import cache

import httpx
import pytest
import typer.main

from provider.cli import main
from tests.cli.running import Result, Run
from tests.running import Service

APPLICATION = {
    "domain": "alvin.xyz",
    "name": "wayshub",
    "servers": [
        {"name": "a", "url": "http://127.0.0.1:3000", "weight": 3},
        {"name": "b", "url": "http://127.0.0.1:3001", "weight": 1},
    ],
}


@pytest.fixture(scope="session", autouse=True)
def tree() -> Iterator[None]:
    """Let typer make the tree of commands once, for all that run in this process: that takes most of their time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process, as its entry point does."""
    for name in os.environ:
        if name.startswith("PROVIDER_") and name != "PROVIDER_TOKEN":
            monkeypatch.delenv(name)

    def run(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["wayshub-provider", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        gc.enable()  # which commands do not: their process ends
        printed = capsys.readouterr()
        return Result(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def cli(run: Run, service: Service, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command against the shared service, empty at the beginning."""
    monkeypatch.setenv("PROVIDER_URL", service.url)
    return run


@pytest.fixture
def exposed(client: httpx.Client) -> None:
    """An application: alvin.xyz, router and service wayshub, servers a and b with weights 3 and 1."""
    client.post("/expose", json=APPLICATION).raise_for_status()
