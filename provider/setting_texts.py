"""What single settings say: hosts, paths, URLs, and what is set of several edges.

Whatever cannot be read raises a `ValueError` that says what to write.
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BeforeValidator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from provider.database.locations import SERVER_DRIVER
from provider.nouns import versions
from provider.nouns.versions import Version
from provider.values import DEFAULT_EDGE, Refusal, check_name

T = TypeVar("T")

ANY_ADDRESS: Final = frozenset({"", "0.0.0.0", "::", "[::]"})  # to tell them, not to listen there
_DNS_PORT: Final = 53
_VARIABLE: Final = re.compile(r"\$\{?[A-Za-z_]")
_HOST_NAME: Final = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})")


def readable(read: Callable[[str], object]) -> AfterValidator:
    """Accept a text that can be read in a way, and keep it as it is."""

    def check(text: str) -> str:
        if text:
            read(text)
        return text

    return AfterValidator(check)


def fitting(check: Callable[[str], str]) -> AfterValidator:
    """Accept what fits a validated type, in its normal form."""
    return AfterValidator(lambda text: _fit(check, text))


def _fit(check: Callable[[str], str], text: str) -> str:
    try:
        return check(text)
    except Refusal as error:
        raise ValueError(error.detail) from None


def lowered(value: object) -> object:
    """Take INFO for info."""
    return value.lower() if isinstance(value, str) else value


def without_credentials(detail: str, value: object) -> str:
    """Return what is said of a value without the user and the password that the value has in a URL: logs keep it."""
    for found in re.findall(r"://([^\s/]+)@", str(value)):
        detail = detail.replace(found, "…")
    return detail


def check_database_url(text: str) -> str:
    """Accept SQLite files, and databases of PostgreSQL."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError("not a database URL: write sqlite:///var/provider.db") from None
    if url.get_backend_name() in {"postgresql", "postgres"}:
        if url.drivername != SERVER_DRIVER:
            raise ValueError(f"write {SERVER_DRIVER}:// in place of {url.drivername}://")
        if not url.database:
            raise ValueError(f"the name of the database is missing: write {SERVER_DRIVER}://USER@HOST/NAME")
        return text
    if url.drivername not in {"sqlite", "sqlite+pysqlite"} or not url.database or url.database == ":memory:":
        raise ValueError(
            f"only SQLite files and PostgreSQL are supported: sqlite:///var/provider.db, {SERVER_DRIVER}://USER@HOST/NAME"
        )
    if url.host is not None or url.username is not None:
        raise ValueError(
            "a file has no host: write three slashes before a path from the working directory, as "
            "sqlite:///var/provider.db, or four before one from the root, as sqlite:////srv/provider.db"
        )
    if url.query or "?" in text or url.database.startswith("file:"):
        raise ValueError("the URL of a file has no parameters here: write only sqlite:/// and the path")
    if url.database.endswith("/"):
        raise ValueError(f"{url.database} is a folder: write the path of a file")
    check_path(url.database)
    return text


def check_path(value: object) -> object:
    """Accept paths that mean what is written there: what a shell would replace, or others read as a URL, would not."""
    if isinstance(value, str):
        if value.startswith("~"):
            raise ValueError("~ is not expanded here: write the whole path, such as /home/alvin/provider.db")
        if _VARIABLE.search(value):
            raise ValueError(f"variables are not expanded here: write the value of {value}")
        if re.match("[A-Za-z][A-Za-z0-9+.-]*:/", value):
            raise ValueError(f"{value} is not a path: leave out what is in front of it")
    return value or None


SettingPath = Annotated[Path | None, BeforeValidator(check_path)]


def check_host(text: str) -> str:
    """Accept one name or address, without brackets from here on."""
    if text not in ANY_ADDRESS:
        if "*" in text or "," in text:
            raise ValueError(f"{text} is not one address: write 0.0.0.0 to listen on all")
        read_host(text)
    return text.strip("[]")


def check_public_url(text: str) -> str:
    """Accept the URL of a host, without a slash at the end."""
    found = re.fullmatch(r"(https?)://(\[[^\]/]*\]|[^:/?#@\s]+)(:[0-9]{1,5})?(/?)(.*)", text, re.IGNORECASE)
    if found is None or "*" in text:
        raise ValueError(f"{text} is not the URL of a console: write https://provider.example")
    if found[5]:
        raise ValueError(f"the console cannot be below a path: write {text[: found.start(4)]}")
    scheme, host, port = found[1].lower(), read_host(found[2]), found[3] or ""
    if port and not 0 < int(port[1:]) <= 65535:
        raise ValueError(f"{port[1:]} is not a port")
    return f"{scheme}://{host}{port}"


def read_hosts(text: str) -> list[str]:
    """Read names and addresses, without ports."""
    return [read_host(part) for part in _parts(text)]


def read_host(text: str) -> str:
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        if not _HOST_NAME.fullmatch(text):
            raise ValueError(f"{text} is not a host name: leave out the scheme and the port") from None
        return text.lower().rstrip(".")
    return f"[{address}]" if address.version == 6 else str(address)


def read_nameservers(text: str) -> tuple[tuple[str, int], ...]:
    """Read the addresses of name servers, with or without a port."""
    found = []
    for part in _parts(text):
        given = re.fullmatch(r"(\[[^\]]+\]|[^:]+|[^:]*:[^:]*:.*?)(?::([0-9]{1,5}))?", part)
        try:
            address = ip_address(given[1].strip("[]") if given else part)
        except ValueError:
            raise ValueError(f"{part} is not the address of a name server: write 10.0.0.53 or 10.0.0.53:53") from None
        found.append((str(address), int(given[2] or _DNS_PORT) if given else _DNS_PORT))
    return tuple(found)


def read_versions(text: str | None) -> dict[str, Version]:
    """Read the versions of edges, by their names."""
    return _by_name(_of_edges(text), "edge", _read_version)


def read_api_urls(text: str | None) -> dict[str, str]:
    """Read where the APIs of edges are, by their names."""
    return _by_name(_of_edges(text), "edge", _read_api_url)


def read_entry_points(text: str | None) -> dict[str, str]:
    """Read where entry points can be asked, by their names."""
    pairs = ((part.partition("=")[0], part) for part in _parts(text))
    return _by_name(pairs, "entry point", _read_entry_point)


def _parts(text: str | None) -> Iterator[str]:
    return filter(None, map(str.strip, (text or "").split(",")))


def _of_edges(text: str | None) -> Iterator[tuple[str, str]]:
    """Give what is set of edges, with their names: `default` where none is named."""
    for part in _parts(text):
        name, found, value = part.partition("=")
        yield (name, value) if found and "/" not in name else (DEFAULT_EDGE, part)


def _by_name(pairs: Iterator[tuple[str, str]], what: str, read: Callable[[str], T]) -> dict[str, T]:
    found: dict[str, T] = {}
    for name, text in pairs:
        _fit(check_name, name)
        value = read(text)
        if name in found:
            raise ValueError(f"the {what} {name} is given twice")
        found[name] = value
    return found


def _read_version(text: str) -> Version:
    version = versions.read(text)
    if version is None:
        raise ValueError(f"{text} is not a version of Traefik: write 3.6, or name=3.6")
    return version


def _read_api_url(url: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
        raise ValueError(f"{url} is not the URL of an API: write name=http://127.0.0.1:8081")
    return url


def _read_entry_point(text: str) -> str:
    url = text.partition("=")[2]
    if not re.fullmatch(r"http://[^\s/?#@]+/?", url):
        raise ValueError(f"{text} is not an entry point: write web=http://127.0.0.1:8080")
    return url.rstrip("/")
