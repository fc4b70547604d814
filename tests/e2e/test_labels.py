"""What is imported of labels is what a Traefik makes of them whose Docker has the same containers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from provider import imports
from provider.imports import Imported, Provenance, Running, labels, rawdata
from provider.imports.labels import Defaults
from tests.e2e.docker import Docker, docker, inspected
from tests.e2e.edge import place
from tests.imports.composed import alone
from tests.running import Traefik, fetch, free_port, wait_until

ENTRY_POINTS = ["other", "web", "websecure"]

R, S, M = "traefik.http.routers.", "traefik.http.services.", "traefik.http.middlewares."
Labels = Mapping[str, str]
CASES: dict[str, dict[str, tuple[Labels, list[int]]]] = {
    "a router and a port": {
        "web": ({f"{R}web.rule": "Host(`a.test`)", f"{S}web.loadbalancer.server.port": "3000"}, [80]),
    },
    "nothing but the name": {"Web_1": ({"traefik.enable": "true"}, [8080, 443])},
    "the lowest port": {"web": ({f"{R}w.rule": "Host(`a.test`)"}, [9000, 80, 8443])},
    "not enabled": {
        "web": ({"traefik.enable": "false", f"{R}w.rule": "Host(`a.test`)"}, [80]),
        "b": ({"traefik.enable": "1"}, [80]),
    },
    "enable is no word of Traefik's": {"web": ({"traefik.enable": "yes"}, [80]), "b": ({"traefik.enable": "T"}, [80])},
    "a scheme, a weight and options of the service": {
        "web": (
            {
                f"{R}w.rule": "Host(`a.test`)",
                f"{S}w.loadbalancer.server.port": "9443",
                f"{S}w.loadbalancer.server.scheme": "https",
                f"{S}w.loadbalancer.server.weight": "3",
                f"{S}w.loadbalancer.passhostheader": "false",
                f"{S}w.loadbalancer.sticky.cookie": "true",
                f"{S}w.loadbalancer.healthcheck.path": "/up",
                f"{S}w.loadbalancer.healthcheck.interval": "10",
                f"{S}w.loadbalancer.responseforwarding.flushinterval": "1s",
            },
            [80],
        )
    },
    "a url": {"web": ({f"{R}w.rule": "Host(`a.test`)", f"{S}w.loadbalancer.server.url": "http://c.test:1"}, [])},
    "a url and a port": {
        "web": (
            {f"{S}w.loadbalancer.server.url": "http://c.test:1", f"{S}w.loadbalancer.server.port": "1"},
            [80],
        ),
        "b": ({"traefik.enable": "true"}, [80]),
    },
    "no port": {"web": ({f"{R}w.rule": "Host(`a.test`)"}, []), "b": ({"traefik.enable": "true"}, [80])},
    "several services, and routers that name none": {
        "web": (
            {
                f"{R}one.rule": "Host(`a.test`)",
                f"{R}two.rule": "Host(`b.test`)",
                f"{R}two.service": "s2",
                f"{S}s1.loadbalancer.server.port": "1",
                f"{S}s2.loadbalancer.server.port": "2",
            },
            [80],
        )
    },
    "several services and no router": {
        "web": ({f"{S}s1.loadbalancer.server.port": "1", f"{S}s2.loadbalancer.server.port": "2"}, [80])
    },
    "middlewares of many kinds, in any case": {
        "web": (
            {
                "traefik.HTTP.Routers.W.Rule": "Host(`a.test`)",
                "traefik.http.routers.w.middlewares": "auth , strip,h,  rate, gzip,redirect, p, list",
                f"{M}auth.basicauth.users": "a:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/",
                f"{M}strip.stripprefix.prefixes": "/x,/y",
                f"{M}h.headers.customrequestheaders.X-One": "1",
                f"{M}h.headers.customResponseHeaders.X-Two": "two",
                f"{M}h.headers.stsseconds": "315",
                f"{M}h.headers.FRAMEDENY": "true",
                f"{M}rate.ratelimit.average": "100",
                f"{M}rate.ratelimit.period": "30s",
                f"{M}rate.ratelimit.sourcecriterion.ipstrategy.depth": "2",
                f"{M}gzip.compress": "true",
                f"{M}redirect.redirectscheme.scheme": "https",
                f"{M}redirect.redirectscheme.permanent": "T",
                f"{M}p.replacepathregex.regex": "^/a/(.*)",
                f"{M}p.replacepathregex.replacement": "/b/$1",
                f"{M}list.ipallowlist.sourcerange": "10.0.0.0/8, 127.0.0.1",
                f"{M}list.ipallowlist.ipStrategy": "true",
            },
            [80],
        )
    },
    "a key in capitals loses the whole container": {
        "web": ({f"{R}w.rule": "Host(`a.test`)", "Traefik.http.routers.w.service": "web"}, [80]),
        "b": ({"traefik.enable": "true"}, [80]),
    },
    "two dots lose the whole container": {
        "web": ({f"{R}w.rule": "Host(`a.test`)", f"{R}w..service": "web"}, [80]),
        "b": ({"traefik.enable": "true"}, [80]),
    },
    "TLS": {
        "web": (
            {
                f"{R}w.rule": "Host(`a.test`)",
                f"{R}w.tls": "true",
                f"{R}w.tls.certresolver": "le",
                f"{R}w.tls.domains[0].main": "a.test",
                f"{R}w.tls.domains[0].sans": "b.test,c.test",
                f"{R}w.tls.domains[1].main": "d.test",
                f"{R}v.rule": "Host(`v.test`)",
                f"{R}v.tls": "false",
                f"{R}u.rule": "Host(`u.test`)",
                f"{R}u.tls": "",
                f"{R}u.priority": "7",
            },
            [80],
        )
    },
    "TCP and UDP alone": {
        "web": (
            {
                "traefik.tcp.routers.t.rule": "HostSNI(`t.test`)",
                "traefik.tcp.routers.t.tls.passthrough": "true",
                "traefik.tcp.services.t.loadbalancer.server.port": "5432",
                "traefik.udp.routers.u.entrypoints": "udp",
                "traefik.udp.services.u.loadbalancer.server.port": "53",
            },
            [80],
        )
    },
    "TCP beside HTTP, and a TCP router without a rule": {
        "web": (
            {
                "traefik.tcp.routers.t.rule": "HostSNI(`*`)",
                "traefik.tcp.routers.v.entrypoints": "web",
                "traefik.tcp.middlewares.few.inflightconn.amount": "3",
                "traefik.tcp.routers.t.middlewares": "few",
                f"{R}w.rule": "Host(`a.test`)",
            },
            [80],
        )
    },
    "what labels cannot say": {
        "web": (
            {
                f"{R}w.rule": "Host(`a.test`)",
                f"{R}w.parentrefs": "x",
                "traefik.http.serverstransports.t.insecureskipverify": "true",
                "traefik.tls.options.o.minversion": "VersionTLS12",
                "traefik.frontend.rule": "Host:old.test",
            },
            [80],
        )
    },
    "a service of services loses the whole container": {
        "web": (
            {f"{R}w.rule": "Host(`a.test`)", f"{R}w.service": "w", f"{S}w.weighted.services[0].name": "x"},
            [80],
        ),
        "b": ({"traefik.enable": "true"}, [80]),
    },
    "one service of several containers": {
        "a": ({f"{R}w.rule": "Host(`a.test`)", f"{S}w.loadbalancer.server.port": "1", f"{R}w.service": "w"}, [80]),
        "b": ({f"{R}w.rule": "Host(`a.test`)", f"{S}w.loadbalancer.server.port": "2", f"{R}w.service": "w"}, [80]),
    },
    "one name for what is not alike": {
        "a": ({f"{R}w.rule": "Host(`a.test`)", f"{M}m.addprefix.prefix": "/a"}, [80]),
        "b": ({f"{R}w.rule": "Host(`b.test`)", f"{M}m.addprefix.prefix": "/a"}, [80]),
    },
    "a numbered list of texts is nothing": {
        "web": (
            {
                f"{R}w.rule": "Host(`a.test`)",
                f"{R}w.middlewares[0]": "m",
                f"{M}m.addprefix.prefix": "/a",
                f"{R}w.entrypoints": "other",
            },
            [80],
        )
    },
    "labels that Traefik does not have lose the whole container": {
        "a": ({"traefik.enabled": "true", f"{R}a.rule": "Host(`a.test`)"}, [80]),
        "b": ({"traefik.docker.net": "x", f"{R}b.rule": "Host(`b.test`)"}, [80]),
        "c": ({"traefik.https.routers.c.rule": "Host(`c.test`)"}, [80]),
        "d": ({"traefik.tlsx": "1", "traefik.swarm.net": "x", f"{R}d.rule": "Host(`d.test`)"}, [80]),
    },
    "a middleware alone": {"web": ({f"{M}m.addprefix.prefix": "/a"}, [80])},
    "names of two cases are one": {
        "web": ({f"{R}Web.rule": "Host(`a.test`)", f"{R}web.priority": "12", f"{S}X.loadbalancer.server.port": "1"}, [])
    },
    "a template is a text in labels": {
        "web": ({f"{R}w.rule": "Host(`a.test`)", f"{M}m.addprefix.prefix": '/{{ env "X" }}'}, [80])
    },
}


def compose(services: Mapping[str, tuple[Labels, list[int]]]) -> dict[str, Any]:
    """Return a Compose file that makes these containers."""
    return {
        "name": "shop",
        "services": {
            name: {
                "image": "app",
                "labels": {key: value.replace("$", "$$") for key, value in own.items()},
                "expose": [str(port) for port in ports],
            }
            for name, (own, ports) in services.items()
        },
    }


def translated(containers: Any, defaults: Defaults | None = None, **names: str) -> Imported:
    """Import what is translated, with these addresses for those of containers."""
    found = labels.translate(containers, defaults)
    text = json.dumps(found.document)
    for name, address in names.items():
        text = text.replace(f"//{name}:", f"//{address}:").replace(f'"{name}:', f'"{address}:')
    origin = Provenance(labels.DOCKER, found.refused, found.findings)
    return imports.read(json.loads(text), None, ENTRY_POINTS, origin)


@dataclass(frozen=True)
class Labelled:
    """A Traefik that reads the labels of containers, and a Docker that has these."""

    daemon: Docker
    traefik: Traefik

    def running(self, containers: Sequence[Mapping[str, Any]], mark: str) -> Imported:
        """Import what Traefik makes of containers, of which one carries a mark."""
        self.daemon.replace(containers)
        where = f"{self.traefik.api}/api/rawdata"
        wait_until(lambda: f'"{mark}"' in fetch(where).text, "Traefik has read the labels")
        entry_points = fetch(f"{self.traefik.api}/api/entrypoints").json()
        told = rawdata.reshaped(fetch(where).json(), entry_points)
        return imports.read(told, Running(), ENTRY_POINTS)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Labelled]:
    with reading(tmp_path_factory.mktemp("labels")) as made:
        yield made


@contextmanager
def reading(folder: Path, **options: str) -> Iterator[Labelled]:
    """Run a Traefik whose Docker provider has these options."""
    with docker([]) as daemon, place(folder, "http://127.0.0.1:1") as made:
        made.static["providers"] = {"docker": {"endpoint": daemon.url, **options}, "providersThrottleDuration": "10ms"}
        made.static["entryPoints"]["udp"] = {"address": f"127.0.0.1:{free_port()}/udp"}
        yield Labelled(daemon, made.start())


def objects(found: Imported) -> dict[str, Any]:
    """Return what is imported, without what is at its default, and what Traefik's API tells of TCP and UDP as well."""
    told = {f"{kind} {name}": item.changed() for kind, name, item in found.declaration}
    for name, each in told.items():
        if name.startswith(("tcpRouter", "udpRouter")):
            each.pop("entryPoints", None)
            each.pop("priority", None)
    return told


@pytest.mark.parametrize("case", CASES)
def test_labels_are_imported_as_a_traefik_reads_them(case: str, labelled: Labelled) -> None:
    check(labelled, CASES[case], f"/{list(CASES).index(case)}")


def test_the_rule_and_the_constraints_that_a_traefik_has_for_all_containers_count(tmp_path: Path) -> None:
    rule = "Host(`{{ .ContainerName | trimPrefix `shop-` }}.{{ index .Labels `com.docker.compose.service` }}.test`)"
    constraints = "!Label(`stage`, `old`) && (Label(`no`, ``) || LabelRegex(`com.docker.compose.service`, `^never`))"
    services: dict[str, tuple[Labels, list[int]]] = {
        "web": ({"traefik.enable": "true"}, [80]),
        "api": ({f"{R}api.tls": "true", "stage": "new"}, [80]),
        "old": ({f"{R}old.rule": "Host(`old.test`)", "stage": "old"}, [80]),
        "not": ({f"{R}not.rule": "Host(`not.test`)", "no": "x"}, [80]),
    }
    with reading(tmp_path, defaultRule=rule, constraints=constraints) as labelled:
        check(labelled, services, "/last", Defaults(rule=rule, constraints=constraints))


def check(
    labelled: Labelled, given: Mapping[str, tuple[Labels, list[int]]], mark: str, defaults: Defaults | None = None
) -> None:
    """Compare what is imported of containers with what Traefik makes of them."""
    services = {**given, "zz-last": ({"traefik.http.middlewares.last.addprefix.prefix": mark}, [1])}
    addresses = {name: f"10.0.0.{number}" for number, name in enumerate(services, start=1)}
    containers = [inspected(name, own, addresses[name], ports=ports) for name, (own, ports) in services.items()]
    running = objects(labelled.running(containers, mark))
    by_name = {f"shop-{name}-1": address for name, address in addresses.items()}
    assert objects(translated(labels.read_inspected(containers), defaults, **by_name)) == running
    made = labels.read_containers(alone(compose(services), {}, ""))
    assert objects(translated(made, defaults, **addresses)) == running
