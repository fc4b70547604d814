"""The variables of the environment that begin with `PROVIDER_`: which are ours, and which others set unasked."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from provider.errors import SettingsError

PREFIX: Final = "PROVIDER_"
DEFAULT_PORT: Final = "8000"

SETTINGS: Final = frozenset(
    {
        *("DATABASE_URL", "HOST", "PORT", "ALLOWED_HOSTS", "PUBLIC_URL", "TLS_CERTIFICATE", "TLS_KEY"),
        *(
            "TRUSTED_PROXIES",
            "ALLOW_INSECURE",
            "TRAEFIK",
            "TRAEFIK_API",
            "TRAEFIK_VERSION",
            "ENTRY_POINT",
            "ENTRY_POINTS",
            "SECURE_ENTRY_POINT",
            "SECURE_PORT",
            "SERVER_NAMES",
            "SERVER_NETWORKS",
        ),
        *(
            "SECRET_KEY_FILE",
            "LOCAL_AUTHORITY",
            "EDGE_URL",
            "ACME_CA_FILE",
            "ACME_NAMESERVERS",
            "ACME_HTTP_PORT",
            "ACME_UNCHECKED",
            "ACME_DNS_HOOK",
            "FALLBACK_FILE",
            "COALESCE_MS",
            "KEEP_OUT",
            "HISTORY_REVISIONS",
            "HISTORY_DAYS",
            "LOG_LEVEL",
            "LOG_FORMAT",
        ),
    }
)
"""The names of all settings, without their prefix: read where nobody needs to import what checks them."""

_OF_CLIENTS: Final = frozenset({"URL", "TOKEN"})
SECRETS: Final = ("DATABASE_URL", "TOKEN")
"""Those that may also be in a file, named by a variable that ends with `_FILE`."""
_FROM_FILES: Final = frozenset(f"{name}_FILE" for name in SECRETS)
_LONGEST_SECRET: Final = 64 * 1024

PORTS: Final[Mapping[str, str]] = {"PORT": DEFAULT_PORT, "SECURE_PORT": "443", "ACME_HTTP_PORT": "80"}
"""The settings that are ports, with their defaults."""

_EVERY_INTERFACE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # listened on, but not to be called

_LINK: Final = re.compile(r"(tcp|udp|sctp)://.*", re.IGNORECASE)
_OF_KUBERNETES: Final = re.compile(
    r"([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)
"""What Kubernetes sets in each pod for each service whose name begins with `provider`, and Docker for links."""


def is_link(value: str) -> bool:
    """Tell whether a port is in truth the address of a service, as Kubernetes sets it in `PROVIDER_PORT`."""
    return _LINK.fullmatch(value.strip()) is not None


def _read(environment: Mapping[str, str], name: str) -> str:
    """Return the value of a variable without space around it, as settings are read; nothing if it is not set."""
    return environment.get(f"{PREFIX}{name}", "").strip()


def find_port(environment: Mapping[str, str]) -> str:
    """Return the port that the environment names, or the usual one."""
    value = _read(environment, "PORT")
    return DEFAULT_PORT if not value or is_link(value) else value


def find_url(environment: Mapping[str, str]) -> str:
    """Return where the service is: `PROVIDER_URL`, or where `serve` listens with these variables."""
    return _read(environment, "URL") or find_own_url(environment)


def find_own_url(environment: Mapping[str, str]) -> str:
    """Return where `serve` listens with these variables, as it is asked from this machine."""
    host = callable_host(_read(environment, "HOST") or "127.0.0.1")
    scheme = "https" if _read(environment, "TLS_CERTIFICATE") else "http"
    return f"{scheme}://{host}:{find_port(environment)}"


def callable_host(host: str) -> str:
    """Return how what listens on an address is called from this machine, as it stands in a URL."""
    host = _EVERY_INTERFACE.get(host.strip("[]"), host.strip("[]"))
    return f"[{host}]" if ":" in host else host


def find_secret(environment: Mapping[str, str], name: str) -> str:
    """Return the value of a setting that may be in a file, and nothing if it is not set.

    Raises `SettingsError`, which never has the value, if it is set twice, or the file has none.
    """
    value, file = (_read(environment, name + end) for end in ("", "_FILE"))
    if not file:
        return value
    if value:
        raise SettingsError(f"{PREFIX}{name} and {PREFIX}{name}_FILE are both set: unset one of them")
    try:
        with Path(file).open(encoding="utf-8-sig") as opened:
            read = opened.read(_LONGEST_SECRET + 1)
    except OSError as error:
        raise SettingsError(f"{PREFIX}{name}_FILE: {file} cannot be read: {error.strerror}") from error
    except ValueError:  # not UTF-8, or a path that has a null byte
        raise SettingsError(f"{PREFIX}{name}_FILE: {file} is not text") from None
    text = read.strip()
    if not text:
        raise SettingsError(f"{PREFIX}{name}_FILE: {file} is empty")
    if len(read) > _LONGEST_SECRET or "\n" in text:
        raise SettingsError(f"{PREFIX}{name}_FILE: {file} has more than one line")
    return text


def find_doubts(environment: Mapping[str, str]) -> Iterator[str]:
    """Say which variables are ignored that somebody may believe to be settings."""
    known = sorted(SETTINGS | _OF_CLIENTS | _FROM_FILES)
    for variable, value in sorted(environment.items()):
        name = variable.upper().removeprefix(PREFIX)
        if not variable.upper().startswith(PREFIX) or not value:
            continue
        if name in PORTS and is_link(value):
            service = variable.lower().removesuffix("_port").replace("_", "-")
            yield (
                f"{variable}={value} is not a port: Kubernetes sets it in each pod for a service called {service}. "
                f"It is ignored, and the port is {PORTS[name]}; to choose another, set {variable} in the pod"
            )
        elif name not in known and not _OF_KUBERNETES.fullmatch(name):
            alike = get_close_matches(name, known, n=1)
            advice = f": did you mean {PREFIX}{alike[0]}?" if alike else ""
            yield f"{variable} is not a setting, so it is ignored{advice}"
