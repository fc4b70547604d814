"""What can be imported: Traefik's dynamic configuration as YAML, TOML or JSON, or what a running Traefik tells."""

from typing import Any, Final

import httpx

from provider import imports
from provider.cli import inflating
from provider.cli.client import Unreachable
from provider.cli.files import documents, toml
from provider.cli.files.documents import DocumentError, File
from provider.errors import ProviderError, SettingsError
from provider.imports import Running

_TIMEOUT_SECONDS: Final = 30.0
_TEMPLATE: Final = "{{"


def is_url(source: str) -> bool:
    """Tell whether a source is the URL of an API, and no file."""
    return source.lower().startswith(("http://", "https://"))


def read_file(path: str) -> File:
    """Read a file, or standard input for `-`: TOML by its ending, or else YAML or JSON. Raises `DocumentError`."""
    name, text = documents.load(path)
    if (at := imports.find_deciding(text)) is not None:
        line = text.count("\n", 0, at) + 1
        column = at - (text.rfind("\n", 0, at) + 1) + 1
        raise DocumentError(
            f"{name}:{line}:{column}: this is a template, and only Traefik knows its result: "
            "import what Traefik runs, with --from-api"
        )
    if path.lower().endswith(".toml"):
        return _read_toml(name, text)
    try:
        return documents.parse(name, text)
    except DocumentError as error:
        if path == documents.STANDARD_INPUT and (found := _find_toml(name, text)) is not None:
            return found
        hint = ": the file is a template, try --from-api" if _TEMPLATE in text else ""
        raise DocumentError(f"{error.detail}{hint}") from None


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


def _read_toml(name: str, text: str) -> File:
    return File(name, toml.read(name, text), {})


def _find_toml(name: str, text: str) -> File | None:
    """Read a text as TOML, or return None for what is none."""
    try:
        return _read_toml(name, text)
    except DocumentError:
        return None


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
