"""`status`."""

from collections.abc import Iterable, Mapping
from typing import Final

from provider.cli.client import Client, path
from provider.cli.options import reads
from provider.cli.output import Output

_NOUNS: Final = ("domains", "routers", "services")


@reads
def status(client: Client, output: Output) -> None:
    """Tell whether the service is ready, and what it serves.

    Exits with 1, and one line, if it is not.

    Examples:
      wayshub-provider status
      wayshub-provider status -o json
    """
    ready = client.ready()
    objects = {noun: _count(client.items(path(noun))) for noun in _NOUNS}
    if output.is_json:
        output.document({"url": client.url, **ready, "objects": objects})
        return
    output.line(f"{client.url} is ready.")
    output.facts(
        [
            ("Revision", ready.get("revision")),
            ("Serves", _counted({noun: ready.get(noun) for noun in ("routers", "services")})),
            ("Digest", ready.get("digest")),
            ("Holds", _counted(objects)),
        ]
    )


def _counted(objects: Mapping[str, object]) -> str:
    return ", ".join(f"{count} {noun if count != 1 else noun.removesuffix('s')}" for noun, count in objects.items())


def _count(items: Iterable[object]) -> int:
    return sum(1 for _item in items)
