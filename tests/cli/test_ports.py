"""The ports that `up` reserves."""

import socket

import pytest

from provider.cli.running.ports import Port
from provider.cli.up import usual_or_any
from provider.errors import SettingsError


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_any_port_is_one_that_the_system_gives_to_nobody_else_meanwhile(host: str) -> None:
    with Port(host, 0, "--port") as one, Port(host, 0, "--port") as other:
        numbers = {one.number, other.number}
    assert len(numbers) == 2
    assert all(10_000 <= number < 32_000 for number in numbers)


def test_a_port_for_https_that_nobody_named_is_any_other_where_the_usual_one_is_taken() -> None:
    with Port("127.0.0.1", 0, "--secure-port") as usual:
        with pytest.raises(SettingsError, match=f"port {usual.number} of 127.0.0.1 is taken"):
            Port("127.0.0.1", usual.number, "--secure-port")
        with usual_or_any("127.0.0.1", None, usual.number) as chosen:
            assert chosen.number != usual.number
    with usual_or_any("127.0.0.1", None, usual.number) as chosen:
        assert chosen.number == usual.number


def test_a_number_that_is_taken_for_one_address_leaves_none_of_the_others_reserved() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(SettingsError):
            Port("localhost", number, "--port")
    with Port("localhost", number, "--port") as free:
        assert free.number == number
