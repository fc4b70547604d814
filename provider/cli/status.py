"""`status`."""

from collections.abc import Iterable, Mapping
from typing import Final

from provider.cli.client import Client, path
from provider.cli.edge import words_of_quarantine
from provider.cli.objects.server import servers_of, words_of_health
from provider.cli.options import reads
from provider.cli.output import Output
from provider.cli.replies import Item
from provider.cli.tables import Columns, field, table
from provider.cli.times import ago

_MOST_TOLD: Final = 10
"""Most services of which each problem is told."""

EDGES: Final[Columns] = {
    "Edge": field("name"),
    "State": field("state"),
    "Since": lambda edge: ago(edge.get("since")),
    "Detail": field("detail"),
}
DOWN: Final[Columns] = {
    "Server": lambda server: f"{server['service']}/{server['name']}",
    "URL": field("url"),
    "Health": words_of_health,
}
SCARCE: Final[Columns] = {
    "Service": field("name"),
    "Availability": lambda service: service["availability"]["detail"],
}


@reads
def status(client: Client, output: Output) -> None:
    """Show what the service serves and what each edge runs.

    Names servers that are down, and services with one server left or none, for
    up to ten services; it counts the rest. If the service is not ready, it
    prints one line and exits with 1.

    Examples:
      wayshub-provider status
      wayshub-provider status -o json
    """
    ready = client.ready()
    edges = list(client.items(path("edges")))
    services = list(client.items(path("services")))
    objects = {
        "domains": _count(client.items(path("domains"))),
        "routers": _count(client.items(path("routers"))),
        "services": len(services),
    }
    scarce = sorted(filter(_is_scarce, services), key=_available)
    losing = [service for service in services if _missing(service)]
    down = [server for service in losing[:_MOST_TOLD] for server in _down(client, service["name"])]
    if output.is_json:
        lacking = [{"name": service["name"], **service["availability"]} for service in scarce]
        found = {"edges": edges, "down": down, "scarce": lacking}
        output.document({"url": client.url, **ready, "objects": objects, **found})
        return
    output.line(f"{client.url} is ready.")
    for edge in edges:
        if edge["quarantine"]:
            output.alarm(f"{words_of_quarantine(edge)}; see `wayshub-provider edge show {edge['name']}`")
    for warning in _warnings(ready, edges):
        output.line(f"Warning: {warning}")
    output.facts(
        [
            ("Revision", ready.get("revision")),
            ("Serves", _counted({noun: ready.get(noun) for noun in ("routers", "services")})),
            ("Digest", ready.get("digest")),
            ("Holds", _counted(objects)),
        ]
    )
    output.line()
    if edges:
        table(output, EDGES, edges)
    else:
        output.line("No Traefik is connected yet, so nothing is live.")
    _tell_down(output, down, sum(map(_missing, losing)))
    _tell_scarce(output, scarce)


def _warnings(ready: Item, edges: list[Item]) -> list[str]:
    """Return what is wrong although the service is ready, but for what the table of the edges tells."""
    told = tuple(f"edge {edge['name']}: " for edge in edges)
    return [warning for warning in ready.get("warnings", []) if not warning.startswith(told)]


def _tell_down(output: Output, down: list[Item], count: int) -> None:
    if count == 0:
        return
    output.line()
    output.line(f"{count} {'server is' if count == 1 else 'servers are'} down:")
    if down:
        table(output, DOWN, down)
    if count > len(down):
        output.line(f"and {count - len(down)} more: see `wayshub-provider service list`")


def _tell_scarce(output: Output, scarce: list[Item]) -> None:
    if not scarce:
        return
    output.line()
    output.line(f"{len(scarce)} {'service has' if len(scarce) == 1 else 'services have'} one server left, or none:")
    table(output, SCARCE, scarce[:_MOST_TOLD])
    if len(scarce) > _MOST_TOLD:
        output.line(f"and {len(scarce) - _MOST_TOLD} more: see `wayshub-provider service list`")


def _down(client: Client, service: str) -> list[Item]:
    listed = client.items(servers_of(service).path)
    return [{"service": service, **server} for server in listed if server["health"]["state"] == "down"]


def _is_scarce(service: Item) -> bool:
    """Tell whether a service has no server left, or of several the last one."""
    availability = service["availability"]
    if availability.get("elsewhere") and availability["servers"] == 0:
        return False  # another provider has them, and nothing is known of them
    return _available(service) == 0 or (_available(service) == 1 and availability["servers"] > 1)


def _available(service: Item) -> int:
    available: int = service["availability"]["available"]
    return available


def _missing(service: Item) -> int:
    ready: int = service["availability"]["ready"]
    return ready - _available(service)


def _counted(objects: Mapping[str, object]) -> str:
    return ", ".join(f"{count} {noun if count != 1 else noun.removesuffix('s')}" for noun, count in objects.items())


def _count(items: Iterable[object]) -> int:
    return sum(1 for _item in items)
