"""`import` of labels: a Compose file is read as Traefik's Docker provider reads the containers that it starts."""

import json
from pathlib import Path

import httpx
import pytest

from tests.cli.running import Run

COMPOSE = """\
name: shop
services:
  traefik:
    image: traefik:v3
    command: --providers.docker --providers.docker.exposedbydefault=false
  web:
    image: web
    labels:
      - traefik.enable=true
      - traefik.http.routers.web.rule=Host(`${DOMAIN:-shop.test}`)
      - traefik.http.routers.web.entrypoints=web
      - traefik.http.routers.web.middlewares=login@file,strip
      - traefik.http.middlewares.strip.stripprefix.prefixes=/x
      - traefik.http.services.web.loadbalancer.server.port=3000
  api:
    image: api
    labels:
      traefik.enable: "true"
      traefik.http.routers.api.rule: Host(`api.test`)
"""


@pytest.fixture
def compose(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yml"
    path.write_text(COMPOSE)
    return path


def test_a_compose_file_is_shown_as_a_plan_and_taken_over(cli: Run, client: httpx.Client, compose: Path) -> None:
    told = json.loads(cli("import", str(compose), "--yes", "-o", "json").check().out)
    router = client.get("/routers/web").json()
    assert (router["domains"], router["service"]) == (["shop.test"], "web")
    assert router["middlewares"] == ["login@file", "strip"]
    assert client.get("/services/web/servers").json()["items"][0]["url"] == "http://web:3000"
    why = {f"{each['kind']} {each['name']}": (each["reason"], each["place"]) for each in told["import"]["findings"]}
    reason, where = why["service api-shop"]
    assert reason.endswith("add the label traefik.http.services.api-shop.loadbalancer.server.port=PORT")
    assert where == f"{compose}:15:3"
    assert why["router api"] == ("its service api-shop is left out", f"{compose}:19:7")
    assert why["container traefik"] == ("it has no Traefik labels", f"{compose}:3:3")


def test_a_port_that_only_the_image_knows_can_be_given(cli: Run, client: httpx.Client, compose: Path) -> None:
    found = cli("import", str(compose), "--dry-run").check().out
    assert "give --port api=PORT" in " ".join(found.split())
    cli("import", str(compose), "--port", "api=8080", "--yes").check()
    assert client.get("/services/api-shop/servers").json()["items"][0]["url"] == "http://api:8080"
    wrong = cli("import", str(compose), "--port", "nope=8080").error()
    assert wrong.endswith("there is no container nope: --port takes api, traefik, web")
    for port in ("api", "api=0", "api=65536", "=80"):
        assert "--port takes NAME=PORT" in cli("import", str(compose), "--port", port).error()


def test_variables_come_from_the_file_beside_it_or_from_one_that_is_named(
    cli: Run, compose: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def domains(*options: str) -> list[str]:
        told = json.loads(cli("import", str(compose), "--dry-run", "-o", "json", *options).check().out)
        return [each["name"] for each in told["difference"]["objects"] if each["kind"] == "domain"]

    (tmp_path / ".env").write_text("DOMAIN=beside.test\n")
    (tmp_path / "prod.env").write_text("DOMAIN=prod.test\n")
    assert domains() == ["beside.test"]
    assert domains("--env-file", str(tmp_path / "prod.env")) == ["prod.test"]
    monkeypatch.setenv("DOMAIN", "shell.test")
    assert domains("--env-file", str(tmp_path / "prod.env")) == ["shell.test"]
    assert "No such file" in cli("import", str(compose), "--env-file", str(tmp_path / "none")).error()


def test_a_compose_file_without_labels_is_named(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "compose.yml"
    path.write_text("services: {web: {image: web, labels: {a: b}}}\n")
    assert cli("import", str(path)).error() == (
        f"{path}: none of its containers has a Traefik label (traefik.enable and so on): there is nothing to read"
    )


def test_a_compose_file_without_labels_does_not_keep_the_files_beside_it_from_being_read(
    cli: Run, client: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "compose.yml").write_text("services: {traefik: {image: traefik, volumes: ['./dynamic:/dynamic']}}\n")
    (tmp_path / "dynamic").mkdir()
    (tmp_path / "dynamic" / "web.yml").write_text(
        "http: {services: {web: {loadBalancer: {servers: [{url: 'http://10.0.0.1'}]}}}}\n"
    )
    cli("import", str(tmp_path), "--yes").check()
    assert client.get("/services/web/servers").json()["items"][0]["url"] == "http://10.0.0.1"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("traefik.yml", "providers: {docker: {constraints: 'Label(`stage`, `live`)'}}\n"),
        ("traefik.toml", "[providers.docker]\nconstraints = 'Label(`stage`, `live`)'\n"),
    ],
)
def test_traefiks_own_file_counts_where_the_compose_file_mounts_it(
    cli: Run, tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / "compose.yml").write_text(
        COMPOSE.replace(
            "    command: --providers.docker --providers.docker.exposedbydefault=false\n",
            f"    volumes: ['./{name}:/etc/traefik/{name}:ro']\n",
        )
    )
    (tmp_path / name).write_text(text)
    told = json.loads(cli("import", str(tmp_path / "compose.yml"), "--dry-run", "-o", "json").check().out)
    why = {each["name"]: each["reason"] for each in told["import"]["findings"] if each["kind"] == "container"}
    assert why["web"] == "its labels do not meet the constraints of this Traefik: Label(`stage`, `live`)"


def test_references_among_the_services_of_a_swarm_lead_to_what_is_imported(
    cli: Run, client: httpx.Client, tmp_path: Path
) -> None:
    path = tmp_path / "stack.yml"
    path.write_text(
        """\
services:
  web:
    image: web
    deploy:
      labels:
        - traefik.http.routers.web.rule=Host(`swarm.test`)
        - traefik.http.routers.web.entrypoints=web
        - traefik.http.routers.web.middlewares=strip@swarm
        - traefik.http.middlewares.strip.stripprefix.prefixes=/x
        - traefik.http.services.web.loadbalancer.server.port=3000
"""
    )
    cli("import", str(path), "--yes").check()
    assert client.get("/routers/web").json()["middlewares"] == ["strip"]


def test_what_docker_prints_of_containers_is_read(cli: Run, client: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "inspected.json"
    told = {
        "Name": "/web",
        "Config": {"Labels": {"traefik.http.routers.web.rule": "Host(`a.test`)"}},
        "State": {"Status": "running"},
        "NetworkSettings": {"Ports": {"8080/tcp": None}, "Networks": {"front": {"IPAddress": "172.18.0.2"}}},
    }
    path.write_text(json.dumps([told]))
    cli("import", str(path), "--yes").check()
    assert client.get("/services/web/servers").json()["items"][0]["url"] == "http://web:8080"


def test_the_port_that_only_an_image_exposes_is_read_from_what_docker_prints_of_it(
    cli: Run, client: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "compose.yml").write_text(
        "services: {web: {image: shop, labels: ['traefik.http.routers.web.rule=Host(`a.test`)']}}\n"
    )
    told = {"RepoTags": ["shop:latest"], "RepoDigests": [], "Config": {"ExposedPorts": {"3000/tcp": {}}}}
    images = tmp_path / "images.json"
    images.write_text(json.dumps([told]))
    cli("import", str(tmp_path / "compose.yml"), str(images), "--yes").check()
    (service,) = client.get("/services").json()["items"]
    servers = client.get(f"/services/{service['name']}/servers").json()["items"]
    assert [each["url"] for each in servers] == ["http://web:3000"]
    assert "these are images only" in cli("import", str(images), "--yes").error()
