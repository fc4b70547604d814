"""After a change a page tells its revision, and where that is live."""

import httpx

from provider.cli.liveness import words_of_live, words_of_none
from tests.running import Service, Traefik, wait_until
from tests.web.filling import revision, send, words

PART = {"HX-Request": "true"}


def test_a_change_is_told_with_its_revision_and_that_no_edge_runs_it(admin: httpx.Client, peopled: Service) -> None:
    answer = send(admin, admin.get("/domains/new"), "/domains/new", {"name": "far.test"})
    newest = revision(peopled)
    page = admin.get(answer.headers["Location"])
    assert f'<a href="/revisions/{newest}">Revision {newest}</a>' in page.text
    arrival = f"/revisions/{newest}/arrival"
    assert f'hx-get="{arrival}"' in page.text
    assert words(admin.get(arrival, headers=PART)) == words_of_none([])
    assert admin.get(arrival).headers["Location"] == f"/revisions/{newest}"
    assert admin.get("/revisions/999999/arrival").status_code == 404


def test_what_changes_nothing_has_no_revision_and_nothing_to_wait_for(
    console: httpx.Client, client: httpx.Client
) -> None:
    client.put("/domains/same.test", json={}).raise_for_status()
    answer = send(console, console.get("/domains/same.test/edit"), "/domains/same.test/edit", {})
    assert "/arrival" not in console.get(answer.headers["Location"]).text


def test_where_a_change_is_live_is_told_as_the_command_line_does(
    console: httpx.Client,
    service: Service,
    traefik: Traefik,  # noqa: ARG001  # it polls
) -> None:
    answer = send(console, console.get("/services/new"), "/services/new", {"name": "idle"})
    page = console.get(answer.headers["Location"])
    assert "No router points to the service idle." in words(page)
    arrival = f"/revisions/{revision(service)}/arrival"
    assert arrival in page.text
    wait_until(lambda: words(console.get(arrival, headers=PART)) == words_of_live([]), "it is told to be live")
    assert "hx-get" not in console.get(arrival, headers=PART).text
