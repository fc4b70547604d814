"""What Traefik makes itself, such as its API, is for admins: nobody else leads anybody there, by any door."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.people import add_token, bearer
from tests.running import Service, http_client
from tests.web.filling import send
from tests.web.visiting import Page

Json = dict[str, Any]

ROUTER: Json = {"name": "edge", "pathPrefix": "/edge", "service": "api@internal"}
SERVICE: Json = {"name": "edge", "weighted": {"services": [{"name": "plain"}, {"name": "api@internal"}]}}
ERRORS: Json = {"name": "edge", "errors": {"status": ["500"], "service": "api@internal"}}
AFTER_ERRORS: Json = {"errors": {"status": ["500"]}}
WRITES: list[tuple[str, Json, str]] = [
    ("/routers", ROUTER, "/service"),
    ("/routers", {**ROUTER, "enabled": False}, "/service"),
    ("/routers", {**ROUTER, "service": "plain", "middlewares": ["dashboard_redirect@internal"]}, "/middlewares/0"),
    ("/services", SERVICE, "/weighted/services/1/name"),
    ("/services", {"name": "edge", "mirroring": {"service": "prometheus@internal"}}, "/mirroring/service"),
    (
        "/services",
        {"name": "edge", "failover": {"service": "plain", "fallback": "rest@internal", **AFTER_ERRORS}},
        "/failover/fallback",
    ),
    ("/services", {"name": "edge", "middlewares": ["dashboard_stripprefix@internal"]}, "/middlewares/0"),
    ("/middlewares", ERRORS, "/errors/service"),
    (
        "/middlewares",
        {"name": "edge", "chain": {"middlewares": ["dashboard_redirect@internal"]}},
        "/chain/middlewares/0",
    ),
]


@pytest.fixture
def operator(client: httpx.Client, service: Service) -> Iterator[httpx.Client]:
    """A client that may write, beside a service that leads nowhere in particular."""
    client.put("/services/plain", json={}).raise_for_status()
    with http_client(f"{service.url}/api/v1", headers=bearer(add_token(service, "write"))) as made:
        yield made


def refused(answer: httpx.Response, *pointers: str) -> str:
    """Check that an answer names the fields that only admins may write, and return what it says of the first."""
    assert answer.status_code == 403, answer.text
    found = answer.json()
    assert [each["pointer"] for each in found["errors"]] == list(pointers)
    assert {each["code"] for each in found["errors"]} == {"reference.admin"}
    detail: str = found["detail"]
    return detail


@pytest.mark.parametrize(("path", "body", "pointer"), WRITES)
def test_only_admins_write_what_leads_to_what_traefik_makes(
    client: httpx.Client, operator: httpx.Client, path: str, body: Json, pointer: str
) -> None:
    assert refused(operator.post(path, json=body), pointer)
    assert refused(operator.put(f"{path}/edge", json=body, params={"dryRun": True}), pointer)
    made = client.post(path, json=body).raise_for_status()
    assert made.status_code == 201
    tried = client.put(f"{path}/edge", json={**body, "labels": {"a": "b"}}, params={"dryRun": True}).json()
    told = [each["detail"] for each in tried["warnings"] if each["conflict"] == "doubtful-value"]
    assert any("Traefik" in each for each in told), told
    # Nor does anybody else change it afterwards; what stays as it is may be sent again, and it may go.
    assert refused(operator.patch(f"{path}/edge", json={"labels": {"a": "b"}}), pointer)
    assert operator.put(f"{path}/edge", json=body).status_code == 200
    assert operator.delete(f"{path}/edge").status_code == 204


def test_it_is_said_who_leads_where(operator: httpx.Client) -> None:
    detail = refused(operator.post("/routers", json=ROUTER), "/service")
    assert "router edge leads to api@internal" in detail
    assert "only admins" in detail


def test_an_admin_is_told_what_is_exposed(client: httpx.Client) -> None:
    tried = client.post("/routers", json=ROUTER, params={"dryRun": True}).raise_for_status().json()
    (told,) = [each["detail"] for each in tried["warnings"]]
    assert told.startswith(
        "router edge: service: this is Traefik's own API: anyone who can reach it can read the whole"
    )


def test_nobody_else_leads_to_it_by_way_of_what_an_admin_made(client: httpx.Client, operator: httpx.Client) -> None:
    client.post("/services", json=SERVICE).raise_for_status()
    client.post("/middlewares", json={**ERRORS, "errors": {"status": ["500"], "service": "edge"}}).raise_for_status()
    chained = {"name": "all", "chain": {"middlewares": ["edge"]}}
    refused(operator.post("/middlewares", json=chained), "/chain/middlewares/0")
    client.post("/middlewares", json=chained).raise_for_status()
    refused(operator.post("/routers", json={**ROUTER, "service": "edge"}), "/service")
    refused(operator.post("/routers", json={**ROUTER, "service": "plain", "middlewares": ["all"]}), "/middlewares/0")
    nested = {"name": "outer", "mirroring": {"service": "plain", "mirrors": [{"name": "edge", "percent": 1}]}}
    refused(operator.post("/services", json=nested), "/mirroring/mirrors/0/name")


def test_no_document_brings_it_in(client: httpx.Client, operator: httpx.Client) -> None:
    document: Json = {
        "routers": {"edge": {"pathPrefix": "/edge", "service": "edge"}},
        "services": {
            "edge": {"failover": {"service": "api@internal", "fallback": "plain", "errors": {"status": ["500"]}}}
        },
    }
    pointers = ["/services/edge/failover/service", "/routers/edge/service"]
    refused(operator.post("/apply", json=document), *pointers)
    refused(operator.post("/apply", json=document, params={"dryRun": True}), *pointers)
    client.post("/apply", json=document).raise_for_status()
    # A whole document of somebody else, in which it stands as it is, is taken.
    export = operator.get("/export").json()
    operator.post("/apply", json=export, params={"prune": True}).raise_for_status()


def test_no_way_back_brings_it_back(client: httpx.Client, operator: httpx.Client) -> None:
    client.post("/routers", json=ROUTER).raise_for_status()
    at = client.get("/revisions").json()["items"][0]["number"]
    operator.delete("/routers/edge").raise_for_status()
    refused(operator.post(f"/revisions/{at}/rollback"), "/routers/edge/service")
    refused(
        operator.post(f"/revisions/{at}/rollback", params={"kind": "router", "name": "edge"}), "/routers/edge/service"
    )
    refused(operator.post(f"/revisions/{at + 1}/undo"), "/routers/edge/service")
    client.post(f"/revisions/{at + 1}/undo").raise_for_status()
    assert client.get("/routers/edge").json()["service"] == "api@internal"


def test_nobody_else_lets_it_come_back_by_itself(client: httpx.Client, operator: httpx.Client) -> None:
    client.put("/services/behind", json={"weighted": {"services": [{"name": "api@internal"}]}}).raise_for_status()
    for name, service in (("edge", "api@internal"), ("far", "behind")):
        client.put(f"/routers/{name}", json={**ROUTER, "name": name, "service": service}).raise_for_status()
        refused(operator.delete(f"/routers/{name}", params={"confirmWithin": "1h"}), "/service")
        assert operator.delete(f"/routers/{name}").status_code == 204
    operator.put("/services/plain", json={"labels": {"a": "b"}}, params={"confirmWithin": "1h"}).raise_for_status()


def test_no_form_takes_it_but_an_admins(service: Service, operator: httpx.Client) -> None:
    headers = {"Accept": "text/html", "Authorization": operator.headers["Authorization"]}
    with http_client(service.url, headers=headers) as console:
        form = console.get("/routers/new")
        typed: dict[str, str | None] = {"name": "edge", "pathPrefix": "/edge", "service": "api@internal"}
        answer = send(console, form, "/routers/new", typed)
    assert answer.status_code == 403
    assert Page(answer.text).wrong("service")
    assert operator.get("/routers/edge").status_code == 404


def test_only_admins_change_what_decides_who_gets_there(client: httpx.Client, operator: httpx.Client) -> None:
    login, other = {"basicAuth": {"users": ["admin:secret"]}}, {"basicAuth": {"users": ["me:mine"]}}
    for name, made in (("login", login), ("apart", login), ("all", {"chain": {"middlewares": ["login"]}})):
        client.put(f"/middlewares/{name}", json=made).raise_for_status()
    client.put("/services/behind", json={"weighted": {"services": [{"name": "api@internal"}]}}).raise_for_status()
    assert operator.put("/middlewares/login", json=other).status_code == 200, "nothing leads there yet"
    router = {"pathPrefix": "/edge", "service": "behind", "middlewares": ["all"]}
    client.put("/routers/edge", json=router).raise_for_status()

    detail = refused(operator.put("/middlewares/login", json=login), "")
    assert detail.startswith(
        "router edge leads to one of Traefik's own objects, and middleware login decides who gets through"
    )
    refused(operator.patch("/middlewares/login", json={"labels": {"a": "b"}}, params={"dryRun": True}), "")
    refused(operator.put("/middlewares/all", json={"chain": {"middlewares": ["apart"]}}), "")
    refused(operator.post("/apply", json={"middlewares": {"login": login}}), "/middlewares/login")
    client.put("/middlewares/login", json=login).raise_for_status()
    at = client.get("/revisions").json()["items"][0]["number"]
    refused(operator.post(f"/revisions/{at}/undo"), "/middlewares/login")

    assert operator.put("/middlewares/apart", json=other).status_code == 200, "nothing there passes it"
    client.put("/middlewares/all", json={"chain": {"middlewares": ["login", "apart"]}}).raise_for_status()
    assert operator.delete("/middlewares/login", params={"cascade": True}).status_code == 204
    assert client.get("/routers/edge").status_code == 404, "what passed it goes along"
    assert operator.put("/middlewares/apart", json=login).status_code == 200
