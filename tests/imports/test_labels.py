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
    origin = Provenance(labels.DOCKER, found.refused, found.findings)
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
        (
            yaml.safe_dump({"services": {"a": {"ports": [80], "deploy": {"labels": ["traefik.enable=true"]}}}}),
            f"no label names the port of the server, and Traefik sees no others in a swarm: {LOST}",
        ),
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
        (web("traefik.enabled=true"), f"Traefik has no label traefik.enabled: {LOST}"),
        (web("traefik.docker.net=a"), f"Traefik has no label traefik.docker.net: {LOST}"),
        (
            web("traefik.https.routers.web.rule=Host(`a.test`)", expose=[1]),
            f"Traefik has no label traefik.https: {LOST}",
        ),
        (web(), "it has no Traefik labels. With exposedByDefault"),
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
    assert ("container traefik", "recognised", "it has no Traefik labels") in findings(found)


def served(text: str, beside: Mapping[str, str] | None = None) -> tuple[set[str], dict[str, str]]:
    """Return the domains that a Compose file serves, and why containers are none of Traefik's."""
    documents = {f"/shop/{name}": yaml.safe_load(content) for name, content in (beside or {}).items()}
    made = alone(yaml.safe_load(text), {}, "/shop", documents)
    found = labels.translate(labels.read_containers(made), labels.read_defaults([made]))
    read_of_it = read(found.document, None, ["web"], Provenance(labels.DOCKER, found.refused, found.findings))
    told = {each.name: each.reason for each in read_of_it.findings if each.kind == "container"}
    return {name for kind, name in read_of_it.declaration.names if kind == "domain"}, told


@pytest.mark.parametrize(
    ("rule", "domains"),
    [
        ("Host(`{{ trimPrefix `/` .Name }}.test`)", {"web-shop.test", "own-shop.test"}),
        ('Host(`{{ index .Labels "com.docker.compose.service" }}.test`)', {"web.test", "own.test"}),
        ('Host(`{{ index .Labels "sub" | default "none" }}.test`)', {"none.test", "mine.test"}),
        ("Host(`{{ normalize .ContainerName }}.test`)", {"shop-web-1.test", "given.test"}),
        ("Host(`{{ uuidv4 }}.test`)", set()),
    ],
)
def test_a_default_rule_is_a_template_that_is_told_of_the_container(rule: str, domains: set[str]) -> None:
    text = {
        "services": {
            "t": {"image": "traefik", "command": ["--providers.docker", f"--providers.docker.defaultRule={rule}"]},
            "web": {"image": "a", "labels": ["traefik.enable=true"], "expose": [80]},
            "own": {
                "image": "a",
                "container_name": "given",
                "labels": ["traefik.enable=true", "sub=mine"],
                "expose": [80],
            },
        }
    }
    assert served(yaml.safe_dump(text))[0] == domains


@pytest.mark.parametrize(
    ("constraints", "domains"),
    [
        ("Label(`traefik.constraint-label`, `public`)", {"a.test"}),
        ("!Label(`traefik.constraint-label`, `public`)", {"b.test"}),
        (
            'LabelRegex("traefik.constraint-label", "^p.*c$$") || Label(`stage`, `live`) && Label(`stage`,``)',
            {"a.test"},
        ),
        ("!(Label(`traefik.constraint-label`,`public`) && Label(`stage`,`live`))", {"a.test", "b.test"}),
        (
            "Label(`com.docker.compose.project`, `shop`) && (Label(`stage`, `live`) || !Label(`x`, `y`))",
            {"a.test", "b.test"},
        ),
        ("Label(`a`)", set()),
        ("(" * 2000, set()),
    ],
)
def test_a_container_that_does_not_meet_the_constraints_is_none_of_traefiks(
    constraints: str, domains: set[str]
) -> None:
    text = {
        "services": {
            "t": {
                "image": "traefik",
                "command": ["--providers.docker", f"--providers.docker.constraints={constraints}"],
            },
            "a": {
                "image": "a",
                "labels": ["traefik.constraint-label=public", "traefik.http.routers.a.rule=Host(`a.test`)"],
                "expose": [80],
            },
            "b": {"image": "a", "labels": ["stage=live", "traefik.http.routers.b.rule=Host(`b.test`)"], "expose": [80]},
        }
    }
    found, told = served(yaml.safe_dump(text))
    assert found == domains
    assert told.keys() == {"t", *({"a", "b"} - {name[0] for name in domains})}, told


STATIC = """
providers: {docker: {exposedByDefault: false, network: proxy, defaultRule: "Host(`{{ .Name }}.file.test`)"}}
"""


@pytest.mark.parametrize(
    ("fields", "files", "domains"),
    [
        ({"volumes": ["./traefik.yml:/etc/traefik/traefik.yml:ro"]}, {"traefik.yml": STATIC}, {"web-shop.file.test"}),
        ({"volumes": ["./conf/:/etc/traefik/"]}, {"conf/traefik.yaml": STATIC}, {"web-shop.file.test"}),
        (
            {
                "command": ["--configFile=/own.yml", "--providers.docker"],
                "volumes": [{"type": "bind", "source": "/shop/x.yml", "target": "/own.yml"}],
            },
            {"x.yml": STATIC},
            {"web-shop.file.test"},
        ),
        ({"volumes": ["./traefik.yml:/etc/traefik/traefik.yml"]}, {}, {"web-shop", "other.test"}),
        (
            {"command": "--providers.docker --providers.docker.defaultRule=\"PathPrefix(`/{{ index .Labels 'x' }}`)\""},
            {},
            {"other.test"},
        ),
        (
            {
                "command": ["--providers.docker.defaultRule=Host(`{{ .Name }}.{{ env `TLD` }}`)"],
                "environment": {"TLD": "own.test"},
            },
            {},
            {"web-shop.own.test", "other.test"},
        ),
        ({"command": ["--providers.docker.defaultRule=Host(`{{ env `TLD` }}`)"]}, {}, {"other.test"}),
        ({"environment": {"TRAEFIK_PROVIDERS_DOCKER_EXPOSEDBYDEFAULT": "false"}}, {}, {"web-shop"}),
    ],
)
def test_what_traefik_is_told_comes_from_its_file_its_arguments_or_its_environment(
    fields: dict[str, Any], files: dict[str, str], domains: set[str]
) -> None:
    text = {
        "services": {
            "t": {"image": "traefik:v3", **fields},
            "web": {"image": "a", "labels": ["traefik.enable=true"], "expose": [80]},
            "other": {"image": "a", "labels": ["traefik.http.routers.o.rule=Host(`other.test`)"], "expose": [80]},
        }
    }
    assert served(yaml.safe_dump(text), files)[0] == domains


def test_labels_come_from_files_as_well() -> None:
    text = "services: {web: {image: a, label_file: [x.labels], labels: [traefik.enable=true], expose: [80]}}"
    made = alone(yaml.safe_load(text), {}, "/shop", {}, {"/shop/x.labels": {"traefik.enable": "no", "a.b[0]": "c"}})
    (container,) = labels.read_containers(made)
    assert {each.key: each.value for each in container.labels} == {"traefik.enable": "true", "a.b[0]": "c"}
    assert labels.read_file("traefik.http.routers.a.tls.domains[0].main=a.test\n") == {
        "traefik.http.routers.a.tls.domains[0].main": "a.test"
    }


def test_the_services_of_a_swarm_are_those_of_its_provider() -> None:
    def providers(label: str) -> list[str]:
        deploy = {"labels": ["traefik.enable=true", f"traefik.http.routers.a.middlewares={label}"]}
        text = {"services": {"a": {"image": "a", "deploy": deploy}, "b": {"image": "b"}}}
        return list(labels.by_provider(list(labels.read_containers(project(text)))))

    assert providers("login@swarm") == providers("login") == ["swarm"]
    assert providers("login@docker") == ["docker"]  # as Traefik 2 called it
    flags = ["--providers.docker.network=x", "--providers.swarm.network=y", "--providers.swarm.exposedByDefault=false"]
    made = project({"services": {"t": {"image": "traefik", "command": flags}}})
    found = [labels.read_defaults([made], provider) for provider in (labels.DOCKER, labels.SWARM)]
    assert [(each.network, each.is_exposed) for each in found] == [("x", True), ("y", False)]


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


def test_what_docker_tells_of_a_service_of_a_swarm_is_read() -> None:
    own = {"traefik.enable": "true", PORT: "3000", "traefik.http.routers.web.rule": "Host(`a.test`)"}
    told = {"ID": "x", "Spec": {"Name": "shop_web", "Labels": own, "TaskTemplate": {}, "Mode": {"Replicated": {}}}}
    assert labels.is_inspected([told])
    containers = list(labels.read_inspected([told]))
    assert list(labels.by_provider(containers)) == ["swarm"]
    found = labels.translate(containers)
    assert found.document["http"]["services"]["web"]["loadbalancer"]["servers"] == [{"url": "http://shop_web:3000"}]
    assert found.findings == []


@pytest.mark.parametrize(
    "document",
    [
        {"services": {"a": {"arguments": []}}},
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


@pytest.mark.parametrize("service", [{"<<": {"image": "a"}}, {"hostname": "x"}, {"logging": {}}, None])
def test_each_service_may_say_anything_that_compose_knows(service: Any) -> None:
    assert labels.is_compose({"services": {"web": {"image": "a"}, "other": service}})


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


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("nginx", "nginx:latest"),
        ("docker.io/library/nginx:1", "nginx:1"),
        ("index.docker.io/me/app", "me/app:latest"),
        ("localhost/shop-web", "shop-web:latest"),
        ("reg.test:5000/a/b", "reg.test:5000/a/b:latest"),
        ("reg.test:5000/a:2@sha256:1", "reg.test:5000/a@sha256:1"),
    ],
)
def test_an_image_has_one_full_name(written: str, name: str) -> None:
    assert labels.image_name(written) == name


def test_what_images_expose_and_their_labels_count_where_containers_say_nothing_else() -> None:
    def inspected(tag: str, **config: Any) -> dict[str, Any]:
        return {"Id": "sha256:1", "RepoTags": [tag], "RepoDigests": None, "Config": config}

    images = [
        inspected("app:latest", ExposedPorts={"8080/tcp": {}, "443/tcp": {}}, Labels={"a": "image", "b": "image"}),
        inspected("none:1"),
    ]
    assert labels.is_inspected(images)
    assert labels.is_inspected(images[0])
    assert not list(labels.read_inspected(images))
    known = dict(labels.read_images(images))
    made = compose(
        """
services:
  web: {image: docker.io/app, labels: [a=own]}
  more: {image: app, expose: [80]}
  none: {image: "none:1"}
"""
    )
    found = {name: each.made_of(known[labels.image_name(each.image)]) for name, each in made.items()}
    assert {name: each.ports for name, each in found.items()} == {
        "web": [443, 8080],
        "more": [80, 443, 8080],
        "none": [],
    }
    assert found["web"].by_key == {**made["web"].given, "a": "own", "b": "image"}
    assert compose("services: {web: {build: .}}")["web"].image == "shop-web"
