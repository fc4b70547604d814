"""What can be imported: Traefik's files and folders of them, or what a running Traefik tells."""

import errno
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import httpx

from provider import imports
from provider.cli import inflating
from provider.cli.client import Unreachable
from provider.cli.files import containers, contents, documents, stores
from provider.documents import DocumentError, File, Position
from provider.errors import ProviderError, SettingsError
from provider.imports import Provenance, files
from provider.imports.combining import ProviderPart, combined
from provider.imports.files import Effect, Environment, FileFinding, Folder, ReadFile, SourceText
from provider.imports.recognising import recognise

_TIMEOUT_SECONDS: Final = 30.0
_PORT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_MOST_PORT: Final = 65_535
_NO_PORTS: Final[Mapping[str, int]] = MappingProxyType({})
_JSON: Final = ".json"
_SECTIONS: Final = (b'"http"', b'"tcp"', b'"udp"', b'"tls"')
_NO_JSON: Final = (Effect.IGNORED, "file.json", "Traefik reads no .json file in a directory")
_NOWHERE: Final = frozenset({errno.ENOENT, errno.ELOOP})
"""What the system says of a link in a folder that leads to no file: Traefik then refuses all of the folder."""


def is_url(source: str) -> bool:
    """Tell whether a source is the URL of an API, and no file."""
    return source.lower().startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class Gathered:
    """Files by what Traefik reads them with: those of its file provider, and labels of containers."""

    folder: Folder
    labelled: Sequence[ProviderPart] = ()
    count: int = 0
    """How many files were given."""

    @property
    def whole(self) -> ProviderPart:
        """What all of them have together."""
        named = Provenance(contents=contents.read(self.folder.document))
        own = ProviderPart(self.folder.document, self.folder.places, named)
        return combined([own, *self.labelled] if self.folder.files or not self.labelled else self.labelled)


def read_paths(
    paths: Sequence[str],
    env_files: Sequence[str] = (),
    given: Environment | None = None,
    ports: Mapping[str, int] = _NO_PORTS,
) -> Gathered:
    """Read files, folders as Traefik reads them, and standard input for `-`, with variables of files and given ones.

    `ports` are those of containers of which the files do not say it, by name.
    Raises `DocumentError` for what is no text, and for what is known to be something else, such as Traefik's static
    configuration, and `OSError` for what cannot be opened.
    """
    variables = {**containers.read_variables(env_files), **(given or {})}
    rest: list[SourceText | ReadFile] = []
    unreadable = []
    labelled = containers.Labelled(env_files, given or {}, ports)
    kept = {each: found for each in paths if (found := stores.find(each)) is not None}
    rest += kept.values()
    for path in (path for each in paths if each not in kept for path in _found(each)):
        text = _load(path, is_named=path in paths)
        if isinstance(text, ReadFile):
            unreadable.append(text)
            continue
        if (known := _read_otherwise(text, is_named=path in paths)) is not None:
            rest.append(known)
            continue
        try:
            if labelled.add(text, is_named=path in paths):
                continue
        except DocumentError as error:
            unreadable.append(_unreadable((error.place or Position(0, 0)).of(text.name), error.problem))
            continue
        if path in paths and (told := recognise(*astuple(text))) is not None:
            raise DocumentError.at(text.name, None, told)
        rest.append(text)
    folder = files.read(rest, variables)
    _check_known(folder, rest, is_alone=not labelled.names and not unreadable)
    findings = [*(finding for each in unreadable for finding in each.findings), *folder.findings]
    read = [*unreadable, *folder.files]
    whole = replace(folder, files=read, findings=findings)
    parts = labelled.parts(is_alone=not read) if labelled.names else ()
    return Gathered(whole, parts, len(read) + len(labelled.names))


def _load(path: str, *, is_named: bool) -> SourceText | ReadFile:
    """Load a file: one that is no text, and a link in a folder that leads nowhere, as what Traefik refuses."""
    try:
        return SourceText(*documents.load(path))
    except DocumentError as error:
        if error.place is None:
            raise
        return _unreadable(error.place, error.problem)
    except OSError as error:
        if is_named or error.errno not in _NOWHERE:
            raise
        return _unreadable(Position(0, 0, path), f"this link is broken: {error.strerror}")


def _check_known(folder: Folder, given: Sequence[SourceText | ReadFile], *, is_alone: bool) -> None:
    """Look what files are of which Traefik takes nothing. Raises `DocumentError` for one that is something else."""
    is_told = any(each.code == "section.static" for each in folder.findings)
    is_nothing = is_alone and not folder.document and not folder.is_refused and folder.is_known
    for each in given if is_nothing and not is_told else ():
        if isinstance(each, SourceText) and (told := recognise(*astuple(each))) is not None:
            raise DocumentError.at(each.name, None, told)


def _unreadable(place: Position, problem: str) -> ReadFile:
    """Return a file that is no text: Traefik refuses it."""
    found = FileFinding(Effect.REFUSED, "document.unreadable", problem, place)
    return ReadFile(place.file, findings=[found])


def read_variables(given: Sequence[str]) -> Environment:
    """Read variables that are given as arguments. Raises `DocumentError`."""
    found = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not name or not sign:
            raise DocumentError(f"--env takes NAME=VALUE, not {each}")
        found[name] = value
    return found


def read_ports(given: Sequence[str]) -> Mapping[str, int]:
    """Read ports that are given as arguments. Raises `DocumentError`."""
    found = {}
    for each in given:
        name, _sign, port = each.rpartition("=")
        if not name or not _PORT.fullmatch(port) or not 0 < int(port) <= _MOST_PORT:
            raise DocumentError(f"--port takes NAME=PORT, such as web=8080, not {each}")
        found[name] = int(port)
    return found


def _found(path: str) -> Iterator[str]:
    """Go through the files that a path stands for, in Traefik's order: by name, and into folders as they come."""
    if path == documents.STANDARD_INPUT or not Path(path).is_dir():
        yield path
        return
    ahead = [Path(path)]  # the next one is the last: folders may be deeper than Python's stack
    while ahead:
        entry = ahead.pop()
        if entry.is_dir():
            listed = sorted(entry.iterdir(), key=lambda each: each.name.encode(errors="surrogateescape"))
            ahead += (each for each in reversed(listed) if not (each.is_dir() and each.is_symlink()))
        elif files.is_read_in_folders(entry.name) or _is_unread(entry):
            yield str(entry)


def _read_otherwise(text: SourceText, *, is_named: bool) -> ReadFile | None:
    """Return what Traefik keeps itself, and JSON that it does not read in a directory; None for any other file."""
    if not is_named and text.name.lower().endswith(_JSON):
        return ReadFile(text.name, findings=[FileFinding(*_NO_JSON, Position(0, 0, text.name))])
    return stores.read_acme(text.name, text.text)


def _is_unread(entry: Path) -> bool:
    """Tell whether a file would be Traefik's, but for its ending: JSON is read by name alone (measured)."""
    if not entry.name.lower().endswith(_JSON) or not entry.is_file():
        return False
    with suppress(OSError):
        content = entry.read_bytes()
        return any(section in content for section in _SECTIONS)
    return False


def read_api(url: str) -> File:
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
    return File(base, imports.reshaped(rawdata, entry_points), {})


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
    return Unreachable(f"{base} is not Traefik's API ({told}): use the entry point on which `api` is enabled")
