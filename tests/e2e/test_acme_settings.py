"""What is wished of a CA: whom it writes to, which profile certificates have, and to which root their chains lead."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import pebble
from tests.e2e.front import Answer, Asking, Front, front, is_to_be_repeated, problem
from tests.e2e.handshakes import names_of, shown
from tests.e2e.pebble import Pebble
from tests.e2e.test_acme import Edges, edges
from tests.running import fetch, wait_until


@pytest.fixture
def ca(tmp_path: Path) -> Iterator[Pebble]:
    with pebble.running(tmp_path / "ca", other_roots=2) as made:
        yield made


@pytest.fixture
def one(migrated: Path, tmp_path: Path, ca: Pebble) -> Iterator[Edges]:
    with edges(tmp_path, migrated, ca, ["127.0.0.1"]) as made:
        yield made


@pytest.fixture
def answered(ca: Pebble) -> Iterator[Front]:
    with front(ca) as made:
        yield made


def is_account(path: str) -> bool:
    return path.startswith("/my-account/")


def test_a_changed_contact_is_sent_to_the_ca_and_a_refusal_is_shown(one: Edges, answered: Front) -> None:
    sent: list[Any] = []
    refusal: list[Answer] = []

    def answer(path: str, said: Any, ask: Asking) -> Answer:
        if not is_account(path):
            return ask()
        told = refusal[0] if refusal else ask()
        if not is_to_be_repeated(told[2]):
            sent.append(said)
        return told

    answered.answer = answer
    one.choose(directory=answered.directory, contact="a@alvin.test").raise_for_status()
    one.expose("alvin.test").raise_for_status()
    assert sent == []
    assert one.choose(directory=answered.directory, contact="b@alvin.test").json()["problem"] is None
    assert sent == [{"contact": ["mailto:b@alvin.test"]}]
    one.choose(directory=answered.directory, contact="b@alvin.test").raise_for_status()
    assert len(sent) == 1

    refusal.append(problem(400, "invalidContact", "alvin.invalid is no domain"))
    told = "the CA still has the former e-mail address: the CA localhost refuses: alvin.invalid is no domain"
    assert one.choose(directory=answered.directory, contact="c@alvin.invalid").json()["problem"] == told
    assert told in one.run("acme", "show", "-o", "json")
    assert "alvin.invalid is no domain" in fetch(f"{one.service.url}/ca").text
    # What was refused does not keep certificates from being ordered, and is sent again with them.
    one.expose("more.test").raise_for_status()
    assert names_of(shown("more.test", one.secure_port)) == ["more.test"]
    refusal.clear()
    one.expose("most.test").raise_for_status()
    wait_until(lambda: one.client.get("/acme").json()["problem"] is None, "it was sent again")
    assert one.choose(directory=answered.directory).json()["problem"] is None
    assert sent[-2:] == [{"contact": ["mailto:c@alvin.invalid"]}, {"contact": []}]


def test_a_certificate_has_the_profile_that_is_chosen_of_those_that_its_ca_offers(one: Edges, answered: Front) -> None:
    ordered: list[Any] = []
    profiles = {"classic": "https://ca.test/classic", "shortlived": "https://ca.test/shortlived"}

    def answer(path: str, said: Any, ask: Asking) -> Answer:
        status, headers, content = ask()
        if path == "/order-plz" and not is_to_be_repeated(content):
            ordered.append(said.get("profile"))
        if path != "/dir":
            return status, headers, content
        found = json.loads(content)
        return status, headers, json.dumps(found | {"meta": {**found["meta"], "profiles": profiles}}).encode()

    def refused(**wanted: Any) -> str:
        found = one.choose(profile="short", **wanted)
        assert (found.status_code, found.json()["errors"][0]["code"]) == (422, "profile.unknown")
        (error,) = found.json()["errors"]
        assert error["pointer"] == "/profile"
        return str(error["detail"])

    assert refused() == "the CA localhost has no profiles: leave this empty"
    answered.answer = answer
    assert refused(directory=answered.directory) == "the CA localhost has no such profile, only classic, shortlived"
    assert "cannot be checked whether the CA offers this profile" in refused(directory="https://127.0.0.1:9/dir")
    chosen = ("acme", "choose", answered.directory, "--accept-terms", "--profile", "shortlived")
    assert re.search(r"Profile +shortlived", one.run(*chosen))
    one.expose("alvin.test").raise_for_status()
    assert ordered == ["shortlived"]


def test_edges_get_the_chain_to_the_root_that_is_preferred(one: Edges) -> None:
    one.choose().raise_for_status()
    one.expose("alvin.test").raise_for_status()
    usual, *others = one.client.get("/acme").json()["chains"]
    assert (len(others), root_shown(one, "alvin.test")) == (2, usual)
    assert re.search(
        rf"Preferred chain +{others[1]}",
        one.run("acme", "choose", one.ca.directory, "--accept-terms", "--preferred-chain", others[1]),
    )
    one.expose("more.test").raise_for_status()
    assert root_shown(one, "more.test") == others[1]
    assert others[1] in fetch(f"{one.service.url}/ca").text
    told = one.choose(preferredChain="Another Root").json()["problem"]
    assert told == f"the CA localhost offered no chain to the root Another Root, only to {', '.join([usual, *others])}"
    one.expose("most.test").raise_for_status()
    assert root_shown(one, "most.test") == usual


def root_shown(one: Edges, name: str) -> str:
    """The name of the root to which the chain leads that an edge shows."""
    asked = ["openssl", "s_client", "-connect", f"127.0.0.1:{one.secure_port}", "-servername", name, "-showcerts"]
    told = subprocess.run(asked, input="", capture_output=True, text=True, timeout=60, check=False).stdout
    names: list[str] = re.findall(r"^ +i:CN ?= ?(.*)$", told, re.MULTILINE)
    return names[-1]
