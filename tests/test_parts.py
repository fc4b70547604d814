"""Parts of a document."""

from provider.nouns import NOUNS
from provider.parts import PLACES, Parts


def test_of_a_kind_of_which_traefik_gets_nothing_there_is_no_part() -> None:
    kinds = NOUNS.keys() - PLACES.keys()
    assert "domain" in kinds
    assert [Parts().find((kind, "a")) for kind in kinds] == [None] * len(kinds)
