"""Completion of the names of what exists, asked of the running service; nothing where it does not answer."""

from collections.abc import Callable
from typing import Final

import typer

from provider.cli.client import path
from provider.cli.options import connect
from provider.cli.output import printable
from provider.errors import ProviderError
from provider.nouns import NOUNS, Noun

_TIMEOUT_SECONDS: Final = 1.0
_MOST: Final = 200


def complete_names(noun: type[Noun]) -> Callable[[typer.Context, str], list[str]]:
    """Return what completes the objects of a noun; those that belong to another only after its name."""

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        if not noun.within:
            return _names(context, path(noun.plural), incomplete)
        owner = context.params.get(noun.within)
        return _names(context, path(NOUNS[noun.within].plural, owner, noun.plural), incomplete) if owner else []

    return complete


def complete_edge(context: typer.Context, incomplete: str) -> list[str]:
    return _names(context, path("edges"), incomplete)


def _names(context: typer.Context, where: str, incomplete: str) -> list[str]:
    try:
        with connect(context.params.get("url"), _TIMEOUT_SECONDS) as client:
            return [printable(str(item.get("name"))) for item in client.items(where, incomplete, _MOST)]
    except ProviderError:
        return []
