"""Secrets that went through the service, looked for everywhere afterwards: each was shown once, and is nowhere."""

import re
import subprocess
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx
import pytest

from tests.cli.running import PROGRAM, run_forked, variables
from tests.people import bearer, log_in, session_of
from tests.running import SOAK, answers, free_port, http_client, wait_until

PASSWORD = "nine blue canaries sing"


@dataclass
class Scene:
    """A service as a process of its own, in a folder, with all that it answered and wrote."""

    folder: Path
    environment: dict[str, str]
    url: str
    seen: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.folder / "provider.db"

    @property
    def link_file(self) -> Path:
        return self.folder / "provider.first-login.txt"

    def run(self, *arguments: str, **options: object) -> str:
        return run_forked(*arguments, env=self.environment, **options).check().out

    @contextmanager
    def client(self, **headers: str) -> Iterator[httpx.Client]:
        """Give a client of which every answer is kept, but those that say 2xx or lead on."""

        def keep(answer: httpx.Response) -> None:
            told = [(name, value) for name, value in answer.headers.items() if name not in {"location", "set-cookie"}]
            # The form for a password goes on with the one-time link that it was opened with.
            content = re.sub(rb'name="secret" value="[^"]*"', b"", answer.read() if answer.is_error else b"")
            self.seen.append(
                (f"{answer.request.method} {answer.url} {answer.status_code}", f"{told}".encode() + content)
            )

        with http_client(self.url, headers=headers, event_hooks={"response": [keep]}) as client:
            if "Authorization" not in headers:
                del client.headers["Authorization"]
            yield client

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve. Gives the one-time link's secret, or nothing if there is none."""
        with (self.folder / "log").open("ab") as log:
            command = [str(PROGRAM), "serve"]
            process = subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True)
            try:
                wait_until(lambda: process.poll() is None and answers(f"{self.url}/healthz"), "the service answers")
                yield self.link_file.read_text().rpartition("=")[2].strip() if self.link_file.exists() else ""
            finally:
                process.terminate()
                process.communicate(timeout=60)


@pytest.fixture(params=["text", "json"] if SOAK else ["json"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Scene:
    port = str(free_port())
    environment = variables(
        PROVIDER_DATABASE_URL=f"sqlite:///{tmp_path / 'provider.db'}",
        PROVIDER_PORT=port,
        PROVIDER_LOG_LEVEL="debug",
        PROVIDER_LOG_FORMAT=request.param,
        PROVIDER_FALLBACK_FILE=str(tmp_path / "fallback.yml"),
    )
    made = Scene(tmp_path, environment, f"http://127.0.0.1:{port}")
    made.run("migrate")
    return made


def live(scene: Scene, link: str) -> dict[str, str]:
    """Do what people and machines do, and what they do wrong. Returns all secrets that there were, by what they are."""
    secrets = {"password": PASSWORD, "link": link}
    made = scene.run("token", "create", "deploy", "--scope", "admin", "--scope", "edge:default")
    secrets["token of the command"] = made.splitlines()[-1]
    with scene.client() as client:
        assert client.get("/password", params={"link": link}).status_code == 200
        form = {"secret": link, "password": PASSWORD, "repeat": PASSWORD}
        for wrong in ({"repeat": "something else"}, {"password": PASSWORD * 100, "repeat": PASSWORD * 100}):
            client.post("/password", data=form | wrong)
        assert client.post("/password", data=form).status_code == 303
        secrets["first session"] = session_of(client)
        assert client.post("/password", data=form).status_code == 404
        assert client.post("/logout").status_code == 303
        for name, password in ((PASSWORD, "admin"), (PASSWORD, PASSWORD), ("admin", PASSWORD.upper())):
            assert log_in(client, name, password).status_code == 401
        files = {"name": (None, "admin"), "password": (None, PASSWORD)}
        assert client.post("/login", files=files).status_code == 303
        secrets["session"] = session_of(client)
        assert client.post("/password", data={"current": PASSWORD, "password": "x", "repeat": "x"}).status_code == 422
        body = {"name": "ci", "scopes": ["register:alvin"]}
        made_by_rest = client.post("/api/v1/tokens", json=body)
        secrets["token of REST"] = made_by_rest.raise_for_status().json()["token"]
        application = {"domain": "alvin.xyz", "name": "alvin", "servers": [{"url": "http://10.0.0.11:3000"}]}
        client.post("/api/v1/expose", json=application).raise_for_status()
    with scene.client(**bearer(secrets["token of REST"])) as client:
        put = client.put("/api/v1/services/alvin/servers/b", json={"url": "http://10.0.0.12:3000"})
        assert put.status_code == 201
        assert client.put("/api/v1/services/other/servers/b", json={"url": "http://10.0.0.12"}).status_code == 403
    with scene.client(**bearer(secrets["token of the command"])) as client:
        assert client.get("/traefik/configuration", params={"edge": "default"}).status_code == 200
        assert client.get("/metrics").status_code == 200
    for kind, secret in secrets.items():
        misuse(scene, kind, secret, secrets["session"], secrets["token of the command"])
    return secrets


def misuse(scene: Scene, kind: str, secret: str, session: str, token: str) -> None:
    """Put a secret where it does not belong. A password looks like any text: it is put where no text is told again."""
    told_again = kind != "password"
    askers = [{}, {"Cookie": f"provider_session={session}"}, bearer(token)]
    for headers in askers if SOAK else askers[len(kind) % 2 :: 2]:
        with scene.client(**headers) as client:
            put_into_queries(client, secret, ["q", "edge", secret] if told_again else ["q"])
            put_into_headers(client, secret)
            if told_again:
                put_into_paths_and_bodies(client, secret)
    basic = b64encode(f"admin:{secret}".encode()).decode()
    for value in (f"Basic {basic}", secret, f"Token {secret}", f"bearer {secret} {secret}", f"Bearer x{secret}"):
        for path in ("/api/v1/domains", "/traefik/configuration", "/metrics"):
            with scene.client(Authorization=value) as client:
                assert client.get(path).status_code == 401
    with scene.client(
        Cookie=f"provider_session={secret}x; other={secret}; notice={secret}; language={secret}"
    ) as client:
        assert client.get("/api/v1/domains").status_code == 401
        client.get("/login")
        client.post("/password", data={"secret": f"{secret}x", "password": "x", "repeat": "y"})


def put_into_queries(client: httpx.Client, secret: str, names: list[str]) -> None:
    for name in ("access_token", "token", "password", *names):
        for path in ("/", "/login", "/docs", "/api/v1/domains", "/api/v1/audit", "/traefik/configuration"):
            client.get(path, params={name: secret})
    for name in ("cursor", "limit", "actor", "since"):
        client.get("/api/v1/audit", params={name: secret})
    client.get("/traefik/configuration", params={"wait": secret})


def put_into_headers(client: httpx.Client, secret: str) -> None:
    for name in ("X-Request-ID", "X-Token", "User-Agent", "Referer", "If-Match", "Prefer", "Accept", "Origin"):
        for path in ("/api/v1/domains", "/traefik/configuration", "/login"):
            client.get(path, headers={name: secret})
        client.put("/api/v1/domains/budi.xyz", json={}, headers={name: secret})
    for form in ({"language": secret, "next": secret}, {"theme": secret}):
        client.post(f"/preferences/{next(iter(form))}", data=form)


def put_into_paths_and_bodies(client: httpx.Client, secret: str) -> None:
    for path in ("/", "/static/", "/api/v1/", "/api/v1/domains/", "/api/v1/tokens/", "/api/v1/services/", "/docs/"):
        for method in ("GET", "DELETE"):
            client.request(method, path + secret)
            client.request(method, f"{path}{secret}/{secret}/{'x' * 200}{secret}")
    client.put(f"/api/v1/services/{secret}/servers/{secret}", json={"url": secret})
    for body in ({"name": secret}, {secret: secret}, {"domain": secret, "servers": [{"url": f"http://{secret}"}]}):
        for path in ("/api/v1/domains", "/api/v1/expose", "/api/v1/tokens", "/api/v1/routers"):
            client.post(path, json=body)
    client.post("/api/v1/domains", content=f'{{"{secret}', headers={"Content-Type": "application/json"})
    client.post("/api/v1/domains", content=b"{}", headers={"Content-Type": secret})
    client.get("/api/v1/domains", headers={"Host": secret})


def look_everywhere(secrets: dict[str, str], places: dict[str, bytes]) -> list[str]:
    """Return where which secret was found, however it is written."""
    found = []
    for kind, secret in secrets.items():
        for needle in spellings(secret):
            found += [
                f"{kind} in {place}: {_around(text, needle)!r}" for place, text in places.items() if needle in text
            ]
    return found


def spellings(secret: str) -> set[bytes]:
    core = secret if " " in secret else secret[-43:]
    encoded = core.encode()
    plain = {encoded, quote(core).encode(), quote_plus(core).encode(), core.swapcase().encode(), encoded[::-1]}
    return plain | {b64encode(encoded)[:-4], urlsafe_b64encode(encoded)[:-4], encoded.hex().encode()}


def _around(text: bytes, needle: bytes) -> bytes:
    place = text.index(needle)
    return text[max(0, place - 100) : place + len(needle) + 40]


def test_no_secret_is_found_anywhere_afterwards(scene: Scene) -> None:
    places: dict[str, bytes] = {}
    with scene.serving() as link:
        assert link
        secrets = live(scene, link)
        with scene.client(**bearer(secrets["token of the command"])) as client:
            lists = ("domains", "services", "services/alvin/servers", "routers", "edges", "tokens")
            for path in ("/metrics", "/openapi.json", "/readyz", *(f"/api/v1/{noun}" for noun in lists)):
                places[path] = client.get(path).raise_for_status().content
            audit = client.get("/api/v1/audit", params={"limit": 1000}).raise_for_status()
            places["the audit"] = audit.content
        environment = scene.environment | {"PROVIDER_TOKEN": secrets["token of the command"]}
        listed = run_forked("audit", "-o", "json", "--limit", "1000", env=environment).check()
        places["the command audit"] = listed.out.encode()
        scene.run("backup", str(scene.folder / "a.backup"))
        places |= {f"{file.name}, while it serves": file.read_bytes() for file in files(scene)}
    with scene.serving() as link:
        assert not link, "the link's file is gone as soon as somebody can log in"
        assert not scene.link_file.exists()
    places |= {file.name: file.read_bytes() for file in files(scene)}
    for number, (request, content) in enumerate(scene.seen):
        places[f"answer {number} to {request}"] = content
    assert {"provider.db", "provider.db-wal, while it serves", "a.backup", "log"} <= set(places)
    assert b"POST /login: 303" in places["log"] or b'"/login"' in places["log"], "the log is that of the service"
    assert "\n".join(look_everywhere(secrets, places)) == ""
    entries = audit.json()["items"]
    assert any(entry["words"] == "login as an unknown account refused" for entry in entries)
    identifier = secrets["token of REST"].split("_")[1]
    assert f"token:{identifier}" in {entry["credential"] for entry in entries}, "what may be shown of it is shown"


def files(scene: Scene) -> list[Path]:
    return [file for file in scene.folder.rglob("*") if file.is_file() and file != scene.link_file]


def test_what_is_looked_for_would_be_found() -> None:
    secret = f"wss_{'aB3-' * 10}xyz"
    for text in (secret, quote(secret), b64encode(secret[-43:].encode()).decode(), f"/password?link={secret}&x=1"):
        assert look_everywhere({"session": secret}, {"text": text.encode()})
    for text in (f"?x={quote_plus(PASSWORD)}", quote(PASSWORD), f"name={PASSWORD}"):
        assert look_everywhere({"password": PASSWORD}, {"text": text.encode()})
