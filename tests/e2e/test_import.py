"""What a Traefik runs is imported from its API, and another one that polls us answers the same."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.cli.running import run_forked, variables
from tests.e2e.edge import place
from tests.running import NamedServer, Service, Traefik, fetch, named_servers, wait_until

HOSTS = ["a.test", "b.test", "x.wild.test", "x.y.wild.test", "wild.test", "long.test", "none.test", "shut.test"]
PATHS = ["/", "/x", "/x/y", "/xy", "/only", "/only/more", "/asked", "/asked/x?q=1", "/free"]


@dataclass(frozen=True)
class Sample:
    """Four servers, each with its router, and what else a file of one's own has."""

    servers: list[NamedServer]

    def document(self) -> dict[str, Any]:
        one, two, three, four = (server.url for server in self.servers)
        return {
            "http": {
                "routers": {
                    "One": {"rule": "Host(`a.test`) || Host(`b.test`)", "service": "One"},
                    "under_x": {"rule": "Host(`a.test`) && PathPrefix(`/x`)", "service": "two"},
                    "only": {"rule": "Path(`/only`) && !Host(`b.test`)", "service": "three", "priority": 900},
                    "asked": {"rule": "Query(`q`, `1`) && PathPrefix(`/asked`)", "service": "four", "priority": 1000},
                    "wild": {"rule": r"HostRegexp(`^[^.]+\.wild\.test$`)", "service": "two", "entryPoints": ["web"]},
                    "long": {
                        "rule": "Host(`long.test`) &&\n (PathPrefix(`/x`) ||\n PathPrefix(`/free`))\n",
                        "service": "four",
                    },
                    "either": {"rule": "Host(`b.test`) && PathPrefix(`/free`)", "service": "both"},
                    "last": {"rule": "Host(`wild.test`) && PathPrefix(`/`)", "service": "three", "priority": -5},
                    "quiet": {
                        "rule": "Host(`x.y.wild.test`)",
                        "service": "three",
                        "middlewares": ["mark"],
                        "observability": {"accessLogs": False},
                    },
                    "shut": {"rule": "Host(`shut.test`)", "service": "two", "middlewares": ["login"]},
                    "deaf": {"rule": "Host(`none.test`)", "service": "nowhere"},
                    "api": {"rule": "Host(`none.test`) && PathPrefix(`/api`)", "service": "api@internal"},
                },
                "services": {
                    "One": {"loadBalancer": {"servers": [{"url": one}, {"url": two, "weight": 0}]}},
                    "two": {"loadBalancer": {"servers": [{"url": two}], "passHostHeader": False}},
                    "three": {"loadBalancer": {"servers": [{"url": three}], "sticky": {"cookie": {}}}},
                    "four": {
                        "loadBalancer": {"servers": [{"url": four}], "healthCheck": {"path": "/", "interval": "1h"}}
                    },
                    "both": {"weighted": {"services": [{"name": "spare", "weight": 2}, {"name": "One", "weight": 0}]}},
                    "spare": {"failover": {"service": "four", "fallback": "One"}},
                },
                "middlewares": {
                    "login": {"basicAuth": {"users": ["tester:x"]}},
                    "mark": {"headers": {"customResponseHeaders": {"Set-Cookie": "marked=1"}}},
                },
            },
            "tcp": {
                "routers": {"t": {"rule": "HostSNI(`t.test`)", "service": "t", "tls": {"passthrough": True}}},
                "services": {"t": {"loadBalancer": {"servers": [{"address": "127.0.0.1:1"}]}}},
            },
        }


@pytest.fixture
def sample() -> Iterator[Sample]:
    with named_servers("one", "two", "three", "four") as servers:
        yield Sample(list(servers))


@contextmanager
def own_traefik(folder: Path, document: Any, **other: Any) -> Iterator[Traefik]:
    """Run a Traefik that has nothing but a file of its own; `other` is added to its entry point of that name."""
    with place(folder, "http://127.0.0.1:1") as made:
        folder.mkdir()
        file = folder / "dynamic.yml"
        file.write_text(yaml.safe_dump(document))
        made.static["providers"] = {"file": {"filename": str(file)}}
        made.static["entryPoints"]["other"] |= other
        own = made.start()
        wait_until(lambda: "@file" in fetch(f"{own.api}/api/http/routers").text, "Traefik has read its file")
        yield own


def answers(traefik: Traefik) -> dict[tuple[str, str, str], tuple[int, str, list[str]]]:
    """Ask for everything on both entry points, and return who answered what, and which cookies it set."""
    found = {}
    for entry_point, url in {"web": traefik.web, "other": traefik.other}.items():
        for host, path in itertools.product(HOSTS, PATHS):
            answer = fetch(url + path, headers={"Host": host})
            cookies = [cookie.partition("=")[0] for cookie in answer.headers.get_list("Set-Cookie")]
            found[(entry_point, host, path)] = (answer.status_code, answer.text, cookies)
    return found


def run_import(service: Service, *arguments: str) -> str:
    return run_forked("import", *arguments, env=variables(PROVIDER_URL=service.url)).check().out


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("source", ["api", "file"])
def test_the_same_requests_are_answered_the_same_by_a_traefik_that_polls_what_was_imported(
    tmp_path: Path, service: Service, traefik: Traefik, sample: Sample, source: str
) -> None:
    with own_traefik(tmp_path / "own", sample.document()) as own:
        file = [str(tmp_path / "own" / "dynamic.yml"), "--entry-point", "web", "--entry-point", "other"]
        told = run_import(service, *(["--from-api", own.api] if source == "api" else file), "--yes")
        before = answers(own)
    traefik.wait_for(service)
    after = answers(traefik)
    # What was left out for its middleware answers nobody now, rather than without its password.
    shut = {key for key, answer in before.items() if answer[0] == 401}
    assert {key[1] for key in shut} == {"shut.test"}
    own_api = {key for key in before if key[1] == "none.test"}  # a service that is not there, and Traefik's own
    assert {key: after[key] for key in after if key not in shut | own_api} == {
        key: before[key] for key in before if key not in shut | own_api
    }
    assert {after[key][0] for key in shut} == {404}
    assert len({answer[1] for answer in after.values() if answer[0] == 200}) == 4
    assert {"t", "both", "spare"} <= {line.split()[-1] for line in told.splitlines() if line.startswith("+ ")}
    assert "+ tcpRouter t" in told
    assert "+ router api" in told
    for name in ("shut", "deaf", "login"):
        assert any(line.split()[1:2] in ([name], [f"{name}@file"]) for line in told.splitlines()), name


def test_what_this_service_serves_to_a_traefik_is_not_imported_again(
    client: httpx.Client, service: Service, traefik: Traefik, sample: Sample
) -> None:
    wanted = {"domain": "a.test", "name": "a", "servers": [{"url": sample.servers[0].url}]}
    client.post("/expose", json=wanted).raise_for_status()
    traefik.wait_for(service)
    told = run_import(service, traefik.api)
    assert "router a@http" in told
    assert "wayshub-provider already serves it to this Traefik" in told
    assert told.splitlines()[-1].startswith("Plan: nothing to do (at revision ")


def test_what_an_entry_point_adds_stays_with_the_entry_point(tmp_path: Path, service: Service, sample: Sample) -> None:
    document = {
        "http": {
            "routers": {"plain": {"rule": "Host(`a.test`)", "service": "s", "entryPoints": ["other"]}},
            "services": {"s": {"loadBalancer": {"servers": [{"url": sample.servers[0].url}]}}},
            "middlewares": {"mark": {"headers": {"customResponseHeaders": {"X-Mark": "1"}}}},
        }
    }
    with own_traefik(tmp_path / "own", document, http={"tls": {}, "middlewares": ["mark@file"]}) as own:
        shown = fetch(f"{own.api}/api/http/routers/plain@file").json()
        assert shown["middlewares"] == ["mark@file"]
        assert "tls" in shown
        told = run_import(service, own.api, "--dry-run")
    assert "+ router plain" in told
    assert "Plan: 5 to create" in told
