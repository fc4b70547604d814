"""The metrics: they tell what happens, stay few, and are what the dashboard, the alerts and the documentation use."""

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import insert

from provider import configuration
from provider.alarms import Alarms
from provider.apart.turns import Turns
from provider.configuration import Document
from provider.confirmations import Confirmations
from provider.database.file import FileDatabase
from provider.database.sessions import Session
from provider.database.tables import TABLES
from provider.duties import ROLLOUTS, Duties
from provider.edges.fallback import Fallback
from provider.edges.keepers import Keepers
from provider.edges.polls import Polls
from provider.edges.registry import Edges
from provider.edges.states import EdgeState
from provider.leasing.leasing import Leasing
from provider.listening import DEFAULT_POINTS
from provider.metrics.metrics import MEDIA_TYPE, Metrics
from provider.nouns import within
from provider.parts import Parts
from provider.revisions import Revisions
from provider.rollouts.rollouts import Rollouts
from provider.serving import Serving
from tests import promql
from tests.promql import Expression
from tests.running import (
    AUTHORIZED,
    ROOT,
    Service,
    Traefik,
    fetch,
    free_port,
    http_client,
    running_service,
    running_traefik,
    wait_until,
)
from tests.written import table

TARGET_LABELS = {"job", "instance"}
"""Labels that Prometheus itself puts on what it scrapes."""

PROMETHEUS_METRICS = {"up"}

TLS_METRICS = {"provider_tls_certificate_left_seconds"}
"""What only a service with TLS tells; tests/security/test_transport.py has one."""

Labels = frozenset[tuple[str, str]]


class Scrape:
    """What `/metrics` told once. Reading it fails where it is not Prometheus's format."""

    def __init__(self, text: str) -> None:
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.series: dict[tuple[str, Labels], float] = {}
        for family in self.families.values():
            for sample in family.samples:
                key = sample.name, frozenset(sample.labels.items())
                assert key not in self.series, f"{key} is given twice"
                self.series[key] = sample.value

    def find(self, metric: str, **labels: str) -> float | None:
        return self.series.get((metric, frozenset(labels.items())))

    def get(self, metric: str, **labels: str) -> float:
        found = self.find(metric, **labels)
        assert found is not None, f"there is no {metric}{labels}"
        return found

    def count(self, metric: str, **labels: str) -> float:
        """Return a counter's value, which is 0 before it is first counted."""
        return self.find(metric, **labels) or 0

    def labelled(self, metric: str) -> list[dict[str, str]]:
        """Return the labels of each series of a metric."""
        return [dict(labels) for name, labels in self.series if name == metric]

    def states(self, edge: str) -> dict[str, float]:
        """Return the states in which an edge is, or in which so many of the others are."""
        counted = {state.value: self.get("provider_edge_state", edge=edge, state=state.value) for state in EdgeState}
        return {state: value for state, value in counted.items() if value}


def scrape(url: str) -> Scrape:
    answer = fetch(f"{url}/metrics").raise_for_status()
    assert answer.headers["content-type"] == MEDIA_TYPE
    return Scrape(answer.text)


def poll(url: str, edge: str, client: httpx.Client | None = None) -> httpx.Response:
    get = client.get if client is not None else fetch
    return get(f"{url}/traefik/configuration?edge={edge}").raise_for_status()


@pytest.fixture
def live(service: Service, traefik: Traefik, client: httpx.Client) -> Scrape:
    """A scrape of a service that has something of each kind, and whose edge runs it."""
    client.post("/expose", json={"domain": "alvin.xyz", "servers": [{"url": "http://127.0.0.1:1"}]}).raise_for_status()
    traefik.wait_for(service)
    wait_until(lambda: scrape(service.url).states("default") == {"live": 1}, "the edge is live")
    return scrape(service.url)


# What they tell


def test_an_edge_that_runs_the_document_is_live_and_has_polled_just_now(live: Scrape) -> None:
    assert live.get("provider_ready") == 1
    assert live.get("provider_edge_current", edge="default") == 1
    assert live.get("provider_edge_quarantined", edge="default") == 0
    assert live.get("provider_edge_disabled_routers", edge="default") == 0
    assert live.get("provider_edge_api_readable", edge="default") == 1
    assert live.get("provider_edge_last_poll_age_seconds", edge="default") >= 0
    assert live.get("provider_edge_document_age_seconds", edge="default") >= 0
    assert live.get("provider_edge_polls_total", edge="default") > 0
    assert live.get("process_resident_memory_bytes") > 1e6


@pytest.mark.usefixtures("traefik")
def test_a_held_poll_is_counted_while_it_is_held(service: Service) -> None:
    wait_until(lambda: scrape(service.url).get("provider_polls_held") >= 1, "Traefik's poll is held")


def test_objects_are_counted_by_kind_and_state(service: Service, client: httpx.Client) -> None:
    expose = {"domain": "alvin.xyz", "servers": [{"url": f"http://127.0.0.1:{port}"} for port in range(1, 5)]}
    client.post("/expose", json=expose).raise_for_status()
    servers = [item["name"] for item in client.get("/services/alvin/servers").json()["items"]]
    for name, state in zip(servers, ("drain", "drain", "maint"), strict=False):
        client.patch(f"/services/alvin/servers/{name}", json={"state": state}).raise_for_status()
    off = {"domains": ["alvin.xyz"], "pathPrefix": "/off", "service": "alvin", "enabled": False}
    client.put("/routers/off", json=off).raise_for_status()
    found = scrape(service.url)
    told = {
        (labels["kind"], labels["state"]): found.get("provider_objects", **labels)
        for labels in found.labelled("provider_objects")
    }
    assert told == {
        ("domain", "present"): 1,
        ("service", "present"): 1,
        **{(noun.kind, "present"): 0 for noun in within("") if noun.kind not in {"domain", "service", "router"}},
        ("router", "enabled"): 1,
        ("router", "disabled"): 1,
        ("server", "ready"): 1,
        ("server", "drain"): 2,
        ("server", "maint"): 1,
    }
    document = poll(service.url, "default")
    assert found.get("provider_document_size_bytes") == len(document.content)
    assert found.get("provider_revision") == int(document.headers["config-revision"])
    assert found.get("provider_database_size_bytes") >= service.database.stat().st_size


def test_each_change_is_timed_and_nothing_else(service: Service, client: httpx.Client) -> None:
    domain = {"name": "alvin.xyz"}
    before = scrape(service.url)
    assert client.post("/domains", json=domain).status_code == 201
    assert client.post("/domains", json=domain).status_code == 409
    assert client.put("/domains/alvin.xyz", json=domain).status_code == 200  # which changes nothing
    after = scrape(service.url)
    assert after.get("provider_revision") == before.get("provider_revision") + 1
    for part in ("render", "commit"):
        metric = f"provider_{part}_duration_seconds"
        assert after.get(f"{metric}_count") == before.get(f"{metric}_count") + 1
        assert after.get(f"{metric}_sum") > before.get(f"{metric}_sum")


def test_requests_are_counted_by_the_template_of_their_route(service: Service, client: httpx.Client) -> None:
    prefix = "/api/v1/services/{service}/servers"
    client.put("/services/alvin", json={}).raise_for_status()
    before = scrape(service.url)
    server = {"url": "http://127.0.0.1:1"}
    client.put("/services/alvin/servers/one", json=server)
    client.put("/services/alvin/servers/two", json=server)
    client.get("/services/alvin/servers/three")
    client.put("/services/alvin/servers", json=server)
    client.get("/no/such/path")
    client.request("PROPFIND", "/no/such/path")
    fetch(f"{service.url}/static/docs.css")
    fetch(f"{service.url}/traefik/configuration?edge=No")
    httpx.post(f"{service.url}/traefik/configuration", headers=AUTHORIZED)
    httpx.head(f"{service.url}/traefik/configuration", headers=AUTHORIZED)
    after = scrape(service.url)
    counted = {
        tuple(labels[name] for name in ("method", "route", "status")): grown
        for labels in after.labelled("provider_requests_total")
        if (grown := after.get("provider_requests_total", **labels) - before.count("provider_requests_total", **labels))
    }
    counted.pop(("GET", "/traefik/configuration", "200"), None)  # the shared Traefik may poll
    assert counted == {
        ("PUT", f"{prefix}/{{name}}", "201"): 2,
        ("GET", f"{prefix}/{{name}}", "404"): 1,
        ("PUT", prefix, "405"): 1,
        ("GET", "unmatched", "404"): 1,
        ("other", "unmatched", "404"): 1,
        ("GET", "/static", "200"): 1,
        ("GET", "/traefik/configuration", "422"): 1,
        ("POST", "/traefik/configuration", "405"): 1,
        ("HEAD", "/traefik/configuration", "200"): 1,
        ("GET", "/metrics", "200"): 1,
    }
    timed = {"method": "PUT", "route": f"{prefix}/{{name}}"}
    metric = "provider_request_duration_seconds_count"
    assert after.get(metric, **timed) - before.count(metric, **timed) == 2
    assert "/traefik/configuration" not in {labels["route"] for labels in after.labelled(metric)}


def test_polls_are_counted_by_edge_and_documents_when_they_are_others(
    start_service: Callable[..., Service],
) -> None:
    service = start_service()
    before = scrape(service.url)
    with http_client(f"{service.url}/api/v1") as client, http_client() as one, http_client() as two:
        for _ in range(3):
            poll(service.url, "nameless-one", one)
            poll(service.url, "nameless-two", two)
        client.post("/domains", json={"name": "budi.xyz"}).raise_for_status()  # the same document
        client.put("/services/budi", json={}).raise_for_status()
        for _ in range(3):
            poll(service.url, "nameless-one", one)
    after = scrape(service.url)

    def grown(metric: str, **labels: str) -> float:
        return after.get(metric, **labels) - before.count(metric, **labels)

    assert grown("provider_edge_polls_total", edge="_others") == 9
    assert grown("provider_edge_documents_served_total", edge="_others") == 3
    assert grown("provider_edge_documents_rejected_total", edge="_others") == 0
    assert grown("provider_requests_total", method="GET", route="/traefik/configuration", status="200") >= 9
    assert after.states("_others").keys() <= {"unconfirmed", "pending", "stale"}


def assemble(parts: Parts) -> Document:
    """Put a document together as always; with a field that Traefik does not know while there is a router `broken`."""
    made = configuration.assemble(parts)
    if "broken" not in parts.routers.parts:
        return made
    return Document(made.content.replace(b'{"http":{', b'{"http":{"bogus":1,', 1), made.digest)


def test_a_rejected_document_raises_the_alarm_until_the_next_change(migrated: Path, tmp_path: Path) -> None:
    api_port = free_port()
    api = f"eu=http://127.0.0.1:{api_port}"
    with (
        running_service(tmp_path, migrated, traefik_api=api, assemble=assemble) as service,
        running_traefik(tmp_path, service.url, api_port=api_port, query="edge=eu&wait=1"),
        http_client(f"{service.url}/api/v1") as client,
    ):
        router = {"domains": ["alvin.xyz"], "service": "alvin"}
        client.post("/expose", json={"domain": "alvin.xyz", "servers": [{"url": "http://127.0.0.1:1"}]})
        wait_until(lambda: scrape(service.url).states("eu") == {"live": 1}, "the edge is live")
        client.put("/routers/broken", json=router | {"pathPrefix": "/broken"}).raise_for_status()
        wait_until(lambda: scrape(service.url).states("eu") == {"rejected": 1}, "the document is rejected")
        alarm = scrape(service.url)
        assert alarm.get("provider_edge_quarantined", edge="eu") == 1
        blamed = {"kind": "router", "name": "broken", "revision": "2"}
        assert alarm.get("provider_edge_quarantined_object", edge="eu", **blamed) == 1
        assert alarm.get("provider_edge_current", edge="eu") == 0
        assert alarm.get("provider_edge_documents_rejected_total", edge="eu") == 1
        rule = next(rule for rule in alert_rules() if rule["alert"] == "EdgeRejected")
        assert rule["expr"] == 'provider_edge_state{state="rejected"} > 0'
        client.delete("/routers/broken").raise_for_status()
        wait_until(lambda: scrape(service.url).states("eu") == {"live": 1}, "the edge is live again")
        over = scrape(service.url)
        assert over.get("provider_edge_quarantined", edge="eu") == 0
        assert over.get("provider_edge_documents_rejected_total", edge="eu") == 1


# How many there are


def test_neither_objects_nor_edges_nor_paths_add_series(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated, traefik_api="eu=http://127.0.0.1:1") as service, http_client() as client:

        def use(first: int, last: int) -> None:
            for number in range(first, last):
                poll(service.url, f"edge-{number}", client)
            for number in range(first, min(last, first + 50)):
                client.get(f"{service.url}/api/v1/domains/{number}.test")
                client.get(f"{service.url}/{number}")
                client.request("PROPFIND" if number % 2 else "REPORT", f"{service.url}/{number}")

        poll(service.url, "default", client)
        poll(service.url, "eu", client)
        use(0, 2)
        scrape(service.url)
        before = scrape(service.url)
        seed(service.database, 2500)
        use(2, 502)
        after = scrape(service.url)
        assert sum(after.get("provider_objects", **labels) for labels in after.labelled("provider_objects")) == 10_000
        assert sum(after.states("_others").values()) == 502
        assert after.series.keys() == before.series.keys()
        assert len(after.series) < 400
        edges = {labels["edge"] for _name, series in after.series if (labels := dict(series)).get("edge")}
        assert edges == {"default", "eu", "_others"}


def seed(path: Path, count: int) -> None:
    """Put so many domains, services, servers and routers into a database that is served, behind the service's back."""
    names = [f"app-{number}" for number in range(count)]
    rows: dict[str, dict[str, Any]] = {
        "domain": {"shown": "a.test", "description": "", "fields": {}},
        "service": {"fields": {}},
        "server": {"service": "app-0", "url": "http://127.0.0.1:1", "state": "drain", "fields": {}},
        "router": {"service": "app-0", "enabled": False, "fields": {"domains": [], "entryPoints": ["web"]}},
    }
    database = FileDatabase(path)
    database.open()
    with database.writing() as session:
        for kind, values in rows.items():
            listed = [{"name": name, "labels": {}, **values} for name in names]
            session.connection().execute(insert(TABLES[kind].table), listed)
    database.close()


def test_each_app_has_metrics_of_its_own(migrated: Path, tmp_path: Path) -> None:
    with (
        running_service(tmp_path, migrated, name="one.db") as one,
        running_service(tmp_path, migrated, name="two.db") as two,
    ):
        poll(one.url, "default")
        assert scrape(one.url).get("provider_edge_polls_total", edge="default") == 1
        assert scrape(two.url).get("provider_edge_polls_total", edge="default") == 0
    assert [family.name for family in REGISTRY.collect() if family.name.startswith("provider_")] == []


# When something is missing


def test_without_a_database_there_are_metrics_all_the_same(tmp_path: Path) -> None:
    with running_service(tmp_path, None) as service:
        assert fetch(f"{service.url}/traefik/configuration").status_code == 503
        assert fetch(f"{service.url}/metrics").status_code == 503  # nobody is known who might read them
        found = Scrape(asyncio.run(service.server._app.plane.metrics.expose()).decode())
    assert found.get("provider_ready") == 0
    assert found.get("provider_database_readable") == 0
    assert found.get("provider_requests_total", method="GET", route="/traefik/configuration", status="503") == 1
    for metric in ("provider_objects", "provider_revision", "provider_database_size_bytes"):
        assert found.labelled(metric) == []


def test_a_database_that_is_lost_is_told_and_what_is_served_stays(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service:
        assert scrape(service.url).get("provider_database_readable") == 1
        service.database.unlink()
        found = scrape(service.url)
        assert found.get("provider_database_readable") == 0
        assert found.get("provider_ready") == 1
        assert found.labelled("provider_objects") == []


class SlowRevisions(Revisions):
    """Revisions whose database answers when it is told to."""

    def __init__(self, database: FileDatabase) -> None:
        super().__init__(database)
        self.let_go = threading.Event()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        assert self.let_go.wait(timeout=60)
        with super().reading() as session:
            yield session


def test_a_scrape_does_not_wait_for_a_database_that_hangs(migrated: Path, tmp_path: Path) -> None:
    database = FileDatabase(Path(copy(migrated, tmp_path / "provider.db")))
    revisions = SlowRevisions(database)
    serving = Serving(revisions)
    assert revisions.load()
    polls = Polls(0)
    edges = Edges(serving, polls, {}, Keepers(polls, DEFAULT_POINTS))
    confirmations = Confirmations(revisions, Turns(database, revisions.reading))
    duty = Duties(database).duty(ROLLOUTS)
    leasing, rollouts = Leasing(revisions, edges.health, duty), Rollouts(database, revisions, serving, edges, duty)
    seen = revisions, edges, Fallback(None, edges), None, confirmations
    metrics = Metrics(
        *(database, revisions, polls, edges, Alarms(*seen, dict, rollouts.list_failed, leasing), confirmations),
        named=(),
        polls_route="/polls",
        certificate=None,
        leasing=leasing,
        rollouts=rollouts,
    )

    async def scraped() -> Scrape:
        return Scrape((await asyncio.wait_for(metrics.expose(), timeout=60)).decode())

    async def scenario() -> None:
        try:
            hanging = await scraped()
            assert hanging.get("provider_database_readable") == 0
            assert hanging.get("provider_ready") == 1
        finally:
            revisions.let_go.set()
        assert (await scraped()).get("provider_database_readable") == 1

    asyncio.run(scenario())
    database.close()


# What uses them


def test_the_table_of_the_documentation_is_that_of_the_code(live: Scrape) -> None:
    known = []
    documented = {name: labels.replace("`", "") for name, labels, _words in table("metrics")}
    for family in live.families.values():
        if family.name.startswith("provider_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = ", ".join(sorted({label for sample in family.samples for label in sample.labels} - {"le"}))
            if not family.samples:  # there is no TLS and nothing in quarantine: held where there is
                assert name in {
                    "provider_tls_certificate_left_seconds",
                    "provider_edge_quarantined_object",
                    "provider_edge_certificate_left_seconds",
                }
                labels = documented[name]
            known.append([name, labels, family.documentation])
    assert [[name, labels.replace("`", ""), words] for name, labels, words in table("metrics")] == known


def test_names_and_words_follow_the_customs_of_prometheus(live: Scrape) -> None:
    for family in live.families.values():
        assert family.name.startswith(("provider_", "process_"))
        assert family.documentation.endswith(".")
        assert not re.search(r"_(ms|milliseconds|minutes|kb|mb|percent)$", family.name)
        if family.type == "histogram":
            assert family.name.endswith("_seconds")


@dataclass(frozen=True)
class Query:
    """An expression, and the labels that a text beside it shows."""

    where: str
    text: str
    shown: frozenset[str] = frozenset()

    @property
    def expression(self) -> Expression:
        return promql.parse(self.text)


DASHBOARD: dict[str, Any] = json.loads((ROOT / "traefik" / "grafana-dashboard.json").read_text())


def alert_rules() -> list[dict[str, Any]]:
    file = yaml.safe_load((ROOT / "traefik" / "alerts.yml").read_text())
    return [rule for group in file["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def queries() -> Iterator[Query]:
    for panel in panels():
        for target in panel["targets"]:
            shown = frozenset(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            yield Query(f"panel {panel['title']}", target["expr"], shown)
    for annotation in DASHBOARD["annotations"]["list"]:
        yield Query(f"annotation {annotation['name']}", annotation["expr"])
    for rule in alert_rules():
        shown = frozenset(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
        yield Query(f"alert {rule['alert']}", rule["expr"], shown)


def test_the_dashboard_and_the_alerts_use_only_what_there_is(live: Scrape) -> None:
    for query in queries():
        expression = query.expression
        assert expression.selectors, query
        for selector in expression.selectors:
            if selector.metric in PROMETHEUS_METRICS:
                continue
            if selector.metric == "provider_edge_certificate_left_seconds":
                assert query.shown | expression.labels <= {"edge", *TARGET_LABELS}, query
                continue
            if selector.metric in TLS_METRICS:
                assert query.shown | expression.labels <= TARGET_LABELS, query
                continue
            series = live.labelled(selector.metric)
            assert series, f"{query.where}: there is no {selector.metric}"
            ours = [matcher for matcher in selector.matchers if matcher.label not in TARGET_LABELS]
            for matcher in ours:
                assert all(matcher.label in labels for labels in series), f"{query.where}: no label {matcher.label}"
            told = [matcher for matcher in ours if matcher.label != "status"]  # which errors come is not foreseen
            assert any(all(matcher.matches(labels[matcher.label]) for matcher in told) for labels in series), query
            labels = set.intersection(*map(set, series)) | TARGET_LABELS
            assert expression.labels <= labels, query
            assert query.shown <= (expression.labels if "by (" in query.text else labels) | TARGET_LABELS, query


def test_the_queries_of_the_dashboards_variables_name_what_there_is(live: Scrape) -> None:
    source, instance = DASHBOARD["templating"]["list"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    found = re.fullmatch(r"label_values\((\w+), (\w+)\)", instance["definition"])
    assert found
    assert live.labelled(found[1])
    assert found[2] in TARGET_LABELS
    assert instance["query"]["query"] == instance["definition"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sum(",
        "sum by edge (provider_ready)",
        "provider_ready{state}",
        "provider_ready{state=live}",
        "rate(provider_ready[5x])",
        "provider_ready == ",
        "frobnicate(provider_ready)",
        "provider_ready provider_ready",
        "provider_ready > 1x",
    ],
)
def test_what_is_no_promql_is_found_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"not expected|missing|matched|too much|not PromQL|no function"):
        promql.parse(text)


def test_the_dashboard_is_one_that_grafana_can_lay_out() -> None:
    assert DASHBOARD["schemaVersion"] >= 38
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        grid = panel["gridPos"]
        cells = {
            (x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert max(x for x, _y in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
    for panel in panels():
        assert panel["description"]
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references)
        for part in (panel, *panel["targets"]):
            assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_every_alert_says_what_it_means_and_how_bad_it_is() -> None:
    rules = alert_rules()
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "description"}
        assert all(text.endswith(".") for text in rule["annotations"].values())


def test_every_state_in_which_somebody_has_to_look_has_an_alert() -> None:
    watched = {
        matcher.value
        for rule in alert_rules()
        for selector in promql.parse(rule["expr"]).selectors
        for matcher in selector.matchers
        if selector.metric == "provider_edge_state" and matcher.label == "state"
    }
    assert watched == {state.value for state in EdgeState} - {"live"}
