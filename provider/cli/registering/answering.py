"""Whether a server answers."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Final

from provider.cli.running.waiting import wait_for
from provider.late import httpx

_BAD: Final = 400
_FAILED: Final = 500


@dataclass(frozen=True, slots=True)
class Question:
    """What a server is asked. Without a path any answer is good that is no 5xx; with one only 2xx and 3xx."""

    url: str
    path: str | None
    timeout_seconds: float = 5.0

    async def is_answered(self) -> bool:
        return await asyncio.to_thread(self._ask)

    async def wait(self) -> None:
        await wait_for(self.is_answered)

    def _ask(self) -> bool:
        where = self.url.replace("h2c://", "http://", 1).rstrip("/") + (self.path or "/")
        try:
            # Nothing secret is sent: whose certificate it is tells nothing about whether it answers.
            answer = httpx.get(where, timeout=self.timeout_seconds, verify=_unverified(where), trust_env=False)
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
        return bool(answer.status_code < (_FAILED if self.path is None else _BAD))


def _unverified(url: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if url.startswith("https:"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
