"""The cookie of a session: its name and what browsers do with it."""

from collections.abc import Mapping
from typing import Any, Final

NAME: Final = "provider_session"
SECURE_NAME: Final = f"__Host-{NAME}"
"""Where the service is asked by TLS: browsers take it from this very host alone, and only so."""


def find_session(cookies: Mapping[str, str], scheme: str) -> str | None:
    """Find the secret of a session among the cookies of a request that came by a scheme.

    By TLS only the name counts that a browser takes from this host alone: the other one could have been set
    by whoever answers in our name without TLS, or from a host beside this one, to log somebody in as himself.
    """
    return cookies.get(_name(scheme)) or None


def options(scheme: str) -> dict[str, Any]:
    """Return the cookie's name and attributes, for a request that came by a scheme."""
    secure = scheme == "https"
    return {"key": _name(scheme), "path": "/", "secure": secure, "httponly": True, "samesite": "lax"}


def _name(scheme: str) -> str:
    return SECURE_NAME if scheme == "https" else NAME
