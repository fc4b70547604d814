"""Labels of containers: what Compose files and `docker inspect` say, and why something of it is not imported."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from provider.imports import Imported, ImportOutcome, Provenance, labels, read
from provider.imports.labels import Container
from provider.imports.labels.variables import VariableError, substitute
from tests.imports.composed import alone

PORT = "traefik.http.services.web.loadbalancer.server.port"


def project(document: Any, variables: Mapping[str, str] | None = None, folder: str = "shop") -> labels.Project:
    return alone(document, variables or {}, folder)


def compose(text: str, variables: Mapping[str, str] | None = None, folder: str = "shop") -> dict[str, Container]:
    """Read a Compose file, by the names of its services."""
    found = labels.read_containers(project(yaml.safe_load(text), variables, folder))
    return {container.name: container for container in found}


def imported(text: str, variables: Mapping[str, str] | None = None) -> Imported:
    document: Any = yaml.safe_load(text)
    made = project(document, variables)
    found = labels.translate(labels.read_containers(made), labels.read_defaults([made]))
    origin = Provenance(labels.PROVIDER, found.refused, found.findings)
    return read(found.document, None, ["web"], origin)


def findings(found: Imported) -> list[tuple[str, str, str]]:
    return [(f"{each.kind} {each.name}", each.outcome.value, each.reason) for each in found.findings]


def web(*lines: str, **fields: Any) -> str:
    """Return a Compose file with one service that has these labels."""
    return yaml.safe_dump({"services": {"web": {"image": "app", "labels": list(lines), **fields}}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$A-${A}", "a-a"),
        ("${NONE:-x}", "x"),
        ("${NONE-x}", "x"),
        ("${EMPTY:-x}", "x"),
        ("${EMPTY-x}", ""),
        ("${NONE:-${A}b}", "ab"),
        ("${NONE:-${NONE:-${EMPTY:-z}}}", "z"),
        ("${A:-${NONE}}", "a"),
        ("${A:+x}", "x"),
        ("${EMPTY:+x}", ""),
        ("${EMPTY+x}", "x"),
        ("${NONE+x}", ""),
        ("${A:?needed}", "a"),
        ("$$2y$$10$$x", "$2y$10$x"),
        ("{{ .Name }}", "{{ .Name }}"),
    ],
)
def test_variables_are_replaced_as_compose_replaces_them(text: str, expected: str) -> None:
    assert substitute(text, {"A": "a", "EMPTY": ""}) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("$apr1$H6", "the variable apr1 is not set"),
        ("${NONE}", "the variable NONE is not set"),
        ("a$2y", "write $$ for a dollar sign"),
        ("a$", "write $$ for a dollar sign"),
        ("${A", "cannot read"),
        ("${A!x}", "cannot read"),
        ("${}", "without a name"),
        ("${NONE:?set it}", "the variable NONE has to be set: set it"),
        ("${EMPTY:?}", "the variable EMPTY has to be set"),
        ("${NONE:-${OTHER}}", "the variable OTHER is not set"),
    ],
)
def test_a_variable_without_a_value_is_told(text: str, told: str) -> None:
    with pytest.raises(VariableError, match="^.*" + told.replace("$", r"\$")):
        substitute(text, {"A": "a", "EMPTY": ""})


def test_a_file_of_variables_has_a_line_for_each() -> None:
    text = """
# a comment
A=1
export B = two words  # said
C="x\\n${A}"
D='$A'
E=
F=#none
nonsense
G=${B}3
H=$
"""
    assert labels.read_file(text) == {
        "A": "1",
        "B": "two words",
        "C": "x\n1",
        "D": "$A",
        "E": "",
        "F": "",
        "G": "two words3",
        "H": "$",
    }


def test_containers_have_their_labels_ports_hosts_and_networks_from_the_file() -> None:
    found = compose(
        """
name: Shop.1
services:
  list: {image: a, labels: [traefik.enable=true, "a=b=c", bare], ports: ["8080:80", "127.0.0.1:90:70-72/udp"]}
  map: {build: ., labels: {traefik.enable: true, n: 1, none: }, ports: [{target: 99}, 12], expose: [11]}
  host: {image: a, network_mode: host, expose: ["3000"]}
  beside: {image: a, network_mode: "service:list"}
  alone: {image: a, network_mode: none}
  nets: {image: a, networks: {front: {}, back: {}, outer: {}, named: {}}}
  swarm: {image: a, deploy: {labels: [traefik.enable=true]}}
networks:
  outer: {external: true}
  named: {name: "${N}"}
""",
        {"N": "proxy"},
    )
    assert [(each.key, each.value) for each in found["list"].labels] == [
        ("traefik.enable", "true"),
        ("a", "b=c"),
        ("bare", ""),
    ]
    assert [(each.key, each.value) for each in found["map"].labels] == [
        ("traefik.enable", "true"),
        ("n", "1"),
        ("none", ""),
    ]
    assert found["list"].ports == [70, 80]
    assert found["map"].ports == [11, 12, 99]
    assert found["alone"].ports is None
    hosts = {name: each.host for name, each in found.items()}
    assert hosts["host"] == "127.0.0.1"
    assert (hosts["beside"], hosts["alone"], hosts["list"]) == ("list", "", "list")
    assert found["nets"].networks == ["shop1_front", "shop1_back", "outer", "proxy"]
    assert found["list"].networks == ["shop1_default"]
    assert found["list"].full == "list_shop1"
    assert (found["swarm"].full, found["swarm"].is_swarm) == ("shop1_swarm", True)


def test_labels_are_taken_over_from_others_with_merge_keys() -> None:
    found = imported(
        """
x-labels: &common {traefik.enable: "true", traefik.http.routers.web.rule: Host(`a.test`)}
services:
  web: {image: a, labels: {<<: *common, traefik.http.services.web.loadbalancer.server.port: 80}}
"""
    )
    assert found.declaration.names == {
        ("domain", "a.test"),
        ("router", "web"),
        ("service", "web"),
        ("server", "web/web-80"),
    }


LOST = "Traefik ignores the container"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (web("traefik.enable=true", f"{PORT}="), "no label names the port of the server, and only its image says"),
        (web("traefik.enable=maybe"), f"traefik.enable has to be true or false, not maybe: {LOST}"),
        (web("traefik.http..x=1"), LOST),
        (web("traefik.http.routers.web.rule=Host(`$NONE`)"), "the variable NONE is not set"),
        (web("traefik.http.middlewares.a.basicauth.users=a:$apr1$H$x"), "a dollar sign itself is written $$"),
        (web("traefik.enable=true", network_mode="none"), f"it is in no network: {LOST}"),
        (web("traefik.frontend.rule=Host:a"), "Traefik 3 ignores the label traefik.frontend.rule"),
        (web("traefik.enable=true", "traefik.docker.network=front", expose=[1]), "there is no network front"),
        (web("traefik.enable=true", networks=["a", "b"], expose=[1]), "no label traefik.docker.network names one"),
        (web("traefik.http.services.w.weighted.services=x"), "the service w has no loadbalancer"),
        (web("traefik.http.serverstransports.t.maxidleconnsperhost=1", expose=[1]), "write it into a file"),
        (web("traefik.enable=false"), "traefik.enable is false"),
        (web(), "it has no labels of Traefik. With exposedByDefault"),
    ],
)
def test_what_is_not_imported_of_a_container_is_told(text: str, told: str) -> None:
    found = findings(imported(text, {}))
    assert any(told in reason for _name, _outcome, reason in found), found


def test_what_the_file_says_to_its_own_traefik_counts() -> None:
    text = """
services:
  traefik:
    image: traefik:v3.4
    command: [--providers.docker.exposedByDefault=false, "--providers.docker.defaultRule=Host(`{{ .Name }}.test`)"]
  web: {image: a, labels: [traefik.enable=true], expose: [80]}
  other: {image: a, labels: [traefik.http.routers.o.rule=Host(`o.test`)], expose: [80]}
"""
    found = imported(text)
    assert ("domain", "web-shop.test") in found.declaration.names
    assert ("router", "o") not in found.declaration.names
    assert (
        "container other",
        "recognised",
        "it has no label traefik.enable=true, which Traefik requires here",
    ) in findings(found)
    assert ("container traefik", "recognised", "it has no labels of Traefik") in findings(found)


def test_an_environment_says_it_to_traefik_as_well() -> None:
    document = {
        "services": {"t": {"image": "docker.io/library/traefik", "environment": ["TRAEFIK_PROVIDERS_DOCKER_NETWORK=x"]}}
    }
    assert labels.read_defaults([project(document)]).network == "x"
    text = {
        "services": {"t": {"image": "traefik", "command": "--providers.docker --providers.docker.exposedbydefault=0"}}
    }
    assert not labels.read_defaults([project(text)]).is_exposed


def test_a_service_that_is_defined_otherwise_by_another_container_is_left_out() -> None:
    one, other = (web(f"{PORT}={port}", f"traefik.http.routers.r.rule=Host(`{port}.test`)") for port in (1, 2))
    text = {"services": {name: yaml.safe_load(each)["services"]["web"] for name, each in (("a", one), ("b", other))}}
    found = imported(yaml.safe_dump(text))
    assert ("router r", "left out", "several containers define it differently: Traefik leaves it out") in findings(
        found
    )
    assert {name for kind, name in found.declaration.names if kind == "server"} == {"web/a-1", "web/b-2"}


def test_what_docker_tells_has_addresses_only_where_no_name_leads_there() -> None:
    told = {
        "Name": "/old",
        "Config": {"Labels": {"traefik.enable": "true"}},
        "HostConfig": {"NetworkMode": "bridge"},
        "State": {"Status": "running"},
        "NetworkSettings": {"Ports": {"80/tcp": None}, "Networks": {"bridge": {"IPAddress": "172.17.0.2"}}},
    }
    assert [each.host for each in labels.read_inspected(told)] == ["172.17.0.2"]
    settings: Any = told["NetworkSettings"]
    settings["Networks"] = {"front": {"IPAddress": "172.18.0.2"}}
    assert [each.host for each in labels.read_inspected([told])] == ["old"]
    stopped = {**told, "State": {"Status": "exited"}}
    found = labels.translate(labels.read_inspected([stopped]))
    assert [each.outcome for each in found.findings] == [ImportOutcome.RECOGNISED]


@pytest.mark.parametrize(
    "document",
    [
        {"http": {"routers": {}}},
        {"services": {"a": {"loadBalancer": {}}}},
        {"services": []},
        {"services": {"web": {"image": "x"}}, "http": {}},
        [],
        None,
        "text",
        [{"Name": "x"}],
    ],
)
def test_what_is_no_compose_file_is_not_taken_for_one(document: Any) -> None:
    assert not labels.is_compose(document)
    assert not labels.is_inspected(document)


def test_what_the_labels_of_another_project_may_have_is_referred_to_where_it_is() -> None:
    own = ("traefik.http.routers.web.rule=Host(`a.test`)", "traefik.http.routers.web.entrypoints=web")
    found = imported(web(*own, "traefik.http.routers.web.middlewares=login,near@docker", f"{PORT}=80"))
    (router,) = found.declaration.routers.values()
    assert router.middlewares == ["login@docker", "near@docker"]
    assert [reason.partition(" and if ")[::2] for _object, _outcome, reason in findings(found)] == [
        (
            f"there is no middleware {name} in these files: it stays {full},",
            "no other container has it, Traefik disables this",
        )
        for name, full in [("login", "login@docker"), ("near@docker", "near@docker")]
    ]
