"""What is there already and Traefik knows nothing of is kept when the same objects are imported. Pure."""

from collections.abc import Mapping
from typing import TypeVar

from provider import names
from provider.declarations import Declaration
from provider.nouns import Router, Server, Service

M = TypeVar("M", Service, Router)


def keeping(imported: Declaration, current: Declaration) -> Declaration:
    """Return a declaration that changes nothing in a state but what the imported one says.

    Domains that are there stay as they are, labels stay, and a server that a service has at the same URL keeps
    its name, so that a second import adds no second server.
    """
    domains = {
        label: domain
        for label, domain in ((domain.ascii_name, domain) for domain in imported.domains.values())
        if label not in current.domains
    }
    services = {name: _labelled(service, current.services.get(name)) for name, service in imported.services.items()}
    routers = {name: _labelled(router, current.routers.get(name)) for name, router in imported.routers.items()}
    servers = {name: _pool(pool, current.servers.get(name, {})) for name, pool in imported.servers.items()}
    return Declaration(domains, services, servers, routers)


def _labelled(imported: M, current: M | None) -> M:
    return imported.copy(labels=current.labels) if current is not None else imported


def _pool(imported: Mapping[str, Server], current: Mapping[str, Server]) -> dict[str, Server]:
    by_url = {server.url: server for server in current.values()}
    found: dict[str, Server] = {}
    for server in imported.values():
        known = by_url.get(server.url)
        name = known.name if known else names.free(server.name, {*current, *found})
        found[name] = server.copy(name=name, labels=known.labels if known else {})
    return found
