"""The page of a service's rollout, and where others tell of it."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import Service, http_client, running_service
from tests.web.filling import send, words

PAGE = "/services/shop/rollout"


@pytest.fixture(scope="module")
def alone(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that no Traefik polls: its rollouts wait for an edge."""
    with running_service(tmp_path_factory.mktemp("alone"), migrated) as service:
        yield service


@pytest.fixture
def console(alone: Service) -> Iterator[httpx.Client]:
    with (
        http_client(f"{alone.url}/api/v1") as client,
        http_client(alone.url, headers={"Accept": "text/html"}) as made,
    ):
        body = {"domain": "shop.test", "name": "shop", "servers": [{"name": "a", "url": "http://10.0.0.1"}]}
        if client.get("/services/shop").status_code == 404:
            client.post("/expose", json={**body, "healthCheck": {}}).raise_for_status()
        check = {"interval": "1s", "timeout": "1s"}
        client.put("/services/next", json={"healthCheck": check}).raise_for_status()
        client.put("/services/next/servers/b", json={"url": "http://10.0.0.2"}).raise_for_status()
        client.post("/services/shop/rollout/back")
        yield made


def start(console: httpx.Client, **texts: str) -> httpx.Response:
    return console.post(PAGE, data={"to": "next", "steps": "5, 100", "hold": "2m", **texts})


def test_a_rollout_is_started_by_a_form_and_told_on_all_pages_that_concern_it(console: httpx.Client) -> None:
    assert f'href="{PAGE}"' in console.get("/services/shop").text
    assert 'action="/services/shop/rollout"' in console.get(PAGE).text
    answer = start(console, mirror="10", message="Version 2")
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    page = console.get(PAGE).text
    assert "next gets a copy of 10 % of the requests" in page
    assert "Version 2" in page
    assert 'aria-current="step"' in page
    assert "A rollout to next is at 0 %." in console.get("/services/shop").text
    for path in ("/", "/revisions"):
        assert "Rollout of shop to next" in console.get(path).text


def test_buttons_pause_resume_and_take_back(console: httpx.Client) -> None:
    start(console)
    for step, told in (
        ("pause", "Paused: "),
        ("resume", "The servers of next are being checked"),
        ("back", "Rolled back by "),
    ):
        assert f'value="{step}"' in console.get(PAGE).text
        answer = console.post(f"{PAGE}/step", data={"step": step})
        assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
        assert told in console.get(PAGE).text
    assert 'value="back"' not in console.get(PAGE).text
    console.post(f"{PAGE}/step", data={"step": "back"})
    assert "no rollout of shop is running" in console.get(PAGE).text.lower()


def test_why_can_be_typed_at_each_step_and_is_kept_as_it_is_by_rest(console: httpx.Client, alone: Service) -> None:
    start(console, message="Version 2")
    with http_client(f"{alone.url}/api/v1") as client:
        why = {"Config-Message": "as told"}
        for step, button in (("pause", "Pause"), ("resume", "Resume"), ("back", "Roll back now")):
            send(console, console.get(PAGE), f"{PAGE}/step", {"message": f"{step}, as told"}, button)
            assert client.get("/audit").json()["items"][0]["message"] == f"{step}, as told"
        client.post(f"{PAGE}", json={"to": "next"}).raise_for_status()
        for step in ("pause", "resume", "back"):
            client.post(f"{PAGE}/{step}", headers=why).raise_for_status()
            newest = client.get("/audit").json()["items"][0]
            assert (newest["action"], newest["message"]) == (f"rollout.{step}", "as told")
        start(console, message="Version 2")
        send(console, console.get(PAGE), f"{PAGE}/step", {"message": "it is enough"}, "Finish now")
        assert client.get("/revisions").json()["items"][0]["message"] == "it is enough"
        client.post(f"/revisions/{client.get('/revisions').json()['items'][0]['number']}/undo").raise_for_status()


def test_only_what_makes_a_revision_has_to_be_confirmed_and_what_was_typed_is_not_lost(console: httpx.Client) -> None:
    assert "Roll back unless confirmed" not in words(console.get(PAGE))
    start(console)
    answer = send(console, console.get(PAGE), f"{PAGE}/step", {"message": "slowly", "confirmWithin": "5m"}, "Pause")
    assert answer.status_code == 422
    assert "only finishing a rollout does" in words(answer)
    again = html.unescape(re.findall(r'href="([^"]*typed=[^"]*)"', answer.text)[0])
    assert 'value="slowly"' in console.get(again).text


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"to": "gone"}, "There is no service gone: add it first"),
        ({"to": "shop"}, "This service has the traffic already"),
        ({"steps": "50, 25, 100"}, "These have to rise to 100"),
        ({"steps": "5, 25"}, "These have to rise to 100"),
        ({"steps": "a few"}, "Write whole numbers separated by commas"),
        ({"hold": "soon"}, "soon is not a duration"),
        ({"hold": "1s"}, "At least "),
        ({"mirror": "101"}, "101"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(console: httpx.Client, texts: dict[str, str], told: str) -> None:
    answer = start(console, **texts)
    assert answer.status_code == 422
    assert told in answer.text


def test_the_new_servers_have_to_be_checked_unless_somebody_says_otherwise(
    console: httpx.Client, alone: Service
) -> None:
    with http_client(f"{alone.url}/api/v1") as client:
        client.put("/services/next", json={}).raise_for_status()
    answer = start(console)
    assert answer.status_code == 422
    assert "next has no health check, so nobody would notice if it failed" in answer.text
    assert start(console, withoutHealthCheck="true").status_code == 303
