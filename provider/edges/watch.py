"""Watching the edges: reading their APIs back, and judging those that have fallen silent."""

import asyncio
import contextlib
from functools import partial
from typing import Final

from provider.edges.observed import Observation
from provider.edges.readback import TIMEOUT_SECONDS, ReadbackError, TraefikAPI, opened
from provider.edges.registry import Edges
from provider.edges.states import Edge
from provider.loops import lasting
from provider.neighbours import KINDS
from provider.snapshots import Served

_LEAST_PAUSE_SECONDS: Final = 0.02
_MOST_PAUSE_SECONDS: Final = 0.5
_GROWTH: Final = 1.5
_FIRST_SECONDS: Final = 0.05
"""How long an edge may take to run a document, until it has shown that: whoever asks it before only slows it down."""

_SOONER: Final = 0.8
"""So much of the time that it took last passes before it is asked: it may be quicker this time."""

_KNOWN_SECONDS: Final = 1.0
"""So long after it was given a document, an edge that runs what it ran is asked for nothing else."""

_REST: Final = 10
"""An API that takes long is left alone for so many times as long: at most a tenth of its time is ours."""

_MOST_REST_SECONDS: Final = 5.0
_OTHERS_PAUSE_SECONDS: Final = 2.0
_TCP: Final = b'"tcp":{'
_CHECKED: Final = b'"healthCheck":{'


async def watch(edges: Edges) -> None:
    """Watch all edges, until cancelled."""
    async with opened(edges) as apis, asyncio.TaskGroup() as tasks:
        for edge in edges:
            if (api := apis.get(edge.name)) is not None:
                tasks.create_task(lasting(partial(_read_back, edges, edge, api)))
                tasks.create_task(lasting(partial(_read_others, edges, edge, api)))
        while True:
            await asyncio.sleep(_MOST_PAUSE_SECONDS)
            for edge in edges:
                edges.refresh(edge)


async def _read_back(edges: Edges, edge: Edge, api: TraefikAPI) -> None:
    """Read an API over and over: as soon as the edge should run what it was given, more and more rarely later.

    Also when its servers have been checked for the first time with that document.
    """
    loop = asyncio.get_running_loop()
    pause, applying = _LEAST_PAUSE_SECONDS, _FIRST_SECONDS
    while True:
        start, given = loop.time(), edge.given
        observation, ran = await find_news(api, edge, start), edge.runs_given()
        if observation is not None:
            edges.observed(edge, observation)
            if edge.runs_given() and not ran:
                applying = min(start - edge.given_at, _MOST_PAUSE_SECONDS)
        is_expected = observation is None or (observation.error is None and observation.servers is None)
        taken = loop.time() - start
        pause = min(pause * _GROWTH, _MOST_PAUSE_SECONDS)
        rest = pause if is_expected else max(pause, min(_REST * taken, _MOST_REST_SECONDS))
        until = loop.time() + rest
        if (checked_at := edges.find_check(edge)) is not None:  # the next change may be waiting for that
            until = min(until, max(checked_at, loop.time() + _LEAST_PAUSE_SECONDS))
        while edge.given is given and (remaining := until - loop.time()) > 0:
            await edges.changed(remaining)
        if edge.given is not given:
            pause = _LEAST_PAUSE_SECONDS
            await asyncio.sleep(max(_SOONER * applying, _LEAST_PAUSE_SECONDS))


async def find_news(api: TraefikAPI, edge: Edge, now: float) -> Observation | None:
    """Read what an edge runs; None while it goes on to run what it ran before it was given another document just now.

    While it builds that, it is asked for as little as possible.
    """
    given, known = edge.given, edge.observation
    if given is None or known is None or known.error is not None or known.digest == given.document.digest:
        return await observe(api, given, now)
    if now - min(known.at, edge.given_at) < _KNOWN_SECONDS:
        with contextlib.suppress(ReadbackError, TimeoutError):
            async with asyncio.timeout(TIMEOUT_SECONDS):
                if await api.find_digest() == known.digest:
                    return None
    return await observe(api, given, now)


async def _read_others(edges: Edges, edge: Edge, api: TraefikAPI) -> None:
    """Read now and then what an edge has that is not of our doing: apart, so that nobody waits for that."""
    loop = asyncio.get_running_loop()
    while True:
        start = loop.time()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                others = await api.list_others()
                routers = await api.list_foreign_routers() if _stand_beside(edges) else None
        except (ReadbackError, TimeoutError):
            edges.surroundings.know_others(edge, None, {})
        else:
            edges.surroundings.know_others(edge, others, api.added, routers, api.points)
        await asyncio.sleep(max(_OTHERS_PAUSE_SECONDS, min(_REST * (loop.time() - start), _MOST_REST_SECONDS)))


def _stand_beside(edges: Edges) -> bool:
    """Tell whether any router here stands beside one of another provider."""
    current = edges.current
    return current is not None and any(current.parts.section(kind).beside for kind in KINDS)


async def observe(api: TraefikAPI, given: Served | None, now: float) -> Observation:
    """Read what an edge runs; all that there is once it runs what it was given.

    The version comes after the digest: the process that it tells of is the one that was asked for the
    digest, or a later one. How long these two took is comparable, whatever else there is to read.
    """
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            digest = await api.find_digest()
            version, started = await api.get_version()
            seconds = asyncio.get_running_loop().time() - now
            entry_points = await api.list_entry_points(started)
            if given is None or digest != given.document.digest:
                return Observation(now, None, digest, version, started, entry_points=entry_points, seconds=seconds)
            document = given.document.content
            disabled = await api.list_routers("disabled", document)
            warned = await api.list_routers("warning", document)
            servers = await api.list_servers(of_tcp=_TCP in document) if _CHECKED in document else {}
            return Observation(now, None, digest, version, started, disabled, servers, entry_points, warned, seconds)
    except ReadbackError as error:
        return Observation(now, error.detail)
    except TimeoutError:
        return Observation(now, f"its API at {api.url} does not answer in time")
