"""The cookies of a session and of a browser: their names, and what browsers do with them.

Cookies know no ports, so a service on another port of a host would take the place of this one's session: the port
that the browser asked, where it is not the scheme's own, is part of the name.
"""

from typing import Any, Final

from starlette.requests import HTTPConnection

NAME: Final = "provider_session"
_SECURE: Final = "__Host-"
"""How a name begins where the service is asked by TLS: browsers take it from this very host alone, and only so."""


_BROWSER_SECONDS: Final = 400 * 24 * 60 * 60
"""As long as browsers keep a cookie at most."""


def find_session(connection: HTTPConnection) -> str | None:
    """Find the secret of a session among the cookies of a request.

    By TLS only the names count that a browser takes from this host alone: the others could have been set
    by whoever answers in our name without TLS, or from a host beside this one, to log somebody in as himself.
    A session that began before the port was part of the name goes on.
    """
    cookies = connection.cookies
    return cookies.get(own(connection, _name(connection))) or cookies.get(_name(connection)) or None


def options(connection: HTTPConnection) -> dict[str, Any]:
    """Return the cookie's name and attributes, for a request."""
    secure = connection.url.scheme == "https"
    name = own(connection, _name(connection))
    return {"key": name, "path": "/", "secure": secure, "httponly": True, "samesite": "lax"}


def find_browser(connection: HTTPConnection) -> str | None:
    """Find the secret by which a browser is known."""
    return connection.cookies.get(_browser_name(connection)) or None


def browser_options(connection: HTTPConnection) -> dict[str, Any]:
    """Return the name and attributes of the cookie by which a browser is known. It stays after its session."""
    return options(connection) | {"key": _browser_name(connection), "max_age": _BROWSER_SECONDS}


def own(connection: HTTPConnection, name: str) -> str:
    """Return the name under which this service keeps a cookie that a service on another port must not share."""
    try:
        port = connection.url.port
    except ValueError:  # the client's `Host` has what is no port
        port = None
    return name if port is None else f"{name}_{port}"


def _name(connection: HTTPConnection) -> str:
    return f"{_SECURE}{NAME}" if connection.url.scheme == "https" else NAME


def _browser_name(connection: HTTPConnection) -> str:
    return own(connection, _name(connection).replace("session", "browser"))
