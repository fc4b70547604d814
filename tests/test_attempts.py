"""What is computed apart, and kept: it is what the same request does here, and holds nobody up."""

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
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
from provider.attempts import Circumstances, FindTransition, Prepared
from provider.database.file import FileDatabase
from provider.database.sessions import Session
from provider.declarations import Declaration, read
from provider.errors import Brake
from provider.listening import DEFAULT_POINTS
from provider.models import Actor, RolloutInput
from provider.nouns import Domain, Router, Server, Service
from provider.nouns.composed import Weighted, WeightedService
from provider.plans import Prune, Transition
from provider.revisions import Outcome, Revisions
from provider.rollouts import acting
from provider.store import declarations, domains, history, undos, writes
from provider.store import revisions as stored_revisions
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


def test_what_is_told_is_what_was_done_where_others_changed_something_meanwhile(
    migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps: list[Application] = []
    waiting = ["x.test", "y.test", "z.test"]
    new_file = attempts.new_file

    @contextlib.contextmanager
    def overtaken() -> Iterator[Path]:
        with new_file() as path:
            yield path
        if waiting:
            apps[0].plane.revisions.change(
                lambda session: writes.put(session, Domain(name=waiting.pop(0))), actor=Actor("other")
            )

    def prepare(app: Application) -> None:
        apart(app)
        apps.append(app)

    with (
        running_service(tmp_path, migrated, prepare=prepare) as service,
        http_client(f"{service.url}/api/v1") as client,
    ):
        client.post("/apply", json=FIRST).raise_for_status()
        client.post("/apply", json=SECOND).raise_for_status()
        monkeypatch.setattr(attempts, "new_file", overtaken)
        answer = client.post("/revisions/1/rollback", params={"confirmWithin": "1h"}).raise_for_status()
        made = client.get("/revisions/4").json()
        listed = {(each["kind"], each["name"]): each["action"] for each in answer.json()["difference"]["objects"]}
        assert (answer.json()["revision"], answer.headers["Config-Revision"], waiting) == (4, "4", ["z.test"])
        assert listed["domain", "x.test"] == "remove"
        assert listed.keys() == {(each["kind"], each["name"]) for each in made["changes"]}
        assert answer.headers["Confirm-Before"][:19] == made["confirmation"]["before"][:19]
        braked = client.post("/apply", json={}, params={"prune": "true"})
        assert braked.status_code == 409
        assert "domains: 5" in braked.json()["detail"]  # those of others too
        assert client.post("/apply", json={}, params={"prune": "true", "confirm": braked.json()["confirm"]}).is_success
        left = client.get("/export").json()
        assert not any(left.values())


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
        made = attempts.attempt(session, find, Circumstances(ANYWHERE, {}, DEFAULT_POINTS))
        attempts.write(session, made, summarise, {}, path)
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
        acting.start(session, Actor("tester"), "app", "", wanted=RolloutInput(to="next"), is_checked=False)

    revisions.change(move, actor=Actor("tester"))
    planned = partial(declarations.plan, wanted=Declaration.of(*listed, both))
    with database.reading() as session:
        made = attempts.attempt(session, planned, Circumstances(ANYWHERE, {}, DEFAULT_POINTS))
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
MORE = {"services": {"more": {"weighted": {"services": [{"name": "other"}]}}}}
TWO = {"services": {"both": {"weighted": {"services": [{"name": "other"}, {"name": "app"}]}}}}
MEANWHILE: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("a service of others", WANTED, {"services": {"other": {"servers": {"a": {"url": "http://10.0.0.9:1"}}}}}, True),
    ("an application of others", WANTED, {"domains": {"x.test": {}}, "routers": {"x": ROUTER}}, True),
    ("TLS of a domain of others", WANTED, {"domains": {"other.test": SECURED}}, True),
    ("the same object", WANTED, {"domains": {"new.test": {"description": "mine"}}}, False),
    ("a server of the same service", WANTED, {"services": {"app": {"servers": {"b": {"url": "http://h:1"}}}}}, False),
    ("what a router here refers to", WANTED, {"middlewares": {"one": {"stripPrefix": {"prefixes": ["/x"]}}}}, False),
    ("TLS of a domain here", WANTED, {"domains": {"held.test": SECURED}}, False),
    ("a router to a service here", WANTED, {"routers": {"x": {**ROUTER, "service": "app"}}}, False),
    ("a service made of others", WANTED, MORE, True),
    ("two services made of others", TWO, MORE, False),
    ("TLS of two domains", {"domains": {"held.test": SECURED}}, {"domains": {"other.test": SECURED}}, False),
    ("a router that TLS moves", {"domains": {"held.test": SECURED}}, {"routers": {"app": OFF}}, False),
]


def applying(session: Session, content: dict[str, Any], prune: Prune | None = None) -> Transition:
    return declarations.plan(session, read(content), prune)


def change(revisions: Revisions, content: dict[str, Any]) -> None:
    revisions.change(lambda session: declarations.apply(session, read(content)), actor=Actor("other"))


def told(revisions: Revisions) -> tuple[Any, ...]:
    """What is stored and served, and what the newest revision says that it did."""
    assert revisions.current is not None
    number = revisions.current.revision
    with revisions.reading() as session:
        made = {(each.kind, each.name): each for each in stored_revisions.changes_of(session, number)}
        assert stored_revisions.count_changes(session, [number]) == {number: len(made)}
        words = sorted(stored_revisions.get(session, number).summary.split("; "))
        current = revisions.current
        return declarations.read(session), current.document, current.listening, number, made, words


@pytest.fixture
def twins(migrated: Path, tmp_path: Path) -> Iterator[tuple[tuple[FileDatabase, Revisions], Revisions]]:
    """Two services with the same state. In one something is planned apart, in the other under the lock."""
    opened = []
    for name in ("apart", "here"):
        path = tmp_path / f"{name}.db"
        path.write_bytes(migrated.read_bytes())
        database = FileDatabase(path)
        opened.append((database, Revisions(database)))
        assert opened[-1][1].load()
    with contextlib.closing(opened[0][0]), contextlib.closing(opened[1][0]):
        yield opened[0], opened[1][1]


Twins = tuple[tuple[FileDatabase, Revisions], Revisions]


def compare(
    twins: Twins, find: FindTransition, first: Sequence[dict[str, Any]], meanwhile: Callable[[Session], None]
) -> str:
    """Plan something, let others change something, and do it: in one by what was planned, in the other anew.

    Tells how the one did it, and that it came to the same.
    """
    (database, revisions), here = twins
    for content, each in itertools.product(first, (revisions, here)):
        change(each, content)
    planned = prepared(database, find)
    for each in (revisions, here):
        each.change(meanwhile, actor=Actor("other"))

    def keep(confirmed: int | None) -> Outcome[None] | None:
        return revisions.keep(planned, actor=Actor("tester"), confirmed=confirmed, is_exact=False)

    def do(confirmed: int | None) -> Outcome[None]:
        return here.change(
            lambda session: declarations.write(session, find(session)), actor=Actor("tester"), confirmed=confirmed
        )

    assert revisions.keep(planned, actor=Actor("tester")) is None
    brakes: list[Brake | None] = []
    for doing in (keep, do):
        try:
            done = doing(None)
            brakes.append(None)
        except Brake as brake:
            brakes.append(brake)
            done = doing(brake.number)
        if doing is keep:
            kept = done
            if kept is None:
                return "anew"
    one, other = brakes
    assert (one and (one.detail, one.fields)) == (other and (other.detail, other.fields))
    assert told(revisions) == told(here)
    again = Revisions(database)
    assert again.load()
    assert again.current is not None
    assert again.current.document == told(revisions)[1]  # what is served is what is stored, rendered as a whole
    assert kept is not None
    return "as planned" if kept.is_as_planned else "together"


def putting(content: dict[str, Any]) -> Callable[[Session], None]:
    return lambda session: declarations.apply(session, read(content))


@pytest.mark.parametrize(
    ("wanted", "meanwhile", "is_apart"), [row[1:] for row in MEANWHILE], ids=[row[0] for row in MEANWHILE]
)
def test_a_large_change_comes_to_the_same_as_if_it_were_planned_after_what_others_changed_meanwhile(
    wanted: dict[str, Any], meanwhile: dict[str, Any], is_apart: bool, twins: Twins
) -> None:
    done = compare(twins, partial(applying, content=wanted), [HELD], putting(meanwhile))
    assert done == ("as planned" if is_apart else "together")


LANE = {"labels": {"lane": "a"}}
LABELLED: dict[str, Any] = {"domains": {"mine.test": LANE, "gone.test": LANE, "theirs.test": {}}}
GONE: dict[str, Any] = {"domains": {"gone.test": {**LANE, "description": "x"}}}
PLANS: dict[str, FindTransition] = {
    "pruning": partial(applying, content={"domains": {"mine.test": LANE}}, prune=Prune([("lane", "a")])),
    "replacing all": partial(applying, content={"domains": {"mine.test": LANE}}, prune=Prune()),
    "undoing": partial(undos.plan, number=2, choose=chooser((), ())),
    "rolling one back": partial(history.plan_back, number=1, named=("domain", "gone.test")),
    "rolling all back": partial(history.plan_back, number=1),
}


@pytest.mark.parametrize(
    ("plan", "other", "done"),
    [
        ("pruning", {"theirs.test": {"description": "x"}, "new.test": {}}, "as planned"),
        ("pruning", {"new.test": LANE}, "together"),
        ("pruning", {"theirs.test": LANE}, "together"),
        ("pruning", {"gone.test": {}, "new.test": LANE}, "together"),
        ("pruning", {"gone.test": {}}, "anew"),  # nothing is left to do
        ("pruning", {"mine.test": {**LANE, "description": "x"}}, "together"),
        ("replacing all", {"new.test": {}, "gone.test": {}, "mine.test": SECURED}, "together"),
        ("undoing", {"new.test": LANE}, "as planned"),
        ("undoing", {"gone.test": LANE}, "anew"),
        ("rolling one back", {"new.test": LANE}, "as planned"),
        ("rolling one back", {"gone.test": {"description": "y"}}, "anew"),
        ("rolling all back", {"new.test": LANE}, "together"),
        ("rolling all back", {"gone.test": LANE, "new.test": {}}, "together"),
    ],
)
def test_what_goes_since_nothing_declares_it_is_found_too_where_others_made_or_changed_such(
    plan: str, other: dict[str, Any], done: str, twins: Twins
) -> None:
    assert compare(twins, PLANS[plan], [LABELLED, GONE], putting({"domains": other})) == done


def test_a_mask_stands_for_the_secret_that_others_set_meanwhile(twins: Twins) -> None:
    def guarded(password: str) -> dict[str, Any]:
        return {"middlewares": {"auth": {"basicAuth": {"users": [f"admin:{password}"]}}}}

    first, second = ("$2y$05$" + letter * 53 for letter in "ab")
    content = {**guarded("********"), "domains": {"new.test": {}}}
    assert compare(twins, partial(applying, content=content), [guarded(first)], putting(guarded(second))) == "anew"


def test_what_is_declared_as_it_is_becomes_so_again_where_others_changed_it_meanwhile(twins: Twins) -> None:
    content: dict[str, Any] = {"domains": {"held.test": {}, "new.test": {}}}
    other = {"domains": {"held.test": {"description": "x"}}}
    assert compare(twins, partial(applying, content=content), [HELD], putting(other)) == "together"


APPS: dict[str, Any] = {
    "domains": {f"{n}.test": {} for n in range(9)},
    "services": {f"app{n}": {"servers": {"a": {"url": "http://10.0.0.1:1"}}} for n in range(9)},
    "routers": {f"app{n}": {"domains": [f"{n}.test"], "service": f"app{n}"} for n in range(9)},
}


def removing(session: Session) -> None:
    """Remove an application that will be there again, and make one that will not, with a server that has a lease."""
    writes.remove(session, Router, "app3")
    writes.remove(session, Domain, "3.test")
    writes.remove(session, Service, "app3")
    declarations.apply(session, read({**APPS, "routers": {}, "domains": {}, "services": {"new": {"servers": SERVERS}}}))
    declarations.apply(session, read({"domains": {"new.test": SECURED, "4.test": SECURED}}))
    declarations.apply(session, read({"routers": {"new": {"domains": ["new.test", "4.test"], "service": "new"}}}))
    for service in ("new", "app5"):
        writes.put(session, Server(name="leased", url="http://10.0.0.7:1", ttl="10s"), service)


@pytest.mark.parametrize("plan", ["rolling back", "replacing", "applying"])
def test_whole_applications_of_others_go_and_come_back_with_what_replaces_everything(plan: str, twins: Twins) -> None:
    fewer = {kind: dict(list(section.items())[:5]) for kind, section in APPS.items()}
    plans: dict[str, FindTransition] = {
        "rolling back": partial(history.plan_back, number=1),
        "replacing": partial(applying, content=fewer, prune=Prune()),
        "applying": partial(applying, content=fewer),
    }
    changed = {"services": {name: {"servers": {"a": {"url": "http://h:2"}}} for name in APPS["services"]}}
    assert compare(twins, plans[plan], [APPS, changed, {"domains": {"more.test": {}}}], removing) == "together"


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
