"""Who may use which route: all routes of the application, against a table that somebody wrote."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest
from fastapi import APIRouter, Depends

from provider.api.access import list_routes
from provider.models import Role
from provider.nouns import within
from provider.security import needs
from tests.api.checks import problem
from tests.api.inventory import ASKED, PLACES, SERVICE, STATIC_PATHS, Place, make_app, mounts
from tests.people import add_account, add_token, ask_raw, bearer, begin_session, nobody
from tests.running import Service, http_client, running_service, wait_until

EVERYBODY: Final = "everybody"
READERS: Final = "viewer operator admin read write admin-token"
WRITERS: Final = "operator admin write admin-token"
ADMINS: Final = "admin admin-token"
REGISTRARS: Final = f"{WRITERS} register:{SERVICE}"
REGISTERED: Final = f"{READERS} register:{SERVICE}"
EDGE: Final = "admin-token edge:default"
"""Polling takes no session: no browser polls."""

PLURALS: Final = [noun.plural for noun in within("")]
"""The last parts of the paths of all nouns but of those that belong to others."""

TABLE: Final = {
    **{f"/api/v1/{plural}": {"GET": READERS, "POST": WRITERS} for plural in PLURALS},
    **{
        f"/api/v1/{plural}/{{name}}": {"GET": READERS, "PUT": WRITERS, "PATCH": WRITERS, "DELETE": WRITERS}
        for plural in PLURALS
    },
    **{f"/{plural}{end}": {"GET": READERS} for plural in PLURALS for end in ("", "/{name}", "/{name}/")},
    **{
        f"/{plural}/{end}": {"GET": WRITERS, "POST": WRITERS}
        for plural in PLURALS
        for end in ("new", "{name}/edit", "{name}/remove")
    },
    "/traefik/configuration": {"GET": EDGE, "HEAD": EDGE},
    "/healthz": {"GET": EVERYBODY},
    "/readyz": {"GET": EVERYBODY},
    "/metrics": {"GET": READERS},
    "/openapi.json": {"GET": READERS},
    "/docs": {"GET": READERS},
    "/api/v1/services/{service}/servers": {"GET": REGISTERED, "POST": REGISTRARS},
    "/api/v1/services/{service}/servers/{name}": {
        "GET": REGISTERED,
        "PUT": REGISTRARS,
        "PATCH": REGISTRARS,
        "DELETE": REGISTRARS,
    },
    "/api/v1/services/{service}/servers/{name}/heartbeat": {"POST": REGISTRARS},
    "/api/v1/leases": {"GET": READERS},
    "/api/v1/leases/held": {"DELETE": WRITERS},
    "/api/v1/expose": {"POST": WRITERS},
    "/api/v1/adopt": {"POST": WRITERS},
    "/api/v1/handBack": {"POST": WRITERS},
    "/api/v1/rollouts": {"GET": READERS},
    "/api/v1/services/{service}/rollout": {"GET": READERS, "POST": WRITERS},
    **{
        f"/api/v1/services/{{service}}/rollout/{step}": {"POST": WRITERS}
        for step in ("pause", "resume", "back", "finish")
    },
    "/api/v1/explain": {"GET": READERS},
    "/api/v1/conflicts": {"GET": READERS},
    "/api/v1/revisions": {"GET": READERS},
    "/api/v1/revisions/{number}": {"GET": READERS},
    "/api/v1/revisions/{number}/configuration": {"GET": READERS},
    "/api/v1/revisions/{number}/difference": {"GET": READERS},
    "/api/v1/revisions/{number}/rollback": {"POST": WRITERS},
    "/api/v1/revisions/{number}/undo": {"POST": WRITERS},
    "/api/v1/revisions/{number}/confirm": {"POST": WRITERS},
    "/api/v1/export": {"GET": READERS},
    "/api/v1/apply": {"POST": WRITERS},
    "/api/v1/schema": {"GET": READERS},
    "/api/v1/edges": {"GET": READERS},
    "/api/v1/edges/{name}": {"GET": READERS},
    "/api/v1/edges/{name}/quarantine": {"DELETE": WRITERS},
    "/api/v1/domains/{name}/retry": {"POST": WRITERS},
    "/api/v1/events": {"GET": READERS},
    "/api/v1/acme": {"GET": ADMINS, "PUT": ADMINS, "DELETE": ADMINS},
    "/api/v1/tokens": {"GET": ADMINS, "POST": ADMINS},
    "/api/v1/tokens/{id}": {"GET": ADMINS, "DELETE": ADMINS},
    "/api/v1/audit": {"GET": ADMINS},
    "/": {"GET": READERS},
    "/edges": {"GET": READERS},
    "/edges/{name}": {"GET": READERS},
    "/edges/{name}/lift": {"POST": WRITERS},
    "/domains/{name}/retry": {"POST": WRITERS},
    "/events": {"GET": READERS},
    "/check": {"GET": READERS},
    "/connect": {"GET": READERS},
    "/revisions": {"GET": READERS},
    "/revisions/{number}": {"GET": READERS},
    "/revisions/{number}/arrival": {"GET": READERS},
    "/revisions/{number}/rollback": {"GET": WRITERS, "POST": WRITERS},
    "/revisions/{number}/undo": {"GET": WRITERS, "POST": WRITERS},
    "/revisions/{number}/confirm": {"POST": WRITERS},
    "/accounts": {"GET": ADMINS},
    "/accounts/new": {"GET": ADMINS, "POST": ADMINS},
    "/accounts/{name}": {"GET": ADMINS},
    "/accounts/{name}/": {"GET": ADMINS},
    "/accounts/{name}/role": {"POST": ADMINS},
    "/accounts/{name}/link": {"POST": ADMINS},
    "/accounts/{name}/sessions/end": {"POST": ADMINS},
    "/accounts/{name}/remove": {"GET": ADMINS, "POST": ADMINS},
    "/ca": {"GET": ADMINS, "POST": ADMINS},
    "/ca/leave": {"POST": ADMINS},
    "/tokens": {"GET": ADMINS},
    "/tokens/new": {"GET": ADMINS, "POST": ADMINS},
    "/tokens/{id}/revoke": {"GET": ADMINS, "POST": ADMINS},
    "/audit": {"GET": ADMINS},
    "/expose": {"GET": READERS, "POST": WRITERS},
    "/expose/check": {"POST": READERS},
    "/applications/{name}": {"GET": READERS},
    "/learn": {"GET": READERS},
    "/learn/glossary": {"GET": READERS},
    "/learn/web-server": {"GET": READERS},
    "/learn/reverse-proxy": {"GET": READERS},
    "/learn/load-balancing": {"GET": READERS},
    "/learn/when-a-server-dies": {"GET": READERS},
    "/learn/https": {"GET": READERS},
    "/trace": {"GET": READERS},
    "/trace/send": {"POST": WRITERS},
    "/trace/sent/{trial_id}": {"GET": READERS},
    "/login": {"GET": EVERYBODY, "POST": EVERYBODY},
    "/logout": {"POST": EVERYBODY},
    "/password": {"GET": EVERYBODY, "POST": EVERYBODY},
    "/preferences/language": {"POST": EVERYBODY},
    "/preferences/theme": {"POST": EVERYBODY},
    "/routers/{name}/enabled": {"POST": WRITERS},
    "/services/{service}/rollout": {"GET": READERS, "POST": WRITERS},
    "/services/{service}/rollout/step": {"POST": WRITERS},
    "/services/{service}/leases/end": {"GET": WRITERS, "POST": WRITERS},
    "/routers/{name}/adoption": {"POST": WRITERS},
    "/tcpRouters/{name}/adoption": {"POST": WRITERS},
    "/services/{name}": {"GET": READERS, "POST": WRITERS},
    "/services/{name}/": {"GET": READERS, "POST": WRITERS},
    "/services/{service}/servers/new": {"GET": WRITERS, "POST": WRITERS},
    "/services/{service}/servers/{name}": {"GET": READERS},
    "/services/{service}/servers/{name}/": {"GET": READERS},
    "/services/{service}/servers/{name}/edit": {"GET": WRITERS, "POST": WRITERS},
    "/services/{service}/servers/{name}/state": {"POST": WRITERS},
    "/services/{service}/servers/{name}/remove": {"GET": WRITERS, "POST": WRITERS},
}
"""Who may use each method of each route: nobody else may."""

PAGES: Final = {
    *(
        "/",
        "/docs",
        "/expose",
        "/applications/{name}",
        "/edges",
        "/edges/{name}",
        "/check",
        "/events",
        "/connect",
        "/revisions",
        "/revisions/{number}",
        "/revisions/{number}/arrival",
        "/revisions/{number}/rollback",
        "/revisions/{number}/undo",
    ),
    *("/accounts", "/accounts/new", "/accounts/{name}", "/accounts/{name}/", "/accounts/{name}/remove"),
    *("/tokens", "/tokens/new", "/tokens/{id}/revoke", "/audit", "/ca"),
    *(
        template
        for template in TABLE
        if template.startswith(("/learn", "/trace", *(f"/{plural}" for plural in PLURALS)))
    ),
}
"""To log in is what a browser is told here that has no session; a program is told that it may not."""

STREAM: Final = "/api/v1/events"
MOUNTED: Final = ["/static"]

WHO: Final = [
    *("nobody", "viewer", "operator", "admin", "read", "write", "admin-token"),
    *(f"register:{SERVICE}", "register:other", "edge:default", "edge:other", "ended", "revoked"),
]


STRANGERS: Final = {"nobody", "ended", "revoked"}


@pytest.fixture(scope="module")
def service(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with an account of each role, and with the services `own` and `other`."""
    with running_service(tmp_path_factory.mktemp("access"), migrated) as made:
        for role in Role:
            add_account(made.database, f"a-{role}", role)
        with http_client(f"{made.url}/api/v1") as client:
            for name in (SERVICE, "other"):
                client.put(f"/services/{name}", json={}).raise_for_status()
        yield made


@pytest.fixture(scope="module")
def tokens(service: Service) -> dict[str, str]:
    """A token of each scope, by its scope."""
    scopes = [who for who in WHO if ":" in who or who in {"read", "write"}]
    made = {scope: add_token(service, scope) for scope in scopes}
    made["admin-token"] = add_token(service, "admin")
    made["revoked"] = add_token(service, "admin")
    with http_client(f"{service.url}/api/v1") as client:
        client.delete(f"/tokens/{made['revoked'].split('_')[1]}").raise_for_status()
    with nobody(service) as client:
        revoked = bearer(made["revoked"])
        wait_until(
            lambda: client.get("/traefik/configuration", headers=revoked).status_code == 401, "polls know of it too"
        )
    return made


@pytest.fixture(scope="module")
def sessions(service: Service) -> dict[str, str]:
    """A session of each role, by the role."""
    return {role.value: begin_session(service.database, f"a-{role}") for role in Role}


@pytest.fixture(scope="module")
def credentials(tokens: dict[str, str], sessions: dict[str, str]) -> dict[str, dict[str, str]]:
    """The headers with which each of them asks."""
    known = {who: bearer(token) for who, token in tokens.items()}
    known |= {who: {"Cookie": f"provider_session={session}"} for who, session in sessions.items()}
    return {"nobody": {}, "ended": {"Cookie": f"provider_session=wss_{'x' * 43}"}} | known


def test_no_two_routes_answer_the_same_request() -> None:
    """The first would answer, and nobody notice: a page at `/tenants/{id}` would hide those of a noun `tenant`."""
    asked = Counter((place.method, re.sub(r"\{[^}]*\}", "{}", place.template)) for place in PLACES)
    assert [each for each, count in asked.items() if count > 1] == []


def test_the_table_has_each_route_and_no_other() -> None:
    written = {(method, template) for template, methods in TABLE.items() for method in methods}
    assert {(place.method, place.template) for place in PLACES} == written
    assert mounts(make_app()) == MOUNTED


def allowed_at(place: Place) -> str:
    """Who may use a method: HEAD is GET, and whoever may use one method of a path may ask which it has."""
    methods = TABLE.get(place.template, {})
    if place.method == "OPTIONS":
        return EVERYBODY if EVERYBODY in methods.values() else " ".join(methods.values())
    return methods.get("GET" if place.method == "HEAD" else place.method, "")


@pytest.mark.parametrize("place", ASKED, ids=str)
def test_each_route_lets_in_who_may_use_it_and_nobody_else(
    service: Service, credentials: dict[str, dict[str, str]], place: Place
) -> None:
    allowed = allowed_at(place)
    with nobody(service) as client:
        for who in WHO:
            request = client.build_request(place.method, place.path, headers=credentials[who])
            answer = client.send(request, stream=True)
            if place.template != STREAM or place.method != "GET" or not answer.is_success:
                answer.read()
            if allowed == EVERYBODY or who in allowed.split():
                assert_let_in(place, who, answer)
            else:
                assert_kept_out(place, who, answer)
            answer.close()
            client.cookies.clear()
            if place.template == "/logout" and who in set(Role):
                credentials[who] = {"Cookie": f"provider_session={begin_session(service.database, f'a-{who}')}"}


def assert_let_in(place: Place, who: str, answer: httpx.Response) -> None:
    if (place.template, place.method) == ("/login", "POST"):
        assert answer.status_code in {401, 429}  # for the name and the password, which are empty
        assert 'name="password"' in answer.text
        return
    assert answer.status_code not in {401, 403, 405}, (who, answer.text)
    assert answer.status_code < 500, (who, answer.text)
    if place.method == "OPTIONS":
        assert (answer.status_code, answer.content) == (204, b"")
        declared = set(TABLE[place.template])
        told = answer.headers["Allow"].split(", ")
        assert set(told) == declared | {"OPTIONS"} | ({"HEAD"} if "GET" in declared else set())
        assert not any(name.lower().startswith("access-control-") for name in answer.headers)


def assert_kept_out(place: Place, who: str, answer: httpx.Response) -> None:
    polls = place.template.startswith("/traefik/")
    is_known = who not in STRANGERS and not (polls and who in set(Role))
    is_page = place.template in PAGES and place.method in {"GET", "HEAD"}
    if place.method == "HEAD" and (is_known or not is_page):
        assert answer.status_code == (403 if is_known else 401)
        assert answer.content == b""
    elif is_known:
        problem(answer, "forbidden")
    elif is_page:
        assert answer.status_code == 303, (who, answer.text)
        assert answer.headers["Location"].startswith("/login?next=")
    else:
        assert answer.headers.get("WWW-Authenticate") == "Bearer", who
        problem(answer, "unauthenticated")


METHODS: Final = ["HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "POST", "GET", "PROPFIND", "LOCK", "PURGE"]


@pytest.mark.parametrize("template", sorted({place.template for place in PLACES}))
def test_a_method_that_a_route_does_not_know_tells_nothing_to_who_may_not_read(
    service: Service, tokens: dict[str, str], template: str
) -> None:
    path = Place("GET", template).path
    known = {place.method for place in ASKED if place.template == template}
    with nobody(service) as client:
        for method in METHODS:
            if method in known or template.startswith("/traefik/"):
                continue
            assert client.request(method, path).status_code == 401
            for scope in ("register:other", "edge:default"):
                assert client.request(method, path, headers=bearer(tokens[scope])).status_code == 403
            assert client.request(method, path, headers=bearer(tokens["read"])).status_code == 405


def test_where_there_is_nothing_is_told_to_readers_only(service: Service, tokens: dict[str, str]) -> None:
    with nobody(service) as client:
        for path in ("/nothing", "/api/v1/nothing", "/api/v2/domains", "/traefik", "/static", "/docs/", "/login/"):
            problem(client.get(path), "unauthenticated")
            problem(client.get(path, headers=bearer(tokens["edge:default"])), "forbidden")
            problem(client.get(path, headers=bearer(tokens["read"])), "not-found")


@pytest.mark.parametrize("path", STATIC_PATHS)
def test_static_files_are_for_everybody_and_only_to_read(service: Service, path: str) -> None:
    with nobody(service) as client:
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
        assert client.options(path).headers["Allow"] == "GET, HEAD, OPTIONS"
        for method in ("POST", "PUT", "DELETE", "TRACE"):
            assert client.request(method, path).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        *("/static/", "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/%2e%2e%2fapp.py"),
        *("/static//etc/passwd", "/static/%2fetc/passwd", "/static/..\\app.py", "/static/%00", "/static/a%00.css"),
        *("/static/" + "a" * 5000, "/static/" + "a/" * 2000, "/static/docs.css/x"),
        *("/static/../api/v1/domains", "/static/%2e%2e/api/v1/domains", "/static/pico", "/static/%ed%a0%80"),
    ],
)
def test_nothing_but_static_files_is_reached_through_their_folder(service: Service, path: str) -> None:
    status, _headers, body = ask_raw(service, "GET", path)
    assert (status, b"urn:wayshub-provider:not-found" in body) == (404, True)


def test_a_route_that_does_not_say_who_may_use_it_makes_no_application() -> None:
    """`create_app` lists the routes in the same way, for the gate."""
    api = make_app().api
    api.add_api_route("/declared", lambda: None, dependencies=[Depends(needs.ADMINISTRATION)])
    assert "/declared" in {route.path for route in list_routes(api)}
    api.add_api_route("/open", lambda: None)
    with pytest.raises(LookupError, match="/open does not say who may use it"):
        list_routes(api)


def test_what_a_route_says_itself_counts_more_than_what_its_router_says() -> None:
    api = make_app().api
    router = APIRouter(dependencies=[Depends(needs.EVERYBODY)])
    router.add_api_route("/more", lambda: None, dependencies=[Depends(needs.ADMINISTRATION)])
    api.routes.extend(router.routes)
    (found,) = (route for route in list_routes(api) if route.path == "/more")
    assert found.needs is needs.ADMINISTRATION
