"""A Traefik that watches a directory: what it makes of one file after the other."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.edge import place
from tests.running import Traefik, fetch, wait_until

_MARK = "zz-mark.yml"
_WORDS = {
    "routers": "router",
    "services": "service",
    "middlewares": "middleware",
    "tcpRouters": "TCP router",
    "tcpServices": "TCP service",
}


class Directory:
    """The directory of a Traefik. A file of our own beside the others shows when it has read them."""

    def __init__(self, folder: Path, traefik: Traefik) -> None:
        self._folder = folder
        self._traefik = traefik
        self._number = 0
        self._read = 0

    def rejects(self, files: Mapping[str, str | bytes]) -> bool:
        """Put files into the directory, in place of those that are there, and tell whether Traefik rejects them."""
        self._number += 1
        own = self._folder / f"n{self._number}"
        made = self._folder.parent / own.name
        made.mkdir()
        for name, text in files.items():
            content = text if isinstance(text, bytes) else text.encode()
            (made / name).write_bytes(content)
        mark = {"http": {"middlewares": {"zz-mark": {"addPrefix": {"prefix": f"/{self._number}"}}}}}
        (made / _MARK).write_text(json.dumps(mark))
        self._empty()
        made.rename(own)
        (self._folder / "touched.yml").write_text(f"# {self._number}\n")
        return wait_until(lambda: self._verdict(own.name), f"Traefik has read the files of {own.name}") == "rejected"

    def _empty(self) -> None:
        for each in self._folder.iterdir():
            if each.is_dir():
                shutil.rmtree(each)

    def _verdict(self, name: str) -> str:
        text = fetch(f"{self._traefik.api}/api/http/middlewares/zz-mark@file").text
        if f'"/{self._number}"' in text:
            return "taken"
        with self._traefik.log.open() as log:
            log.seek(self._read)
            told = log.read()
        for line in told.splitlines():
            if f"/{name}/" in line and "ERR" in line:
                self._read += len(told.encode())
                return "rejected"
        return ""

    def certificates(self) -> set[str]:
        """Return the serial numbers of the certificates that it has."""
        told: list[dict[str, Any]] = fetch(f"{self._traefik.api}/api/certificates").json()
        return {each["serialNumber"] for each in told}

    def enabled_routers(self) -> set[str]:
        """Return the routers of HTTP that serve."""
        told: dict[str, Any] = fetch(f"{self._traefik.api}/api/rawdata").json()
        found = told.get("routers") or {}
        return {
            name.removesuffix("@file")
            for name, each in found.items()
            if name.endswith("@file") and each.get("status") != "disabled"
        }

    def disabled(self) -> set[str]:
        """Return what runs and is disabled, as people call it."""
        told: dict[str, Any] = fetch(f"{self._traefik.api}/api/rawdata").json()
        return {
            f"{_WORDS[kind]} {name.removesuffix('@file')}"
            for kind, members in told.items()
            for name, each in members.items()
            if each.get("status") == "disabled"
        }


@contextmanager
def watched(folder: Path) -> Iterator[Directory]:
    """Run a Traefik that watches a directory."""
    with place(folder, "http://127.0.0.1:1") as made:
        files = folder / "files"
        files.mkdir(parents=True)
        made.static["providers"] = {
            "file": {"directory": str(files), "watch": True},
            "providersThrottleDuration": "1ms",
        }
        made.static["log"] = {"level": "ERROR", "noColor": True}
        yield Directory(files, made.start())
