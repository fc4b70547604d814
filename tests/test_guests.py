"""Who has to go when there are too many: whoever of the largest crowd was quiet for longest."""

from dataclasses import dataclass

import pytest

from provider.guests import MOST_OF_A_STRANGER, Guests

MANY = 10_000


@dataclass(eq=False)
class Visitor:
    """A connection that only knows where it comes from, and whether it had to go."""

    address: str | None = "192.0.2.1"
    holder: str | None = None
    is_gone: bool = False

    def leave(self) -> None:
        self.is_gone = True


def join(guests: Guests, *visitors: Visitor) -> None:
    for visitor in visitors:
        guests.join(visitor)


def test_a_stranger_with_too_many_connections_loses_those_that_were_quiet_for_longest() -> None:
    guests = Guests(MANY)
    strangers = [Visitor() for _ in range(MOST_OF_A_STRANGER)]
    elsewhere = Visitor("192.0.2.2")
    join(guests, elsewhere, *strangers)
    guests.used(strangers[0])
    newest = [Visitor(), Visitor()]
    join(guests, *newest)
    assert [index for index, each in enumerate(strangers) if each.is_gone] == [1, 2]
    assert not elsewhere.is_gone
    assert not any(each.is_gone for each in newest)


def test_all_addresses_of_a_network_that_one_machine_can_have_are_one() -> None:
    guests = Guests(MANY)
    strangers = [Visitor(f"2001:db8::{index:x}") for index in range(MOST_OF_A_STRANGER + 1)]
    join(guests, *strangers)
    assert strangers[0].is_gone


def test_connections_with_a_token_may_be_thousands_from_one_address() -> None:
    guests = Guests(MANY)
    edges = [Visitor() for _ in range(5000)]
    for edge in edges:
        guests.join(edge)
        edge.holder = "token:edge0000"  # known with its first request, of which nobody tells
    join(guests, *(Visitor() for _ in range(2000)))
    assert not any(edge.is_gone for edge in edges)
    assert len(guests) == 5000 + MOST_OF_A_STRANGER


@pytest.mark.parametrize("files", [64, 1024, pytest.param(MANY, marks=pytest.mark.soak)])
def test_there_are_never_more_than_there_can_be_files(files: int) -> None:
    guests = Guests(files)
    readers = [Visitor(holder="token:reader00") for _ in range(files)]
    edges = [Visitor(holder="token:edge0000") for _ in range(files // 8)]
    join(guests, *edges, *readers, *(Visitor(f"10.0.{index >> 8}.{index & 255}") for index in range(files)))
    assert len(guests) < files
    assert not any(edge.is_gone for edge in edges), "whoever has most of them loses some first"
    assert len(guests) > files // 3


def test_who_has_left_is_forgotten() -> None:
    guests = Guests(MANY)
    for _ in range(3):
        visitor = Visitor()
        guests.join(visitor)
        guests.left(visitor)
        guests.left(visitor)
        guests.used(visitor)
    assert len(guests) == 0
