"""What of a service's pool wayshub-provider itself sees to: drained servers that keep visitors, slow starts. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import msgspec

from provider import durations
from provider.nouns import Server, Service
from provider.values import ServerState

_encode: Final = msgspec.json.Encoder(order="sorted").encode
_MOST_READ: Final = 4_096


class Drained(msgspec.Struct, frozen=True):
    """A server that is drained, and keeps its visitors until a time, in UTC and ISO 8601."""

    url: str
    until: str
    weight: int = 1
    preserve_path: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What is to be seen to of a pool. `slow_start_seconds`: how long its servers take to rise to their weights.

    `idle` is what is set of it and has no effect beside the rest, by the names in Python: people are told of it.
    """

    drained: tuple[Drained, ...] = ()
    slow_start_seconds: float = 0.0
    idle: Mapping[str, Any] = field(default_factory=dict)


_decode: Final = msgspec.json.Decoder(Terms).decode


def write(service: Service, servers: Iterable[Server]) -> bytes:
    """Write the terms of a pool with these servers, in order; nothing where there are none."""
    if service.composition is not None:
        return b""
    drained = tuple(
        Drained(server.url, server.drain_until, server.weight, server.preserve_path)
        for server in (servers if service.keeps_sessions else ())
        if server.state is ServerState.DRAIN and server.drain_until is not None
    )
    seconds = durations.find_seconds(service.slow_start or "") if service.starts_slowly else None
    heeded = {"slow_start": service.starts_slowly, "drain_for": service.keeps_sessions}
    idle = {name: span for name, is_heeded in heeded.items() if not is_heeded and (span := vars(service)[name])}
    terms = Terms(drained, seconds or 0.0, idle)
    return _encode(terms) if terms != _NOTHING else b""


@lru_cache(_MOST_READ)
def read(content: bytes) -> Terms:
    return _decode(content) if content else _NOTHING


_NOTHING: Final = Terms()
