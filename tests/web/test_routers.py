"""The pages of routers."""

import httpx
import pytest

from tests.running import Service, wait_until
from tests.web.filling import find_form, revision, send, words

FULL = {
    "name": "wayshub",
    "domains": ["www.alvin.xyz", "alvin.xyz"],
    "pathPrefix": "/blog",
    "service": "wayshub",
    "entryPoints": ["other", "web"],
    "priority": 77,
    "enabled": False,
}
"""A router that has a value of its own in each field."""


@pytest.fixture(autouse=True)
def others(client: httpx.Client) -> None:
    """What a router needs."""
    for name in ("alvin.xyz", "www.alvin.xyz", "*.alvin.xyz"):
        client.post("/domains", json={"name": name}).raise_for_status()
    for name in ("wayshub", "other"):
        client.post("/services", json={"name": name}).raise_for_status()


def test_a_router_is_added_by_a_form(console: httpx.Client, client: httpx.Client) -> None:
    assert "No routers yet" in console.get("/routers").text
    page = console.get("/routers/new", params={"domain": "alvin.xyz", "service": "wayshub"})
    form = find_form(page, "/routers/new")
    assert (form.fields["domains/0"], form.fields["service"], form.fields["enabled"]) == (
        "alvin.xyz",
        "wayshub",
        "true",
    )
    answer = send(console, page, "/routers/new", {"name": "wayshub", "domains/1": "www.alvin.xyz"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/routers/wayshub")
    kept = client.get("/routers/wayshub").json()
    assert kept["domains"] == ["alvin.xyz", "www.alvin.xyz"]
    assert (kept["entryPoints"], kept["priority"], kept["enabled"], kept["pathPrefix"]) == (None, None, True, None)
    assert "Router wayshub was added." in console.get("/routers/wayshub").text


def test_a_row_is_added_without_a_script_and_nothing_is_kept_yet(console: httpx.Client, client: httpx.Client) -> None:
    page = console.get("/routers/new")
    typed: dict[str, str | None] = {"name": "wayshub", "domains/0": "alvin.xyz", "pathPrefix": "not a path"}
    page = send(console, page, "/routers/new", {**typed, "enabled": None}, "Add another row")
    assert page.status_code == 200
    form = find_form(page, "/routers/new")
    assert (form.fields["domains/0"], form.fields["domains/1"], form.fields["pathPrefix"]) == (
        "alvin.xyz",
        "",
        "not a path",
    )
    assert "enabled" not in form.fields
    assert client.get("/routers").json()["items"] == []


def test_what_is_wrong_stands_at_its_field(console: httpx.Client) -> None:
    wrong: dict[str, str | None] = {
        "name": "Not A Name",
        "domains/0": "",
        "domains/1": "not a host",
        "pathPrefix": "api",
        "entryPoints": "web, we*b",
        "priority": "high",
        "service": "",
    }
    answer = send(console, console.get("/routers/new"), "/routers/new", wrong)
    assert answer.status_code == 422
    for name in ("name", "domains-0", "pathPrefix", "entryPoints", "priority", "service"):
        assert f'id="field-{name}-wrong"' in answer.text, name
    form = find_form(answer, "/routers/new")
    assert form.fields["domains/0"] == "not a host"
    assert [form.fields[name] for name in ("name", "priority", "entryPoints")] == ["Not A Name", "high", "web, we*b"]
    assert "This has to be a whole number." in answer.text


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"rule": "Hos(`alvin.xyz`)"}, "rule"),
        ({"rule": "Host(`alvin.xyz`)", "pathPrefix": "/a"}, "rule"),
        ({"rule": "Host(`alvin.xyz`)", "domains/0": "alvin.xyz"}, "domains"),
    ],
)
def test_what_is_wrong_with_a_rule_stands_at_its_field_and_the_rule_is_kept(
    console: httpx.Client, fields: dict[str, str | None], wrong: str
) -> None:
    given = {"name": "a", "service": "wayshub", **fields}
    answer = send(console, console.get("/routers/new"), "/routers/new", given)
    assert answer.status_code == 422
    assert f'id="field-{wrong}-wrong"' in answer.text
    assert find_form(answer, "/routers/new").fields["rule"] == fields["rule"]


def test_a_domain_or_a_service_that_does_not_exist_is_told_at_its_field(console: httpx.Client) -> None:
    page = console.get("/routers/new")
    names: dict[str, str | None] = {"name": "a", "domains/0": "alvin.xyz", "domains/1": "b.test", "service": "nothing"}
    answer = send(console, page, "/routers/new", names)
    assert answer.status_code == 422
    assert 'id="field-domains-1-wrong"' in answer.text
    assert "There is no domain b.test" in words(answer)
    assert "There is no service nothing" in words(answer)


def test_a_router_that_matches_everything_is_refused_at_its_domains(console: httpx.Client) -> None:
    answer = send(console, console.get("/routers/new"), "/routers/new", {"name": "a", "service": "wayshub"})
    assert answer.status_code == 422
    assert 'id="field-domains-wrong"' in answer.text
    assert 'href="#field-domains"' in answer.text


@pytest.mark.parametrize(
    "router",
    [
        {"domains": ["alvin.xyz"]},
        {"domains": ["www.alvin.xyz", "alvin.xyz"], "pathPrefix": "/a"},
        {"domains": ["*.alvin.xyz"]},
        {"pathPrefix": "/api", "priority": 5},
        {"rule": "Host(`alvin.xyz`) && !Method(`POST`)"},
    ],
)
def test_the_page_shows_the_rule_and_the_priority_as_traefik_gets_them(
    console: httpx.Client, client: httpx.Client, service: Service, router: dict[str, object]
) -> None:
    client.post("/routers", json={"name": "a", "service": "wayshub", **router}).raise_for_status()
    served = service.configuration()["http"]["routers"]["a"]
    text = words(console.get("/routers/a"))
    assert served["rule"] in text
    assert f"Priority {served.get('priority', len(served['rule']))} " in text


def test_a_form_that_is_sent_as_it_is_changes_nothing(
    console: httpx.Client, client: httpx.Client, service: Service
) -> None:
    rule = {"rule": "Host(`alvin.xyz`)  ||  Host(`www.alvin.xyz`)"}
    client.post("/routers", json=FULL).raise_for_status()
    client.post("/routers", json={"name": "ruled", "service": "other", **rule}).raise_for_status()
    before, revised = client.get("/routers").json(), revision(service)
    for name in ("wayshub", "ruled"):
        path = f"/routers/{name}/edit"
        assert send(console, console.get(path), path).status_code == 303
    assert (client.get("/routers").json(), revision(service)) == (before, revised)


def test_every_field_is_changed_by_the_form(console: httpx.Client, client: httpx.Client) -> None:
    client.post("/routers", json=FULL).raise_for_status()
    path = "/routers/wayshub/edit"
    changed: dict[str, str | None] = {
        "domains/0": "*.alvin.xyz",
        "domains/1": "",
        "pathPrefix": "",
        "service": "other",
        "entryPoints": "web",
        "priority": "",
        "enabled": "true",
    }
    assert send(console, console.get(path), path, changed).status_code == 303
    kept = client.get("/routers/wayshub").json()
    assert {name: kept[name] for name in FULL} == {
        "name": "wayshub",
        "domains": ["*.alvin.xyz"],
        "pathPrefix": None,
        "service": "other",
        "entryPoints": ["web"],
        "priority": None,
        "enabled": True,
    }


def test_two_people_who_change_the_domains_of_a_router_choose(console: httpx.Client, client: httpx.Client) -> None:
    client.post("/routers", json=FULL).raise_for_status()
    path = "/routers/wayshub/edit"
    page = console.get(path)
    theirs = {"domains": ["alvin.xyz"], "priority": 5}
    client.patch("/routers/wayshub", json=theirs).raise_for_status()
    late = send(console, page, path, {"domains/2": "*.alvin.xyz", "service": "other"})
    assert late.status_code == 412
    assert "Domains www.alvin.xyz, alvin.xyz alvin.xyz www.alvin.xyz, alvin.xyz, *.alvin.xyz" in words(late)
    assert "Priority 77 5" in words(late)
    assert send(console, late, path, {"take/domains": "now"}).status_code == 303
    kept = client.get("/routers/wayshub").json()
    assert (kept["domains"], kept["priority"], kept["service"]) == (["alvin.xyz"], 5, "other")


def test_a_row_more_keeps_what_somebody_saw(console: httpx.Client, client: httpx.Client) -> None:
    client.post("/routers", json=FULL).raise_for_status()
    path = "/routers/wayshub/edit"
    page = send(console, console.get(path), path, {"domains/2": "*.alvin.xyz"}, "Add another row")
    client.patch("/routers/wayshub", json={"priority": 5}).raise_for_status()
    assert send(console, page, path).status_code == 412
    assert client.get("/routers/wayshub").json()["domains"] == FULL["domains"]


def test_a_router_is_removed_after_a_question(console: httpx.Client, client: httpx.Client) -> None:
    client.post("/routers", json=FULL).raise_for_status()
    path = "/routers/wayshub/remove"
    page = console.get(path)
    client.patch("/routers/wayshub", json={"priority": 5}).raise_for_status()
    page = send(console, page, path)
    assert page.status_code == 412
    assert "This has changed since you opened it" in page.text
    assert send(console, page, path).headers["Location"] == "/routers"
    assert client.get("/routers/wayshub").status_code == 404
    assert client.get("/domains/alvin.xyz").status_code == 200
    assert console.get(path).status_code == 404


def test_the_list_shows_rules_and_finds_by_domain_and_service(console: httpx.Client, client: httpx.Client) -> None:
    client.post("/routers", json=FULL).raise_for_status()
    client.post("/routers", json={"name": "a", "pathPrefix": "/a", "service": "other"}).raise_for_status()
    text = words(console.get("/routers"))
    assert "a PathPrefix(`/a`) other web enabled" in text
    assert (
        "wayshub (Host(`www.alvin.xyz`) || Host(`alvin.xyz`)) && PathPrefix(`/blog`) wayshub other, web disabled"
        in text
    )
    for q, found in {"WWW": "wayshub", "other": "a"}.items():
        page = console.get("/routers", params={"q": q})
        assert page.text.count('<th scope="row"') == 1
        assert f'href="/routers/{found}"' in page.text


@pytest.mark.usefixtures("traefik")
def test_a_router_that_an_edge_does_not_serve_says_so_and_why(console: httpx.Client, client: httpx.Client) -> None:
    nowhere = {"name": "a", "pathPrefix": "/a", "service": "wayshub", "entryPoints": ["nowhere"]}
    client.post("/routers", json=nowhere).raise_for_status()
    wait_until(lambda: "not served" in words(console.get("/routers")), "the edge disabled the router")
    page = console.get("/routers/a")
    assert page.text.count('data-live="edge revision:a"') == 2  # its state, and why
    text = words(page)
    assert "The edge default does not serve it:" in text
    assert "nowhere" in text.partition("does not serve it:")[2].partition("The rule")[0]


def test_a_router_is_disabled_and_enabled_by_one_button_if_it_is_still_as_it_was_seen(
    console: httpx.Client, client: httpx.Client
) -> None:
    client.put("/services/blue", json={}).raise_for_status()
    client.put("/routers/blue", json={"pathPrefix": "/b", "service": "blue"}).raise_for_status()
    path, action = "/routers/blue", "/routers/blue/enabled"
    for button, is_enabled in (("Disable", False), ("Enable", True)):
        page = console.get(path)
        assert send(console, page, action, button=button).headers["Location"] == path
        assert client.get(path).json()["enabled"] is is_enabled
    page = console.get(path)
    assert find_form(page, action).fields["message"] == ""
    send(console, page, action, {"message": "moved", "confirmWithin": "30m"}, button="Disable")
    [made] = client.get("/revisions", params={"pending": True}).json()["items"]
    assert made["message"] == "moved"
    assert made["confirmation"]["within"] == "30m"
    client.patch(path, json={"enabled": True}).raise_for_status()
    page = console.get(path)
    client.patch(path, json={"priority": 7}).raise_for_status()
    send(console, page, action, button="Disable")
    assert client.get(path).json()["enabled"] is True
    assert "somebody else changed it after you opened the page" in words(console.get(path))


def test_what_is_wrong_with_a_form_names_its_fields_in_the_language_of_the_page(console: httpx.Client) -> None:
    typed = {"name": "Bad Name", "service": "x"}
    page = console.post("/routers/new", data=typed, headers={"Accept-Language": "id"})
    assert "Nama: &#39;Bad Name&#39;" in page.text
