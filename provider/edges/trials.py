"""Trials: some real requests through an edge's own entry point, and what they came to.

Each of the requests is one of its own: without a cookie that an answer before it has set, and following no
redirect. There are few at a time, none takes long, and all of them end after a while.
Everything here runs in the event loop's thread; what is read of a trial may be read from any.
"""

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from provider import answers
from provider.answers import Answer, Tally
from provider.edges.handshakes import any_certificate
from provider.late import httpx
from provider.messages import Message

logger = logging.getLogger(__name__)

REQUESTS: Final = 60
_AT_ONCE: Final = 4
_EACH_SECONDS: Final = 5.0
_ALL_SECONDS: Final = 30.0
_MOST_BYTES: Final = 64 * 1024
"""How much of an answer is read; the rest tells nothing more."""

_KEPT: Final = 50
_RUNNING: Final = 2
"""How many trials there are at a time."""


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """What is to be sent where, and what is expected.

    `base` is where the entry point is asked, `target` the path and query as they are sent, `headers` all of
    them with `Host`. `servers` are the URLs of the service's servers by name, `shares` what each is promised;
    `cookie` is the name of the service's sticky cookie.
    """

    base: str
    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    servers: Mapping[str, str]
    shares: Mapping[str, float]
    cookie: str | None
    url: str
    """What was asked for, as it was typed."""
    entry_point: str
    edge: str
    router: str
    service: str
    strategy: str


@dataclass(slots=True)
class Trial:
    """A trial: what was planned, and the answers so far. `ended` is when it was over."""

    id: str
    plan: TrialPlan
    answers: list[Answer] = field(default_factory=list)
    ended: datetime | None = None

    @property
    def tally(self) -> Tally:
        """The answers so far, counted."""
        return answers.tally(list(self.answers))


class Busy(Exception):
    """There are as many trials as there may be at a time."""


class Trials:
    """The trials of this process: those that run, and the newest of those that are over."""

    def __init__(self) -> None:
        self._trials: dict[str, Trial] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def find(self, trial_id: str) -> Trial | None:
        """Find a trial. One that others have followed is forgotten."""
        return self._trials.get(trial_id)

    def start(self, plan: TrialPlan) -> Trial:
        """Begin to send. Raises `Busy`."""
        if len(self._tasks) >= _RUNNING:
            raise Busy
        trial = Trial(secrets.token_urlsafe(9), plan)
        self._trials[trial.id] = trial
        while len(self._trials) > _KEPT:
            del self._trials[next(iter(self._trials))]
        task = asyncio.create_task(_run(trial))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return trial

    async def close(self) -> None:
        """End all trials."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _run(trial: Trial) -> None:
    """Send all requests of a trial, and note the answers. What is not answered when the time is up, is not."""
    places = asyncio.Semaphore(_AT_ONCE)
    logger.info("%d requests for %s are sent through %s", REQUESTS, trial.plan.url, trial.plan.base)
    try:
        async with (
            httpx.AsyncHTTPTransport(verify=any_certificate(), trust_env=False) as transport,
            asyncio.timeout(_ALL_SECONDS),
        ):
            await asyncio.gather(*(_note(trial, places, transport) for _ in range(REQUESTS)))
    except TimeoutError:
        late = Answer(None, failure=Message("time ran out before it was answered"))
        trial.answers += [late] * (REQUESTS - len(trial.answers))
    finally:
        trial.ended = datetime.now(UTC)


async def _note(trial: Trial, places: asyncio.Semaphore, transport: "httpx.AsyncHTTPTransport") -> None:
    async with places:
        trial.answers.append(await _ask(trial.plan, transport))


async def _ask(plan: TrialPlan, transport: "httpx.AsyncHTTPTransport") -> Answer:
    """Send one request. The transport itself keeps no cookies and follows no redirects."""
    url = httpx.URL(plan.base).copy_with(raw_path=plan.target.encode("latin-1"))
    # Over TLS the edge chooses its certificate by this name: the address is its own.
    name = dict(plan.headers)["Host"].partition(":")[0]
    extensions = {"timeout": httpx.Timeout(_EACH_SECONDS).as_dict(), "sni_hostname": name}
    request = httpx.Request(plan.method, url, headers=list(plan.headers), extensions=extensions)
    try:
        async with asyncio.timeout(_EACH_SECONDS):
            response = await transport.handle_async_request(request)
            try:
                body = await _beginning(response)
            finally:
                await response.aclose()
    except (TimeoutError, httpx.TimeoutException):
        return Answer(None, failure=Message("no answer within {seconds} s", seconds=f"{_EACH_SECONDS:g}"))
    except httpx.ConnectError:
        return Answer(None, failure=Message("the entry point cannot be reached"))
    except httpx.HTTPError as error:
        return Answer(None, failure=Message("the connection failed: {error}", error=type(error).__name__))
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
    return answers.read(response.status_code, headers, body, plan.servers, plan.cookie)


async def _beginning(response: "httpx.Response") -> bytes:
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) >= _MOST_BYTES:
            break
    return body[:_MOST_BYTES]
