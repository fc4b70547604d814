"""What is computed apart, and kept: it is what the same request does here, and holds nobody up."""

import contextlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from provider import attempts
from provider.addresses import ANYWHERE
from provider.apart import shelf
from provider.apart.turns import Content
from provider.app import Application
from provider.attempts import FindTransition, Prepared
from provider.database.file import FileDatabase
from provider.database.sessions import Session
from provider.declarations import Declaration, read
from provider.listening import DEFAULT_POINTS
from provider.models import Actor, RolloutInput
from provider.nouns import Domain, Router, Service
from provider.nouns.composed import Weighted, WeightedService
from provider.plans import Prune, Transition
from provider.revisions import Revisions
from provider.rollouts import acting
from provider.store import declarations, domains, history, undos, writes
from provider.summaries import summarise
from provider.undoing import chooser
from tests.running import http_client, running_service, wait_until

SERVERS = {"a": {"url": "http://10.0.0.1:1"}, "b": {"url": "http://10.0.0.2:1", "weight": 3}}
FIRST: dict[str, Any] = {
    "domains": {"alvin.test": {}, "münchen.test": {}, "unused.test": {}},
    "services": {"app": {"servers": SERVERS}, "old": {"servers": SERVERS}},
    "routers": {
        "app": {"domains": ["alvin.test", "münchen.test"], "service": "app"},
        "old": {"rule": "PathPrefix(`/old`)", "service": "old"},
        "off": {"rule": "PathPrefix(`/off`)", "service": "old", "enabled": False},
    },
}
SECOND: dict[str, Any] = {
    "domains": {"alvin.test": {"description": "x"}, "münchen.test": {}, "new.test": {}},
    "services": {"app": {"sticky": {"cookie": {"name": "lane"}}, "servers": {"a": {"url": "http://10.0.0.9:1"}}}},
    "routers": {
        "app": {"domains": ["münchen.test", "new.test"], "service": "app", "pathPrefix": "/api"},
        "twin": {"domains": ["new.test"], "pathPrefix": "/api", "service": "app"},
    },
}
LOST = 'W/"0-nothing"'

REQUESTS: list[tuple[str, dict[str, str], Any]] = [
    ("/apply?dryRun=true", {}, FIRST),
    ("/apply", {"Config-Message": "first"}, FIRST),
    ("/apply", {}, FIRST),
    ("/apply", {"If-Match": LOST}, SECOND),
    ("/apply", {}, {"routers": {"x": {"service": "nobody", "domains": ["alvin.test"]}}}),
    ("/apply", {}, {"routers": 1}),
    ("/apply?prune=true", {}, SECOND),
    ("/apply?prune=true&dryRun=true", {}, SECOND),
    ("/revisions/1/rollback?dryRun=true", {}, None),
    ("/revisions/1/rollback?kind=service&name=old", {}, None),
    ("/revisions/2/undo", {}, None),
    ("/revisions/2/undo?force=true", {}, None),
    ("/revisions/99/undo", {}, None),
    ("/revisions/1/rollback", {}, None),
    ("/apply?prune=true", {}, {}),
    ("/apply?prune=true&confirm={confirm}", {}, {}),
    ("/apply", {}, SECOND),
]


def answers(url: str) -> list[Any]:
    """Ask for all of it, one after the other. Returns what was answered, and what is there in the end."""
    found: list[Any] = []
    with http_client(f"{url}/api/v1") as client:
        for path, headers, body in REQUESTS:
            given = {"content": json.dumps(body), "headers": headers | {"Content-Type": "application/json"}}
            path = path.format(confirm=found[-1][3].get("confirm") if found else None)  # noqa: PLW2901
            answer = client.post(path, **(given if body is not None else {"headers": headers}))
            told = {name: text for name, text in answer.headers.items() if name.startswith("config-") or name == "etag"}
            found.append((path, answer.status_code, told, answer.json()))
        found.append(client.get("/export").json())
        found += [_plain(client.get("/revisions").json()["items"])]
        found += [client.get(f"/revisions/{each['number']}").json()["changes"] for each in found[-1]]
        found.append(_plain(client.get("/audit", params={"outcome": "accepted"}).json()["items"]))
        found.append(httpx.get(f"{url}/traefik/configuration", headers=client.headers).content)
    return found


def _plain(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: each[name] for name in each.keys() - {"time", "requestId"}} for each in items]


def apart(app: Application) -> None:
    app.plane.turns.large_bytes = 0


def test_what_is_done_apart_is_what_is_done_here(migrated: Path, tmp_path: Path) -> None:
    def here_alone(_app: Application) -> None:
        pass

    found = []
    for prepare in (here_alone, apart):
        folder = tmp_path / prepare.__name__
        folder.mkdir()
        with running_service(folder, migrated, prepare=prepare) as service:
            found.append(answers(service.url))
    here, there = found
    for one, other in zip(here, there, strict=True):
        assert other == one
    assert {each[1] for each in here[: len(REQUESTS)]} == {200, 404, 409, 412, 422}
    assert len(here[len(REQUESTS) + 1]) >= 5


Planned = tuple[httpx.Client, list[Path]]
TRIED = {"dryRun": "true"}


@pytest.fixture
def planned(migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Planned]:
    """A service that does everything apart, and the files that it made for that."""
    made: list[Path] = []
    new_file = attempts.new_file

    @contextlib.contextmanager
    def noted() -> Iterator[Path]:
        with new_file() as path:
            made.append(path)
            yield path

    monkeypatch.setattr(attempts, "new_file", noted)
    with running_service(tmp_path, migrated, prepare=apart) as service, http_client(f"{service.url}/api/v1") as client:
        yield client, made


def test_what_was_planned_is_not_planned_again_when_it_is_applied(planned: Planned) -> None:
    client, made = planned
    plan = client.post("/apply", json=FIRST, params=TRIED).raise_for_status()
    assert [path.exists() for path in made] == [True]
    answer = client.post("/apply", json=FIRST, headers={"If-Match": plan.headers["ETag"]}).raise_for_status()
    assert answer.json() == plan.json() | {"revision": 1}
    assert answer.headers["Config-Revision"] == "1"
    wait_until(lambda: [path.exists() for path in made] == [False], "its file is gone")
    assert [item["name"] for item in client.get("/services").json()["items"]] == ["app", "old"]
    client.post("/apply", json=FIRST).raise_for_status()
    assert len(made) == 2


def test_what_was_planned_on_another_state_is_planned_again(planned: Planned) -> None:
    client, made = planned
    plan = client.post("/apply", json=FIRST, params=TRIED).raise_for_status()
    client.put("/domains/alvin.test", json={"description": "mine"}).raise_for_status()
    late = client.post("/apply", json=FIRST, headers={"If-Match": plan.headers["ETag"]})
    assert (late.status_code, len(late.json()["revisions"])) == (412, 1)
    client.post("/apply", json=FIRST, params=TRIED).raise_for_status()
    client.put("/domains/new.test", json={}).raise_for_status()
    answer = client.post("/apply", json=FIRST).raise_for_status().json()
    assert (answer["revision"], len(made)) == (3, 3)
    assert {"kind": "domain", "name": "alvin.test", "action": "change"}.items() <= answer["difference"]["objects"][
        0
    ].items()


def test_what_was_planned_is_for_those_alone_who_ask_for_the_same(planned: Planned) -> None:
    client, made = planned
    for body, params in ((FIRST, {}), (SECOND, {}), (FIRST, {"prune": "true"})):
        client.post("/apply", json=FIRST, params=TRIED).raise_for_status()
        client.post("/apply", json=body, params=params).raise_for_status()
    assert len(made) == 5  # the first alone is what was planned


def test_only_a_few_plans_are_kept(planned: Planned) -> None:
    client, made = planned
    for number in range(shelf.MOST + 1):
        client.post("/apply", json={"domains": {f"{number}.test": {}}}, params=TRIED).raise_for_status()
    wait_until(lambda: [path.exists() for path in made] == [False] + [True] * shelf.MOST, "the oldest is gone")


@pytest.fixture
def opened(migrated: Path, tmp_path: Path) -> Iterator[tuple[FileDatabase, Revisions]]:
    path = tmp_path / "provider.db"
    path.write_bytes(migrated.read_bytes())
    database = FileDatabase(path)
    revisions = Revisions(database)
    assert revisions.load(), revisions.problem
    with contextlib.closing(database):
        yield database, revisions


def adding(session: Session, name: str) -> Transition:
    return declarations.plan(session, Declaration.of(Domain(name=name)))


def prepared(database: FileDatabase, find: FindTransition) -> Prepared:
    with attempts.new_file() as path, database.reading() as session:
        made = attempts.attempt(session, find, ANYWHERE, {}, DEFAULT_POINTS)
        attempts.write(session, made, summarise(made.transition.changes), {}, path)
        return Prepared(path, Content(b""))


def test_what_was_prepared_is_kept_only_on_the_state_for_which_it_was_made(
    opened: tuple[FileDatabase, Revisions],
) -> None:
    database, revisions = opened
    late, soon = (prepared(database, partial(adding, name=f"{name}.test")) for name in ("late", "soon"))
    done = revisions.keep(soon, actor=Actor("tester"), message="why")
    assert done is not None
    assert done.revision == 1
    assert revisions.keep(late, actor=Actor("tester")) is None
    with revisions.reading() as session:
        assert domains.hosts(session) == ["soon.test"]


def test_a_service_that_others_or_a_rollout_lead_to_needs_no_router(
    opened: tuple[FileDatabase, Revisions],
) -> None:
    database, revisions = opened
    weighted = Weighted(services=[WeightedService(name="member")])
    both = Service(name="both", weighted=weighted)
    listed = [Service(name=name) for name in ("app", "next", "member")]

    def move(session: Session) -> None:
        for service in listed:
            writes.put(session, service.copy(labels={"lane": "a"}))
        acting.start(session, Actor("tester"), "app", RolloutInput(to="next"), message="", is_checked=False)

    revisions.change(move, actor=Actor("tester"))
    planned = partial(declarations.plan, wanted=Declaration.of(*listed, both))
    with database.reading() as session:
        made = attempts.attempt(session, planned, ANYWHERE, {}, DEFAULT_POINTS)
    assert [each.objects for each in made.warnings] == [(("service", "app"),), (("service", "both"),)]


def test_others_write_while_something_is_prepared(opened: tuple[FileDatabase, Revisions]) -> None:
    database, revisions = opened

    def put(session: Session) -> None:
        writes.put(session, Domain(name="other.test"))

    def beside(session: Session) -> Transition:
        revisions.change(put, actor=Actor("other"))
        return adding(session, "planned.test")

    assert revisions.keep(prepared(database, beside), actor=Actor("tester")) is None
    with revisions.reading() as session:
        assert domains.hosts(session) == ["other.test"]


HELD: dict[str, Any] = {
    "domains": {"held.test": {}, "other.test": {}},
    "services": {
        "app": {"servers": {"a": {"url": "http://10.0.0.1:1"}}},
        "other": {"servers": {"a": {"url": "http://10.0.0.2:1"}}},
        "both": {"weighted": {"services": [{"name": "other"}]}},
    },
    "middlewares": {"one": {"stripPrefix": {"prefixes": ["/one"]}}, "two": {"stripPrefix": {"prefixes": ["/two"]}}},
    "routers": {
        "app": {"domains": ["held.test"], "service": "app", "middlewares": ["one"]},
        "other": {"domains": ["other.test"], "service": "other"},
    },
}
WANTED: dict[str, Any] = {
    "domains": {"new.test": {}},
    "services": {"app": {"servers": {"a": {"url": "http://10.0.0.1:1", "weight": 5}}}, "new": {"servers": SERVERS}},
    "routers": {
        "app": {"domains": ["held.test", "new.test"], "service": "app", "middlewares": ["one"]},
        "new": {"domains": ["new.test"], "service": "new"},
    },
}
SECURED: dict[str, Any] = {"tls": {"from": "resolver", "certResolver": "le"}}
ROUTER: dict[str, Any] = {"domains": ["other.test"], "service": "other", "pathPrefix": "/x"}
OFF = {**HELD["routers"]["app"], "enabled": False}
MEANWHILE: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("a service of others", WANTED, {"services": {"other": {"servers": {"a": {"url": "http://10.0.0.9:1"}}}}}, True),
    ("an application of others", WANTED, {"domains": {"x.test": {}}, "routers": {"x": ROUTER}}, True),
    ("TLS of a domain of others", WANTED, {"domains": {"other.test": SECURED}}, True),
    ("the same object", WANTED, {"domains": {"new.test": {"description": "mine"}}}, False),
    ("a server of the same service", WANTED, {"services": {"app": {"servers": {"b": {"url": "http://h:1"}}}}}, False),
    ("what a router here refers to", WANTED, {"middlewares": {"one": {"stripPrefix": {"prefixes": ["/x"]}}}}, False),
    ("TLS of a domain here", WANTED, {"domains": {"held.test": SECURED}}, False),
    ("a router to a service here", WANTED, {"routers": {"x": {**ROUTER, "service": "app"}}}, False),
    ("a service made of others", WANTED, {"services": {"more": {"weighted": {"services": [{"name": "other"}]}}}}, True),
    (
        "two services made of others",
        {"services": {"both": {"weighted": {"services": [{"name": "other"}, {"name": "app"}]}}}},
        {"services": {"more": {"weighted": {"services": [{"name": "other"}]}}}},
        False,
    ),
    ("TLS of two domains", {"domains": {"held.test": SECURED}}, {"domains": {"other.test": SECURED}}, False),
    ("a router that TLS moves", {"domains": {"held.test": SECURED}}, {"routers": {"app": OFF}}, False),
]


def applying(session: Session, content: dict[str, Any]) -> Transition:
    return declarations.plan(session, read(content))


@pytest.mark.parametrize(
    ("wanted", "meanwhile", "is_kept"), [row[1:] for row in MEANWHILE], ids=[row[0] for row in MEANWHILE]
)
def test_what_others_change_meanwhile_is_kept_beside_a_large_change_that_has_nothing_to_do_with_it(
    wanted: dict[str, Any], meanwhile: dict[str, Any], is_kept: bool, opened: tuple[FileDatabase, Revisions]
) -> None:
    database, revisions = opened

    def change(content: dict[str, Any]) -> None:
        revisions.change(lambda session: declarations.apply(session, read(content)), actor=Actor("other"))

    change(HELD)
    planned = prepared(database, partial(applying, content=wanted))
    change(meanwhile)
    assert revisions.keep(planned, actor=Actor("tester")) is None
    done = revisions.keep(planned, actor=Actor("tester"), is_exact=False)
    if not is_kept:
        assert done is None
        change(wanted)
    kept, again = revisions.current, Revisions(database)
    assert again.load()
    assert kept is not None
    assert again.current is not None
    assert kept.revision == again.current.revision == 3
    assert kept.document == again.current.document  # what is served is what is stored, rendered as a whole
    assert kept.listening == again.current.listening
    with revisions.reading() as session:
        assert not declarations.plan(session, read(wanted)).changes


LANE = {"labels": {"lane": "a"}}
LABELLED: dict[str, Any] = {"domains": {"mine.test": LANE, "gone.test": LANE, "theirs.test": {}}}
PLANS: dict[str, FindTransition] = {
    "pruning": lambda session: declarations.plan(
        session, read({"domains": {"mine.test": LANE}}), Prune([("lane", "a")])
    ),
    "undoing": partial(undos.plan, number=2, choose=chooser((), ())),
    "rolling one back": partial(history.plan_back, number=1, named=("domain", "gone.test")),
    "rolling all back": partial(history.plan_back, number=1),
}


@pytest.mark.parametrize(
    ("plan", "other", "is_kept"),
    [
        ("pruning", {"theirs.test": {"description": "x"}, "new.test": {}}, True),
        ("pruning", {"new.test": LANE}, False),
        ("pruning", {"theirs.test": LANE}, False),
        ("pruning", {"mine.test": {**LANE, "description": "x"}}, False),
        ("undoing", {"new.test": LANE}, True),
        ("undoing", {"gone.test": LANE}, False),
        ("rolling one back", {"new.test": LANE}, True),
        ("rolling one back", {"gone.test": {"description": "y"}}, False),
        ("rolling all back", {"new.test": LANE}, False),
    ],
)
def test_what_goes_since_nothing_declares_it_is_found_again_where_others_made_or_changed_such(
    plan: str, other: dict[str, Any], is_kept: bool, opened: tuple[FileDatabase, Revisions]
) -> None:
    database, revisions = opened

    def change(domains: dict[str, Any]) -> None:
        content = read({"domains": domains})
        revisions.change(lambda session: declarations.apply(session, content), actor=Actor("other"))

    change(LABELLED["domains"])
    change({"gone.test": {**LANE, "description": "x"}})
    planned = prepared(database, PLANS[plan])
    change(other)
    assert (revisions.keep(planned, actor=Actor("tester"), is_exact=False) is not None) is is_kept


def test_a_large_change_is_not_kept_when_others_removed_meanwhile_what_it_refers_to(
    opened: tuple[FileDatabase, Revisions],
) -> None:
    database, revisions = opened

    def remove(session: Session) -> None:
        writes.remove(session, Router, "other")
        writes.remove(session, Service, "both")
        writes.remove(session, Service, "other", cascade=True)

    revisions.change(lambda session: declarations.apply(session, read(HELD)), actor=Actor("other"))
    planned = prepared(database, partial(applying, content={"routers": {"x": ROUTER}}))
    revisions.change(remove, actor=Actor("other"))
    assert revisions.keep(planned, actor=Actor("tester"), is_exact=False) is None
    assert revisions.current is not None
    assert revisions.current.revision == 2
