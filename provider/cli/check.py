"""`check`."""

from typing import Final

import typer

from provider.cli.client import Client
from provider.cli.options import reads
from provider.cli.output import Output
from provider.cli.replies import Item
from provider.cli.tables import Columns, field, table

FOUND: Final = 2
"""The exit status where there is a conflict."""


_MOST_NAMED: Final = 4


def _objects(conflict: Item) -> str:
    names = [f"{each['kind']} {each['name']}" for each in conflict["objects"]]
    more = [f"{len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
    return ", ".join([*names[:_MOST_NAMED], *more])


CONFLICTS: Final[Columns] = {
    "Conflict": field("conflict"),
    "Objects": _objects,
    "Detail": field("detail"),
}


@reads
def check(client: Client, output: Output) -> None:
    """List conflicting routers and unused objects.

    Finds routers with the same rule or priority, routers that another one always
    hides, routers that want different TLS options for one host, TCP routers
    that take everything on an entry point, services that Traefik disables,
    names that an edge does not have, doubtful values, domains without a router,
    and services that no request reaches. Exits with 2 if it finds any.

    Examples:
      wayshub-provider check
      wayshub-provider check -o json
    """
    found = client.ask("/conflicts", {})
    if output.is_json:
        output.document(found)
    elif not found["total"]:
        output.line("No conflicts.")
    else:
        table(output, CONFLICTS, found["items"])
        if found["total"] > len(found["items"]):
            output.line(f"and {found['total'] - len(found['items'])} more")
    if found["total"]:
        raise typer.Exit(FOUND)
