"""`python -m provider.health`: asks the service on this machine whether it works, for health checks of containers.

It exits with 0 if it does, else with 1 and the reason. `--ready` asks whether there is a document to serve, too. It
needs nothing but Python's own library, because it is run again and again: the command line takes six times as long.
"""

import http.client
import os
import ssl
import sys
from typing import Final
from urllib.parse import urlsplit

from provider.environment import find_own_url

_TIMEOUT_SECONDS: Final = 5.0
_LONGEST_TOLD: Final = 2000


def check(url: str, path: str) -> str | None:
    """Return why the service at `url` does not work, or None if it does."""
    parts = urlsplit(url)
    connection = _connect(parts.scheme, parts.hostname or "", parts.port)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        told = answer.read(_LONGEST_TOLD).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return f"the service at {url} does not answer: {error}"
    finally:
        connection.close()
    return None if answer.status == http.client.OK else f"the service at {url} answers {answer.status}: {told}"


def _connect(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
    # The certificate is for the names under which others ask. Nothing secret is sent, and only a status is believed.
    unverified = ssl._create_unverified_context()  # noqa: S323, SLF001  # its documented way
    return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_SECONDS, context=unverified)


if __name__ == "__main__":
    sys.exit(check(find_own_url(os.environ), "/readyz" if "--ready" in sys.argv[1:] else "/healthz"))
