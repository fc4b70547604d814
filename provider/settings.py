"""Settings: read from the environment, prefix `PROVIDER_`."""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from sqlalchemy.engine import make_url

from provider.addresses import ANYWHERE, Network, Places, read_networks
from provider.authority import Authority
from provider.database.locations import SERVER_DRIVER, Location
from provider.environment import DEFAULT_PORT, PORTS, PREFIX, SECRETS, find_secret, is_link
from provider.errors import FieldError, SettingsError, pointer
from provider.issuing.means import Means
from provider.listening import DEFAULT_POINTS, DefaultEntryPoints
from provider.nouns.versions import Version
from provider.server_urls import check_server_url
from provider.setting_texts import (
    ANY_ADDRESS,
    SettingPath,
    check_database_url,
    check_host,
    check_public_url,
    fitting,
    lowered,
    read_api_urls,
    read_entry_points,
    read_host,
    read_hosts,
    read_nameservers,
    read_versions,
    readable,
    without_credentials,
)
from provider.store.revisions import LONG, Retention
from provider.tls import OwnCertificate
from provider.validation import detail_of
from provider.values import check_entry_point

_LOOPBACK_HOSTS: Final = ("localhost", "*.localhost", "127.0.0.1", "[::1]")


class Settings(BaseModel):
    """What can be set from outside. Names are those of the environment without the prefix, in lower case."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    database_url: Annotated[str, AfterValidator(check_database_url)] = Field(
        default="sqlite:///var/provider.db",
        description="Database that keeps the state: an SQLite file, relative to the working directory, or "
        "`postgresql+psycopg://USER@HOST/NAME`.",
    )
    host: Annotated[str, AfterValidator(check_host)] = Field(
        default="127.0.0.1", description="Address on which the service listens."
    )
    port: int = Field(default=int(DEFAULT_PORT), ge=0, le=65535, description="Port on which the service listens.")
    allowed_hosts: Annotated[str, readable(read_hosts)] = Field(
        default="",
        description="Host names the service answers to besides loopback and `PROVIDER_HOST`, separated by commas; "
        "`*.example.com` covers all names below.",
    )
    public_url: Annotated[str, AfterValidator(check_public_url)] | None = Field(
        default=None,
        description="URL at which people open the console, such as `https://provider.example`, if a proxy in front has "
        "another name or port.",
    )
    tls_certificate: SettingPath = Field(
        default=None, description="File with the certificate chain, for serving over TLS."
    )
    tls_key: SettingPath = Field(default=None, description="File with the key of that certificate.")
    trusted_proxies: Annotated[str, readable(read_networks)] = Field(
        default="",
        description="Addresses or networks of reverse proxies in front, separated by commas. Their `X-Forwarded-For`, "
        "`-Proto`, `-Host` and `-Port`, or `Forwarded`, are trusted.",
    )
    allow_insecure: bool = Field(
        default=False,
        description="Listen beyond loopback even without accounts, TLS or a trusted proxy, and let edges elsewhere "
        "poll over plain HTTP.",
    )
    traefik: SettingPath = Field(
        default=None,
        description="Traefik program that `up` runs. Default: the one on the PATH, else the one in the package.",
    )
    traefik_api: Annotated[str, readable(read_api_urls)] | None = Field(
        default=None,
        description="URL of Traefik's API, to read back what the edge runs; for several edges `name=url`, separated by "
        "commas.",
    )
    traefik_version: Annotated[str, readable(read_versions)] | None = Field(
        default=None,
        description="Traefik's version, if its API does not report it; for several edges `name=version`, separated by "
        "commas. Fields that a version does not know are not sent to it.",
    )
    entry_points: Annotated[str, readable(read_entry_points)] | None = Field(
        default=None,
        description="URLs at which the console reaches entry points, as `web=http://127.0.0.1:8080`, separated by "
        "commas. Default: as Traefik's API reports.",
    )
    entry_point: Annotated[str, fitting(check_entry_point)] = Field(
        default=DEFAULT_POINTS.plain,
        description="Traefik's entry point for plain HTTP, on which routers without entry points of their own listen.",
    )
    secure_entry_point: Annotated[str, fitting(check_entry_point)] = Field(
        default=DEFAULT_POINTS.secure,
        description="Traefik's entry point for HTTPS, on which those routers listen for domains with HTTPS.",
    )
    secure_port: int = Field(
        default=DEFAULT_POINTS.port,
        ge=1,
        le=65535,
        description="Port at which visitors reach the entry point for HTTPS, for redirects.",
    )
    server_networks: Annotated[str, readable(read_networks)] | None = Field(
        default=None,
        description="Networks that servers may be in, such as `10.0.0.0/8`, separated by commas. Default: all.",
    )
    server_names: bool = Field(
        default=False,
        description="Whether servers may have host names even if `PROVIDER_SERVER_NETWORKS` restricts their networks.",
    )
    secret_key_file: SettingPath = Field(
        default=None,
        validate_default=True,
        description="File with the key that encrypts secrets in the database. Default: the name of the "
        "database with `.key` at the end. PostgreSQL needs one, with the same key for all services.",
    )
    local_authority: SettingPath = Field(
        default=None,
        description="Folder of the local CA, created if missing. It signs certificates for `.localhost` and `.test`.",
    )
    edge_url: Annotated[str, fitting(check_server_url)] | None = Field(
        default=None,
        description="URL at which edges reach wayshub-provider, such as `http://10.0.0.5:8000`. Needed to order "
        "certificates for names that a CA checks over HTTP.",
    )
    acme_ca_file: SettingPath = Field(
        default=None,
        description="File with the CA certificates to trust for an ACME server of your own.",
    )
    acme_nameservers: Annotated[str, readable(read_nameservers)] = Field(
        default="",
        description="Name servers for checking that a name points to an edge, such as `10.0.0.53` or `10.0.0.53:5353`, "
        "separated by commas. Default: the system's.",
    )
    acme_http_port: int = Field(
        default=80, ge=1, le=65535, description="Port for checking that a name points to an edge."
    )
    acme_unchecked: bool = Field(
        default=False,
        description="Order certificates even if wayshub-provider cannot see that a name points to an edge.",
    )
    acme_dns_hook: SettingPath = Field(
        default=None,
        description="Program that sets and removes TXT records. It is run with `add` or `remove`, the name of the "
        "record and its text.",
    )
    fallback_file: SettingPath = Field(
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
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lowered)] = Field(
        default="info", description="Minimum level of log lines to write."
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(lowered)] = Field(
        default="text", description="`text` for people, `json` for programs."
    )

    @field_validator("*", mode="before")
    @classmethod
    def check_ends(cls, value: object, info: ValidationInfo) -> object:
        """Pass over space around a value, such as the end of the line in a secret, and refuse quotes around it.

        What reads files of variables may leave them there, and nobody means them. Nothing but space is no value.
        """
        value = value.strip() if isinstance(value, str) else value
        if value == "":
            return cls.model_fields[str(info.field_name)].default
        if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            instead = "leave them out" if str(info.field_name).upper() in SECRETS else f"write {value[1:-1]}"
            raise ValueError(f"there are quotes around it: {instead}")
        return value

    @field_validator("port", "secure_port", "acme_http_port", mode="before")
    @classmethod
    def ignore_links(cls, value: object, info: ValidationInfo) -> object:
        """Pass over what Kubernetes sets for a service that is named provider: see `environment.find_doubts`."""
        return int(PORTS[str(info.field_name).upper()]) if isinstance(value, str) and is_link(value) else value

    @field_validator("secret_key_file")
    @classmethod
    def check_secret_key_file(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        """Require one for PostgreSQL: there is no place beside the database, and each service would make its own."""
        if path is None and str(info.data.get("database_url", "")).startswith("postgresql"):
            raise ValueError("PostgreSQL needs a key file, the same for all services")
        return path

    @field_validator("tls_key")
    @classmethod
    def check_tls(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        """Accept both files or none."""
        if (key is None) != (info.data.get("tls_certificate") is None):
            raise ValueError("a certificate and its key go together: set PROVIDER_TLS_CERTIFICATE and PROVIDER_TLS_KEY")
        return key

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
            nameservers=read_nameservers(self.acme_nameservers),
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
        name = read_host(self.host).strip("[]") if self.host else ""
        try:
            return ip_address(name).is_loopback
        except ValueError:
            return name == "localhost" or name.endswith(".localhost")

    @property
    def allowed_host_names(self) -> list[str]:
        """The names under which the service may be asked: as in a `Host` header, without the port."""
        own = [] if self.host in ANY_ADDRESS else [read_host(self.host)]
        public = [read_host(urlsplit(self.public_url).hostname or "")] if self.public_url else []
        return [*_LOOPBACK_HOSTS, *own, *public, *read_hosts(self.allowed_hosts)]

    @property
    def traefik_api_urls(self) -> dict[str, str]:
        """The URLs of the Traefiks' APIs, by the names of the edges."""
        return read_api_urls(self.traefik_api)

    @property
    def traefik_versions(self) -> dict[str, Version]:
        """The versions of Traefik that are told, by the names of the edges."""
        return read_versions(self.traefik_version)

    @property
    def entry_point_urls(self) -> dict[str, str]:
        """Where entry points can be asked, by their names."""
        return read_entry_points(self.entry_points)

    @property
    def server_places(self) -> Places:
        """Where servers may be."""
        return Places(read_networks(self.server_networks), self.server_names) if self.server_networks else ANYWHERE

    @property
    def location(self) -> Location:
        url = make_url(self.database_url)
        if url.drivername == SERVER_DRIVER:
            return Location(url=self.database_url, key_file=self.secret_key_file)
        return Location(file=Path(url.database or "").absolute(), key_file=self.secret_key_file)

    @property
    def database_path(self) -> Path:
        """The SQLite file, absolute. Raises `SettingsError` for a database on a server."""
        return self.location.path


def read_settings() -> Settings:
    """Read the settings from the environment. Raises `SettingsError` that names every variable that is wrong."""
    environment = {name.upper(): value for name, value in os.environ.items()}
    given = {name: _find(environment, name.upper()) for name in Settings.model_fields}
    try:
        return Settings.model_validate({name: value for name, value in given.items() if value})
    except ValidationError as error:
        fields = [
            FieldError(pointer(*item["loc"]), item["type"], without_credentials(detail_of(item), item["input"]))
            for item in error.errors()
        ]
        told = "; ".join(f"{_variable(field)}: {field.detail}" for field in fields)
        raise SettingsError(told, fields) from error


def _find(environment: Mapping[str, str], name: str) -> str:
    """Return the value of a setting, empty where it is not set."""
    return find_secret(environment, name) if name in SECRETS else environment.get(PREFIX + name, "")


def _variable(field: FieldError) -> str:
    """Return the variable from which a setting comes."""
    name = PREFIX + field.pointer.strip("/").upper()
    is_of_file = name.removeprefix(PREFIX) in SECRETS and os.environ.get(f"{name}_FILE")
    return f"{name}_FILE" if is_of_file else name
