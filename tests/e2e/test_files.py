"""A real Traefik refuses the files of which we say so, and takes the others."""

import itertools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from provider.imports import files
from provider.imports.files import SourceText
from tests.imports.test_files import IGNORED, REFUSED, TAKEN, TOML_REFUSED, TOML_TAKEN
from tests.running import answers, fetch, free_port, traefik_command, wait_until

TEXTS = [*(text for text, _code, _place in (*REFUSED, *IGNORED)), *TAKEN]
_FAILED = ("Error occurred during watcher callback", "Error while building configuration")


@dataclass
class Watching:
    """A Traefik that watches a folder, with a file of its own there that tells what it has read."""

    folder: Path
    api: str
    log: Path
    marks: Iterator[int] = field(default_factory=itertools.count)

    def takes(self, text: str, name: str = "a.yml") -> bool:
        """Put a text into the folder, and tell whether Traefik takes what is there then."""
        self._put(name, text)
        before, mark = len(self.log.read_text()), f"mark-{next(self.marks)}"
        self._put("b.yml", yaml.safe_dump({"http": {"middlewares": {mark: {"addPrefix": {"prefix": "/x"}}}}}))

        def found() -> str:
            if answers(f"{self.api}/api/http/middlewares/{mark}@file"):
                return "taken"
            return "refused" if any(each in self.log.read_text()[before:] for each in _FAILED) else ""

        return wait_until(found, "Traefik has read the folder") == "taken"

    def _put(self, name: str, text: str) -> None:
        new = self.folder.parent / "new"
        new.write_bytes(text.encode())
        new.rename(self.folder / name)


@pytest.fixture(scope="module")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watching]:
    place = tmp_path_factory.mktemp("watching")
    folder, log, port = place / "conf.d", place / "traefik.log", free_port()
    folder.mkdir()
    static = {
        "entryPoints": {"traefik": {"address": f"127.0.0.1:{port}"}},
        "api": {"insecure": True},
        "providers": {"providersThrottleDuration": "0s", "file": {"directory": str(folder)}},
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
    }
    (place / "traefik.yml").write_text(yaml.safe_dump(static))
    with log.open("wb") as output:
        command = [traefik_command(), f"--configFile={place / 'traefik.yml'}"]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=place)
        try:
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/api/version"), "Traefik answers")
            yield Watching(folder, f"http://127.0.0.1:{port}", log)
        finally:
            process.kill()
            process.wait(timeout=60)


def test_traefik_refuses_what_is_told_to_be_refused_and_nothing_else(watching: Watching) -> None:
    wrong = [text for text in TEXTS if watching.takes(text) is files.read([SourceText("a.yml", text)], {}).is_refused]
    assert wrong == []


def test_toml_is_read_as_traefik_reads_it(watching: Watching) -> None:
    assert watching.takes("")
    texts = [*TOML_TAKEN, *TOML_REFUSED]
    wrong = [
        text
        for text in texts
        if watching.takes(text, "a.toml") is files.read([SourceText("a.toml", text)], {}).is_refused
    ]
    assert watching.takes("", "a.toml")
    assert wrong == []


def test_names_are_those_that_traefik_has(watching: Watching) -> None:
    """Also where a key is no text, or a list stands for a map."""
    for text in (text for text, _code, _place in IGNORED):
        assert watching.takes(text)
        document = files.read([SourceText("a.yml", text)]).document
        for kind in ("routers", "services"):
            shown = fetch(f"{watching.api}/api/http/{kind}", params={"per_page": 100}).raise_for_status().json()
            known = {each["name"] for each in shown if each["provider"] == "file"}
            assert known == {f"{name}@file" for name in document.get("http", {}).get(kind, {})}, text
