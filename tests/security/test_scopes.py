"""Tokens for one thing: everything else stays closed, whatever it is called, and nobody learns whether it is there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.api.checks import problem, state
from tests.api.inventory import PLACES, Place
from tests.people import add_token, ask_raw, bearer, nobody
from tests.running import Service, fetch, http_client, running_service

EXISTING: Final = {
    "domains": "there.xyz",
    "services": "there-svc",
    "servers": "there-srv",
    "routers": "there-rtr",
    "edges": "there-edg",
}
ABSENT: Final = {
    "domains": "never.xyz",
    "services": "never-svc",
    "servers": "never-srv",
    "routers": "never-rtr",
    "edges": "never-edg",
}
"""Of the same lengths."""

OPEN: Final = {
    *("/healthz", "/readyz", "/login", "/logout", "/password", "/preferences/language", "/preferences/theme"),
}
CLOSED: Final = [place for place in PLACES if place.template not in OPEN and place.template != "/traefik/configuration"]
BODY: Final[dict[str, Any]] = {"name": "x", "url": "http://10.0.0.66", "domain": "x.xyz", "scopes": ["admin"]}
WHO: Final = ["register:own", "register:own edge:own", "edge:own"]


@pytest.fixture(scope="module")
def service(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with one of each object, and with the service `own`."""
    with (
        running_service(tmp_path_factory.mktemp("scopes"), migrated) as made,
        http_client(f"{made.url}/api/v1") as client,
    ):
        client.put(f"/domains/{EXISTING['domains']}", json={}).raise_for_status()
        for name in ("own", EXISTING["services"]):
            client.put(f"/services/{name}", json={}).raise_for_status()
            servers = f"/services/{name}/servers"
            client.put(f"{servers}/{EXISTING['servers']}", json={"url": "http://10.0.0.11"}).raise_for_status()
        router = {"domains": [EXISTING["domains"]], "service": EXISTING["services"]}
        client.put(f"/routers/{EXISTING['routers']}", json=router).raise_for_status()
        fetch(f"{made.url}/traefik/configuration", params={"edge": EXISTING["edges"]}).raise_for_status()
        yield made


@pytest.fixture(scope="module", params=WHO)
def holder(request: pytest.FixtureRequest, service: Service) -> Iterator[httpx.Client]:
    """A machine with a token for the service or the edge `own`."""
    with nobody(service) as client:
        client.headers.update(bearer(add_token(service, *request.param.split(), name="holder")))
        yield client


def fill(place: Place, names: dict[str, str], token: str) -> str:
    """Return a place's path, with these names, and the identifier of a token."""
    noun = place.template.removeprefix("/api/v1").split("/")[1]
    path = place.template.replace("{service}", names["services"]).replace("{id}", token)
    path = path.replace("{number}", "1").replace("{trial_id}", token)
    return path.replace("{name}", names["servers"] if "/servers/" in path else names.get(noun, names["routers"]))


def told(answer: httpx.Response, names: dict[str, str], token: str) -> tuple[int, dict[str, str], str]:
    """Return all that an answer tells, but for what stood in the path."""
    headers = {name: value for name, value in answer.headers.items() if name not in {"date", "x-request-id"}}
    text = answer.text
    for name in (*names.values(), token):
        text = text.replace(name, "NAME")
    return answer.status_code, headers, text


@pytest.mark.parametrize("place", CLOSED, ids=str)
def test_nothing_opens_and_nothing_tells_whether_it_is_there(
    service: Service, holder: httpx.Client, place: Place
) -> None:
    with http_client(service.url) as admin:
        known = admin.get("/api/v1/tokens").json()["items"][0]["id"]
    before = state(service)
    for sent in ({"json": BODY}, {"json": BODY | {"unknown": 1}}, {"content": b"{"}, {}):
        there = holder.request(place.method, fill(place, EXISTING, known), **sent)
        never = holder.request(place.method, fill(place, ABSENT, "zzzzzzzz"), **sent)
        problem(there, "forbidden")
        assert told(there, EXISTING, known) == told(never, ABSENT, "zzzzzzzz")
    assert state(service) == before


def test_what_is_open_to_everybody_tells_a_token_no_more_than_anybody(service: Service, holder: httpx.Client) -> None:
    with nobody(service) as anybody:
        for path in ("/healthz", "/readyz", "/login"):
            ours, theirs = holder.get(path), anybody.get(path)
            assert [answer.status_code for answer in (ours, theirs)] == [200, 200]
            assert re.sub(r"[0-9.]+", "", ours.text) == re.sub(r"[0-9.]+", "", theirs.text)


def test_an_edge_is_polled_as_itself_and_as_no_other(service: Service, holder: httpx.Client) -> None:
    identifier = holder.headers["Authorization"].split("_")[1]
    found = fetch(f"{service.url}/api/v1/tokens/{identifier}").json()
    own = holder.get("/traefik/configuration", params={"edge": "own"})
    if "edge:own" in found["scopes"]:
        assert own.status_code == 200
    else:
        problem(own, "forbidden")
    answers = []
    for names in (EXISTING, ABSENT):
        answer = holder.get("/traefik/configuration", params={"edge": names["edges"]})
        problem(answer, "forbidden")
        answers.append(told(answer, names, "-"))
    assert answers[0] == answers[1]
    for query in ("", "?edge=default", "?wait=1", "?edge=own&edge=default", "?edge=", "?edge=own%00", "?EDGE=own"):
        assert holder.get(f"/traefik/configuration{query}").status_code in {403, 422}
    assert {edge["name"] for edge in fetch(f"{service.url}/api/v1/edges").json()["items"]} <= {
        "own",
        "default",
        EXISTING["edges"],
    }


def test_the_servers_of_its_service_are_all_that_a_register_token_may_change(service: Service) -> None:
    with nobody(service) as client:
        client.headers.update(bearer(add_token(service, "register:own")))
        before = state(service)
        servers = "/api/v1/services/own/servers"
        assert client.get(servers).status_code == 200
        assert client.post(servers, json={"name": "mine", "url": "http://10.0.0.12"}).status_code == 201
        assert client.put(f"{servers}/mine", json={"url": "http://10.0.0.13", "weight": 2}).status_code == 200
        assert client.patch(f"{servers}/mine", json={"state": "drain"}).status_code == 200
        assert client.get(f"{servers}/mine").json()["state"] == "drain"
        for field in ({"service": "there-svc"}, {"name": "other"}, {"name": "../../there-svc/servers/x"}):
            assert client.put(f"{servers}/mine", json={"url": "http://10.0.0.13"} | field).status_code == 422
        assert client.delete(f"{servers}/mine").status_code == 204
        assert client.delete(f"{servers}/mine").status_code == 404
        assert state(service)[2] == before[2]


def test_a_token_for_a_service_that_is_not_there_learns_that_of_this_one_alone(service: Service) -> None:
    with nobody(service) as client:
        client.headers.update(bearer(add_token(service, "register:later")))
        problem(client.put("/api/v1/services/later/servers/a", json={"url": "http://10.0.0.12"}), "not-found")


TRICKS: Final = [
    *("/api/v1/services/own/../there-svc/servers", "/api/v1/services/own/servers/../../there-svc/servers"),
    *("/api/v1/services/own%2f..%2fthere-svc/servers", "/api/v1/services/own%2F%2E%2E%2Fthere-svc/servers"),
    *("/api/v1/services/there-svc%2fservers", "/api/v1/services/own%2fservers/../../there-svc/servers"),
    *("//api/v1/services/there-svc/servers", "/api/v1//services/there-svc/servers", "/api/v1/services//own/servers"),
    *("/api/v1/services/there-svc/servers/", "/api/v1/services/there-svc//servers", "/./api/v1/domains"),
    *(
        "/api/v1/services/there-svc/servers;own",
        "/api/v1/services/there-svc;/own/servers",
        "/api/v1/services/own;/servers",
    ),
    *("/api/v1/services/there-svc%00/servers", "/api/v1/services/own%00/servers", "/api/v1/services/own%0a/servers"),
    *("/api/v1/services/OWN/servers", "/API/v1/services/own/servers", "/api/v1/services/own%20/servers"),
    *("/api/v1/services/there-svc/servers?service=own", "/api/v1/services/there-svc/servers#/own/servers"),
    *(
        "/api/v1/domains%00",
        "/api/v1/domains%0a",
        "/api/v1/domains/%2e%2e/services/own/servers",
        "/static/../api/v1/domains",
    ),
    *("/api/v1/services/%ef%bd%8fwn/servers", "/api/v1/services/own%e2%80%8b/servers", "/metrics/", "/%6detrics"),
    *("/traefik/configuration/", "/traefik//configuration", "/traefik/configuration%00", "/traefik/%63onfiguration/x"),
]


@pytest.mark.parametrize("target", TRICKS)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_no_spelling_of_a_path_opens_another(service: Service, target: str, method: str) -> None:
    token = add_token(service, "register:own", "edge:own", name="tricks")
    before = state(service)
    status, _headers, body = ask_raw(service, method, target, list(bearer(token).items()))
    assert status in {404, 405} if target.startswith("/static/") else status == 403, body
    assert state(service) == before


@pytest.mark.parametrize(
    "header", ["X-HTTP-Method-Override", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix"]
)
def test_no_header_makes_another_request_of_one(service: Service, header: str) -> None:
    token = add_token(service, "register:own", name="headers")
    before = state(service)
    for value in ("DELETE", "/api/v1/services/own/servers", "/healthz"):
        answer = fetch(f"{service.url}/api/v1/services/there-svc", headers=bearer(token) | {header: value})
        problem(answer, "forbidden")
    assert state(service) == before


def test_a_name_that_is_written_with_escapes_is_the_same_name(service: Service) -> None:
    token = add_token(service, "register:own", name="escapes")
    status, _headers, _body = ask_raw(service, "GET", "/api/v1/services/%6fwn/servers", list(bearer(token).items()))
    assert status == 200
    status, _headers, _body = ask_raw(
        service, "GET", "/api/v1/services/%74here-svc/servers", list(bearer(token).items())
    )
    assert status == 403


GOOD: Final = "Authorization"


def test_one_authorization_alone_counts_and_only_a_bearer_s(service: Service) -> None:
    good, weak = add_token(service, "read", name="good"), add_token(service, "edge:own", name="weak")
    for headers in (
        [(GOOD, f"Bearer {good}"), (GOOD, f"Bearer {weak}")],
        [(GOOD, f"Bearer {weak}"), (GOOD, f"Bearer {good}")],
        [(GOOD, f"Bearer {good}"), (GOOD, f"Bearer {good}")],
        [(GOOD, f"Bearer {good}, Bearer {weak}")],
        [(GOOD, f"Basic {good}")],
        [(GOOD, good)],
        [(GOOD, f"Bearer {good} x")],
        [(GOOD, f"Bearer {good[:-1]}")],
        [(GOOD, f"Bearer {good}=")],
        [(GOOD, f"Bearer {good.upper()}")],
        [(GOOD, f"Bearer\t{good}")],
        [("Cookie", f"provider_session={good}")],
        [("X-Authorization", f"Bearer {good}")],
        [("Proxy-Authorization", f"Bearer {good}")],
    ):
        for path in ("/api/v1/domains", "/traefik/configuration"):
            status, _headers, body = ask_raw(service, "GET", path, headers)
            assert status == 401, (headers, body)
    for value in (f"Bearer {good}", f"bearer {good}", f"BEARER  {good}"):
        assert ask_raw(service, "GET", "/api/v1/domains", [(GOOD, value)])[0] == 200
    for name in ("access_token", "token", "api_key", "authorization"):
        for path in ("/api/v1/domains", "/traefik/configuration", "/metrics"):
            assert ask_raw(service, "GET", f"{path}?{name}={good}")[0] == 401
    url = service.url.replace("http://", "")
    assert httpx.get(f"http://{good}:x@{url}/api/v1/domains").status_code == 401
