"""The pages of tokens: made by a form, shown once, and revoked."""

import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.people import bearer, nobody
from tests.running import TOKEN_ID, Service, free_port, http_client, traefik_command, wait_until
from tests.web.visiting import HOSTILE, Page, follow, read, visit

FORM = {"name": "deploy", "level": "read", "services": "", "edges": "", "expires": "never", "date": ""}


def make(client: httpx.Client, **fields: str) -> Page:
    return read(client.post("/tokens/new", data=FORM | fields), 201)


def secret(page: Page) -> str:
    [field] = [attributes for attributes in page.all("input") if attributes.get("id") == "token"]
    assert "readonly" in field
    return field["value"]


def kept(service: Service, token: str) -> dict[str, Any]:
    """What REST shows of a token."""
    with http_client(f"{service.url}/api/v1") as client:
        shown: dict[str, Any] = client.get(f"/tokens/{token.split('_')[1]}").raise_for_status().json()
    return shown


def test_a_token_is_made_and_may_do_what_was_chosen(admin: httpx.Client, peopled: Service) -> None:
    page = make(admin, name="ci", level="", services="wayshub, belajar", edges="paris")
    token = secret(page)
    assert kept(peopled, token)["scopes"] == ["edge:paris", "register:belajar", "register:wayshub"]
    assert "add, change, drain and remove servers of service wayshub" in page.text
    assert "poll the configuration as edge paris" in page.text
    assert "There is no service belajar yet." in page.text
    with http_client(peopled.url, headers=bearer(token)) as machine:
        assert machine.get("/traefik/configuration", params={"edge": "paris"}).status_code == 200
        assert machine.get("/traefik/configuration", params={"edge": "rome"}).status_code == 403
        assert machine.get("/api/v1/domains").status_code == 403


@pytest.mark.parametrize("level", ["read", "write", "admin"])
def test_a_level_is_chosen_by_what_it_may_do(admin: httpx.Client, peopled: Service, level: str) -> None:
    token = secret(make(admin, level=level))
    assert kept(peopled, token)["scopes"] == [level]
    with http_client(peopled.url, headers=bearer(token)) as machine:
        assert machine.get("/api/v1/domains").status_code == 200


def test_a_token_is_shown_once_and_kept_nowhere(admin: httpx.Client, peopled: Service) -> None:
    page = make(admin, name="once", edges="rome")
    token = secret(page)
    assert page.text.count(token) == 2, "in the configuration of the edge, and in the environment of a shell"
    assert token not in " ".join(page.paths())
    for path in ("/tokens", "/tokens/new", "/audit", f"/tokens/{token.split('_')[1]}/revoke"):
        assert token not in admin.get(path).text
    with closing(sqlite3.connect(peopled.database)) as connection:
        assert token not in "\n".join(connection.iterdump())


def test_a_reload_of_the_token_asks_for_the_list(admin: httpx.Client) -> None:
    page = make(admin)
    assert [each["data-once"] for each in page.all("div") if "data-once" in each] == ["/tokens"]


def test_making_and_revoking_a_token_is_in_the_audit_once_each(admin: httpx.Client, peopled: Service) -> None:
    identifier = secret(make(admin, name="audited")).split("_")[1]
    admin.post(f"/tokens/{identifier}/revoke")
    with http_client(f"{peopled.url}/api/v1") as client:
        items = client.get("/audit", params={"q": identifier}).raise_for_status().json()["items"]
    assert [(item["actor"], item["action"]) for item in items] == [("desk", "token.revoke"), ("desk", "token.create")]


def test_a_link_fills_the_form_in_for_an_edge(admin: httpx.Client) -> None:
    page = read(admin.get("/tokens/new", params={"scope": "edge:paris"}))
    filled = {name: page.value(name) for name in ("name", "level", "services", "edges", "expires")}
    assert filled == {"name": "edge-paris", "level": "", "services": "", "edges": "paris", "expires": "never"}
    page = read(admin.get("/tokens/new", params={"scope": ["register:a", "write", "read", "register:b"]}))
    filled = {name: page.value(name) for name in ("name", "level", "services", "edges", "expires")}
    assert filled == {"name": "", "level": "write", "services": "a, b", "edges": "", "expires": "90"}


@pytest.mark.parametrize(("chosen", "days"), [("7", 7), ("30", 30), ("90", 90), ("365", 365)])
def test_a_token_is_good_for_as_long_as_was_chosen(
    admin: httpx.Client, peopled: Service, chosen: str, days: int
) -> None:
    expires = kept(peopled, secret(make(admin, expires=chosen)))["expires"]
    expected = datetime.now(UTC) + timedelta(days=days)
    assert abs((datetime.fromisoformat(expires) - expected).total_seconds()) < 60


def test_a_token_is_good_to_the_end_of_a_day_or_without_end(admin: httpx.Client, peopled: Service) -> None:
    token = secret(make(admin, expires="date", date="2999-12-30"))
    assert kept(peopled, token)["expires"] == "2999-12-31T00:00:00Z"
    assert kept(peopled, secret(make(admin, expires="never")))["expires"] is None


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"name": "Not a name"}, "name"),
        ({"level": ""}, "level"),
        ({"level": "root"}, "level"),
        ({"services": "good, Bad_"}, "services"),
        ({"edges": "a.b"}, "edges"),
        ({"edges": "twice twice"}, "level"),
        ({"level": "", "services": ", ".join(f"s{index}" for index in range(101))}, "level"),
        ({"expires": ""}, "expires"),
        ({"expires": "1000"}, "expires"),
        ({"expires": "date", "date": ""}, "date"),
        ({"expires": "date", "date": "2001-01-01"}, "date"),
        ({"expires": "date", "date": "9999-12-31"}, "date"),
        ({"expires": "date", "date": "31.12.2999"}, "date"),
        *(({"name": text}, "name") for text in HOSTILE),
        *(({"services": text}, "services") for text in HOSTILE),
        *(({"edges": text}, "edges") for text in HOSTILE),
        *(({"expires": "date", "date": text}, "date") for text in HOSTILE),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_all_stays(
    admin: httpx.Client, peopled: Service, fields: dict[str, str], wrong: str
) -> None:
    count = len(identifiers(peopled))
    page = read(admin.post("/tokens/new", data=FORM | fields), 422)
    assert page.wrong(wrong)
    for name, typed in (FORM | fields).items():
        if name not in {"level", "expires"}:
            assert page.value(name) == typed.strip()
    assert len(identifiers(peopled)) == count


def test_all_that_is_wrong_is_said_at_once(admin: httpx.Client) -> None:
    sent = FORM | {"name": "-x", "services": "Bad", "edges": "Worse", "expires": "date"}
    page = read(admin.post("/tokens/new", data=sent), 422)
    assert [name for name in FORM if page.wrong(name)] == ["name", "services", "edges", "date"]


def identifiers(service: Service) -> list[str]:
    with http_client(f"{service.url}/api/v1") as client:
        items = client.get("/tokens", params={"limit": 1000}).raise_for_status().json()["items"]
    return [item["id"] for item in items]


def test_tokens_are_listed_by_name_with_what_each_may_do(admin: httpx.Client) -> None:
    for name in ("listed-b", "listed-a", "listed-a"):
        make(admin, name=name, level="write", expires="30")
    page = read(admin.get("/tokens", params={"q": "listed-"}))
    assert page.text.count("see everything, and change domains, services, routers and all other objects") == 3
    assert page.text.index("listed-a") < page.text.index("listed-b")
    assert "in 1 month" in page.text or "in 4 weeks" in page.text
    assert "never" in page.text


def test_tokens_have_pages(admin: httpx.Client) -> None:
    made = [secret(make(admin, name=f"paged-{index % 7}")).split("_")[1] for index in range(60)]
    first = read(admin.get("/tokens", params={"q": "paged-"}))
    [path] = [path for path in first.paths() if "cursor=" in path]
    second = read(admin.get(path))
    shown = [path.split("/")[2] for page in (first, second) for path in page.paths() if path.endswith("/revoke")]
    assert sorted(shown) == sorted(made)
    assert "Nothing found" in read(admin.get("/tokens", params={"q": "no-such"})).text


def test_an_expired_token_says_so(admin: httpx.Client, peopled: Service) -> None:
    identifier = secret(make(admin, name="over", expires="7")).split("_")[1]
    with closing(sqlite3.connect(peopled.database)) as connection:
        connection.execute("UPDATE token SET expires = '2020-01-01T00:00:00.000+00:00' WHERE id = ?", (identifier,))
        connection.commit()
    assert "expired" in read(admin.get("/tokens", params={"q": identifier})).text


def test_a_token_is_revoked_when_that_was_confirmed(admin: httpx.Client, peopled: Service) -> None:
    token = secret(make(admin, name="gone", level="write", edges="oslo"))
    path = f"/tokens/{token.split('_')[1]}/revoke"
    with http_client(peopled.url, headers=bearer(token)) as machine:
        page = read(admin.get(path))
        assert "Revoke the token gone" in page.text
        assert "poll the configuration as edge oslo" in page.text
        assert path in page.paths("form")
        assert machine.get("/api/v1/domains").status_code == 200, "asking revokes nothing"
        assert "was revoked" in follow(admin, admin.post(path), "/tokens").text
        assert machine.get("/api/v1/domains").status_code == 401
    read(admin.get(path), 404)
    read(admin.post(path), 404)


def test_who_may_not_is_told_in_words_and_changes_nothing(operator: httpx.Client, peopled: Service) -> None:
    before = identifiers(peopled)
    for path in ("/tokens", "/tokens/new", f"/tokens/{TOKEN_ID}/revoke"):
        assert "it needs the scope admin, or the role admin" in read(operator.get(path), 403).text
    for path in ("/tokens/new", f"/tokens/{TOKEN_ID}/revoke"):
        assert "This is not allowed" in read(operator.post(path, data=FORM), 403).text
    assert identifiers(peopled) == before
    assert "/tokens" not in read(operator.get("/revisions")).paths()


def test_who_is_not_logged_in_any_more_is_told_in_words(peopled: Service) -> None:
    with nobody(peopled, headers={"Accept": "text/html"}) as client:
        page = read(client.post("/tokens/new", data=FORM), 401)
        assert "Your session has ended, and nothing was changed." in page.text
        assert "/login" in page.paths("form")


def test_a_real_traefik_polls_with_what_the_page_shows(admin: httpx.Client, peopled: Service, tmp_path: Path) -> None:
    page = make(admin, name="edge-lima", level="", edges="lima")
    shown = page.text[page.text.index("providers:") : page.text.index(secret(page), page.text.index("providers:"))]
    assert f"{peopled.url}/traefik/configuration?edge=lima&wait=5" in shown
    static = yaml.safe_load(configuration(admin, "lima").replace("Bearer TOKEN", f"Bearer {secret(page)}"))
    static["entryPoints"] = {"web": {"address": f"127.0.0.1:{free_port()}"}}
    file = tmp_path / "traefik.yml"
    file.write_text(yaml.safe_dump(static))
    process = subprocess.Popen([traefik_command(), f"--configFile={file}"], cwd=tmp_path)
    try:
        with http_client(peopled.url) as client:
            wait_until(lambda: client.get("/api/v1/edges/lima").status_code == 200, "Traefik polls")
        assert "unconfirmed" in read(admin.get("/edges/lima")).text
    finally:
        process.kill()
        process.wait(timeout=60)


def configuration(client: httpx.Client, edge: str) -> str:
    """The static configuration that a page shows, as it would be copied."""
    text = client.get("/connect", params={"edge": edge}).text
    shown = text.partition('<pre id="static-configuration"')[2].partition("<code>")[2].partition("</code>")[0]
    return shown.replace("&amp;", "&")


def test_the_pages_speak_indonesian(peopled: Service) -> None:
    with visit(peopled, "desk", "id") as client:
        page = make(client, level="write", edges="paris")
        assert "melihat semuanya, dan mengubah domain, service, router, dan semua objek lain" in page.text
        page = read(client.post("/tokens/new", data=FORM | {"expires": "date"}), 422)
        assert "Tulis hari terakhir" in page.text
