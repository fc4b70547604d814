"""The API does what its model does, in any order of calls, and the state alone decides what Traefik gets."""

from collections.abc import Callable
from random import Random
from typing import Any

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.e2e.model import HOSTS, Body, Key, Model
from tests.e2e.states import PHASES
from tests.running import Service, cases, empty, fetch, http_client

Which = tuple[str, Key, str]
"""An object: its kind, its key, and its name as it is typed."""

names = st.sampled_from(["a", "b", "c"])
hosts = st.sampled_from(list(HOSTS))
prefixes = st.sampled_from([None, "/api", "/"])


def is_matched(router: Body) -> bool:
    """Tell whether a router has domains or a path prefix, or a rule, and not both."""
    built = bool(router["domains"]) or router.get("pathPrefix") is not None
    return built is (router.get("rule") is None)


bodies: dict[str, st.SearchStrategy[Body]] = {
    "domains": st.fixed_dictionaries({}, optional={"description": st.sampled_from(["", "x", "`é'"])}),
    "services": st.fixed_dictionaries(
        {},
        optional={
            "strategy": st.sampled_from(["wrr", "p2c"]),
            "passHostHeader": st.booleans(),
            "sticky": st.sampled_from([None, {"cookie": {"name": "c"}}]),
            "healthCheck": st.sampled_from([None, {"path": "/", "interval": "5s", "timeout": "2s"}]),
        },
    ),
    "servers": st.fixed_dictionaries(
        {"url": st.sampled_from(["http://127.0.0.1:1", "http://127.0.0.1:2"])},
        optional={"weight": st.integers(1, 3), "state": st.sampled_from(["ready", "drain", "maint"])},
    ),
    "routers": st.fixed_dictionaries(
        {"service": names, "domains": st.lists(hosts, max_size=3, unique_by=HOSTS.__getitem__)},
        optional={
            "pathPrefix": prefixes,
            "rule": st.sampled_from([None, None, None, 'Host(`a.test`) && !Query("b")', "PathRegexp(`^/[0-9]`)"]),
            "enabled": st.booleans(),
            "priority": st.sampled_from([None, 1, 1000]),
            "entryPoints": st.sampled_from([["web"], ["other", "web"]]),
        },
    ).filter(is_matched),
}
conditions = st.sampled_from(["none", "none", "none", "current", "stale", "exists", "new"])


def path(kind: str, key: Key) -> str:
    return f"/services/{key[0]}/servers/{key[1]}" if kind == "servers" else f"/{kind}/{key[0]}"


def with_params(options: dict[str, Any], **params: Any) -> dict[str, Any]:
    return {**options, "params": {**options.get("params", {}), **params}}


def fields_of(change: Body) -> list[tuple[str, Any, Any]]:
    """Return the fields that differ before and after a change."""
    before, after = change["before"] or {}, change["after"] or {}
    names = dict.fromkeys([*after, *before])
    pairs = [(name, before.get(name, ...), after.get(name, ...)) for name in names]
    return [(name, None if old is ... else old, None if new is ... else new) for name, old, new in pairs if old != new]


@st.composite
def targets(draw: st.DrawFn) -> Which:
    """Draw an object that may exist or not."""
    kind = draw(st.sampled_from(["domains", "services", "servers", "servers", "routers", "routers"]))
    if kind == "domains":
        typed = draw(hosts)
        return kind, (HOSTS[typed],), typed
    name = draw(names)
    return kind, ((draw(names), name) if kind == "servers" else (name,)), name


class Calls(RuleBasedStateMachine):
    """Any calls of the API, on a service and on its model."""

    def __init__(self, service: Service, mirror: Service, client: httpx.Client, mirror_client: httpx.Client) -> None:
        super().__init__()
        self.service, self.mirror = service, mirror
        self.client, self.mirror_client = client, mirror_client
        empty(service)
        self.model = Model(revision=fetch(f"{service.url}/readyz").json()["revision"])

    def call(self, method: str, at: str, expected: Callable[[], int], **options: Any) -> None:
        """Make a call, and check that it does what the model does; what takes much away only with its number."""
        tried = self.client.request(method, at, **with_params(options, dryRun=True))
        status = self.model.change(expected)
        if self.model.number is not None:
            refused = self.client.request(method, at, **options)
            assert refused.status_code == 409, f"{method} {at} {options}: {refused.text}"
            assert refused.json()["confirm"] == self.model.number
            options = with_params(options, confirm=self.model.number)
        answer = self.client.request(method, at, **options)
        assert answer.status_code == status, f"{method} {at} {options}: {answer.text}, the model: {status}"
        if answer.is_success:
            assert tried.status_code == (200 if method == "DELETE" else status)
            assert int(answer.headers["Config-Revision"]) == self.model.revision
            self.check_announced(tried, int(tried.headers["Config-Revision"]))
        else:
            assert tried.json() == answer.json()
            assert answer.headers["Content-Type"] == "application/problem+json"

    def check_announced(self, tried: httpx.Response, before: int) -> None:
        """Check that what was tried first has happened, field by field, and nothing else."""
        difference = tried.json()["difference"]
        announced = [
            (one["kind"], one["name"], [(field["field"], field["before"], field["after"]) for field in one["fields"]])
            for one in difference["objects"]
        ]
        happened = []
        if self.model.revision != before:
            changes = self.client.get(f"/revisions/{self.model.revision}").json()["changes"]
            happened = [(change["kind"], change["name"], fields_of(change)) for change in changes]
        assert announced == happened
        assert (difference["brake"] or {"confirm": None})["confirm"] == self.model.number

    def headers(self, condition: str, at: str) -> tuple[dict[str, str], bool]:
        """Return the header of a condition, and whether the object is what it demands."""
        answer = self.client.get(at)
        exists = answer.status_code == 200
        match condition:
            case "current" if exists:
                return {"If-Match": answer.headers["ETag"]}, True
            case "current" | "stale":
                return {"If-Match": '"stale"'}, False
            case "exists":
                return {"If-Match": "*"}, exists
            case "new":
                return {"If-None-Match": "*"}, not exists
        return {}, True

    @rule(which=targets(), data=st.data())
    def create(self, which: Which, data: st.DataObject) -> None:
        kind, key, typed = which
        body = {"name": typed, **data.draw(bodies[kind])}
        self.call("POST", path(kind, key).rpartition("/")[0], lambda: self.model.create(kind, key, body), json=body)

    @rule(which=targets(), data=st.data(), condition=conditions)
    def replace(self, which: Which, data: st.DataObject, condition: str) -> None:
        kind, key, typed = which
        body = {"name": typed, **data.draw(bodies[kind])}
        at = path(kind, key)
        headers, holds = self.headers(condition, at)
        self.call("PUT", at, lambda: self.model.replace(kind, key, body) if holds else 412, json=body, headers=headers)

    @rule(which=targets(), data=st.data(), condition=conditions)
    def patch(self, which: Which, data: st.DataObject, condition: str) -> None:
        kind, key, _typed = which
        drawn = data.draw(bodies[kind])
        fields = data.draw(st.sets(st.sampled_from(sorted(drawn)))) if drawn else set()
        patch = {name: drawn[name] for name in fields}
        at = path(kind, key)
        headers, holds = self.headers(condition, at)
        exists = key in self.model.objects[kind]
        self.call(
            "PATCH",
            at,
            lambda: self.model.merge(kind, key, patch) if holds or not exists else 412,
            json=patch,
            headers=headers,
        )

    @rule(which=targets(), cascade=st.booleans(), condition=conditions)
    def remove(self, which: Which, cascade: bool, condition: str) -> None:
        kind, key, _typed = which
        at = path(kind, key)
        headers, holds = self.headers(condition, at)
        exists = key in self.model.objects[kind]
        self.call(
            "DELETE",
            at,
            lambda: self.model.remove(kind, key, cascade=cascade) if holds or not exists else 412,
            params={"cascade": cascade} if kind in {"domains", "services"} else {},
            headers=headers,
        )

    @rule(
        host=hosts,
        name=names,
        prefix=prefixes,
        servers=st.lists(st.tuples(names, bodies["servers"]), min_size=1, max_size=3, unique_by=lambda pair: pair[0]),
    )
    def expose(self, host: str, name: str, prefix: str | None, servers: list[tuple[str, Body]]) -> None:
        pool = [{"name": server, "url": body["url"], "weight": body.get("weight", 1)} for server, body in servers]
        body = {"domain": host, "name": name, "servers": pool, "pathPrefix": prefix}
        self.call("POST", "/expose", lambda: self.model.expose(host, name, pool, prefix), json=body)

    @invariant()
    def shows_what_the_model_has(self) -> None:
        for kind in ("domains", "services", "routers"):
            shown = {item["name"]: item for item in self.client.get(f"/{kind}").json()["items"]}
            assert shown == {
                item["name"]: item | self.model.observed(kind, key)
                for key in self.model.objects[kind]
                if (item := self.model.shown(kind, key))
            }
        for (service,) in self.model.objects["services"]:
            listed = self.client.get(f"/services/{service}/servers").json()["items"]
            assert {(service, server["name"]): server for server in listed} == {
                key: server | self.model.observed("servers", key)
                for key, server in self.model.objects["servers"].items()
                if key[0] == service
            }

    @invariant()
    def serves_what_the_model_serves(self) -> None:
        answer = self.client.get(f"{self.service.url}/traefik/configuration")
        assert int(answer.headers["Config-Revision"]) == self.model.revision
        document = answer.json()["http"]
        assert {
            name: {"rule": router["rule"], "service": router["service"]}
            for name, router in document.get("routers", {}).items()
        } == self.model.routers()
        assert {
            name: service["loadBalancer"]["servers"] for name, service in document.get("services", {}).items()
        } == self.model.services()

    def teardown(self) -> None:
        """Make the same state elsewhere, in another order: it gives the same bytes."""
        empty(self.mirror)
        random = Random(self.model.revision)
        for kind in ("domains", "services", "servers", "routers"):
            for key in random.sample(list(self.model.objects[kind]), len(self.model.objects[kind])):
                self.mirror_client.put(path(kind, key), json=self.model.shown(kind, key)).raise_for_status()
        assert (
            fetch(f"{self.mirror.url}/traefik/configuration").content
            == fetch(f"{self.service.url}/traefik/configuration").content
        )


def test_any_calls_of_the_api_do_what_its_model_does(start_service: Callable[..., Service]) -> None:
    # Neither has an edge: what one observes, and when, is no matter of the calls.
    service, mirror = start_service(name="calls.db"), start_service(name="mirror.db")
    with http_client(f"{service.url}/api/v1") as client, http_client(f"{mirror.url}/api/v1") as mirror_client:

        class CallsOfThese(Calls):
            def __init__(self) -> None:
                super().__init__(service, mirror, client, mirror_client)

        run_state_machine_as_test(
            CallsOfThese,
            settings=settings(
                max_examples=cases(3, 400),
                stateful_step_count=cases(25, 60),
                deadline=None,
                phases=PHASES,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )
