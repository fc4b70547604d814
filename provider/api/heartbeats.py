"""Heartbeats of servers, the fast way: a thousand a second cost a part of one core.

A bare ASGI application that answers what nearly all are: a good token, a lease that is known, no body. Whatever is
otherwise is left to the route of `api.leases`, which says what is wrong.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope, Send

from provider.api.browsers import Hosts
from provider.api.prefer import REVISION_HEADER
from provider.api.requests import ID_HEADER, find_id
from provider.api.routers import PREFIX
from provider.edges.pollers import note_holder
from provider.errors import Forbidden
from provider.leasing.leasing import Leasing
from provider.metrics.metrics import Metrics
from provider.revisions import Revisions
from provider.security.access import Access

ROUTE: Final = "/services/{service}/servers/{name}/heartbeat"

_PATH: Final = re.compile(f"{PREFIX}/services/([a-z0-9-]+)/servers/([a-z0-9-]+)/heartbeat")
_EMPTY: Final = {"type": "http.response.body", "body": b""}


@dataclass(frozen=True, slots=True)
class Heartbeats:
    """Answers heartbeats."""

    _leasing: Leasing
    _revisions: Revisions
    _access: Access
    _hosts: Hosts
    _metrics: Metrics

    async def __call__(self, scope: Scope, send: Send) -> bool:
        """Answer a request, or return that it is no heartbeat that can be answered here."""
        path: str = scope["path"]
        if scope["method"] != "POST" or not path.endswith("/heartbeat"):
            return False
        found = _PATH.fullmatch(path)
        current = self._revisions.current
        if found is None or current is None or scope["query_string"]:
            return False
        headers = Headers(scope=scope)
        credential = None if "Prefer" in headers else _find_credential(scope)  # who waits for edges is answered later
        if credential is None or not await self._may_beat(scope, credential, found[1]):
            return False
        if self._leasing.is_cut_off() or not self._leasing.hear(found[1], found[2]):
            return False
        self._metrics.requested("POST", PREFIX + ROUTE, 204)
        await send(self._headers(current.revision, find_id(headers) or secrets.token_hex(8)))
        await send(_EMPTY)
        return True

    async def _may_beat(self, scope: Scope, credential: bytes, service: str) -> bool:
        """Tell whether who asks may register servers of a service, as far as that is known at once."""
        try:
            self._hosts.check(scope)
        except Forbidden:
            return False
        await self._access.catch_up()
        principal = self._access.find_by_header(credential)
        if principal is None or not (principal.grant.allows("write") or service in principal.grant.services):
            return False
        note_holder(scope, principal.actor.credential)
        return True

    @staticmethod
    def _headers(revision: int, request_id: str) -> dict[str, object]:
        headers = [
            (REVISION_HEADER.lower().encode(), b"%d" % revision),
            (ID_HEADER.lower().encode(), request_id.encode()),
        ]
        return {"type": "http.response.start", "status": 204, "headers": headers}


def _find_credential(scope: Scope) -> bytes | None:
    """Return the `Authorization` of a request that has one, and no body."""
    credential: bytes | None = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            if credential is not None:
                return None
            credential = value
        elif name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            return None
    return credential
