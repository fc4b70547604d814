"""The OpenAPI document against the service: data that fits it is taken, and data that does not is refused.

What is random here comes from schemathesis: for each operation the edges of what its schemas allow, what
lies just beyond them, and random data of both kinds.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError
from schemathesis.config import SchemathesisConfig

from provider import values
from provider.api.pages import write_cursor
from provider.app import create_app
from provider.settings import Settings
from tests import strategies
from tests.api.checks import TITLES
from tests.api.test_problems import CODES
from tests.running import SOAK, Service, cases, http_client, running_service

Case = schemathesis.Case[Any]
DURATIONS = ["100ms", "2.5s", "5s", "1m30s", "1h"]

schemathesis.openapi.format("domain", strategies.hosts)
schemathesis.openapi.format("server-url", strategies.urls)
schemathesis.openapi.format("go-duration", st.sampled_from(DURATIONS))
schemathesis.openapi.format("cursor", strategies.names.map(write_cursor))

# Whether an object is there, and is as a condition says, has nothing to do with the data.
TAKEN = ["2xx", "304", "404", "409", "412"]
REFUSED = ["400", "404", "405", "412", "415", "422"]

schema = schemathesis.openapi.from_dict(
    json.loads(json.dumps(create_app(Settings(database_url="sqlite:////nowhere/provider.db")).api.openapi())),
    config=SchemathesisConfig.from_dict(
        {
            "checks": {
                "positive_data_acceptance": {"expected-statuses": TAKEN},
                "negative_data_rejection": {"expected-statuses": REFUSED},
            }
        }
    ),
)


@pytest.fixture(scope="module")
def own_service(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service for all operations together: what one leaves behind is there for the others."""
    with running_service(tmp_path_factory.mktemp("schemathesis"), migrated) as service:
        yield service


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        yield made


def revision(service: Service) -> tuple[int, str]:
    snapshot = service.server._app._endpoint._revisions.current
    assert snapshot is not None
    return snapshot.revision, snapshot.document.digest


@schema.parametrize()
@settings(
    max_examples=cases(15, 300),
    derandomize=not SOAK,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_service_is_as_documented(case: Case, own_service: Service, session: requests.Session) -> None:
    if case.meta is not None and case.meta.generation.mode.is_positive:
        fit(case, own_service)
    before = revision(own_service)
    # On a connection of its own a poll is never held.
    answer = case.call_and_validate(base_url=own_service.url, session=None if "wait" in (case.query or {}) else session)
    if answer.status_code >= 400:
        assert revision(own_service) == before
        assert answer.headers["cache-control"] == ["no-store"]
        if case.method != "HEAD":
            check_problem(answer.json())
    assert len(answer.content) < 100_000


def check_problem(found: dict[str, Any]) -> None:
    status, title = TITLES[found["type"].removeprefix("urn:wayshub-provider:")]
    assert (found["status"], found["title"]) == (status, title)
    assert {error["code"] for error in found.get("errors", ())} <= CODES


# What a schema cannot say: that a name is the one in the path, that what is named exists, that a timeout
# is not longer than its interval, and which strings of its pattern are host names.


def fit(case: Case, service: Service) -> None:
    """Make data that fits the schema fit what the schema cannot say, too."""
    path = case.path_parameters or {}
    if "/domains/" in case.path and "name" in path:
        path["name"] = a_host(path["name"])
    if not isinstance(case.body, dict):
        return
    body: dict[str, Any] = case.body
    for field, value in list(body.items()):
        if value is not None and field in FITTED:
            body[field] = FITTED[field](value)
    if case.path.endswith("/domains"):
        body["name"] = a_host(body["name"])
    elif "name" in body and "name" in path:
        body["name"] = path["name"]
    if "/routers" in case.path:
        fit_router(body, service)


def fit_router(body: dict[str, Any], service: Service) -> None:
    """Make a router, or a patch of one, lead from and to what exists."""
    with http_client(f"{service.url}/api/v1") as client:
        client.put("/domains/a.test", json={}).raise_for_status()
        client.put("/services/s", json={}).raise_for_status()
    if "service" in body:
        body["service"] = "s"
    if body.get("domains"):
        body["domains"] = ["A.test"]
    for field in ("domains", "pathPrefix"):  # in a patch: it needs one of them
        if not body.get(field, True) and "service" not in body:
            del body[field]


def a_host(text: str) -> str:
    try:
        return values.check_hostname(text)
    except PydanticCustomError:
        return "b.test"


def a_url(text: str) -> str:
    try:
        return values.check_server_url(text)
    except PydanticCustomError:
        return "http://b"


def a_duration(text: str) -> str:
    try:
        return values.check_duration(text)
    except PydanticCustomError:
        return "1s"


def a_server(server: dict[str, Any]) -> dict[str, Any]:
    fitting = {"name": None, "url": a_url(server["url"])}
    return server | fitting | ({"weight": int(server["weight"])} if "weight" in server else {})


FITTED: dict[str, Callable[[Any], Any]] = {
    "domain": a_host,
    "url": a_url,
    "healthCheck": lambda check: check | {"interval": "1h", "timeout": a_duration(check.get("timeout") or "2s")},
    "sticky": lambda sticky: sticky | {"cookie": {"name": "c"} | (sticky.get("cookie") or {})},
    "servers": lambda servers: [a_server(server) for server in servers],
    "weight": int,  # to JSON Schema, 1.0 is an integer
    "priority": int,
}
