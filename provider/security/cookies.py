"""The cookie of a session: its name and what browsers do with it."""

from collections.abc import Mapping
from typing import Any, Final

NAME: Final = "provider_session"
SECURE_NAME: Final = f"__Host-{NAME}"
"""Where the service is asked by TLS: browsers take it from this very host alone, and only so."""


def find_session(cookies: Mapping[str, str]) -> str | None:
    """Find the secret of a session among a request's cookies."""
    return cookies.get(SECURE_NAME) or cookies.get(NAME)


def options(scheme: str) -> dict[str, Any]:
    """Return the cookie's name and attributes, for a request that came by a scheme."""
    secure = scheme == "https"
    name = SECURE_NAME if secure else NAME
    return {"key": name, "path": "/", "secure": secure, "httponly": True, "samesite": "lax"}
