"""A pool to play with on a page of Learn: what was chosen for each server, and what follows. Nothing real changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from provider.errors import FieldError
from provider.messages import Message
from provider.models import ObservedState
from provider.values import Refusal, ServerState, check_weight
from provider.web.drawings.pool import CONDITIONS, condition
from provider.web.drawings.scene import DrawnServer, DrawnService
from provider.web.examples import shared
from provider.web.forms import Form
from provider.web.replays import Replay, replay

MOST_STEPS: Final = 500


@dataclass(frozen=True, slots=True)
class Practice:
    """What was chosen: the pool that it makes, the requests that it got, and what is wrong with it.

    While something is wrong, the pool has what it had. `since` is a text for what was chosen: another one
    begins from the beginning.
    """

    service: DrawnService
    form: Form
    replay: Replay
    since: str
    is_new: bool

    @property
    def step(self) -> int:
        """How many requests there were."""
        return len(self.replay.answers)


def practise(service: DrawnService, chosen: Mapping[str, str], step: int, since: str | None) -> Practice:
    """Let a pool be as it is, but for what was chosen: `weight0`, `state0` and so on, by the server's number."""
    values, errors, servers = {}, [], []
    for number, server in enumerate(service.servers):
        weight, state = f"weight{number}", f"state{number}"
        values[weight] = chosen.get(weight, str(server.weight)).strip()
        values[state] = chosen.get(state, condition(server))
        found, wrong = _chosen(server, values[weight], values[state])
        servers.append(found)
        errors += [FieldError(f"/{weight if code != 'value.choice' else state}", code, told) for code, told in wrong]
    pool = replace(service, servers=shared(servers))
    signature = "-".join(f"{server.weight}{condition(server)}" for server in pool.servers)
    is_new = since is not None and since != signature
    return Practice(pool, Form(values, errors), replay(pool.servers, 0 if is_new else step), signature, is_new)


def _chosen(server: DrawnServer, weight: str, state: str) -> tuple[DrawnServer, Sequence[tuple[str, str]]]:
    """Return a server as it was chosen, and what is wrong with that: the codes with their texts."""
    wrong: list[tuple[str, str]] = []
    try:
        server = replace(server, weight=check_weight(_read_weight(weight)))
    except Refusal as error:
        wrong.append((error.code, error.detail))
    if state in CONDITIONS:
        is_down = state == "down"
        server = replace(
            server,
            state=ServerState.READY if is_down else ServerState(state),
            health=ObservedState.DOWN if is_down else ObservedState.UP,
        )
    else:
        wrong.append(("value.choice", Message("this has to be one of {choices}", choices=", ".join(CONDITIONS))))
    return server, wrong


def _read_weight(text: str) -> int:
    """Read a whole number, in any spelling that a person may type. Raises `Refusal`."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Refusal("type.integer", Message("this has to be a whole number"))
    return int(text)
