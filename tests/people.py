"""People and machines that a test lets in: accounts, sessions and tokens, of a service that runs."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPMessage
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from sqlalchemy import NullPool, create_engine, event

from provider import moments
from provider.database.connections import begin, prepare
from provider.database.sessions import Session
from provider.models import AccountSession, Actor, Role
from provider.security import passwords, people, secrets
from tests.running import Service, http_client

PASSWORD = "seven grey herons wade"
TESTER = Actor("tester", "database")

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""For accounts whose hash is not what a test is about. Who logs in with it gets it hashed anew, as it should be."""


@contextmanager
def writing(path: Path) -> Iterator[Session]:
    """Write in the database of a service, past it, as a command does.

    A command is another process. In this one nothing but SQLite may open the file: to close it would take the locks
    from the service's own connections.
    """
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"isolation_level": None})
    event.listen(engine, "connect", lambda connection, _record: prepare(connection))
    event.listen(engine, "begin", begin)
    with Session(engine) as session:
        session.connection(execution_options={"begin": "BEGIN IMMEDIATE"})
        yield session
        session.commit()


def add_account(
    path: Path, name: str, role: Role = Role.ADMIN, password: str = PASSWORD, hasher: PasswordHasher = QUICK
) -> None:
    """Make an account that can log in."""
    with writing(path) as session:
        people.add(session, TESTER, name, role, datetime.now(UTC))
        people.set_password(session, TESTER, name, passwords.hashed(password, hasher))


def begin_session(path: Path, name: str) -> str:
    """Begin a session of an account without its password. Returns the cookie's value."""
    secret, now = secrets.make_session(), moments.kept(datetime.now(UTC))
    with writing(path) as session:
        session.add(AccountSession(secret_hash=secret.hash, account=name, created=now, last_used=now))
    return secret.text


def add_token(service: Service, *scopes: str, name: str = "machine", expires: str | None = None) -> str:
    """Make a token through REST."""
    with http_client(service.url) as client:
        body = {"name": name, "scopes": scopes, "expires": expires}
        made: str = client.post("/api/v1/tokens", json=body).raise_for_status().json()["token"]
    return made


@contextmanager
def nobody(service: Service, **options: Any) -> Iterator[httpx.Client]:
    """Give a client without credentials, that keeps no cookies but those of its own."""
    with http_client(service.url, **options) as client:
        del client.headers["Authorization"]
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def log_in(client: httpx.Client, name: str, password: str = PASSWORD, **fields: str) -> httpx.Response:
    """Log in as a browser does, with the form's fields. The client keeps the cookie."""
    return client.post("/login", data={"name": name, "password": password, **fields})


def session_name(url: object) -> str:
    """Return the name of the session's cookie at a service: cookies know no ports, so that it has the port."""
    return f"provider_session_{httpx.URL(str(url)).port}"


def session_of(client: httpx.Client) -> str:
    """Return the secret of the session that a client is in."""
    return client.cookies[session_name(client.base_url)]


def session_cookie(answer: httpx.Response) -> tuple[str, str, dict[str, str]]:
    """Return the session's cookie that an answer sets: its name, its value and its attributes."""
    for header in answer.headers.get_list("set-cookie"):
        for name, morsel in SimpleCookie(header).items():
            if name.removeprefix("__Host-").startswith("provider_session"):
                attributes = {key: str(value) for key, value in morsel.items() if value != ""}
                return name, morsel.value, attributes
    raise AssertionError(f"no session begins with {answer.status_code}: {answer.text}")


def ask_raw(
    service: Service, method: str, target: str, headers: Sequence[tuple[str, str]] = ()
) -> tuple[int, HTTPMessage, bytes]:
    """Send a request with a path as it is, and each header as often as it is given: httpx sets such things right."""
    with closing(HTTPConnection(service.url.removeprefix("http://"), timeout=60)) as connection:
        connection.putrequest(method, target)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
