"""The fallback file: the last accepted document, for Traefik's own file provider.

Traefik keeps its configuration in memory only: one that is restarted while this service is away would
answer 404 for everything. With this file it serves what it served before. Facts from Traefik 3.7: a
router's rank is its priority, or the length of its rule, and negative priorities rank below every
router that has none; so the copies in the file serve only while the HTTP provider's routers are absent.
"""

import asyncio
import json
import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from provider.configuration import BEACON, BEACON_HEADER
from provider.edges.registry import Edges
from provider.revisions import Served

logger = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 2.0
"""Least time between two writes: for each, Traefik loads everything anew."""


_NONE: Final = "none"
"""Stands for the digest while no edge has accepted anything yet."""


def fallback(content: bytes) -> bytes:
    """Return a document with its routers ranked below all others, in their own order.

    JSON, which is YAML too. The last router in rank has the priority -N, the first -1; those of one rank
    keep one.
    """
    document: dict[str, Any] = json.loads(content)
    routers: dict[str, dict[str, Any]] = document["http"].get("routers", {})
    ranks = sorted({_rank(router) for router in routers.values()}, reverse=True)
    places = {rank: -place for place, rank in enumerate(ranks, start=1)}
    for router in routers.values():
        router["priority"] = places[_rank(router)]
    return json.dumps(document, indent=1, ensure_ascii=False).encode()


def _rank(router: dict[str, Any]) -> int:
    return router.get("priority") or len(router["rule"].encode())


def write(path: Path, content: bytes) -> None:
    """Put a file in place of another, whole or not at all, and so that a power cut keeps one of the two."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def prepare(path: Path) -> None:
    """Make the file if there is none: Traefik's file provider does not start without. Raises `OSError`."""
    if not path.exists():
        beacon = {"headers": {"customResponseHeaders": {BEACON_HEADER: _NONE}}}
        write(path, json.dumps({"http": {"middlewares": {BEACON: beacon}}}).encode())


@dataclass(slots=True)
class Trouble:
    """What is wrong with the file now, for a person; empty while nothing is."""

    detail: str = ""


async def keep(path: Path, edges: Edges, trouble: Trouble) -> None:
    """Keep the file at the last document that an edge accepted, until cancelled."""
    kept = ""
    while True:
        accepted = edges.accepted
        digest = accepted.document.digest if accepted else _NONE
        if digest == kept:
            await edges.changed(_PAUSE_SECONDS)
            continue
        try:
            await asyncio.to_thread(_update, path, accepted)
        except OSError as error:
            detail = f"the fallback file {path} cannot be written: {error.strerror or error}"
            if detail != trouble.detail:
                trouble.detail = detail
                logger.error("%s", detail)  # noqa: TRY400  # no bug of ours
        else:
            kept, trouble.detail = digest, ""
        await asyncio.sleep(_PAUSE_SECONDS)


def _update(path: Path, accepted: Served | None) -> None:
    prepare(path)
    if accepted is not None and path.read_bytes() != (wanted := fallback(accepted.document.content)):
        write(path, wanted)
