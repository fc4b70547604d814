"""What a running Traefik's API tells, as a document. Pure.

`/api/rawdata` has all routers, services and middlewares with the provider behind the name, in maps of its own;
`/api/entrypoints` what the static configuration makes of the entry points. Measured on Traefik 3.7.15.
"""

from collections.abc import Mapping
from typing import Any, Final

from provider.imports.restoring import read_entry_points, restored

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
_ROUTERS: Final = "routers"
NOT_TOLD: Final = "servers transports, TLS options, TLS stores and certificates"
"""What Traefik's API does not tell."""


def reshaped(rawdata: Mapping[str, Any], entry_points: Any = ()) -> dict[str, Any]:
    """Return what runs in the form of the dynamic configuration, as it was before its entry points added to it.

    What is not known stays where it is.
    """
    found: dict[str, Any] = {}
    for name, members in rawdata.items():
        section, kind = _SECTIONS.get(name, ("", ""))
        if not section:
            found[name] = members
        elif name == _ROUTERS and isinstance(members, dict):
            found.setdefault(section, {})[kind] = restored(members, read_entry_points(entry_points))
        else:
            found.setdefault(section, {})[kind] = members
    return found
