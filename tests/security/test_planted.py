"""Secrets in objects: put into each place where one may be, by each way in, and looked for everywhere afterwards."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from provider.nouns import NOUNS
from provider.nouns.texts import MASK
from provider.web.nouns.places import Entry, Place
from tests.cli.running import run_forked, variables
from tests.people import PASSWORD, add_account, bearer, log_in
from tests.running import free_port, http_client, wait_until
from tests.security.planted import Planted, everywhere, value_of
from tests.security.test_canaries import Scene, files, look_everywhere

EVERYWHERE: Final = list(everywhere())

_numbers = count(1)


class Story:
    """A service that runs, all that it says, and the secrets that it was told, each with its place."""

    def __init__(self, scene: Scene, token: str) -> None:
        self.scene = scene
        self.token = token
        self.words: dict[str, str] = {}
        self.said: dict[str, bytes] = {}

    def hear(self, answer: httpx.Response) -> None:
        """Keep an answer, but what is meant for edges."""
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return
        request = answer.request
        told = f"{len(self.said)} {request.method} {request.url} {answer.status_code}"
        self.said[told] = f"{answer.url} {answer.headers.multi_items()}".encode() + answer.read()

    def client(self, base: str = "", **headers: str) -> httpx.Client:
        hooks = {"response": [self.hear]}
        return http_client(self.scene.url + base, headers=headers, event_hooks=hooks)

    @contextmanager
    def stranger(self) -> Iterator[httpx.Client]:
        """Give a client of which nobody knows whose it is."""
        with self.client() as made:
            del made.headers["Authorization"]
            yield made

    @contextmanager
    def console(self) -> Iterator[httpx.Client]:
        """Give a client of somebody who is logged in."""
        with self.stranger() as made:
            assert log_in(made, "admin", PASSWORD).status_code == 303
            yield made

    def new(self, planted: Planted, way: str) -> Any:
        """Return a new secret for a place."""
        value, word = value_of(planted.type, f"canary{next(_numbers)}of{planted.kind.lower()}sings")
        self.words[way] = word
        return value

    def run(self, *arguments: str, **options: Any) -> None:
        """Run a command, which may fail, and keep what it says and how it stands in the list of processes."""
        environment = self.scene.environment | {"PROVIDER_TOKEN": self.token, "PROVIDER_URL": self.scene.url}
        done = run_forked(*arguments, env=environment, **options)
        self.said[f"{len(self.said)} {arguments}"] = f"{arguments} {done.out} {done.err}".encode()


def spoiled(value: str) -> Iterator[Any]:
    """Give what is refused in the place of a secret."""
    yield from ([value], {"x": value}, f"{value}\x07", f" {value}\n", f"{value}:x:y", "x" * 70_000 + value)
    yield from (value.replace("-----END", "----END"), value.replace("-----BEGIN", "é-----BEGIN"), f"x{value}\u2028")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    port = str(free_port())
    environment = variables(
        PROVIDER_DATABASE_URL=f"sqlite:///{tmp_path / 'provider.db'}",
        PROVIDER_PORT=port,
        PROVIDER_LOG_LEVEL="debug",
        PROVIDER_LOG_FORMAT="json",
    )
    made = Scene(tmp_path, environment, f"http://127.0.0.1:{port}")
    made.run("migrate")
    add_account(made.database, "admin")
    return made


@contextmanager
def listening(story: Story) -> Iterator[list[bytes]]:
    """Listen to all events. Gives what has come so far."""
    found: list[bytes] = []
    with http_client(story.scene.url, headers=bearer(story.token)) as client:

        def listen() -> None:
            with suppress(httpx.TransportError, httpx.StreamError), client.stream("GET", "/api/v1/events") as answer:
                found.extend(answer.iter_raw())

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield found


def tell(story: Story, planted: Planted) -> None:
    """Put a new secret into a place by each way in, well and badly."""
    with story.client("/api/v1", **bearer(story.token)) as rest, story.console() as console:
        by_rest(story, planted, rest, f"/{planted.plural}/by-rest")
        by_file(story, planted, rest, "by-file")
        by_form(story, planted, console, "by-form")
        by_command(story, planted, "by-command")


def by_rest(story: Story, planted: Planted, rest: httpx.Client, path: str) -> None:
    def give(way: str) -> Any:
        return planted.give(story.new(planted, way))

    assert rest.put(path, json=give("put")).status_code == 201
    assert rest.put(path, json=give("replaced")).status_code == 200
    rest.put(path, json=give("tried"), params={"dryRun": "true"}).raise_for_status()
    rest.patch(path, json=give("patched")).raise_for_status()
    rest.post(f"/{planted.plural}", json={"name": path.rpartition("/")[2], **give("taken")})
    rest.put(path, json=give("stale"), headers={"If-Match": '"x"'})
    rest.put(path, json={**give("beside"), "bogus": 1, "labels": {"A": 1}})
    rest.put(f"{path}-NO", json=give("named wrongly"))
    for bad in spoiled(story.new(planted, "refused")):
        answers = [rest.request(method, path, json=planted.give(bad)) for method in ("PUT", "PATCH")]
        assert all(answer.status_code < 500 for answer in answers)
    value = story.new(planted, "not JSON")
    content = json.dumps(planted.give(value))
    for broken in (content[:-1], content + "x", content[:-1] + "," + content[1:]):
        rest.put(path, content=broken, headers={"Content-Type": "application/json"})


def by_file(story: Story, planted: Planted, rest: httpx.Client, name: str) -> None:
    def declare(value: Any) -> dict[str, Any]:
        return {planted.plural: {name: planted.give(value)}}

    rest.post("/apply", json=declare(story.new(planted, "applied"))).raise_for_status()
    rest.post("/apply", json=declare(story.new(planted, "planned")), params={"dryRun": "true"}).raise_for_status()
    for bad in spoiled(story.new(planted, "applied wrongly")):
        assert rest.post("/apply", json=declare(bad)).status_code < 500


def by_form(story: Story, planted: Planted, console: httpx.Client, name: str) -> None:
    noun = NOUNS[planted.kind]
    value = story.new(planted, "typed")
    item = noun.read({"name": name, **planted.give(value)})
    entry = Entry(Place(noun), is_new=True, kind=item.chosen)
    masks = [MASK, planted.type.masked(value)]
    texts = {field: value if text in masks else text for field, text in entry.write(item).items()}
    texts = {field: text.replace(MASK, value) if MASK in text else text for field, text in texts.items()}
    assert any(value in text for text in texts.values()), planted.path
    path = f"/{planted.plural}/new"
    sent = {**texts, "name": name, **({"kind": item.chosen} if item.chosen else {})}
    answer = console.post(path, data=sent)
    assert answer.status_code == 303, (planted.path, answer.text)

    def typed(way: str, **changed: str) -> dict[str, str]:
        word = story.new(planted, way)
        return {field: text.replace(value, word) for field, text in {**sent, **changed}.items()}

    console.post(path, data=typed("typed with a bad name", name="NO"))
    bad = typed("typed badly")
    console.post(path, data={field: f"{text}\x07" if "canary" in text else text for field, text in bad.items()})
    edit = f"/{planted.plural}/{name}" + ("" if planted.kind == "service" else "/edit")
    console.post(f"/{planted.plural}/{name}/edit", data=typed("changed", etag="stale"))
    console.get(edit)
    with story.stranger() as stranger:  # whose session has ended: what was typed goes with the login form
        accept = {"Accept": "text/html", "Referer": f"{story.scene.url}{path}"}
        stranger.post(path, data=typed("typed too late"), headers=accept)


def by_command(story: Story, planted: Planted, name: str) -> None:
    file = story.scene.folder.parent / f"{name}.json"
    for way, command in (("applied by a command", ("apply",)), ("planned by a command", ("plan",))):
        file.write_text(json.dumps({planted.plural: {name: planted.give(story.new(planted, way))}}))
        story.run(*command, str(file))
    file.write_text(
        json.dumps({planted.plural: {name: planted.give(f"{story.new(planted, 'badly by a command')}\x07")}})
    )
    story.run("apply", str(file))
    file.unlink()


def read_all(story: Story, planted: Planted) -> None:
    """Ask for all there is."""
    with story.client(**bearer(story.token)) as asking, story.console() as console:
        document = asking.get("/openapi.json").json()
        for template, methods in document["paths"].items():
            if "get" in methods and "{" not in template and not template.endswith(("/events", "/configuration")):
                asking.get(template)
        asking.get("/api/v1/explain", params={"url": "http://a.test/"})
        newest = asking.get("/api/v1/revisions").json()["items"][0]["number"]
        for number in range(1, newest + 1):
            read_revision(asking, console, number)
        for path in ("/", "/revisions", "/audit", "/connect", "/edges", "/trace", f"/{planted.plural}"):
            console.get(path)
        for each in asking.get(f"/api/v1/{planted.plural}").json()["items"]:
            asking.get(f"/api/v1/{planted.plural}/{each['name']}")
            for end in ("", "/edit", "/remove"):
                console.get(f"/{planted.plural}/{each['name']}{end}")
    for command in (("export",), ("audit", "-o", "json"), ("status",)):
        story.run(*command)


def read_revision(asking: httpx.Client, console: httpx.Client, number: int) -> None:
    for end in ("", "/configuration", "/difference"):
        asking.get(f"/api/v1/revisions/{number}{end}")
    for act in ("rollback", "undo"):
        asking.post(f"/api/v1/revisions/{number}/{act}", params={"dryRun": "true"})
        console.get(f"/revisions/{number}/{act}")
    console.get(f"/revisions/{number}")


@pytest.mark.parametrize("planted", EVERYWHERE, ids=lambda planted: planted.path)
def test_no_secret_of_an_object_is_found_anywhere_afterwards(scene: Scene, planted: Planted) -> None:
    token = scene.run("token", "create", "deploy", "--scope", "admin").splitlines()[-1]
    with scene.serving():
        story = Story(scene, token)
        with listening(story) as events:
            tell(story, planted)
            read_all(story, planted)
            wait_until(lambda: b"event: revision" in b"".join(events), "the events have come")
        scene.run("backup", str(scene.folder / "a.backup"))
    kept = {file.name: file.read_bytes() for file in files(scene)}
    databases = b"".join(kept.pop(name) for name in ("provider.db", "a.backup"))
    assert any(b"by-form" in text for text in story.said.values())
    assert b"by-form" in databases
    assert "\n".join(look_everywhere(story.words, {**story.said, **kept, "the events": b"".join(events)})) == ""
    assert {way for way, word in story.words.items() if word.encode() in databases} == set()
