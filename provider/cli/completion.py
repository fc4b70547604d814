"""Completion of the names of what exists, asked of the running service; nothing where it does not answer."""

from typing import Final

import typer

from provider.cli.client import path
from provider.cli.options import connect
from provider.cli.output import printable
from provider.errors import ProviderError

_TIMEOUT_SECONDS: Final = 1.0
_MOST: Final = 200


def complete_domain(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a domain."""
    return _names(context, path("domains"), incomplete)


def complete_service(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a service."""
    return _names(context, path("services"), incomplete)


def complete_server(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a server of the service that stands before it."""
    service = context.params.get("service")
    return _names(context, path("services", service, "servers"), incomplete) if service else []


def complete_router(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a router."""
    return _names(context, path("routers"), incomplete)


def complete_edge(context: typer.Context, incomplete: str) -> list[str]:
    """Complete an edge."""
    return _names(context, path("edges"), incomplete)


def _names(context: typer.Context, where: str, incomplete: str) -> list[str]:
    try:
        with connect(context.params.get("url"), _TIMEOUT_SECONDS) as client:
            return [printable(str(item.get("name"))) for item in client.items(where, incomplete, _MOST)]
    except ProviderError:
        return []
