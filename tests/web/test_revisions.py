"""The pages of the revisions: what changed, and what runs it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from provider.models import Role
from tests.people import add_account
from tests.running import Service, fetch, http_client, running_service
from tests.web.visiting import HOSTILE, Page, read, visit


@pytest.fixture(scope="module")
def changed(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose revisions 1 to 4 made, drained and removed a server."""
    with running_service(tmp_path_factory.mktemp("changed"), migrated) as service:
        add_account(service.database, "sari", Role.VIEWER)
        with http_client(f"{service.url}/api/v1/services") as client:
            client.put("/wayshub", json={}).raise_for_status()
            client.put("/wayshub/servers/a", json={"url": "http://10.0.0.1:3000", "weight": 3}).raise_for_status()
            client.patch("/wayshub/servers/a", json={"state": "drain"}).raise_for_status()
            client.delete("/wayshub/servers/a").raise_for_status()
        yield service


@pytest.fixture
def reader(changed: Service) -> Iterator[httpx.Client]:
    with visit(changed, "sari") as made:
        yield made


def test_revisions_are_listed_the_newest_first(reader: httpx.Client) -> None:
    page = read(reader.get("/revisions"))
    numbers = [path for path in page.paths() if path.startswith("/revisions/")]
    assert numbers[-4:] == ["/revisions/4", "/revisions/3", "/revisions/2", "/revisions/1"]
    assert "Drained server a of wayshub tests" in page.text


def test_a_revision_shows_each_object_before_and_after(reader: httpx.Client) -> None:
    page = read(reader.get("/revisions/3"))
    drained = "State ready: takes requests drain: gets no new requests"
    assert f"server wayshub/a changed Field Before After {drained}" in page.text
    assert "url" not in page.text.partition("What it changed")[2]
    added = read(reader.get("/revisions/2")).text.partition("What it changed")[2]
    assert "added Field After URL http://10.0.0.1:3000 Weight 3 State ready: takes requests" in added
    removed = read(reader.get("/revisions/4"))
    assert "removed Field Before URL http://10.0.0.1:3000 Weight 3 State drain: gets no new requests" in removed.text
    assert "/services/wayshub/servers/a" in page.paths()
    assert "/services/wayshub/servers/a" not in removed.paths()


def test_a_revision_leads_to_those_before_and_after(reader: httpx.Client) -> None:
    links = {each["rel"]: each["href"] for each in read(reader.get("/revisions/2")).all("a") if "rel" in each}
    assert links == {"prev": "/revisions/1", "next": "/revisions/3"}
    assert "prev" not in [each.get("rel") for each in read(reader.get("/revisions/1")).all("a")]


def test_a_revision_tells_its_document_and_where_it_runs(reader: httpx.Client, changed: Service) -> None:
    fetch(f"{changed.url}/traefik/configuration", params={"edge": "paris"}).raise_for_status()
    current = read(reader.get("/revisions/4"))
    assert changed.digest() in current.text
    assert "paris unconfirmed given" in current.text
    assert "/edges/paris" in current.paths()
    assert "no edge now" in read(reader.get("/revisions/2")).text


def test_revisions_are_searched_and_paged(reader: httpx.Client, changed: Service) -> None:
    with http_client(f"{changed.url}/api/v1") as client:
        for index in range(60):
            client.put(f"/domains/paged-{index:02}.test", json={}).raise_for_status()
    first = read(reader.get("/revisions", params={"q": "PAGED-"}))
    [path] = [path for path in first.paths() if "cursor=" in path]
    second = read(reader.get(path))
    shown = [[path for path in page.paths() if path.startswith("/revisions/")] for page in (first, second)]
    assert [len(paths) for paths in shown] == [50, 10]
    assert len(set(shown[0] + shown[1])) == 60
    assert "Nothing found" in read(reader.get("/revisions", params={"q": "no such thing"})).text


def test_one_revision_of_many_objects_is_shown_a_part_at_a_time(changed: Service, reader: httpx.Client) -> None:
    servers = [{"name": f"s{index:03}", "url": f"http://10.1.0.{index}:3000"} for index in range(1, 101)]
    with http_client(f"{changed.url}/api/v1") as client:
        answer = client.post("/expose", json={"domain": "many.test", "servers": servers}).raise_for_status()
    first = read(reader.get(f"/revisions/{answer.headers['Config-Revision']}"))
    assert "What it changed: 103 objects" in first.text
    shown = parts(reader, first)
    assert [len(page.all("article")) for page in shown] == [50, 50, 3]


def parts(client: httpx.Client, page: Page) -> list[Page]:
    following = [each["href"] for each in page.all("a") if each.get("rel") == "next" and "cursor=" in each["href"]]
    return [page, *(parts(client, read(client.get(following[0]))) if following else [])]


def test_a_revision_of_an_earlier_version_is_told_from_its_text_alone(changed: Service, reader: httpx.Client) -> None:
    with http_client(f"{changed.url}/api/v1") as client:
        answer = client.put("/domains/long.test", json={}).raise_for_status()
    number = int(answer.headers["Config-Revision"])
    with closing(sqlite3.connect(changed.database)) as connection:
        connection.execute(
            "UPDATE revision SET words = NULL, summary = 'router old added; and 3 more' WHERE number = ?", (number,)
        )
        connection.commit()
    assert "router old added; and 3 more" in read(reader.get(f"/revisions/{number}")).text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_shown_as_texts(changed: Service, reader: httpx.Client, text: str) -> None:
    with http_client(f"{changed.url}/api/v1") as client:
        answer = client.put("/domains/hostile.test", json={"description": text}).raise_for_status()
    page = read(reader.get(f"/revisions/{answer.headers['Config-Revision']}"))
    assert text in page.text
    listed = read(reader.get("/revisions", params={"q": text[:200]}))
    assert listed.value("q") == text[:200].strip()
    for each in (page, listed):
        assert len(each.all("img")) == 1
        assert all("onfocus" not in attributes and "onerror" not in attributes for _tag, attributes in each.elements)


@pytest.mark.parametrize("number", ["0", "x", "99999", "9" * 300])
def test_what_is_no_revision_is_told_in_words(reader: httpx.Client, number: str) -> None:
    assert f"There is no revision {number}." in read(reader.get(f"/revisions/{number}"), 404).text


def test_the_pages_speak_indonesian(changed: Service) -> None:
    with visit(changed, "sari", "id") as client:
        assert "service wayshub ditambahkan" in read(client.get("/revisions/1")).text
        assert "Revisi" in read(client.get("/revisions")).text
