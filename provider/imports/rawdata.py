"""What a running Traefik's API tells, as a document. Pure.

`/api/rawdata` has all routers, services and middlewares with the provider behind the name, in maps of its own;
`/api/entrypoints` what the static configuration makes of the entry points. Measured on Traefik 3.7.15.
"""

from collections.abc import Mapping
from typing import Any, Final

from provider.imports.reading import Running
from provider.imports.routers import EntryPointDefaults

_SECTIONS: Final = {
    "routers": ("http", "routers"),
    "services": ("http", "services"),
    "middlewares": ("http", "middlewares"),
    "tcpRouters": ("tcp", "routers"),
    "tcpServices": ("tcp", "services"),
    "tcpMiddlewares": ("tcp", "middlewares"),
    "udpRouters": ("udp", "routers"),
    "udpServices": ("udp", "services"),
}
NOT_TOLD: Final = "servers transports, TLS options, TLS stores and certificates"
"""What Traefik's API does not tell."""


def reshaped(rawdata: Mapping[str, Any]) -> dict[str, Any]:
    """Return what runs in the form of the dynamic configuration. What is not known stays where it is."""
    found: dict[str, Any] = {}
    for name, members in rawdata.items():
        section, kind = _SECTIONS.get(name, ("", ""))
        if section:
            found.setdefault(section, {})[kind] = members
        else:
            found[name] = members
    return found


def running(entry_points: Any) -> Running:
    """Read what the entry points add to their routers."""
    listed = [each for each in entry_points if isinstance(each, dict)] if isinstance(entry_points, list) else []
    return Running({str(each["name"]): _entry_point(each.get("http")) for each in listed if "name" in each})


def _entry_point(http: Any) -> EntryPointDefaults:
    settings = http if isinstance(http, dict) else {}
    tls, middlewares, recorded = (settings.get(name) for name in ("tls", "middlewares", "observability"))
    return EntryPointDefaults(
        tls if isinstance(tls, dict) else None,
        [str(name) for name in middlewares] if isinstance(middlewares, list) else [],
        recorded if isinstance(recorded, dict) else {},
    )
