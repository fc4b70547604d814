"""The pages of servers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from provider import draining
from provider.app import Application
from tests.running import Service, http_client, wait_until
from tests.web.filling import PageForm, find_form, forms, revision, send, words

SERVICE = "/services/wayshub"
PAGE = f"{SERVICE}/servers/a"
STATE = f"{PAGE}/state"


@pytest.fixture(autouse=True)
def wayshub(client: httpx.Client) -> None:
    client.post("/services", json={"name": "wayshub"}).raise_for_status()


def add(client: httpx.Client, name: str = "a", **fields: object) -> None:
    body = {"url": f"http://{name}.test:3000", **fields}
    client.put(f"{SERVICE}/servers/{name}", json=body).raise_for_status()


def state(client: httpx.Client) -> str:
    found: str = client.get(PAGE).raise_for_status().json()["state"]
    return found


def act(console: httpx.Client, form: PageForm, wanted: str) -> httpx.Response:
    """Press a button that wants a state."""
    assert wanted in [value for name, value, _text in form.buttons if name == "state"]
    return console.post(form.action, data={**form.fields, "state": wanted})


def test_a_server_is_added_by_a_form(console: httpx.Client, client: httpx.Client) -> None:
    add(client, "a")
    path = f"{SERVICE}/servers/new"
    page = console.get(path)
    assert find_form(page, path).fields["name"] == "b"
    answer = send(console, page, path, {"url": " HTTP://10.0.0.11:3000/ ", "weight": "3"})
    assert (answer.status_code, answer.headers["Location"]) == (303, SERVICE)
    kept = client.get(f"{SERVICE}/servers/b").json()
    assert (kept["url"], kept["weight"], kept["state"]) == ("http://10.0.0.11:3000", 3, "ready")
    assert "Server b was added to wayshub." in console.get(SERVICE).text


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_is_kept(console: httpx.Client) -> None:
    path = f"{SERVICE}/servers/new"
    wrong: dict[str, str | None] = {"name": "A", "url": "ftp://x", "weight": "1.5"}
    answer = send(console, console.get(path), path, wrong)
    assert answer.status_code == 422
    for name in wrong:
        assert f'id="field-{name}-wrong"' in answer.text
    fields = find_form(answer, path).fields
    assert {name: fields[name] for name in wrong} == wrong


def test_a_server_needs_its_service(console: httpx.Client) -> None:
    assert console.get("/services/nothing/servers/new").status_code == 404
    assert console.get("/services/nothing/servers/a").status_code == 404
    fields = {"name": "a", "url": "http://a.test", "weight": "1", "state": "ready"}
    assert console.post("/services/nothing/servers/new", data=fields).status_code == 404


@pytest.mark.parametrize("page", [SERVICE, PAGE])
def test_a_server_is_drained_brought_back_and_taken_out_by_one_click(
    console: httpx.Client, client: httpx.Client, page: str
) -> None:
    add(client, weight=4)
    for wanted, told in {
        "drain": "Server a is drained",
        "ready": "Server a is active again",
        "maint": "Server a is in maintenance",
    }.items():
        opened = console.get(page)
        form = next(
            form for form in forms(opened) if form.action == STATE and wanted in [button[1] for button in form.buttons]
        )
        answer = act(console, form, wanted)
        assert (answer.status_code, answer.headers["Location"]) == (303, page)
        assert state(client) == wanted
        assert told in console.get(page).text
    kept = client.get(PAGE).json()
    assert (kept["weight"], kept["url"]) == (4, "http://a.test:3000")


def test_what_a_drained_server_gets_is_told_of_the_edges_that_poll(start_service: Callable[..., Service]) -> None:
    service = start_service()
    with http_client(f"{service.url}/api/v1") as client, http_client(service.url) as pages:
        client.post("/services", json={"name": "wayshub"}).raise_for_status()
        add(client)
        act(pages, find_form(pages.get(PAGE), STATE), "drain")
        assert "Server a is drained, but no Traefik is connected" in pages.get(PAGE).text
        for _ in range(2):
            pages.get("/traefik/configuration?edge=here").raise_for_status()
        act(pages, find_form(pages.get(PAGE), STATE), "ready")
        assert "Server a is active again: each edge that runs this change" in pages.get(PAGE).text


def test_what_somebody_else_changed_is_not_drained_unseen(console: httpx.Client, client: httpx.Client) -> None:
    add(client)
    form = find_form(console.get(PAGE), STATE)
    client.patch(PAGE, json={"weight": 9}).raise_for_status()
    assert act(console, form, "drain").headers["Location"] == PAGE
    assert state(client) == "ready"
    page = console.get(PAGE)
    assert "Server a was not changed" in page.text
    act(console, find_form(page, STATE), "drain")
    assert state(client) == "drain"


@pytest.mark.parametrize("fields", [{}, {"state": "gone"}, {"state": "drain"}, {"state": "drain", "etag": "*"}])
def test_a_state_that_is_none_or_of_no_version_changes_nothing(
    console: httpx.Client, client: httpx.Client, fields: dict[str, str]
) -> None:
    add(client)
    assert console.post(STATE, data=fields).status_code in {303, 422}
    assert state(client) == "ready"


@pytest.mark.parametrize("path", ["//evil.test/", "https://evil.test", "/\\evil.test"])
def test_a_click_leads_to_no_other_site(console: httpx.Client, client: httpx.Client, path: str) -> None:
    add(client)
    form = find_form(console.get(PAGE), STATE)
    answer = console.post(STATE, data={**form.fields, "state": "drain", "next": path})
    assert answer.headers["Location"] == "/"


def test_a_form_that_is_sent_as_it_is_changes_nothing(
    console: httpx.Client, client: httpx.Client, service: Service
) -> None:
    add(client, weight=7, state="maint")
    before, path = revision(service), f"{PAGE}/edit"
    assert send(console, console.get(path), path).status_code == 303
    assert revision(service) == before


def test_two_people_who_edit_a_server_lose_nothing(console: httpx.Client, client: httpx.Client) -> None:
    add(client)
    path = f"{PAGE}/edit"
    page = console.get(path)
    client.patch(PAGE, json={"weight": 5, "state": "drain"}).raise_for_status()
    late = send(console, page, path, {"weight": "3", "url": "http://mine.test"})
    assert late.status_code == 412
    assert client.get(PAGE).json()["weight"] == 5
    text = words(late)
    assert "Weight 1 5 3" in text
    assert "State ready: takes requests drain: gets no new requests" in text
    fields = find_form(late, path).fields
    assert (fields["weight"], fields["url"], fields["state"]) == ("3", "http://mine.test", "drain")
    assert send(console, late, path).status_code == 303
    kept = client.get(PAGE).json()
    assert (kept["weight"], kept["url"], kept["state"]) == (3, "http://mine.test", "drain")


def test_what_is_wrong_with_a_late_edit_is_told_after_it_was_chosen(
    console: httpx.Client, client: httpx.Client
) -> None:
    add(client)
    path = f"{PAGE}/edit"
    page = console.get(path)
    client.patch(PAGE, json={"weight": 5}).raise_for_status()
    late = send(console, page, path, {"weight": "many", "url": "nowhere"})
    wrong = send(console, late, path, {"take/weight": "now"})
    assert wrong.status_code == 422
    assert 'id="field-url-wrong"' in wrong.text
    fields = find_form(wrong, path).fields
    assert (fields["weight"], fields["url"]) == ("5", "nowhere")
    assert send(console, wrong, path, {"url": "http://b.test"}).status_code == 303
    assert client.get(PAGE).json()["weight"] == 5


def test_a_server_is_removed_after_a_question(console: httpx.Client, client: httpx.Client) -> None:
    add(client)
    path = f"{PAGE}/remove"
    assert send(console, console.get(path), path).headers["Location"] == SERVICE
    assert client.get(PAGE).status_code == 404
    assert "Server a was removed from wayshub." in console.get(SERVICE).text


def test_what_is_observed_stands_beside_what_is_wanted(start_service: Callable[..., Service]) -> None:
    applications: list[Application] = []
    own = start_service(prepare=applications.append)
    with http_client(own.url, headers={"Accept": "text/html"}) as console:
        checked = {"name": "s", "healthCheck": {"path": "/"}, "sticky": {"cookie": {"name": "sid"}}}
        console.post("/api/v1/services", json=checked).raise_for_status()
        for name in ("a", "b"):
            url = {"url": f"http://{name}.test", "weight": 2}
            console.put(f"/api/v1/services/s/servers/{name}", json=url).raise_for_status()
        told = {"s": {"http://a.test": True, "http://b.test": False}}
        since = datetime.now(UTC) - timedelta(minutes=5)
        applications[0].plane.edges.health.observe("default", told, since)
        page = words(console.get("/services/s/servers/b"))
        assert "Target ready" in page
        assert "Observed down for 5 minutes Its health check fails on default." in page
        assert "Share 0%" in page
        table = words(console.get("/services/s"))
        assert "b http://b.test ready down" in table
        assert "a http://a.test ready up Its health check succeeds on default. 5 minutes ago 100%" in table
        # While a drained server keeps visitors, it is checked where those are sent.
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        drained = {"state": "drain", "drainUntil": until}
        console.patch("/api/v1/services/s/servers/a", json=drained).raise_for_status()
        told = {draining.name_of("s"): {"http://a.test": True}}
        applications[0].plane.edges.health.observe("default", told, since)
        page = words(console.get("/services/s/servers/a"))
        assert "Target drained Keeps the visitors it has until" in page
        assert "Observed up for 5 minutes Its health check succeeds on default." in page
        assert "Not checked" not in page


def test_a_server_of_a_sticky_service_is_drained_for_a_time_that_is_chosen_and_finished_at_once(
    console: httpx.Client, client: httpx.Client
) -> None:
    client.patch(SERVICE, json={"sticky": {"cookie": {"name": "sid"}}}).raise_for_status()
    add(client)
    add(client, "b")
    form = find_form(console.get(PAGE), STATE)
    assert form.fields["time"] == "30m"
    before = datetime.now(UTC)
    console.post(form.action, data={**form.fields, "time": "10m", "state": "drain"})
    until = datetime.fromisoformat(client.get(PAGE).json()["drainUntil"])
    assert timedelta(minutes=9) < until - before < timedelta(minutes=11)
    opened = console.get(PAGE)
    assert f'data-ends="{until.isoformat()}"' in opened.text
    # A form that says nothing of it leaves it as it is.
    assert send(console, console.get(f"{PAGE}/edit"), f"{PAGE}/edit", {"weight": "7"}).status_code == 303
    assert datetime.fromisoformat(client.get(PAGE).json()["drainUntil"]) == until
    act(console, find_form(console.get(PAGE), STATE), "drain")
    assert "drainUntil" not in client.get(PAGE).json()
    wait_until(lambda: "can be stopped" in console.get(PAGE).text, "no edge sends requests to it")
    client.patch(PAGE, json={"drainUntil": until.isoformat()}).raise_for_status()
    assert send(console, console.get(f"{PAGE}/edit"), f"{PAGE}/edit", {"state": "ready"}).status_code == 303
    assert "drainUntil" not in client.get(PAGE).json()


def test_a_server_is_drained_from_the_list_for_a_time_and_a_reason_and_returns_unless_that_is_confirmed(
    console: httpx.Client, client: httpx.Client
) -> None:
    client.patch(SERVICE, json={"sticky": {"cookie": {"name": "sid"}}}).raise_for_status()
    add(client)
    form = find_form(console.get(SERVICE), STATE)
    assert (form.fields["time"], form.fields["message"]) == ("now", "")
    before = datetime.now(UTC)
    typed = {"time": "4h", "message": "new disks", "confirmWithin": "30m", "state": "drain"}
    console.post(form.action, data={**form.fields, **typed})
    until = datetime.fromisoformat(client.get(PAGE).json()["drainUntil"])
    assert timedelta(hours=3) < until - before < timedelta(hours=5)
    newest = client.get("/revisions").json()["items"][0]
    assert newest["message"] == "new disks"
    assert client.get(f"/revisions/{newest['number']}").json()["confirmation"]["state"] == "pending"


def test_a_time_that_no_drain_can_take_is_refused(console: httpx.Client, client: httpx.Client) -> None:
    client.patch(SERVICE, json={"sticky": {"cookie": {"name": "sid"}}}).raise_for_status()
    add(client)
    form = find_form(console.get(PAGE), STATE)
    assert console.post(form.action, data={**form.fields, "time": "900h", "state": "drain"}).status_code == 422
    assert state(client) == "ready"


def test_the_page_of_a_server_with_a_lease_says_when_its_last_heartbeat_came(
    console: httpx.Client, client: httpx.Client
) -> None:
    add(client, ttl="1h")
    wait_until(lambda: "Last heartbeat:" in words(console.get(PAGE).raise_for_status()), "it has registered")
    client.post(f"{PAGE}/heartbeat").raise_for_status()
    assert "Last heartbeat:" in words(console.get(PAGE).raise_for_status())


@pytest.mark.parametrize("typed", [{"confirmWithin": "soon"}, {"message": "x" * 501}, {"message": "\x00"}])
def test_a_reason_that_cannot_be_kept_is_refused_also_where_no_form_shows_it(
    console: httpx.Client, client: httpx.Client, typed: dict[str, str]
) -> None:
    add(client)
    form = find_form(console.get(PAGE), STATE)
    assert console.post(form.action, data={**form.fields, **typed, "state": "drain"}).status_code == 422
    assert state(client) == "ready"
