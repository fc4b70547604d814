"""Visitors who keep their cookies, as browsers do."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import httpx

from tests.e2e.traffic import HOST
from tests.running import http_client

COOKIE = "sid"
STICKY: dict[str, Any] = {"sticky": {"cookie": {"name": COOKIE}}}


class Visitor:
    """One of them. `status` is that of the last answer."""

    def __init__(self, url: str, host: str = HOST) -> None:
        self._url = url
        self._host = host
        self.cookies = httpx.Cookies()
        self.status = 0

    def ask(self, path: str = "/") -> str:
        """Ask, keep the cookies that are set, and return the answer."""
        headers = {"Host": self._host}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with http_client(timeout=60) as client:
            answer = client.get(self._url + path, headers=headers)
        self.cookies.update(answer.cookies)
        self.status = answer.status_code
        return answer.text


def come(url: str, count: int, host: str = HOST) -> list[Visitor]:
    """Return new visitors, each of whom has asked once."""
    visitors = [Visitor(url, host) for _ in range(count)]
    assert all(visitor.ask() for visitor in visitors)
    return visitors


def seen(visitors: Iterable[Visitor], path: str = "/") -> Counter[str]:
    """Let each ask again, and count who answered; what was no good answer by its status."""
    return Counter(
        answer if visitor.status == 200 else str(visitor.status)
        for visitor in visitors
        for answer in [visitor.ask(path)]
    )
