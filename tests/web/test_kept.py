"""What was typed is not lost when a session ends, or when a form cannot be taken: it stands in its form again."""

import html
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from provider.api.access import list_routes
from provider.models import Role
from provider.nouns import NOUNS, within
from provider.nouns.tcp_router import TCPRouter
from provider.web import kept
from provider.web.forms import check_secret, is_secret
from provider.web.rendering import FOLDER
from tests.people import PASSWORD, begin_session
from tests.running import AUTHORIZED, Service, empty, http_client
from tests.web.filling import find_form, forms, revision, send, words
from tests.web.visiting import PEOPLE, Page, visit

HARD: Final = '"><b>{x} %41 & = + ü \U0001f6a2'
FORMS: dict[str, tuple[str, str, dict[str, str]]] = {
    "/domains/new": ("/domains/new", "", {"name": HARD, "description": HARD}),
    "/domains/{name}/edit": ("/domains/kept.test/edit", "", {"description": HARD}),
    "/routers/new": ("/routers/new", "", {"name": "r", "domains/0": "a", "domains/1": HARD, "rule": f"a\r\n{HARD}"}),
    "/routers/{name}/edit": ("/routers/kept/edit", "", {"domains/0": "b", "domains/1": "c", "service": HARD}),
    "/middlewares/new": ("/middlewares/new", "?kind=addPrefix", {"name": HARD, "addPrefix/prefix": HARD}),
    "/middlewares/{name}/edit": ("/middlewares/kept/edit", "", {"addPrefix/prefix": HARD}),
    "/services/new": ("/services/new", "", {"name": HARD, "sticky/cookie/name": HARD}),
    "/services/{name}/edit": ("/services/kept/edit", "", {"healthCheck/path": HARD, "healthCheck": "true"}),
    "/services/{name}": ("/services/kept", "", {"weights/a": "77", "weights/b": "wrong"}),
    "/services/{service}/servers/new": ("/services/kept/servers/new", "", {"name": "z", "url": HARD, "state": "drain"}),
    "/services/{service}/servers/{name}/edit": ("/services/kept/servers/a/edit", "", {"url": HARD, "weight": "9"}),
    "/services/{service}/rollout": ("/services/kept/rollout", "", {"to": HARD, "steps": HARD, "hold": HARD}),
    "/expose": ("/expose", "", {"domain": HARD, "servers/0/url": "a", "servers/1/url": HARD, "servers/1/weight": "8"}),
    "/revisions/{number}/rollback": ("/revisions/2/rollback", "?kind=domain&name=kept.test", {"message": HARD}),
    "/revisions/{number}/undo": ("/revisions/3/undo", "", {"message": HARD}),
    "/accounts/new": ("/accounts/new", "", {"name": HARD, "role": "operator"}),
    "/accounts/{name}/role": ("/accounts/sari/role", "/accounts/sari", {"role": "admin"}),
    "/ca": ("/ca", "", {"ca": "other", "directory": HARD, "contact": HARD}),
    "/tokens/new": ("/tokens/new", "", {"name": HARD, "services": HARD, "expires": "date", "level": "write"}),
}
"""The forms in which one types or chooses, by the paths of their routes: where each is sent, the page (or its query)
on which it is, where that is not the same, and what is typed."""

OTHERS: Final = [noun for noun in within("") if f"/{noun.plural}/new" not in FORMS]
"""The nouns that have nothing but what all have."""

for _noun in OTHERS:
    _kind = f"?kind={_noun.alternatives()[0]}" if _noun.needs_kind() else ""
    FORMS[f"/{_noun.plural}/new"] = (f"/{_noun.plural}/new", _kind, {"name": HARD})
    FORMS[f"/{_noun.plural}/{{name}}/edit"] = (f"/{_noun.plural}/{_noun.example['name']}/edit", "", {"message": HARD})

BUTTONS: Final = {
    **{f"/{noun.plural}/{{name}}/remove": f"/{noun.plural}/{noun.example['name']}/remove" for noun in OTHERS},
    "/trace/send": "where no Traefik runs, there is none: see below",
    "/services/{name}/": "as without the slash",
    "/expose/check": "what htmx asks for while one types",
    "/services/{service}/servers/{name}/state": "/services/kept",
    "/routers/{name}/enabled": "/routers/kept",
    "/services/{service}/rollout/step": "only while a rollout runs: see test_rollouts",
    "/services/{service}/leases/end": "only while servers are held: see test_leases",
    "/routers/{name}/adoption": "/routers/shop",
    "/tcpRouters/{name}/adoption": f"/tcpRouters/{TCPRouter.example['name']}",
    "/ca/leave": "/ca",
    "/domains/{name}/remove": "/domains/kept.test/remove",
    "/middlewares/{name}/remove": "/middlewares/kept/remove",
    "/routers/{name}/remove": "/routers/kept/remove",
    "/services/{name}/remove": "/services/kept/remove",
    "/services/{service}/servers/{name}/remove": "/services/kept/servers/a/remove",
    "/accounts/{name}/link": "/accounts/sari",
    "/accounts/{name}/sessions/end": "/accounts/sari",
    "/accounts/{name}/remove": "/accounts/sari/remove",
    "/tokens/{id}/revoke": "",
    "/edges/{name}/lift": "",
    "/revisions/{number}/confirm": "",
    "/domains/{name}/retry": "",
}
"""Forms that are no more than a button, with the page on which it is."""

MAKES_NONE: Final = ("/accounts", "/tokens", "/ca", "/logout", "/preferences", "/trace/send")
"""Where forms are sent that change nothing of what edges get."""


@pytest.fixture(scope="module")
def filled(peopled: Service) -> Service:
    """A service with something to edit, two revisions, and something to undo, and nothing else from an earlier time."""
    empty(peopled)
    with http_client(f"{peopled.url}/api/v1") as client:
        client.put("/domains/kept.test", json={}).raise_for_status()
        client.put("/services/kept", json={}).raise_for_status()
        for name in "ab":
            client.put(f"/services/kept/servers/{name}", json={"url": f"http://{name}.test"}).raise_for_status()
        client.put("/routers/kept", json={"domains": ["kept.test"], "service": "kept"}).raise_for_status()
        client.patch("/domains/kept.test", json={"description": "later"}).raise_for_status()
        beside = {"beside": {"router": "shop@docker", "rank": 26}, "entryPoints": ["web"]}
        client.put("/routers/shop", json={"domains": ["kept.test"], "service": "kept", **beside}).raise_for_status()
        chosen = {"directory": "https://ca.test/directory", "termsAccepted": True}
        client.put("/acme", json=chosen).raise_for_status()
        client.put("/middlewares/kept", json={"addPrefix": {"prefix": "/a"}}).raise_for_status()
        for noun in OTHERS:
            client.post(f"/{noun.plural}", json=dict(noun.example)).raise_for_status()
    return peopled


@pytest.fixture
def person(filled: Service) -> Iterator[httpx.Client]:
    with visit(filled, PEOPLE[Role.ADMIN]) as made:
        yield made


def end_session(person: httpx.Client) -> None:
    person.cookies.clear()


def log_in_again(person: httpx.Client, asked: httpx.Response, name: str = PEOPLE[Role.ADMIN]) -> httpx.Response:
    """Log in with the form that was answered, and open the page to which that leads."""
    done = send(person, asked, "/login", {"name": name, "password": PASSWORD})
    assert done.status_code == 303, done.text
    return person.get(done.headers["Location"])


def page_of(action: str, page: str) -> str:
    return page if page.startswith("/") else f"{action}{page}"


@pytest.mark.parametrize("has_referer", [True, False])
@pytest.mark.parametrize("route", FORMS)
def test_what_was_typed_stands_in_its_form_again_after_the_login(
    filled: Service, person: httpx.Client, route: str, has_referer: bool
) -> None:
    action, page, typed = FORMS[route]
    path = page_of(action, page)
    form = find_form(person.get(path), action)
    before = revision(filled)
    end_session(person)
    headers = {"Referer": f"{filled.url}{path}"} if has_referer else {}
    sent = {**form.fields, **typed}
    asked = person.post(action, data=sent, headers=headers)
    assert (asked.status_code, asked.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "Your input is kept" in words(asked)
    again = log_in_again(person, asked)
    assert again.status_code == 200
    assert again.url.path == path.partition("?")[0]
    assert "nothing was sent yet" in words(again)
    assert find_form(again, action).fields.items() >= sent.items()
    assert revision(filled) == before


def test_every_form_of_the_console_is_tried(filled: Service) -> None:
    routes = list_routes(filled.server._app.api)
    posted = {
        path
        for each in routes
        for path in (each.path.replace("{noun}", noun.plural) for noun in NOUNS.values())
        if each.needs.page and each.needs.writing and "POST" in each.methods and each.pattern.match(path)
    }
    assert posted - {"/samples/notice"} == FORMS.keys() | BUTTONS.keys()


@pytest.mark.parametrize("page", list(dict.fromkeys(page for page in BUTTONS.values() if page.startswith("/"))))
def test_who_only_presses_a_button_comes_back_to_it_and_nothing_is_done(
    filled: Service, person: httpx.Client, page: str
) -> None:
    shown = person.get(page)
    before = revision(filled)
    end_session(person)
    for form in forms(shown):
        if form.action.startswith(("/preferences", "/logout")):
            continue
        sent = form.fields | {name: value for name, value, _text in form.buttons[:1] if name}
        asked = person.post(form.action, data=sent, headers={"Referer": f"{filled.url}{page}"})
        assert asked.status_code == 401
        assert find_form(asked, "/login").fields["next"] == page
    assert revision(filled) == before


def test_why_can_be_typed_wherever_a_form_makes_a_revision(person: httpx.Client) -> None:
    pages = {page_of(action, page) for action, page, _typed in FORMS.values()}
    pages |= {page for page in BUTTONS.values() if page.startswith("/")}
    asking = {form.action: "message" in form.fields for page in pages for form in forms(person.get(page))}
    assert {action for action, asks in asking.items() if not asks and not action.startswith(MAKES_NONE)} == set()
    assert len([action for action, asks in asking.items() if asks]) > len(OTHERS) * 3


def test_a_search_and_a_long_trace_are_gone_on_with_after_the_login(person: httpx.Client) -> None:
    end_session(person)
    for query in ({"q": HARD}, {"url": "http://kept.test/", "headers": "X-Long: " + "ü" * 1200}):
        path = "/domains" if "q" in query else "/trace"
        asked = person.get(path, params=query, follow_redirects=True)
        assert asked.url.path == "/login"
        again = log_in_again(person, asked)
        assert dict(again.url.params) == query
        end_session(person)


@pytest.mark.parametrize("has_referer", [True, False])
def test_a_trace_whose_requests_were_to_be_sent_is_shown_again(
    filled: Service, person: httpx.Client, has_referer: bool
) -> None:
    end_session(person)
    typed = {
        "url": "http://kept.test/",
        "method": "POST",
        "headers": f"X-A: {HARD}",
        "client": "",
        "entry_point": "web",
    }
    headers = {"Referer": f"{filled.url}/trace?{urlencode(typed)}"} if has_referer else {}
    again = log_in_again(person, person.post("/trace/send", data=typed, headers=headers))
    assert again.url.path == "/trace"
    page = Page(again.text)
    assert (page.value("url"), HARD in html.unescape(again.text)) == ("http://kept.test/", True)


@pytest.mark.parametrize(
    ("action", "page"),
    [("/services/kept/servers/a/state", "/services/kept/servers/a"), ("/routers/kept/enabled", "/routers/kept")],
)
def test_why_one_presses_a_button_stands_there_again(
    filled: Service, person: httpx.Client, action: str, page: str
) -> None:
    sent = {**find_form(person.get(page), action).fields, "message": HARD}
    end_session(person)
    asked = person.post(action, data=sent, headers={"Referer": f"{filled.url}{page}"})
    assert find_form(log_in_again(person, asked), action).fields["message"] == HARD


def test_a_wrong_password_loses_nothing(person: httpx.Client) -> None:
    end_session(person)
    asked = person.post("/domains/new", data={"name": HARD})
    wrong = send(person, asked, "/login", {"name": "desk", "password": "not this one, ever"})
    assert wrong.status_code == 401
    assert "wrong name or password" in words(wrong).lower()
    again = log_in_again(person, wrong)
    assert find_form(again, "/domains/new").fields["name"] == HARD


def test_a_login_while_the_database_is_locked_loses_nothing(filled: Service, person: httpx.Client) -> None:
    end_session(person)
    asked = person.post("/domains/new", data={"name": HARD})
    with closing(sqlite3.connect(filled.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = send(person, asked, "/login", {"name": "desk", "password": PASSWORD})
        other.execute("ROLLBACK")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert find_form(log_in_again(person, refused), "/domains/new").fields["name"] == HARD


def test_somebody_else_who_logs_in_has_the_text_and_no_more_rights(person: httpx.Client, filled: Service) -> None:
    end_session(person)
    asked = person.post("/tokens/new", data={"name": "mine"}, headers={"Referer": f"{filled.url}/tokens/new"})
    assert log_in_again(person, asked, PEOPLE[Role.VIEWER]).status_code == 403
    end_session(person)
    asked = person.post("/expose", data={"domain": "mine.test"}, headers={"Referer": f"{filled.url}/expose"})
    page = log_in_again(person, asked, PEOPLE[Role.VIEWER])
    assert find_form(page, "/expose").fields["domain"] == "mine.test"
    assert send(person, page, "/expose").status_code == 403


def test_what_is_kept_for_one_is_shown_to_nobody_else(person: httpx.Client, filled: Service) -> None:
    end_session(person)
    again = log_in_again(person, person.post("/domains/new", data={"name": "only-mine.test"}))
    assert "only-mine.test" in again.text
    with visit(filled, PEOPLE[Role.ADMIN]) as other:
        assert "only-mine.test" not in other.get(str(again.url)).text
    assert "only-mine.test" in person.get(str(again.url)).text  # loaded again, it is still there


@pytest.mark.parametrize(
    "strange", ["https://evil.test/", "//evil.test/", "/\\evil.test", "https://evil.test//x", "/logout"]
)
def test_nobody_is_led_to_another_site(person: httpx.Client, strange: str) -> None:
    end_session(person)
    asked = person.post("/domains/new", data={"name": "a", "next": strange}, headers={"Referer": strange})
    assert find_form(asked, "/login").fields["next"] == "/" if strange == "https://evil.test/" else "/domains/new"
    done = send(person, asked, "/login", {"name": "desk", "password": PASSWORD, "next": strange})
    assert urlsplit(done.headers["Location"])[:2] == ("", "")


def test_no_secret_is_kept(person: httpx.Client) -> None:
    end_session(person)
    secret = dict.fromkeys(["password", "repeat", "current", "secret", "token", "tls/key", "apiToken"], "s3cr3t-canary")
    asked = person.post("/domains/new", data={"name": "a", **secret})
    assert asked.status_code == 401
    assert "s3cr3t-canary" not in asked.text
    forged = send(
        person, asked, "/login", {"name": "desk", "password": PASSWORD, "kept": urlencode({**secret, "name": "b"})}
    )
    assert "s3cr3t-canary" not in person.get(forged.headers["Location"]).text


def test_a_field_that_hides_what_is_typed_has_a_name_that_is_not_kept() -> None:
    for template in FOLDER.rglob("*.html"):
        assert not re.search(r"<input[^>]*type=\"password\"", template.read_text()), "let macros/forms.html make it"
    with pytest.raises(ValueError, match="pin hides a secret"):
        check_secret("pin", is_hidden=True)
    assert [is_secret(name) for name in ("weights/my-token", "name", "etag", "tokens", "keyed")] == [False] * 5


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.test"}, 403),
        ({"Accept": "application/json"}, 401),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 401),
    ],
)
def test_what_another_site_or_a_program_sends_is_refused_as_before(
    person: httpx.Client, headers: dict[str, str], status: int
) -> None:
    end_session(person)
    body = "name=canary"
    usual = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = person.post("/domains/new", content=body, headers=usual | headers)
    assert answer.status_code == status
    assert "canary" not in answer.text


def test_more_than_is_kept_is_refused_before_it_is_read_and_says_so(person: httpx.Client) -> None:
    end_session(person)
    answer = person.post("/domains/new", data={"description": "x" * kept.LONGEST})
    assert answer.status_code == 401
    assert "too large to keep" in words(answer)
    assert find_form(answer, "/login").fields["next"] == "/domains/new"
    assert "xxxx" not in answer.text


def test_strangers_can_fill_their_own_room_only() -> None:
    room = kept.Room()
    with (
        room.taking("10.0.0.1", 2**20) as first,
        room.taking("10.0.0.1", 1) as second,
        room.taking("10.0.0.2", 1) as third,
    ):
        assert (first, second, third) == (True, False, True)
    with room.taking("10.0.0.1", 2**20) as again:
        assert again


def test_what_is_kept_for_people_has_a_bound() -> None:
    keeper = kept.Kept()
    mine = [keeper.keep("me", f"name={number}") for number in range(10)]
    assert [bool(keeper.find("me", each)) for each in mine] == [False] * 2 + [True] * 8
    others = [keeper.keep(f"other{number}", "name=a") for number in range(60)]
    assert len([each for each in (*mine, *others) if keeper.find("me", each) or each in others]) <= 64
    assert keeper.find("me", mine[-1]) == {"name": "9"}


def test_htmx_is_told_that_the_session_has_ended_and_the_form_stays(person: httpx.Client) -> None:
    end_session(person)
    answer = person.post("/expose/check", data={"domain": "a"}, headers={"HX-Request": "true", "Accept": "*/*"})
    assert (answer.status_code, answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == (
        401,
        "#notices",
        "innerHTML",
    )
    assert "Your session has ended. Your input stays here" in words(answer)
    assert 'href="/login"' in answer.text


def test_a_form_that_cannot_be_kept_now_is_shown_again(filled: Service, person: httpx.Client) -> None:
    with closing(sqlite3.connect(filled.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = person.post("/domains/new", data={"name": "locked.test", "description": HARD})
        other.execute("ROLLBACK")
    assert answer.status_code == 503
    assert "Your input is kept" in words(answer)
    back = next(path for path in re.findall(r'href="([^"]*typed=[^"]*)"', answer.text))
    form = find_form(person.get(back), "/domains/new")
    assert (form.fields["name"], form.fields["description"]) == ("locked.test", HARD)
    assert send(person, person.get(back), "/domains/new").status_code == 303


def test_an_error_page_promises_no_more_than_it_keeps(person: httpx.Client, filled: Service) -> None:
    twice = person.post(
        "/domains/new", content="name=a.test&name=b.test", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert twice.status_code == 422
    assert parse_qs(urlsplit(re.findall(r'href="([^"]*typed=[^"]*)"', twice.text)[0]).query)["typed"]
    long = person.post("/domains/new", data={"description": "x" * 2**20})
    assert long.status_code == 413
    assert "too large to keep" in words(long)
    assert "typed=" not in long.text
    wrong = person.post("/preferences/theme", data={"theme": "blue"})
    assert "typed=" not in wrong.text
    with http_client(filled.url, headers=AUTHORIZED | {"Accept": "text/html"}) as machine:
        assert machine.post("/domains/new", data={"name": "no good name"}).status_code == 422
    assert begin_session(filled.database, "desk")
