"""What can be imported: Traefik's files and folders of them, or what a running Traefik tells."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import httpx

from provider import imports
from provider.cli import inflating
from provider.cli.client import Unreachable
from provider.cli.files import documents
from provider.documents import DocumentError, File, parse
from provider.errors import ProviderError, SettingsError
from provider.imports import Running, files
from provider.imports.files import Environment, SourceText

_TIMEOUT_SECONDS: Final = 30.0


def is_url(source: str) -> bool:
    """Tell whether a source is the URL of an API, and no file."""
    return source.lower().startswith(("http://", "https://"))


def load(paths: Sequence[str]) -> list[SourceText]:
    """Read files, folders as Traefik reads them, and standard input for `-`.

    Raises `DocumentError` for what is no text, and `OSError` for what cannot be opened.
    """
    return [SourceText(*documents.load(path)) for given in paths for path in _found(given)]


def read_one(texts: Sequence[SourceText]) -> File | None:
    """Read the only text as a document of any kind, or return None where there are several, or that cannot be."""
    if len(texts) != 1 or texts[0].name.lower().endswith(files.TOML):
        return None
    try:
        return parse(texts[0].name, texts[0].text)
    except DocumentError:
        return None


def read_variables(given: Sequence[str]) -> Environment:
    """Read variables that are given as arguments. Raises `DocumentError`."""
    found = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not name or not sign:
            raise DocumentError(f"--env takes NAME=VALUE, and not {each}")
        found[name] = value
    return found


def _found(path: str) -> Iterator[str]:
    """Go through the files that a path stands for, in Traefik's order: by name, and into folders as they come."""
    folder = Path(path)
    if path == documents.STANDARD_INPUT or not folder.is_dir():
        yield path
        return
    for entry in sorted(folder.iterdir(), key=lambda each: each.name.encode(errors="surrogateescape")):
        if entry.is_dir():
            if not entry.is_symlink():
                yield from _found(str(entry))
        elif files.is_read_in_folders(entry.name):
            yield str(entry)


def read_api(url: str) -> tuple[File, Running]:
    """Ask a running Traefik's API what it runs. Raises `SettingsError` and `Unreachable`."""
    base = _base(url)
    with httpx.Client(
        timeout=_TIMEOUT_SECONDS,
        # A proxy from the environment is for other machines.
        mounts=dict.fromkeys(["all://127.0.0.1", "all://[::1]", "all://localhost"]),
    ) as client:
        rawdata = _get(client, base, "/api/rawdata")
        entry_points = _get(client, base, "/api/entrypoints")
    if not isinstance(rawdata, dict) or not isinstance(entry_points, list):
        raise _foreign(base, "another document")
    return File(base, imports.reshaped(rawdata), {}), imports.running(entry_points)


def _base(url: str) -> str:
    """Return where an API begins: the dashboard's address will do."""
    try:
        found = httpx.URL(url)
    except httpx.InvalidURL:
        found = httpx.URL("")
    if found.userinfo:
        raise SettingsError(
            "leave the user and password out of the URL of Traefik's API: use an address that needs none"
        )
    if found.scheme not in {"http", "https"} or not found.host or found.query:
        raise SettingsError(f"{url!r} is not the URL of Traefik's API: write one such as http://127.0.0.1:8081")
    path = found.path.rstrip("/").removesuffix("/rawdata").removesuffix("/dashboard").removesuffix("/api")
    return str(found.copy_with(path=path or "/", fragment=None)).rstrip("/")


def _get(client: httpx.Client, base: str, path: str) -> Any:
    try:
        with client.stream("GET", base + path, headers=inflating.PLAIN) as streamed:
            answer = inflating.read_whole(streamed)
    except inflating.TooLongError as error:
        raise ProviderError(f"{base}{path} {error}") from None
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise Unreachable(f"no answer from Traefik's API at {base} ({str(error) or type(error).__name__})") from error
    if not answer.is_success:
        raise _foreign(base, f"{path} answers {answer.status_code}")
    try:
        return answer.json()
    except (ValueError, RecursionError):
        raise _foreign(base, f"{path} is not JSON") from None


def _foreign(base: str, told: str) -> Unreachable:
    return Unreachable(
        f"what answers at {base} is not Traefik's API ({told}): use the entry point on which `api` is enabled"
    )
