"""Keys of certificates that this service got: sealed in the database, given to edges, and found nowhere else."""

from pathlib import Path

import pytest

from provider.database.file import FileDatabase
from provider.errors import Unavailable
from provider.models import Issuance
from tests.cli.running import run_forked, variables
from tests.people import PASSWORD, add_account, bearer, log_in
from tests.running import free_port, http_client, wait_until
from tests.security.test_canaries import Scene, files, look_everywhere

_PAGES = ("", "domains", "domains/a.test", "certificates", "routers", "edges", "revisions", "revisions/1", "audit")
_PATHS = (
    *("export", "export?secrets=true", "domains", "domains/a.test", "certificates", "edges", "conflicts", "audit"),
    *("revisions", "revisions/1", "revisions/1/configuration", "revisions/2/difference?to=1"),
    "explain?url=https://a.test/",
)
_COMMANDS = (("domain", "show", "a.test"), ("export",), ("certificate", "list"), ("status",), ("revision", "show", "1"))


@pytest.fixture
def scene(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    port = str(free_port())
    environment = variables(
        PROVIDER_DATABASE_URL=f"sqlite:///{tmp_path / 'provider.db'}",
        PROVIDER_PORT=port,
        PROVIDER_LOG_LEVEL="debug",
        PROVIDER_LOCAL_AUTHORITY=str(tmp_path_factory.mktemp("authority")),
    )
    made = Scene(tmp_path, environment, f"http://127.0.0.1:{port}")
    made.run("migrate")
    add_account(made.database, "admin")
    return made


def find_key(path: Path) -> str:
    """Return the key of the certificate that was got for a.test, or nothing yet."""
    database = FileDatabase(path)
    try:
        database.open()
        with database.reading() as session:
            row = session.get(Issuance, "a.test")
            return str(row.key) if row is not None and row.key else ""
    except Unavailable:
        return ""
    finally:
        database.close()


def test_the_key_of_a_certificate_that_was_got_is_for_edges_alone(scene: Scene) -> None:
    places: dict[str, bytes] = {}
    with scene.serving():
        token = scene.run("token", "create", "me", "--scope", "admin").split()[-1]
        with http_client(scene.url, headers=bearer(token)) as client:
            client.put("/api/v1/domains/a.test", json={"tls": {"from": "acme"}}).raise_for_status()
            client.put("/api/v1/domains/a.test", json={"tls": {"from": "acme"}, "labels": {"a": "b"}})
            key = wait_until(lambda: find_key(scene.database), "it has a certificate")
            (canary,) = key.splitlines()[2:3]
            wait_until(lambda: canary in client.get("/traefik/configuration").text, "edges get the key")
            for path in _PATHS:
                places[path] = client.get(f"/api/v1/{path}").content
            for path in ("/metrics", "/readyz", "/openapi.json"):
                places[path] = client.get(path).content
        with http_client(scene.url) as person:
            del person.headers["Authorization"]
            assert log_in(person, "admin", PASSWORD).status_code == 303
            for path in _PAGES:
                places[f"page {path}"] = person.get(f"/{path}").content
        environment = scene.environment | {"PROVIDER_TOKEN": token, "PROVIDER_URL": scene.url}
        for command in _COMMANDS:
            told = run_forked(*command, env=environment)
            places[f"command {command}"] = f"{told.out}{told.err}".encode()
        scene.run("backup", str(scene.folder / "a.backup"))
        places |= {f"{file.name}, while it serves": file.read_bytes() for file in files(scene)}
    places |= {file.name: file.read_bytes() for file in files(scene)}
    assert {"provider.db", "a.backup", "log"} <= set(places)
    lines = [line for line in key.splitlines()[1:-1] if len(line) > 20]
    assert look_everywhere({f"line {number}": line for number, line in enumerate(lines)}, places) == []
