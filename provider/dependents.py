"""Services that Traefik disables, since those of which they are made do not tell whether they are up. Pure."""

from collections.abc import Collection, Iterator
from functools import partial
from typing import Final

from provider.findings import Finding
from provider.inventory import Inventory
from provider.messages import Message
from provider.models import Conflict
from provider.nouns import Named, called
from provider.nouns.health import lacks

KINDS: Final = ("service", "tcpService")
"""The kinds of objects that may be such services."""

_MARKS = (b'"healthCheck":{}', b'"failover":{')
"""What a service has in the document that needs others to tell their health."""


def find_disabled(inventory: Inventory, about: Collection[Named] | None = None) -> Iterator[Finding]:
    """Find such services: all, or those that some objects are, or that they are to blame for."""
    if about is not None and not any(kind in KINDS for kind, _name in about):
        return
    for kind in KINDS:
        for item in inventory.having(kind, *_MARKS):
            for lack in lacks(item, partial(inventory.find, kind)):
                objects = [(kind, item.name), *([] if lack.service is None else [(kind, lack.name)])]
                if about is None or any(each in about for each in objects):
                    detail = Message("{kind} {name}: {what}", kind=called(kind), name=item.name, what=lack.words)
                    yield Finding(Conflict.DISABLED_SERVICE, objects, detail)
