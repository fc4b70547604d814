"""What the commands of domains have beside those of other nouns."""

from typing import Final

from provider.cli.client import Client, path
from provider.cli.groups import Special
from provider.nouns import Domain


def _routers(client: Client, name: str) -> list[str]:
    """Name the routers that match a domain, or would be left without one."""
    host = Domain.find_key(name)
    if host is None:
        return []  # no domain has this name, as the service will say
    told = []
    for router in client.items(path("routers"), host):
        hosts = [Domain.find_key(domain) for domain in router.get("domains", [])]
        if host in hosts:
            told.append(f"router {router.get('name')}{' (which keeps other domains)' if len(hosts) > 1 else ''}")
    return told


DOMAIN: Final = Special(
    notes={
        "add": "Add a domain. It does nothing until a router matches it.",
        "remove": "Remove a domain that no router matches.\n\n"
        "With --cascade, routers that have no other domain go too, and the others\nlose just this one.",
    },
    examples={
        "list": ["wayshub-provider domain list", "wayshub-provider domain list -q alvin -o json"],
        "show": ["wayshub-provider domain show alvin.xyz"],
        "add": [
            "wayshub-provider domain add belajar.example",
            "wayshub-provider domain add '*.alvin.xyz' --description 'One for each class' --label team=video",
        ],
        "set": [
            "wayshub-provider domain set alvin.xyz --description 'The class'",
            "wayshub-provider domain set belajar.example --create",
        ],
        "remove": ["wayshub-provider domain remove alvin.xyz --cascade --yes"],
    },
    users=_routers,
)
