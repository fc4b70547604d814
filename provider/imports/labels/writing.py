"""A tree of labels, written as a file would say the same. Pure.

Facts from the tags of Traefik's types: some fields cannot be set by labels and are ignored there, one server stands
in place of a list of servers, and a list of texts is one text with commas.
"""

from collections.abc import Iterator
from typing import Any, Final

from provider.errors import pointer
from provider.imports.labels.tree import Node

_SERVICE_KINDS: Final = ("weighted", "mirroring", "failover", "highestrandomweight")
IGNORED: Final = frozenset(
    {
        ("http", "serverstransports"),
        ("tcp", "serverstransports"),
        ("http", "routers", "*", "parentrefs"),
        *(("http", "services", "*", kind) for kind in _SERVICE_KINDS),
        *((protocol, "services", "*", "weighted") for protocol in ("tcp", "udp")),
        *((protocol, "services", "*", "loadbalancer", "server", "address") for protocol in ("tcp", "udp")),
        ("tls", "stores", "*", "defaultcertificate"),
    }
)
"""What Traefik ignores in labels, by the parts of its key; `*` is any name."""

_MAY_BE_EMPTY: Final = {
    "tls",
    "sticky",
    "cookie",
    "healthcheck",
    "compress",
    "contenttype",
    "ipstrategy",
    "proxyprotocol",
}
_OBJECTS: Final = {"domains", "servers"}
"""The lists of objects. What is numbered and no such list is nothing to Traefik."""


def ignored(root: Node) -> list[Node]:
    """Take what Traefik ignores out of a tree, and return it."""
    return list(_ignored(root, ()))


def _ignored(node: Node, path: tuple[str, ...]) -> Iterator[Node]:
    for name in list(node.children):
        below = (*path, name)
        if any(_fits(below, each) for each in IGNORED):
            yield node.children.pop(name)
        else:
            yield from _ignored(node.children[name], below)


def _fits(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return len(path) == len(pattern) and all(own in (name, "*") for name, own in zip(path, pattern, strict=True))


def written(root: Node, places: dict[str, str]) -> dict[str, Any]:
    """Return a tree as a document, and note where each part of it stands."""
    return {node.name: _written(node, pointer(node.name), places, is_free=False) for node in root.each()}


def _written(node: Node, at: str, places: dict[str, str], *, is_free: bool) -> Any:
    places[at] = node.place
    value = node.value or ""
    if not node.children:
        return value
    lower = node.name.lower()
    if node.is_list:
        if not is_free and lower not in _OBJECTS:
            return value
        return [_written(each, f"{at}/{index}", places, is_free=is_free) for index, each in enumerate(node.each())]
    if value and value.lower() != "true" and lower in _MAY_BE_EMPTY and not is_free:
        return value
    is_free = is_free or lower == "plugin"
    return {each.name: _written(each, at + pointer(each.name), places, is_free=is_free) for each in node.each()}
