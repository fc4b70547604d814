"""Why something could not be reached."""

import asyncio
import errno
import socket

import httpx
import pytest

from provider.messages import Message
from provider.unreached import reason
from tests.running import free_port


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_client_says_what_the_system_said_and_not_what_a_library_calls_it(host: str) -> None:
    async def ask() -> str:
        async with httpx.AsyncClient() as client:
            try:
                await client.get(f"http://{host}:{free_port()}/")
            except httpx.ConnectError as error:
                return reason(error)
        return "answered"

    assert asyncio.run(ask()) == "Connection refused"


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EHOSTUNREACH, "No route to host"),
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        ExceptionGroup("tried", [OSError(errno.ECONNREFUSED, "Connection refused"), OSError(errno.ENETUNREACH, "x")]),
    ],
)
def test_it_can_be_said_in_other_languages(error: Exception) -> None:
    assert isinstance(reason(error), Message)


def test_what_is_not_known_is_said_as_it_is_on_one_line() -> None:
    assert reason(ValueError("one\n two")) == "one two"
