"""The manifest for Kubernetes: it says what the image and the service need, and its commands run."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from provider.environment import SECRETS, SETTINGS, find_doubts
from tests.postgres import Postgres
from tests.running import ROOT, answers, free_port, wait_until

Container = dict[str, Any]

MANIFEST: Final = ROOT / "docs" / "kubernetes.yaml"


def objects() -> dict[str, dict[str, Any]]:
    return {each["kind"]: each for each in yaml.safe_load_all(MANIFEST.read_text())}


def pod() -> dict[str, Any]:
    found: dict[str, Any] = objects()["Deployment"]["spec"]["template"]["spec"]
    return found


def containers() -> Iterator[Container]:
    yield from pod()["initContainers"]
    yield from pod()["containers"]


def variables(container: Container) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container["env"]}


def test_each_object_is_of_a_version_that_every_supported_kubernetes_has() -> None:
    assert {kind: each["apiVersion"] for kind, each in objects().items()} == {
        "Deployment": "apps/v1",
        "Service": "v1",
        "PodDisruptionBudget": "policy/v1",
        "NetworkPolicy": "networking.k8s.io/v1",
    }


def test_everything_means_the_same_pods_and_the_same_port() -> None:
    made = objects()
    labels = made["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert made["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert made["Service"]["spec"]["selector"] == labels
    assert made["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert made["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    (port,) = pod()["containers"][0]["ports"]
    assert port["containerPort"] == 8000
    assert {each["targetPort"] for each in made["Service"]["spec"]["ports"]} == {port["name"]}


def test_a_pod_is_confined_and_runs_as_the_user_of_the_image() -> None:
    (user,) = re.findall(r"^USER (\d+):\1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    context = pod()["securityContext"]
    assert (context["runAsNonRoot"], context["runAsUser"]) == (True, int(user))
    assert pod()["automountServiceAccountToken"] is pod()["enableServiceLinks"] is False
    for container in containers():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_every_variable_is_a_setting_and_secrets_come_from_files_that_are_there() -> None:
    mounted = {each["name"] for each in pod()["volumes"]}
    for container in containers():
        given = variables(container)
        assert list(find_doubts(given)) == []
        assert {name.removeprefix("PROVIDER_") for name in given} <= SETTINGS | {f"{name}_FILE" for name in SECRETS}
        assert [given.get(f"PROVIDER_{name}") for name in SECRETS if given.get(f"PROVIDER_{name}")] == []
        assert {each["name"] for each in container["volumeMounts"]} <= mounted
        folders = [each["mountPath"] for each in container["volumeMounts"]]
        assert "/tmp" in folders  # noqa: S108  # where large changes are planned
        assert {str(Path(value).parent) for value in given.values() if value.startswith("/")} <= set(folders)


def test_the_commands_of_the_pod_run_and_its_probes_are_answered(postgres: Postgres, tmp_path: Path) -> None:
    location = postgres.empty()
    (tmp_path / "database-url").write_text(f"{location.url}\n")
    page = (ROOT / "docs" / "kubernetes.md").read_text()
    (making,) = re.findall(r"^head .* > provider\.key$", page, re.MULTILINE)
    subprocess.run(["bash", "-euo", "pipefail", "-c", making], cwd=tmp_path, check=True)
    port = str(free_port())

    def start(container: Container) -> subprocess.Popen[bytes]:
        given = {name: value.replace("/secrets", str(tmp_path)) for name, value in variables(container).items()}
        return subprocess.Popen(
            [sys.executable, "-m", "provider", *container["args"]],
            cwd=tmp_path,
            env=os.environ | given | {"PROVIDER_HOST": "0.0.0.0", "PROVIDER_PORT": port},
        )

    (first,), (second,) = pod()["initContainers"], pod()["containers"]
    assert start(first).wait(timeout=120) == 0
    serving = start(second)
    try:
        paths = {second[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
        for path in paths:
            wait_until(lambda path=path: answers(f"http://127.0.0.1:{port}{path}"), f"{path} is answered")  # type: ignore[misc]  # bound now
        serving.terminate()
        assert serving.wait(timeout=pod()["terminationGracePeriodSeconds"]) in {0, -15, 143}
    finally:
        serving.kill()
        serving.wait(timeout=60)
