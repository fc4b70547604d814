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
from provider.app import Application
from provider.attempts import Prepared
from provider.database.file import FileDatabase
from provider.database.sessions import Session
from provider.declarations import Declaration
from provider.listening import DEFAULT_POINTS
from provider.models import Actor, RolloutInput
from provider.nouns import Domain, Service
from provider.nouns.composed import Weighted, WeightedService
from provider.plans import Transition
from provider.revisions import Revisions
from provider.rollouts import acting
from provider.store import declarations, domains, nouns
from provider.summaries import summarise
from tests.running import http_client, running_service

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


def test_what_is_done_apart_is_what_is_done_here(migrated: Path, tmp_path: Path) -> None:
    def apart(app: Application) -> None:
        app.plane.turns.large_bytes = 0

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


def prepared(database: FileDatabase, name: str, path: Path) -> Prepared:
    with database.reading() as session:
        made = attempts.attempt(session, partial(adding, name=name), ANYWHERE, {}, DEFAULT_POINTS)
        attempts.write(session, made, summarise(made.transition.changes), {}, path)
    return Prepared(path)


def test_what_was_prepared_is_kept_only_on_the_state_for_which_it_was_made(
    opened: tuple[FileDatabase, Revisions], tmp_path: Path
) -> None:
    database, revisions = opened
    late, soon = (prepared(database, f"{name}.test", tmp_path / name) for name in ("late", "soon"))
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
            nouns.put(session, service.copy(labels={"lane": "a"}))
        acting.start(session, Actor("tester"), "app", RolloutInput(to="next"), message="", is_checked=False)

    revisions.change(move, actor=Actor("tester"))
    planned = partial(declarations.plan, wanted=Declaration.of(*listed, both))
    with database.reading() as session:
        made = attempts.attempt(session, planned, ANYWHERE, {}, DEFAULT_POINTS)
    assert [each.objects for each in made.warnings] == [(("service", "app"),), (("service", "both"),)]


def test_others_write_while_something_is_prepared(opened: tuple[FileDatabase, Revisions], tmp_path: Path) -> None:
    database, revisions = opened

    def put(session: Session) -> None:
        nouns.put(session, Domain(name="other.test"))

    def beside(session: Session) -> Transition:
        revisions.change(put, actor=Actor("other"))
        return adding(session, "planned.test")

    with database.reading() as session:
        made = attempts.attempt(session, beside, ANYWHERE, {}, DEFAULT_POINTS)
        attempts.write(session, made, [], {}, tmp_path / "prepared")
    assert revisions.keep(Prepared(tmp_path / "prepared"), actor=Actor("tester")) is None
    with revisions.reading() as session:
        assert domains.hosts(session) == ["other.test"]
