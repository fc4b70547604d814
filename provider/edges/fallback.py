"""The fallback file: the last accepted document, for Traefik's own file provider.

Traefik keeps its configuration in memory only: one that is restarted while this service is away would
answer 404 for everything. With this file it serves what it served before. Facts from Traefik 3.7: a
router's rank is its priority, or the length of its rule, and negative priorities rank below every
router that has none; so the copies in the file serve only while the HTTP provider's routers are absent.
It reads every file as a template of Go first, and nothing but `{{` begins an action in one: no text of the
document may have that in the file, see `written`.
"""

import asyncio
import errno
import json
import logging
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from provider import verification
from provider.configuration import BEACON, BEACON_HEADER, owner
from provider.edges.fallback_tls import said_once, with_routers
from provider.edges.registry import Edges
from provider.messages import Message
from provider.nouns.beside import HIGHEST_BELOW
from provider.parts import Section
from provider.replacements import replacing
from provider.snapshots import Served, Snapshot

logger = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 2.0
"""Least time between two writes: for each, Traefik loads everything anew."""

_QUIET_SECONDS: Final = 2.0
"""Time without a change before a write: the next change would wait for Traefik to load the file."""

_LONGEST_SECONDS: Final = 10.0
"""Longest time that a write waits for that."""


_BELOW: Final = -1_000_000_000
"""Below the ranks of all routers that are served: those without an exact host have negative ones."""

_ROUTERS: Final = "routers"
_NONE: Final = "none"
"""Stands for the digest while no edge has accepted anything yet."""

_TEXT: Final = re.compile(r'"(?:[^"\\]|\\.)*"')


def fallback(content: bytes) -> bytes:
    """Return a document with its routers ranked below all others, in their own order.

    JSON, which is YAML too. The lower the rank, the lower the priority; routers of one rank keep one.
    """
    return written(_ranked(content))


def written(document: Mapping[str, Any]) -> bytes:
    """Write a document so that it is no template, whatever is in its texts: each `{` in one is escaped.

    Outside of texts two braces never stand side by side, since the members of an object have names.
    """
    plain = json.dumps(document, indent=1, ensure_ascii=False)
    return _TEXT.sub(lambda text: text[0].replace("{", "\\u007b"), plain).encode()


_OPEN: Final = 0o644
"""For whoever runs Traefik."""

_SECRET: Final = 0o640
"""For Traefik's group: there are hashes of passwords in the file, say."""

_PRIVATE: Final = 0o600
"""For the owner alone: there are private keys of certificates in the file."""


def _ranked(content: bytes) -> dict[str, Any]:
    document = _taking(said_once(json.loads(content)))
    routers: dict[str, dict[str, Any]] = document["http"].get("routers", {})
    ranks = sorted({_rank(router) for router in routers.values()}, reverse=True)
    places = {rank: _BELOW - place for place, rank in enumerate(ranks, start=1)}
    for router in routers.values():
        router["priority"] = places[_rank(router)]
    return document


def _taking(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out the routers that stand beside those of other providers: these go on to take the requests."""

    def left(sections: dict[str, Any]) -> dict[str, Any]:
        routers = sections.get(_ROUTERS, {})
        return with_routers(
            sections, {name: each for name, each in routers.items() if each.get("priority", 0) > HIGHEST_BELOW}
        )

    return {root: kept for root, sections in document.items() if (kept := left(sections))}


def _rank(router: dict[str, Any]) -> int:
    return router.get("priority") or len(router["rule"].encode())


def write(path: Path, content: bytes, mode: int = _OPEN) -> None:
    """Put a file in place of another, whole or not at all, and so that a power cut keeps one of the two.

    A link stays, and what it leads to is replaced. Raises `OSError`, also for what is no file.
    """
    _check(path)
    with replacing(Path(os.path.realpath(path)), content, mode):
        pass


_EMPTY: Final = {"http": {"middlewares": {BEACON: {"headers": {"customResponseHeaders": {BEACON_HEADER: _NONE}}}}}}


def prepare(path: Path, *, is_private: bool = False) -> None:
    """Make the file if there is none: Traefik's file provider does not start without. Raises `OSError`.

    With `is_private`, only its owner can read it from then on.
    """
    if not _check(path):
        write(path, written(_EMPTY))
    if is_private:
        path.chmod(_PRIVATE)


def _check(path: Path) -> bool:
    """Tell whether there is a file. Raises `OSError` for what is none: to read a pipe, say, may take for ever."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(mode):
        what = next((what for is_one, what in _NO_FILES if is_one(mode)), Message("not a file"))
        raise OSError(errno.EINVAL, Message("it is {what}: give the path of a file", what=what), str(path))
    return True


_NO_FILES: Final = (
    (stat.S_ISDIR, Message("a folder")),
    (stat.S_ISFIFO, Message("a named pipe")),
    (stat.S_ISSOCK, Message("a socket")),
    (stat.S_ISCHR, Message("a device")),
    (stat.S_ISBLK, Message("a device")),
)


class Fallback:
    """The file, and what is wrong with it. Everything but the writing runs in the event loop's thread."""

    def __init__(self, path: Path | None, edges: Edges) -> None:
        self._path = path
        self._edges = edges
        self._kept: tuple[str, str] | None = None
        self._rules: Mapping[str, str] = {}
        self._found: tuple[int, ...] = ()
        self._revision = -1
        self._writing: asyncio.Future[dict[str, str]] | None = None
        self.is_private = False
        """Whether it is for its owner alone, whatever is in it: so it is where the owner runs Traefik, too."""

        self.trouble = ""
        """What is wrong now, for a person; empty while nothing is."""

    def is_at(self, revision: int) -> bool:
        """Tell whether what was removed until a revision is gone from the file, as far as it can be."""
        return self._path is None or bool(self.trouble) or self._revision >= revision

    async def keep(self) -> None:
        """Keep the file at the last document that an edge accepted, without what was removed since.

        What is removed goes at once, accepted or not; else it is written when it is quiet, every ten seconds
        in a storm. A file that somebody else took away or changed is written anew. Runs until it is cancelled, and
        then writes what was still waiting: what was told to be live is in the file while the service is away.
        """
        if self._path is None:
            return
        try:
            await self._follow(self._path)
        finally:
            if self._writing is not None:
                await asyncio.gather(self._writing, return_exceptions=True)
            current, accepted = self._edges.current, self._edges.accepted
            if self._kept is None or self._wanted(current, accepted) != self._kept:
                await self._write(self._path, accepted, current)

    async def _follow(self, path: Path) -> None:
        written = first = last = float("-inf")
        known, clock = self._kept, asyncio.get_running_loop().time
        while True:
            current, accepted = self._edges.current, self._edges.accepted
            wanted = self._wanted(current, accepted)
            if wanted != self._kept or self._found != _signature(path):
                if wanted != known:
                    known, last = wanted, clock()
                    first = last if first < written else first
                early = min(max(written + _PAUSE_SECONDS, last + _QUIET_SECONDS), first + _LONGEST_SECONDS) - clock()
                if early > 0 and self._kept is not None and not self._is_removed(current):
                    self._passed(current)
                    await self._edges.changed(early)
                    continue
                if await self._write(path, accepted, current):
                    self._kept, self._found = wanted, _signature(path)
                written = clock()
            self._passed(current)
            await self._edges.changed(_PAUSE_SECONDS)

    def _wanted(self, current: Snapshot | None, accepted: Served | None) -> tuple[str, str]:
        return accepted.whole.digest if accepted else _NONE, current.document.digest if current else _NONE

    def _passed(self, current: Snapshot | None) -> None:
        if current is not None and current.revision > self._revision:
            self._revision = current.revision
            self._edges.wake()

    def _is_removed(self, current: Snapshot | None) -> bool:
        """Tell whether something that the file has must no longer be served."""
        return current is not None and any(
            not _has(current.parts.routers, name, rule) for name, rule in self._rules.items()
        )

    async def _write(self, path: Path, accepted: Served | None, current: Snapshot | None) -> bool:
        try:
            updating = asyncio.to_thread(_update, path, accepted, current, is_private=self.is_private)
            self._writing = asyncio.ensure_future(updating)
            self._rules = await asyncio.shield(self._writing)  # a thread cannot be cancelled
        except OSError as error:
            detail = trouble_with(path, error)
            if detail != self.trouble:
                self.trouble = detail
                logger.error("%s", detail)  # noqa: TRY400  # no bug of ours
            return False
        self.trouble = ""
        return True


def trouble_with(path: Path, error: OSError) -> str:
    """Say that the file cannot be written, and why, for a person."""
    why = error.strerror or str(error)
    return Message("the fallback file {path} cannot be written: {why}", path=path, why=why)


def _signature(path: Path) -> tuple[int, ...]:
    """Return what is another when a file is another, or was written to."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _update(
    path: Path, accepted: Served | None, current: Snapshot | None, *, is_private: bool = False
) -> dict[str, str]:
    """Bring the file up to date. Returns the rules of the routers in it, by name.

    As long as no edge was seen to accept anything, what the file has stays, but for what was removed.
    """
    prepare(path, is_private=is_private)
    before = path.read_bytes()
    wanted = limited(_read(before) if accepted is None else _ranked(accepted.whole.content), current)
    content = written(wanted)
    if content != before:
        write(path, content, _PRIVATE if is_private else _mode(wanted))
    return {name: router["rule"] for name, router in wanted["http"].get("routers", {}).items()}


def _mode(document: Mapping[str, Any]) -> int:
    if verification.has_keys(document):
        return _PRIVATE
    return _SECRET if verification.has_secrets(document) else _OPEN


def limited(document: dict[str, Any], current: Snapshot | None) -> dict[str, Any]:
    """Return a document without the routers that are not in the current one, or not with this rule."""
    routers: dict[str, dict[str, Any]] = document["http"].get("routers", {})
    if current is None:
        return document
    kept = {name: router for name, router in routers.items() if _has(current.parts.routers, name, router["rule"])}
    http = {**document["http"], "routers": kept}
    if not kept:  # an empty map is no document for Traefik
        del http["routers"]
    return {**document, "http": http}


def _has(routers: Section, name: str, rule: str) -> bool:
    part = routers.parts.get(owner(name))
    return part is not None and b'"rule":' + msgspec.json.encode(rule) in part.content


def _read(content: bytes) -> dict[str, Any]:
    """Read what the file has; nothing, if somebody has put in there what is no document of ours."""
    try:
        document = said_once(json.loads(content))
        routers = document["http"].get("routers", {})
        if all(isinstance(router["rule"], str) for router in routers.values()):
            return document
    except (ValueError, LookupError, TypeError, AttributeError):
        pass
    return _EMPTY
