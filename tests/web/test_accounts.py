"""The pages of accounts: made with a link that is shown once, given other roles, logged out, removed."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import httpx
import pytest

from provider.models import Role
from provider.security import people
from tests.people import PASSWORD, TESTER, add_account, log_in, nobody, writing
from tests.running import Service, http_client
from tests.web.visiting import HOSTILE, PEOPLE, Page, follow, read, visit


def entries(service: Service, name: str) -> list[tuple[str, str]]:
    """What the audit has that names an account, the newest first: actors and words."""
    with http_client(f"{service.url}/api/v1") as client:
        items = client.get("/audit", params={"q": name}).raise_for_status().json()["items"]
    return [(item["actor"], item["words"]) for item in items]


def make(client: httpx.Client, name: str, role: str = "viewer") -> str:
    """Create an account, and return the one-time link."""
    page = read(client.post("/accounts/new", data={"name": name, "role": role}), 201)
    return link(page)


def link(page: Page) -> str:
    [field] = [attributes for attributes in page.all("input") if attributes.get("id") == "link"]
    assert "readonly" in field
    return field["value"]


def set_password(service: Service, url: str, password: str = PASSWORD) -> httpx.Response:
    secret = httpx.URL(url).params["link"]
    with nobody(service) as client:
        return client.post("/password", data={"secret": secret, "password": password, "repeat": password})


def tag(client: httpx.Client, name: str) -> str:
    return read(client.get(f"/accounts/{name}")).value("etag")


def test_accounts_are_listed_with_what_each_is_for(admin: httpx.Client) -> None:
    page = read(admin.get("/accounts"))
    for name in PEOPLE.values():
        assert f"/accounts/{name}" in page.paths()
    assert "desk you admin" in page.text
    assert "sari viewer" in page.text


def test_a_new_account_is_made_with_a_link_that_sets_its_password(admin: httpx.Client, peopled: Service) -> None:
    url = make(admin, "rina", "operator")
    assert url.startswith(f"{peopled.url}/password?link=")
    assert "not set" in read(admin.get("/accounts/rina")).text
    assert set_password(peopled, url).status_code == 303
    assert set_password(peopled, url).status_code == 404, "the link is good once"
    with nobody(peopled) as client:
        assert log_in(client, "rina").status_code == 303
        assert client.get("/accounts").status_code == 403
    page = read(admin.get("/accounts/rina"))
    assert "Password set" in page.text
    assert "in 2 browsers" in page.text


def test_a_link_is_shown_once_and_kept_nowhere(admin: httpx.Client, peopled: Service) -> None:
    secret = httpx.URL(make(admin, "once")).params["link"]
    for path in ("/accounts", "/accounts/once", "/audit", "/accounts/new"):
        assert secret not in admin.get(path).text
    with closing(sqlite3.connect(peopled.database)) as connection:
        assert secret not in "\n".join(connection.iterdump())
    assert entries(peopled, "account once") == [
        ("desk", "one-time link for account once created"),
        ("desk", "account once added as viewer"),
    ]


def test_a_new_link_takes_the_place_of_the_one_before(admin: httpx.Client, peopled: Service) -> None:
    first = make(admin, "twice")
    second = link(read(admin.post("/accounts/twice/link")))
    assert set_password(peopled, first).status_code == 404
    assert set_password(peopled, second).status_code == 303


@pytest.mark.parametrize("name", ["", "Upper", "a_b", "-a", "a" * 64, *HOSTILE])
def test_what_is_no_name_is_said_at_the_field_and_stays_there(admin: httpx.Client, name: str) -> None:
    page = read(admin.post("/accounts/new", data={"name": name, "role": "operator"}), 422)
    assert page.wrong("name")
    assert (page.value("name"), page.value("role")) == (name.strip(), "operator")


def test_a_name_that_is_taken_and_a_role_that_there_is_not_are_refused(admin: httpx.Client) -> None:
    page = read(admin.post("/accounts/new", data={"name": "desk", "role": "viewer"}), 409)
    assert page.wrong("name")
    for role in ("", "root", "ADMIN"):
        page = read(admin.post("/accounts/new", data={"name": "fresh", "role": role}), 422)
        assert page.wrong("role")
    read(admin.get("/accounts/fresh"), 404)


def test_an_account_whose_name_is_a_word_of_the_paths_has_its_page(admin: httpx.Client) -> None:
    make(admin, "new")
    assert "/accounts/new/" in read(admin.get("/accounts", params={"q": "new"})).paths()
    assert read(admin.get("/accounts/new/")).value("role") == "viewer"


def test_a_role_is_changed_and_counts_at_once(admin: httpx.Client, peopled: Service) -> None:
    add_account(peopled.database, "riser", Role.VIEWER)
    with visit(peopled, "riser") as client:
        assert client.get("/audit").status_code == 403
        answer = admin.post("/accounts/riser/role", data={"role": "admin", "etag": tag(admin, "riser")})
        assert "Account riser is now admin." in follow(admin, answer, "/accounts/riser").text
        assert client.get("/audit").status_code == 200
    assert entries(peopled, "account riser: role") == [("desk", "account riser: role viewer → admin")]


def test_a_change_of_an_old_version_shows_the_other_and_overwrites_nothing(
    admin: httpx.Client, peopled: Service
) -> None:
    add_account(peopled.database, "wanted", Role.VIEWER)
    old = tag(admin, "wanted")
    admin.post("/accounts/wanted/role", data={"role": "operator", "etag": old})
    for etag in (old, "", '"x"'):
        page = read(admin.post("/accounts/wanted/role", data={"role": "admin", "etag": etag}), 412)
        assert "somebody else has changed the role to operator" in page.text
        assert page.value("role") == "admin"
        assert page.value("etag") == tag(admin, "wanted")
    assert "Role operator" in read(admin.get("/accounts/wanted")).text


def test_the_last_admin_stays_one(admin: httpx.Client, peopled: Service) -> None:
    with http_client(peopled.url, headers={"Accept": "text/html"}) as machine:
        for name in [path.split("/")[2] for path in read(machine.get("/accounts")).paths() if path.count("/") == 2]:
            if name not in {"desk", "new"} and "Role admin" in read(machine.get(f"/accounts/{name}")).text:
                machine.post(f"/accounts/{name}/remove")
        page = read(machine.post("/accounts/desk/role", data={"role": "viewer", "etag": tag(machine, "desk")}), 409)
        assert page.wrong("role")
        assert "is the last admin who can log in" in page.text
        page = read(machine.post("/accounts/desk/remove"), 409)
        assert "is the last admin who can log in" in page.text
    assert admin.get("/accounts").status_code == 200


def test_ending_the_sessions_logs_out_everywhere(admin: httpx.Client, peopled: Service) -> None:
    add_account(peopled.database, "lost", Role.VIEWER)
    with visit(peopled, "lost") as first, visit(peopled, "lost") as second:
        assert first.get("/edges").status_code == second.get("/edges").status_code == 200
        answer = admin.post("/accounts/lost/sessions/end")
        assert "logged out everywhere" in follow(admin, answer, "/accounts/lost").text
        for client in (first, second):
            assert client.get("/edges").headers["Location"] == "/login?next=%2Fedges"
    assert entries(peopled, "sessions of account lost") == [("desk", "all sessions of account lost ended")]


def test_an_account_is_removed_when_that_was_confirmed(admin: httpx.Client, peopled: Service) -> None:
    add_account(peopled.database, "leaver", Role.OPERATOR)
    with visit(peopled, "leaver") as client:
        assert client.get("/edges").status_code == 200
        page = read(admin.get("/accounts/leaver/remove"))
        assert "Remove the account leaver?" in page.text
        assert "its sessions, in 1 browsers" in page.text
        assert "/accounts/leaver/remove" in page.paths("form")
        assert client.get("/edges").status_code == 200, "asking removes nothing"
        answer = admin.post("/accounts/leaver/remove")
        assert "/accounts/leaver" not in follow(admin, answer, "/accounts").paths()
        assert client.get("/edges").status_code == 303
    read(admin.get("/accounts/leaver"), 404)
    assert entries(peopled, "account leaver removed") == [("desk", "account leaver removed")]


def test_who_removes_the_own_account_comes_to_the_login(peopled: Service) -> None:
    add_account(peopled.database, "second", Role.ADMIN)
    with visit(peopled, "second") as client:
        answer = client.post("/accounts/second/remove")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login")


@pytest.mark.parametrize("path", ["/accounts", "/accounts/new", "/accounts/desk", "/accounts/desk/remove"])
def test_who_may_not_is_told_in_words(viewer: httpx.Client, operator: httpx.Client, path: str) -> None:
    for client, name in ((viewer, "sari"), (operator, "budi")):
        page = read(client.get(path), 403)
        assert "This is not allowed" in page.text
        assert f"{name} may not do this: it needs the scope admin, or the role admin." in page.text
        assert "/accounts" not in page.paths()


def test_what_a_person_may_not_do_is_refused_where_it_is_sent_all_the_same(
    operator: httpx.Client, admin: httpx.Client
) -> None:
    before = tag(admin, "desk")
    for path in ("new", "desk/role", "desk/link", "desk/sessions/end", "desk/remove"):
        answer = operator.post(f"/accounts/{path}", data={"name": "mine", "role": "admin", "etag": tag(admin, "desk")})
        assert answer.status_code == 403
    assert tag(admin, "desk") == before
    read(admin.get("/accounts/mine"), 404)


def test_the_header_leads_to_the_own_password(viewer: httpx.Client) -> None:
    assert "/password" in read(viewer.get("/revisions")).paths()
    assert "for the account sari" in read(viewer.get("/password")).text


def test_accounts_have_pages_and_a_search(admin: httpx.Client, peopled: Service) -> None:
    with writing(peopled.database) as session:
        for index in range(60):
            people.add(session, TESTER, f"many-{index:02}", Role.VIEWER, datetime.now(UTC))
    first = read(admin.get("/accounts", params={"q": "many-"}))
    [path] = [path for path in first.paths() if "cursor=" in path]
    second = read(admin.get(path))
    shown = [path for page in (first, second) for path in page.paths() if path.startswith("/accounts/many-")]
    assert shown == [f"/accounts/many-{index:02}" for index in range(60)]
    assert "Nothing found" in read(admin.get("/accounts", params={"q": "nobody"})).text


def test_the_pages_speak_indonesian(peopled: Service) -> None:
    with visit(peopled, "desk", "id") as client:
        assert "Buat akun" in read(client.get("/accounts")).text
        page = read(client.post("/accounts/new", data={"name": "x", "role": "x"}), 422)
        assert "Pilih peran." in page.text
    with visit(peopled, "sari", "id") as client:
        assert "Ini tidak diizinkan" in read(client.get("/accounts"), 403).text
