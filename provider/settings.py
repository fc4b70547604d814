"""Settings: read from the environment, prefix `PROVIDER_`."""

import os
import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from provider.addresses import ANYWHERE, Network, Places, read_networks
from provider.authority import Authority
from provider.database.locations import SERVER_DRIVER, Location
from provider.environment import DEFAULT_PORT, PORTS, PREFIX, SECRETS, find_secret, is_link
from provider.errors import FieldError, SettingsError, pointer
from provider.issuing.means import Means
from provider.listening import DEFAULT_POINTS, DefaultEntryPoints
from provider.nouns import versions
from provider.nouns.versions import Version
from provider.store.revisions import LONG, Retention
from provider.tls import OwnCertificate
from provider.validation import detail_of
from provider.values import DEFAULT_EDGE, Refusal, check_entry_point, check_name, check_server_url

_LOOPBACK_HOSTS: Final = ("localhost", "*.localhost", "127.0.0.1", "[::1]")
_ANY_ADDRESS: Final = frozenset({"", "0.0.0.0", "::", "[::]"})  # to tell them, not to listen there
_DNS_PORT: Final = 53
_VARIABLE: Final = re.compile(r"\$\{?[A-Za-z_]")
_HOST_NAME: Final = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})")


class Settings(BaseSettings):
    """What can be set from outside. Names are those of the environment without the prefix, in lower case."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    database_url: str = Field(
        default="sqlite:///var/provider.db",
        description="Database that keeps the state: an SQLite file, relative to the working directory, or "
        "`postgresql+psycopg://USER@HOST/NAME`.",
    )
    host: str = Field(default="127.0.0.1", description="Address on which the service listens.")
    port: int = Field(default=int(DEFAULT_PORT), ge=0, le=65535, description="Port on which the service listens.")
    allowed_hosts: str = Field(
        default="",
        description="Host names the service answers to besides loopback and `PROVIDER_HOST`, separated by commas; "
        "`*.example.com` covers all names below.",
    )
    public_url: str | None = Field(
        default=None,
        description="URL at which people open the console, such as `https://provider.example`, if a proxy in front has "
        "another name or port.",
    )
    tls_certificate: Path | None = Field(
        default=None, description="File with the certificate chain, for serving over TLS."
    )
    tls_key: Path | None = Field(default=None, description="File with the key of that certificate.")
    trusted_proxies: str = Field(
        default="",
        description="Addresses or networks of reverse proxies in front, separated by commas. Their `X-Forwarded-For`, "
        "`-Proto`, `-Host` and `-Port`, or `Forwarded`, are trusted.",
    )
    allow_insecure: bool = Field(
        default=False,
        description="Listen beyond loopback even without accounts, TLS or a trusted proxy, and let edges elsewhere "
        "poll over plain HTTP.",
    )
    traefik: Path | None = Field(
        default=None,
        description="Traefik program that `up` runs. Default: the one on the PATH, else the one in the package.",
    )
    traefik_api: str | None = Field(
        default=None,
        description="URL of Traefik's API, to read back what the edge runs; for several edges `name=url`, separated by "
        "commas.",
    )
    traefik_version: str | None = Field(
        default=None,
        description="Traefik's version, if its API does not report it; for several edges `name=version`, separated by "
        "commas. Fields that a version does not know are not sent to it.",
    )
    entry_points: str | None = Field(
        default=None,
        description="URLs at which the console reaches entry points, as `web=http://127.0.0.1:8080`, separated by "
        "commas. Default: as Traefik's API reports.",
    )
    entry_point: str = Field(
        default=DEFAULT_POINTS.plain,
        description="Traefik's entry point for plain HTTP, on which routers without entry points of their own listen.",
    )
    secure_entry_point: str = Field(
        default=DEFAULT_POINTS.secure,
        description="Traefik's entry point for HTTPS, on which those routers listen for domains with HTTPS.",
    )
    secure_port: int = Field(
        default=DEFAULT_POINTS.port,
        ge=1,
        le=65535,
        description="Port at which visitors reach the entry point for HTTPS, for redirects.",
    )
    server_networks: str | None = Field(
        default=None,
        description="Networks that servers may be in, such as `10.0.0.0/8`, separated by commas. Default: all.",
    )
    server_names: bool = Field(
        default=False,
        description="Whether servers may have host names even if `PROVIDER_SERVER_NETWORKS` restricts their networks.",
    )
    secret_key_file: Path | None = Field(
        default=None,
        validate_default=True,
        description="File with the key that encrypts secrets in the database. Default: beside it, with `.key` at "
        "the end; PostgreSQL needs one, the same for all services.",
    )
    local_authority: Path | None = Field(
        default=None,
        description="Folder of the local CA, created if missing. It signs certificates for `.localhost` and `.test`.",
    )
    edge_url: str | None = Field(
        default=None,
        description="URL at which edges reach wayshub-provider, such as `http://10.0.0.5:8000`. Needed to order "
        "certificates for names that a CA checks over HTTP.",
    )
    acme_ca_file: Path | None = Field(
        default=None,
        description="File with the CA certificates to trust for an ACME server of your own.",
    )
    acme_nameservers: str = Field(
        default="",
        description="Name servers for checking that a name leads to an edge, such as `10.0.0.53` or `10.0.0.53:5353`, "
        "separated by commas. Default: the system's.",
    )
    acme_http_port: int = Field(
        default=80, ge=1, le=65535, description="Port for checking that a name leads to an edge."
    )
    acme_unchecked: bool = Field(
        default=False,
        description="Order certificates even if wayshub-provider cannot see that a name leads to an edge.",
    )
    acme_dns_hook: Path | None = Field(
        default=None,
        description="Program that sets and removes TXT records. It is run with `add` or `remove`, the name of the "
        "record and its text.",
    )
    fallback_file: Path | None = Field(
        default=None,
        description="File with the last accepted document, for Traefik's file provider.",
    )
    coalesce_ms: int = Field(
        default=500,
        ge=0,
        le=60_000,
        description="Minimum time between two documents for an edge with a held poll, in milliseconds.",
    )
    keep_out: bool = Field(
        default=True,
        description="Whether servers that fail their health check on an edge are left out of its document until they "
        "answer again.",
    )
    history_revisions: int = Field(
        default=LONG.revisions, ge=1, le=1_000_000, description="Minimum number of revisions to keep."
    )
    history_days: int = Field(
        default=LONG.days,
        ge=0,
        le=36_500,
        description="Minimum number of days to keep each revision. It is removed once both limits are exceeded.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Minimum level of log lines to write."
    )
    log_format: Literal["text", "json"] = Field(default="text", description="`text` for people, `json` for programs.")

    @field_validator("database_url")
    @classmethod
    def check_database_url(cls, text: str) -> str:
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
        _check_path(url.database)
        return text

    @field_validator("*", mode="before")
    @classmethod
    def check_quotes(cls, value: object) -> object:
        """Refuse quotes around a value: what reads files of variables may leave them there, and nobody means them."""
        if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            raise ValueError(f"there are quotes around it: write {value[1:-1]}")
        return value

    @field_validator("port", "secure_port", "acme_http_port", mode="before")
    @classmethod
    def ignore_links(cls, value: object, info: ValidationInfo) -> object:
        """Pass over what Kubernetes sets for a service that is named provider: see `environment.find_doubts`."""
        return int(PORTS[str(info.field_name).upper()]) if isinstance(value, str) and is_link(value) else value

    @field_validator(
        "traefik",
        "secret_key_file",
        "local_authority",
        "acme_ca_file",
        "acme_dns_hook",
        "fallback_file",
        "tls_certificate",
        "tls_key",
        mode="before",
    )
    @classmethod
    def check_path(cls, value: object) -> object:
        """Accept paths that mean what is written there."""
        if isinstance(value, str):
            _check_path(value)
        return value or None

    @field_validator("secret_key_file")
    @classmethod
    def check_secret_key_file(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        """Require one for PostgreSQL: there is no place beside the database, and each service would make its own."""
        if path is None and str(info.data.get("database_url", "")).startswith("postgresql"):
            raise ValueError("PostgreSQL needs it: name a file, with the same key for all services")
        return path

    @field_validator("edge_url")
    @classmethod
    def check_edge_url(cls, text: str | None) -> str | None:
        """Accept the URL of a server."""
        try:
            return None if text is None else check_server_url(text)
        except Refusal as error:
            raise ValueError(error.detail) from None

    @field_validator("acme_nameservers")
    @classmethod
    def check_nameservers(cls, text: str) -> str:
        """Accept addresses, with or without a port."""
        _read_nameservers(text)
        return text

    @field_validator("public_url")
    @classmethod
    def check_public_url(cls, text: str | None) -> str | None:
        """Accept the URL of a host, without a slash at the end."""
        if text is None:
            return None
        found = re.fullmatch(r"(https?)://(\[[^\]/]*\]|[^:/?#@\s]+)(:[0-9]{1,5})?(/?)(.*)", text, re.IGNORECASE)
        if found is None or "*" in text:
            raise ValueError(f"{text} is not the URL of a console: write https://provider.example")
        if found[5]:
            raise ValueError(f"the console cannot be below a path: write {text[: found.start(4)]}")
        scheme, host, port = found[1].lower(), _read_host(found[2]), found[3] or ""
        if port and not 0 < int(port[1:]) <= 65535:
            raise ValueError(f"{port[1:]} is not a port")
        return f"{scheme}://{host}{port}"

    @field_validator("traefik_api")
    @classmethod
    def check_traefik_api(cls, text: str | None) -> str | None:
        """Accept a URL, or several with the edges' names."""
        _read_api_urls(text)
        return text

    @field_validator("traefik_version")
    @classmethod
    def check_traefik_version(cls, text: str | None) -> str | None:
        """Accept a version, or several with the edges' names."""
        _read_versions(text)
        return text

    @field_validator("entry_points")
    @classmethod
    def check_entry_points(cls, text: str | None) -> str | None:
        """Accept URLs with the entry points' names."""
        _read_entry_points(text)
        return text

    @field_validator("entry_point", "secure_entry_point")
    @classmethod
    def check_entry_point(cls, text: str) -> str:
        """Accept names of entry points."""
        try:
            return check_entry_point(text)
        except Refusal as error:
            raise ValueError(error.detail) from None

    @field_validator("tls_key")
    @classmethod
    def check_tls(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        """Accept both files or none."""
        if (key is None) != (info.data.get("tls_certificate") is None):
            raise ValueError("a certificate and its key go together: set PROVIDER_TLS_CERTIFICATE and PROVIDER_TLS_KEY")
        return key

    @field_validator("trusted_proxies")
    @classmethod
    def check_trusted_proxies(cls, text: str) -> str:
        """Accept addresses and networks."""
        read_networks(text or "0.0.0.0/0")
        return text

    @property
    def trusted_networks(self) -> list[Network]:
        """The networks of the proxies in front."""
        return read_networks(self.trusted_proxies) if self.trusted_proxies else []

    @property
    def retention(self) -> Retention:
        """How long revisions are kept."""
        return Retention(self.history_revisions, self.history_days)

    @property
    def certificate(self) -> OwnCertificate | None:
        """The certificate for TLS, not read yet; None without TLS."""
        if self.tls_certificate is None or self.tls_key is None:
            return None
        return OwnCertificate(self.tls_certificate, self.tls_key)

    @property
    def authority(self) -> Authority | None:
        """The local authority, not made or read yet; None without one."""
        return None if self.local_authority is None else Authority(self.local_authority)

    @property
    def means(self) -> Means:
        """What there is to show a CA that names are ours."""
        return Means(
            edge_url=self.edge_url,
            nameservers=_read_nameservers(self.acme_nameservers),
            http_port=self.acme_http_port,
            ca_file=self.acme_ca_file,
            is_unchecked=self.acme_unchecked,
            hook=self.acme_dns_hook,
        )

    @property
    def points(self) -> DefaultEntryPoints:
        """The entry points of routers that name none."""
        return DefaultEntryPoints(self.entry_point, self.secure_entry_point, self.secure_port)

    @property
    def scheme(self) -> str:
        """How the service is asked: `http`, or `https` with a certificate."""
        return "http" if self.tls_certificate is None else "https"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches the service."""
        name = _read_host(self.host).strip("[]") if self.host else ""
        try:
            return ip_address(name).is_loopback
        except ValueError:
            return name == "localhost" or name.endswith(".localhost")

    @field_validator("host")
    @classmethod
    def check_host(cls, text: str) -> str:
        """Accept one name or address, without brackets from here on."""
        if text not in _ANY_ADDRESS and ("*" in text or "," in text):
            raise ValueError(f"{text} is not one address: write 0.0.0.0 to listen on all")
        if text not in _ANY_ADDRESS:
            _read_host(text)
        return text.strip("[]")

    @field_validator("allowed_hosts")
    @classmethod
    def check_hosts(cls, text: str) -> str:
        """Accept names and addresses, without ports."""
        _read_hosts(text)
        return text

    @property
    def allowed_host_names(self) -> list[str]:
        """The names under which the service may be asked: as in a `Host` header, without the port."""
        own = [] if self.host in _ANY_ADDRESS else [_read_host(self.host)]
        public = [_read_host(urlsplit(self.public_url).hostname or "")] if self.public_url else []
        return [*_LOOPBACK_HOSTS, *own, *public, *_read_hosts(self.allowed_hosts)]

    @property
    def traefik_api_urls(self) -> dict[str, str]:
        """The URLs of the Traefiks' APIs, by the names of the edges."""
        return _read_api_urls(self.traefik_api)

    @property
    def traefik_versions(self) -> dict[str, Version]:
        """The versions of Traefik that are told, by the names of the edges."""
        return _read_versions(self.traefik_version)

    @property
    def entry_point_urls(self) -> dict[str, str]:
        """Where entry points can be asked, by their names."""
        return _read_entry_points(self.entry_points)

    @field_validator("server_networks")
    @classmethod
    def check_server_networks(cls, text: str | None) -> str | None:
        """Accept networks in CIDR notation."""
        read_networks(text or "0.0.0.0/0")
        return text

    @property
    def server_places(self) -> Places:
        """Where servers may be."""
        return Places(read_networks(self.server_networks), self.server_names) if self.server_networks else ANYWHERE

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def lower(cls, value: object) -> object:
        """Take INFO for info."""
        return value.lower() if isinstance(value, str) else value

    @property
    def location(self) -> Location:
        """Where the database is."""
        url = make_url(self.database_url)
        if url.drivername == SERVER_DRIVER:
            return Location(url=self.database_url, key_file=self.secret_key_file)
        return Location(file=Path(url.database or "").absolute(), key_file=self.secret_key_file)

    @property
    def database_path(self) -> Path:
        """The SQLite file, absolute. Raises `SettingsError` for a database on a server."""
        return self.location.path


def _check_path(text: str) -> None:
    """Raise `ValueError` for what a shell would replace, or others read as a URL: here it would stand for itself."""
    if text.startswith("~"):
        raise ValueError("~ is not expanded here: write the whole path, such as /home/alvin/provider.db")
    if _VARIABLE.search(text):
        raise ValueError(f"variables are not expanded here: write the value of {text}")
    if re.match("[A-Za-z][A-Za-z0-9+.-]*:/", text):
        raise ValueError(f"{text} is not a path: leave out what is in front of it")


def _read_hosts(text: str) -> list[str]:
    hosts = [part.strip() for part in text.split(",") if part.strip()]
    return [_read_host(host) for host in hosts]


def _read_host(text: str) -> str:
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        if not _HOST_NAME.fullmatch(text):
            raise ValueError(f"{text} is not a host name: leave out the scheme and the port") from None
        return text.lower().rstrip(".")
    return f"[{address}]" if address.version == 6 else str(address)


def _read_nameservers(text: str) -> tuple[tuple[str, int], ...]:
    found = []
    for part in filter(None, map(str.strip, text.split(","))):
        given = re.fullmatch(r"(\[[^\]]+\]|[^:]+|[^:]*:[^:]*:.*?)(?::([0-9]{1,5}))?", part)
        try:
            address = ip_address(given[1].strip("[]") if given else part)
        except ValueError:
            raise ValueError(f"{part} is not the address of a name server: write 10.0.0.53 or 10.0.0.53:53") from None
        found.append((str(address), int(given[2] or _DNS_PORT) if given else _DNS_PORT))
    return tuple(found)


def _read_of_edges(text: str | None) -> Iterator[tuple[str, str]]:
    """Give what is set of edges, with their names: `default` where none is named."""
    for part in filter(None, map(str.strip, (text or "").split(","))):
        name, found, value = part.partition("=")
        if not found or "/" in name:
            name, value = DEFAULT_EDGE, part
        try:
            check_name(name)
        except Refusal as error:
            raise ValueError(error.detail) from None
        yield name, value


def _read_versions(text: str | None) -> dict[str, Version]:
    found: dict[str, Version] = {}
    for name, value in _read_of_edges(text):
        version = versions.read(value)
        if version is None:
            raise ValueError(f"{value} is not a version of Traefik: write 3.6, or name=3.6")
        if name in found:
            raise ValueError(f"the edge {name} is given twice")
        found[name] = version
    return found


def _read_api_urls(text: str | None) -> dict[str, str]:
    urls: dict[str, str] = {}
    for name, url in _read_of_edges(text):
        if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
            raise ValueError(f"{url} is not the URL of an API: write name=http://127.0.0.1:8081")
        if name in urls:
            raise ValueError(f"the edge {name} is given twice")
        urls[name] = url
    return urls


def _read_entry_points(text: str | None) -> dict[str, str]:
    urls: dict[str, str] = {}
    for part in filter(None, map(str.strip, (text or "").split(","))):
        name, _equals, url = part.partition("=")
        try:
            check_name(name)
        except Refusal as error:
            raise ValueError(error.detail) from None
        if not re.fullmatch(r"http://[^\s/?#@]+/?", url):
            raise ValueError(f"{part} is not an entry point: write web=http://127.0.0.1:8080")
        if name in urls:
            raise ValueError(f"the entry point {name} is given twice")
        urls[name] = url.rstrip("/")
    return urls


def read_settings() -> Settings:
    """Read the settings from the environment. Raises `SettingsError` that names every variable that is wrong."""
    names = [name for name in SECRETS if name.lower() in Settings.model_fields]
    given = {name.lower(): value for name in names if (value := find_secret(os.environ, name))}
    try:
        return Settings(**given)  # type: ignore[arg-type]  # which of them are given is not known here
    except ValidationError as error:
        fields = [FieldError(pointer(*item["loc"]), item["type"], detail_of(item)) for item in error.errors()]
        told = "; ".join(f"{_variable(field)}: {field.detail}" for field in fields)
        raise SettingsError(told, fields) from error


def _variable(field: FieldError) -> str:
    """Return the variable from which a setting comes."""
    name = PREFIX + field.pointer.strip("/").upper()
    is_of_file = name.removeprefix(PREFIX) in SECRETS and os.environ.get(f"{name}_FILE")
    return f"{name}_FILE" if is_of_file else name
