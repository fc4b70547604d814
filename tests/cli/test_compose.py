"""Compose files are read as Compose reads them: merged, extended, included, with their variables and profiles."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Run

R = "traefik.http.routers"
Look = Callable[..., dict[str, Any]]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write files into a folder, in which the command runs."""
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")

    def write(**texts: str) -> None:
        for name, text in texts.items():
            path = Path(name.replace("__", "/").replace("_", "."))
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    return write


@pytest.fixture
def look(cli: Run) -> Look:
    """Return what would be imported: the rules of routers, the servers, and what is told of the rest."""

    def looked(*arguments: str) -> dict[str, Any]:
        told = json.loads(cli("import", *arguments, "--dry-run", "-o", "json").check().out)
        objects = {(each["kind"], each["name"]): each for each in told["difference"]["objects"]}
        return {
            "domains": sorted(name for kind, name in objects if kind == "domain"),
            "servers": sorted(name for kind, name in objects if kind == "server"),
            "why": [(each["name"], each["reason"], each["place"]) for each in told["import"]["findings"]],
        }

    return looked


def service(*lines: str, **fields: Any) -> dict[str, Any]:
    return {"image": "app", "expose": [80], "labels": list(lines), **fields}


def written(**services: Any) -> str:
    return json.dumps({"services": services})


def test_files_of_one_folder_are_merged_in_the_order_in_which_they_are_given(files: Any, look: Look) -> None:
    files(
        a_yml=written(web=service(f"{R}.web.rule=Host(`a.test`)", f"{R}.web.entrypoints=web"), db={"image": "db"}),
        b_yml=f"services: {{web: {{labels: {{{R}.web.rule: Host(`b.test`)}}, ports: !override ['8:3000']}}}}",
        c_yml=f"services: {{web: {{expose: !reset null, labels: {{{R}.web.entrypoints: !reset null}}}}}}",
    )
    assert look("a.yml")["domains"] == ["a.test"]
    merged = look("a.yml", "b.yml")
    assert (merged["domains"], merged["servers"]) == (["b.test"], ["web-shop/web-80"])
    assert look("b.yml", "a.yml")["domains"] == ["a.test"]
    merged = look("a.yml", "b.yml", "c.yml")
    assert merged["servers"] == ["web-shop/web-3000"]
    assert ("web", "it names no entry points") in [(name, why.partition(",")[0]) for name, why, _ in merged["why"]]


def test_what_overrides_a_main_file_is_read_by_itself(files: Any, look: Look) -> None:
    files(
        compose_yml=written(web=service(f"{R}.web.rule=Host(`a.test`)", f"{R}.web.entrypoints=web")),
        compose_override_yml=written(web={"labels": [f"{R}.web.rule=Host(`b.test`)"]}),
    )
    for given in (["compose.yml"], ["compose.yml", "compose.override.yml"], ["../shop"]):
        assert look(*given)["domains"] == ["b.test"]


def test_services_extend_others_of_the_same_file_and_of_another(files: Any, look: Look) -> None:
    own = [f"{R}.${{NAME}}.rule=Host(`$NAME.$COMPOSE_PROJECT_NAME.test`)", f"{R}.${{NAME}}.entrypoints=web"]
    files(
        compose_yml=written(
            base={"image": "app", "expose": [80], "labels": {"traefik.enable": "true"}, "profiles": ["never"]},
            web={"extends": "base", "labels": own, "profiles": []},
            api={
                "extends": {"file": "more/base.yml", "service": "api"},
                "labels": {f"{R}.api.entrypoints": "web"},
            },
            lost={"extends": {"file": "gone.yml", "service": "x"}, "labels": ["traefik.enable=false"]},
        ),
        more__base_yml=written(
            api={"extends": {"service": "below"}, "labels": {f"{R}.api.rule": "Host(`api.test`)"}},
            below={"image": "x", "ports": ["127.0.0.1:1:9000/tcp"], "labels": {f"{R}.api.rule": "Host(`below.test`)"}},
        ),
    )
    found = look("compose.yml", "--env", "NAME=web", "--env", "COMPOSE_PROFILES=never")
    assert found["domains"] == ["api.test", "base-shop", "web.shop.test"]
    assert found["servers"] == ["api-shop/api-9000", "base-shop/base-80", "web-shop/web-80"]
    assert ("gone.yml", "compose.yml:1:") in [(name, place[:14]) for name, _why, place in found["why"]]


def test_what_is_included_has_the_variables_of_its_own_folder(files: Any, look: Look) -> None:
    label = [f"{R}.$NAME.rule=Host(`$NAME.$DOMAIN`)", f"{R}.$NAME.entrypoints=web"]
    files(
        _env="DOMAIN=own.test\n",
        compose_yml=json.dumps(
            {
                "include": ["one/a.yml", {"path": ["two/a.yml"], "env_file": "two/other.env"}, "gone.yml"],
                "services": {"web": service(*label)},
            }
        ),
        one__a_yml=written(one=service(*label)),
        one___env="NAME=one\nDOMAIN=ignored.test\n",
        two__a_yml=written(two=service(*label)),
        two__other_env="NAME=two\n",
    )
    found = look("compose.yml", "--env", "X=y")
    assert found["domains"] == ["one.own.test", "two.own.test"]
    reasons = {name: why for name, why, _place in found["why"]}
    assert reasons["gone.yml"].startswith("gone.yml is not here")
    assert reasons["web"].startswith("the variable NAME is not set")


def test_only_services_of_active_profiles_run(files: Any, look: Look) -> None:
    label = [f"{R}.x.rule=Host(`a.test`)", f"{R}.x.entrypoints=web"]
    files(
        compose_yml=written(
            tool=service(*label, profiles=["debug", "dev"]),
            none=service(*label, scale=0),
            nobody=service(*label, deploy={"replicas": 0}),
        )
    )
    told = [why.partition(":")[0] for _name, why, _place in look("compose.yml")["why"]]
    assert told == [
        "it does not run, or is not healthy",
        "it does not run, or is not healthy",
        "it starts only with the profile debug or dev",
    ]
    for active in ("dev", "other, debug", "*"):
        assert look("compose.yml", "--env", f"COMPOSE_PROFILES={active}")["domains"] == ["a.test"]


def test_a_label_in_a_shape_that_compose_refuses_is_told(files: Any, run: Run) -> None:
    files(compose_yml=f"services: {{web: {{image: a, expose: [80], labels: [{R}.w.rule: Host(`a.test`)]}}}}")
    result = run("lint", "compose.yml")
    assert result.status == 2
    assert "write KEY=VALUE" in result.out


def test_projects_in_several_folders_are_containers_of_one_docker(files: Any, look: Look, run: Run) -> None:
    label = f"{R}.x.rule=Host(`a.test`)"
    files(
        one__compose_yml=written(one=service(label)), two__compose_yml=written(two=service(label.replace("a.", "b.")))
    )
    told = [why for _name, why, _place in look("one", "two/compose.yml")["why"]]
    assert "several containers define it differently: Traefik leaves it out" in told
    assert run("lint", "one", "two").out.endswith("2 files: 1 disabled.\n")


def test_files_of_variables_of_the_traefik_service_count(files: Any, look: Look) -> None:
    files(
        compose_yml=written(
            traefik={"image": "traefik:v3", "env_file": ["traefik.env", {"path": "more.env", "required": False}]},
            web=service(f"{R}.x.rule=Host(`a.test`)"),
        ),
        traefik_env="TRAEFIK_PROVIDERS_DOCKER_EXPOSEDBYDEFAULT=false\n",
    )
    told = [why for _name, why, _place in look("compose.yml")["why"]]
    assert "it has no label traefik.enable=true, which Traefik requires here" in told
