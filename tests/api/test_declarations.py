"""The whole state as one document: exported, applied all or nothing, pruned, and only if it is as it was seen."""

from typing import Any

import httpx
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings

from provider.declarations import Declaration
from tests.api.checks import problem, revision, state
from tests.running import Service, cases, fetch
from tests.test_plans import states, written

VIDEO = {"team": "video"}
WHOLE: dict[str, Any] = {
    "domains": {"alvin.xyz": {"labels": VIDEO}, "münchen.test": {"description": "Beer"}},
    "services": {
        "wayshub": {
            "strategy": "p2c",
            "servers": {
                "a": {"url": "http://10.0.0.11:3000", "weight": 3, "labels": VIDEO},
                "b": {"url": "http://10.0.0.12:3000"},
            },
        }
    },
    "routers": {"wayshub": {"domains": ["alvin.xyz", "münchen.test"], "service": "wayshub"}},
}


@pytest.fixture
def applied(client: httpx.Client) -> httpx.Client:
    """A client of a service that has the whole."""
    client.post("/apply", json=WHOLE).raise_for_status()
    return client


def number(client: httpx.Client) -> int:
    return revision(client.get("/export"))


def actions(answer: httpx.Response) -> list[tuple[str, str, str]]:
    objects = answer.raise_for_status().json()["difference"]["objects"]
    return [(one["action"], one["kind"], one["name"]) for one in objects]


def test_a_declaration_makes_all_objects_in_one_revision(client: httpx.Client) -> None:
    assert client.get("/export").json() == {}
    before = number(client)
    answer = client.post("/apply", json=WHOLE)
    assert actions(answer) == [
        ("create", "domain", "alvin.xyz"),
        ("create", "domain", "xn--mnchen-3ya.test"),
        ("create", "service", "wayshub"),
        ("create", "server", "wayshub/a"),
        ("create", "server", "wayshub/b"),
        ("create", "router", "wayshub"),
    ]
    assert revision(answer) == answer.json()["revision"] == before + 1
    assert client.get("/services/wayshub/servers/a").json()["weight"] == 3
    assert client.get("/export").json() == WHOLE


def test_what_is_there_already_makes_no_revision(applied: httpx.Client) -> None:
    before = applied.get("/export")
    same: list[dict[str, Any]] = [WHOLE, before.json(), {}, {"services": {}}, {"routers": None}]
    for document in same:
        answer = applied.post("/apply", json=document)
        assert actions(answer) == []
        assert answer.json()["difference"]["document"] == []
        assert answer.headers["etag"] == before.headers["etag"]
    assert number(applied) == revision(before)


def test_an_object_is_as_it_is_declared_and_what_is_left_out_has_its_default(applied: httpx.Client) -> None:
    answer = applied.post(
        "/apply", json={"services": {"wayshub": {"servers": {"a": {"url": "http://10.0.0.11:3000"}}}}}
    )
    assert actions(answer) == [("change", "service", "wayshub"), ("change", "server", "wayshub/a")]
    difference = answer.json()["difference"]
    strategy, server = difference["objects"]
    assert strategy["fields"] == [{"field": "strategy", "before": "p2c", "after": "wrr"}]
    assert server["fields"] == [
        {"field": "weight", "before": 3, "after": 1},
        {"field": "labels", "before": VIDEO, "after": {}},
    ]
    assert difference["shares"] == [
        {"service": "wayshub", "server": "a", "before": 0.75, "after": 0.5},
        {"service": "wayshub", "server": "b", "before": 0.25, "after": 0.5},
    ]
    assert difference["words"][-1] == "alvin.xyz and münchen.test: 25 % of the traffic moves from a to b"
    pointers = [place["pointer"] for place in difference["document"]]
    assert pointers == [f"/http/services/wayshub/loadBalancer/{name}" for name in ("servers", "strategy")]


def test_a_plan_is_the_same_answer_and_keeps_nothing(applied: httpx.Client, service: Service) -> None:
    before = state(service), applied.get("/export").headers["etag"]
    document = {"services": {"new": {}}, "routers": {"new": {"pathPrefix": "/new", "service": "new"}}}
    planned = applied.post("/apply", json=document, params={"dryRun": True, "prune": True})
    assert (state(service), applied.get("/export").headers["etag"]) == before
    assert planned.headers["etag"] == before[1]
    brake = planned.json()["difference"]["brake"]
    assert brake["confirm"] == 5
    done = applied.post("/apply", json=document, params={"prune": True, "confirm": brake["confirm"]})
    assert done.json()["difference"] == planned.json()["difference"]
    assert revision(done) == revision(planned) + 1


def test_every_wrong_field_is_named_and_nothing_is_kept(applied: httpx.Client, service: Service) -> None:
    before = state(service)
    wrong = {
        "domains": {"new.test": {"nope": 1}, "-": {}, "ALVIN.xyz": {}, "alvin.xyz": {}},
        "services": {"wayshub": {"servers": {"a": {"url": "ftp://x"}, "b": {"name": "b", "url": "http://b"}}}, "x": 7},
        "routers": [],
        "chairs": {},
    }
    problem(
        applied.post("/apply", json=wrong),
        "invalid",
        ("/routers", "type.object"),
        ("/chairs", "field.unknown"),
        ("/domains/new.test/nope", "field.unknown"),
        ("/domains/-", "host.format"),
        ("/services/wayshub/servers/a/url", "url.scheme"),
        ("/services/wayshub/servers/b/name", "field.unknown"),
        ("/services/x", "type.object"),
        ("/domains/alvin.xyz", "domains.duplicate"),
    )
    unknown = {"domains": {"new.test": {}}, "routers": {"x": {"domains": ["new.test", "no.test"], "service": "no"}}}
    problem(
        applied.post("/apply", json=unknown),
        "invalid",
        ("/routers/x/domains/1", "domain.unknown"),
        ("/routers/x/service", "service.unknown"),
    )
    assert state(service) == before


@pytest.mark.parametrize("body", ["[]", '"x"', "7", "null"])
def test_a_body_that_is_no_object_is_refused(client: httpx.Client, body: str) -> None:
    wrong = client.post("/apply", content=body, headers={"Content-Type": "application/json"})
    problem(wrong, "invalid", ("", "type.object"))


def test_what_is_not_declared_stays_unless_it_is_pruned(applied: httpx.Client) -> None:
    less = {**WHOLE, "domains": {"alvin.xyz": {"labels": VIDEO}}}
    less["routers"] = {"wayshub": {"domains": ["alvin.xyz"], "service": "wayshub"}}
    assert actions(applied.post("/apply", json=less)) == [("change", "router", "wayshub")]
    assert "münchen.test" in applied.get("/export").json()["domains"]
    pruned = applied.post("/apply", json=less, params={"prune": True})
    assert actions(pruned) == [("remove", "domain", "xn--mnchen-3ya.test")]
    assert applied.get("/export").json() == less


def test_only_what_has_the_label_is_pruned(applied: httpx.Client) -> None:
    params: dict[str, Any] = {"pruneLabel": ["team=video", "stage=test"], "dryRun": True}
    assert actions(applied.post("/apply", json={}, params=params)) == []
    in_use = applied.post("/apply", json={}, params={"pruneLabel": "team=video"})
    assert "router wayshub" in problem(in_use, "in-use")["detail"]
    router = {"routers": {"wayshub": {"domains": ["münchen.test"], "service": "wayshub"}}}
    pruned = applied.post("/apply", json=router, params={"pruneLabel": "team=video"})
    assert actions(pruned) == [
        ("change", "router", "wayshub"),
        ("remove", "server", "wayshub/a"),
        ("remove", "domain", "alvin.xyz"),
    ]
    wrong = applied.post("/apply", json={}, params={"pruneLabel": "video"})
    problem(wrong, "invalid", ("/pruneLabel/0", "label.format"))


def test_lists_are_narrowed_by_labels(applied: httpx.Client) -> None:
    def names(path: str, *labels: str) -> list[str]:
        items = applied.get(path, params={"label": list(labels)}).raise_for_status().json()["items"]
        return [item["name"] for item in items]

    applied.patch("/services/wayshub/servers/a", json={"labels": {"stage": "test"}}).raise_for_status()
    assert names("/domains", "team=video") == ["alvin.xyz"]
    assert names("/services/wayshub/servers", "team=video", "stage=test") == ["a"]
    assert names("/services/wayshub/servers", "team=video", "stage=live") == []
    assert names("/routers", "team=video") == names("/services", "team=video") == []
    problem(applied.get("/routers", params={"label": "a b=c"}), "invalid", ("/label/0", "label.key"))


@pytest.mark.parametrize(
    ("labels", "field", "code"),
    [
        ({"Team": "video"}, "", "label.key"),
        ({"team": "a b"}, "/team", "label.value"),
        ({"team": ""}, "/team", "label.value"),
        ({"team": 7}, "/team", "type.string"),
        ({f"k{index}": "v" for index in range(21)}, "", "value.many"),
        ([], "", "type.object"),
    ],
)
def test_labels_are_short_and_plain(client: httpx.Client, labels: Any, field: str, code: str) -> None:
    wrong = client.post("/domains", json={"name": "a.test", "labels": labels})
    problem(wrong, "invalid", (f"/labels{field}", code))


def test_a_label_is_patched_by_itself(applied: httpx.Client) -> None:
    patched = applied.patch("/domains/alvin.xyz", json={"labels": {"stage": "test"}})
    assert patched.json()["labels"] == {"stage": "test", "team": "video"}
    patched = applied.patch("/domains/alvin.xyz", json={"labels": {"team": None}})
    assert patched.json()["labels"] == {"stage": "test"}
    assert applied.get("/export").json()["domains"]["alvin.xyz"] == {"labels": {"stage": "test"}}


# Two people


def test_who_is_late_is_told_what_the_other_did_and_overwrites_nothing(applied: httpx.Client, service: Service) -> None:
    mine = {"services": {"wayshub": {"servers": {"b": {"url": "http://10.0.0.12:3000", "weight": 7}}}}}
    planned = applied.post("/apply", json=mine, params={"dryRun": True})
    applied.patch("/services/wayshub/servers/b", json={"weight": 5}).raise_for_status()
    applied.post("/services", json={"name": "other"}).raise_for_status()
    before = state(service)
    for params in ({}, {"dryRun": True}):
        late = applied.post("/apply", json=mine, params=params, headers={"If-Match": planned.headers["etag"]})
        told = problem(late, "precondition-failed", ("/If-Match", "precondition.failed"))
        assert [(one["number"], one["author"], one["summary"]) for one in told["revisions"]] == [
            (revision(planned) + 2, "tests", "service other added"),
            (revision(planned) + 1, "tests", "server wayshub/b: weight 1 → 5"),
        ]
    assert state(service) == before
    again = applied.post("/apply", json=mine, params={"dryRun": True})
    _strategy, server = again.json()["difference"]["objects"]
    assert server["fields"] == [{"field": "weight", "before": 5, "after": 7}]
    done = applied.post("/apply", json=mine, headers={"If-Match": again.headers["etag"]}).raise_for_status()
    assert done.json()["difference"] == again.json()["difference"]
    assert done.headers["etag"] == applied.get("/export").headers["etag"] != again.headers["etag"]


@pytest.mark.parametrize("tag", ["*", '"x", {tag}', "{tag}"])
def test_whoever_is_in_time_is_let_through(applied: httpx.Client, tag: str) -> None:
    current = applied.get("/export").headers["etag"]
    answer = applied.post("/apply", json={"services": {"new": {}}}, headers={"If-Match": tag.format(tag=current)})
    assert actions(answer) == [("create", "service", "new")]


@pytest.mark.parametrize("tag", ['"00000001aaaaaaaaaaaa"', '"ffffffffaaaaaaaaaaaa"', '"x"', "W/{tag}", "nonsense"])
def test_a_tag_that_is_not_that_of_the_state_is_refused(applied: httpx.Client, tag: str) -> None:
    current = applied.get("/export").headers["etag"]
    late = applied.post("/apply", json={"services": {"new": {}}}, headers={"If-Match": tag.format(tag=current)})
    problem(late, "precondition-failed", ("/If-Match", "precondition.failed"))
    assert applied.get("/services/new").status_code == 404


def test_an_export_that_a_client_has_already_is_not_sent_again(applied: httpx.Client) -> None:
    tag = applied.get("/export").headers["etag"]
    again = applied.get("/export", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    applied.post("/services", json={"name": "new"}).raise_for_status()
    assert applied.get("/export", headers={"If-None-Match": tag}).status_code == 200


# What may be long here


def test_a_state_may_be_longer_than_other_bodies(client: httpx.Client, service: Service) -> None:
    long = {"domains": {f"d{index:05d}.test": {"description": "x" * 200} for index in range(5000)}}
    padding = {"Content-Type": "application/json"}
    problem(client.post("/domains", json=long), "too-large")
    planned = client.post("/apply", json=long, params={"dryRun": True}).raise_for_status()
    assert len(planned.json()["difference"]["objects"]) == 5000
    before = state(service)
    problem(client.post("/apply", content=b" " * (32 * 1024 * 1024 + 1), headers=padding), "too-large")
    assert state(service) == before


# Its schema


def test_the_schema_is_served_and_knows_names_and_fields(applied: httpx.Client) -> None:
    schema = applied.get("/schema").raise_for_status().json()
    jsonschema_rs.meta.validate(schema)
    knows = jsonschema_rs.validator_for(schema)
    assert knows.is_valid(applied.get("/export").json())
    unfitting: list[Any] = [
        {"domains": {"alvin.xyz": {"name": "alvin.xyz"}}},
        {"services": {"-": {}}},
        {"services": {"a": {"servers": {"a": {}}}}},
        {"services": {"a": {"strategy": "best"}}},
        {"routers": {"a": {"domains": ["a.test"]}}},
        {"chairs": {}},
        [],
    ]
    for wrong in unfitting:
        assert not knows.is_valid(wrong), wrong


@settings(max_examples=cases(10, 500), deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(states())
def test_every_state_that_is_exported_fits_the_schema(shared_service: Service, drawn: Declaration) -> None:
    knows = jsonschema_rs.validator_for(fetch(f"{shared_service.url}/api/v1/schema").raise_for_status().json())
    assert list(knows.iter_errors(written(drawn))) == []
