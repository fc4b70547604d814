"""What a change does is told as it is: object by object, in shares, in the document, in words."""

from collections.abc import Sequence

import pytest

from provider.configuration import router_part, service_part
from provider.differences import (
    DocumentChange,
    ShareChange,
    Touched,
    compare,
    tell_shares,
    touched_services,
    undone,
)
from provider.listening import Listening
from provider.messages import translate
from provider.models import Change
from provider.nouns import Router, Server, Service
from provider.nouns.comparison import FieldChange
from provider.parts import Parts, Section

ROUTER = Router.read({"name": "wayshub", "domains": ["alvin.xyz"], "service": "wayshub"})
SERVICE = Service.read({"name": "wayshub"})


def server(name: str, weight: int = 1, state: str = "ready") -> Server:
    document = {"name": name, "url": f"http://10.0.0.1:{3000 + ord(name)}", "weight": weight, "state": state}
    return Server.read(document)


def parts(*servers: Server, router: Router | None = ROUTER) -> Parts:
    routing = {} if router is None else {"wayshub": router_part(router, Listening())}
    section = Section({name: part for name, part in routing.items() if part is not None})
    return Parts({"router": section, "service": Section({"wayshub": service_part(SERVICE, servers)})})


def changed(before: Server | None, after: Server | None) -> Change:
    name = (after or before or server("a")).name
    old, new = (None if one is None else one.json() for one in (before, after))
    return Change("server", f"wayshub/{name}", old, new)


def moved(*shares: tuple[str, float | None, float | None]) -> Sequence[ShareChange]:
    return [ShareChange("wayshub", name, before, after) for name, before, after in shares]


def test_a_new_server_is_told_with_whom_it_takes_its_share_from() -> None:
    former, added = [server("a"), server("b")], server("c")
    change = changed(None, server("c"))
    found = compare([change], {"wayshub": Touched([*former, added], [ROUTER])}, parts(*former), parts(*former, added))
    assert found.words[0] == "server wayshub/c added"
    assert found.words[1] == "alvin.xyz: 33.3 % of the traffic moves from a and b to c"
    assert [(one.server, one.before) for one in found.shares] == [("a", 0.5), ("b", 0.5), ("c", None)]
    assert all(one.after == pytest.approx(1 / 3) for one in found.shares)


def test_a_service_is_told_by_the_paths_at_which_people_see_it() -> None:
    api = Router.read({"name": "api", "domains": ["alvin.xyz"], "pathPrefix": "/api", "service": "wayshub"})
    added = server("a")
    found = compare([changed(None, added)], {"wayshub": Touched([added], [api])}, parts(), parts(added))
    assert found.words[1] == "alvin.xyz/api: server a gets all of its traffic"


def test_the_difference_of_the_document_points_to_what_is_other() -> None:
    change = changed(server("a", 1), server("a", 3))
    touched = {"wayshub": Touched([server("a", 3)], [ROUTER])}
    found = compare([change], touched, parts(server("a", 1)), parts(server("a", 3)))
    (place,) = found.document
    assert place.pointer == "/http/services/wayshub/loadBalancer/servers"
    assert (place.before[0]["weight"], place.after[0]["weight"]) == (1, 3)
    assert not found.shares


def test_a_router_that_goes_is_gone_from_the_document_as_a_whole() -> None:
    found = compare([Change("router", "wayshub", ROUTER.json(), None)], {}, parts(), parts(router=None))
    (place,) = found.document
    assert place == DocumentChange("/http/routers/wayshub", place.before, None)
    assert place.before["rule"] == "Host(`alvin.xyz`)"
    assert list(found.words) == ["router wayshub removed"]


def test_nothing_differs_where_nothing_changes() -> None:
    same = parts(server("a"))
    found = compare([], {}, same, parts(server("a")))
    assert (found.changes, found.shares, found.document, found.words) == ([], [], [], [])


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        (moved(("a", 0.5, 0.375), ("b", 0.5, 0.375), ("c", None, 0.25)), "25 % of the traffic moves from a and b to c"),
        (moved(("a", 0.5, 2 / 3), ("b", 0.25, 1 / 3), ("c", 0.25, 0)), "25 % of the traffic moves from c to a and b"),
        (moved(("a", None, 1.0)), "server a gets all of its traffic"),
        (moved(("a", None, 0.75), ("b", None, 0.25)), "a 0 % → 75 %, b 0 % → 25 %"),
        (moved(("a", 1.0, 0.0)), "server a loses all traffic, and no server takes it over"),
        (moved(("a", 0.5, 0), ("b", 0.5, None)), "servers a and b lose all traffic, and no server takes it over"),
        (
            moved(("a", 0.25, 0.5), ("b", 0.25, 0.3), ("c", 0.25, 0.1), ("d", 0.25, 0.1)),
            "a 25 % → 50 %, b 25 % → 30 %, c 25 % → 10 %, d 25 % → 10 %",
        ),
        (moved(("a", None, 0.0)), ""),
        (
            moved(*((f"s{number}", None, 0.1) for number in range(10))),
            ", ".join(f"s{number} 0 % → 10 %" for number in range(8)) + " and 2 more",
        ),
    ],
)
def test_how_traffic_moves_is_said_in_words(shares: Sequence[ShareChange], words: str) -> None:
    assert tell_shares(shares) == words


def test_how_traffic_moves_can_be_said_in_other_languages() -> None:
    servers = [server(name) for name in "abcde"]
    touched = Touched(servers, [ROUTER, ROUTER.copy(domains=["a.xyz"])])
    found = compare([changed(None, server("e"))], {"wayshub": touched}, parts(*servers[:-1]), parts(*servers))
    said = "a.xyz and alvin.xyz: 20 % of the traffic moves from a, b, c and 1 more to e"
    assert found.words[-1] == said
    german = {
        "{first} and {last}": "{first} und {last}",
        "{number} more": "{number} weitere",
        "{part} of the traffic moves from {former} to {names}": "{part} gehen von {former} an {names}",
    }
    translated = translate(found.words[-1], lambda text: german.get(text, text))
    assert translated == "a.xyz und alvin.xyz: 20 % gehen von a, b, c und 1 weitere an e"


def test_what_was_before_is_found_by_undoing_the_changes() -> None:
    now = [server("a", 3), server("c")]
    changes = [changed(server("a", 1), server("a", 3)), changed(server("b"), None), changed(None, server("c"))]
    former = sorted(undone("wayshub", now, changes), key=lambda one: one.name)
    assert [(one.name, one.weight) for one in former] == [("a", 1), ("b", 1)]
    assert undone("other", now, changes) == now


def test_a_change_is_told_field_by_field() -> None:
    assert changed(server("a", 1), server("a", 3)).fields == [FieldChange("weight", 1, 3)]
    assert [one.name for one in changed(None, server("a")).fields] == ["name", "url", "weight", "state", "labels"]
    assert touched_services([changed(None, server("a")), Change("domain", "x.test", None, {})]) == ["wayshub"]
