"""A text that Traefik cannot read is refused at every door, with the field named; what was stored is mended."""

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from alembic import command

from provider import configuration, texts
from provider.database import schema, upgrades
from provider.database.locations import Location
from provider.errors import Unverified
from provider.listening import Listening
from provider.nouns import Router
from tests.running import http_client, migrated_copy, running_service

RULE = "Host(`a.test`) && Path(`/\ufffe`)"
ROUTER = {"rule": RULE, "service": "s"}


@pytest.mark.parametrize(
    ("content", "trap"),
    [
        (b'"a"', None),
        (rb'"\\/ \"\b\f\n\r\t\u0000\u001F"', None),
        ("é\U0001f600\ufffd\U0001ffff\u00a0".encode(), None),
        (rb'"\/"', "an escape that YAML does not know"),
        (rb'"\\\/"', "an escape that YAML does not know"),
        (rb'"\ud83d\ude00"', "an escape that YAML does not know"),
        (b"\x7f", "the character U+007F"),
        ("\x85".encode(), "the character U+0085"),
        ("\uffff".encode(), "the character U+FFFF"),
    ],
)
def test_what_traefik_stumbles_over_is_found(content: bytes, trap: str | None) -> None:
    assert texts.find_trap(content) == trap


def test_no_part_is_made_with_it() -> None:
    router = Router(name="r", rule="Path(`/`)", service="s").copy(rule=RULE)
    with pytest.raises(Unverified, match=r"router r: the document cannot be decoded: the character U\+FFFE"):
        configuration.router_part(router, Listening())


def test_rest_names_the_field(client: httpx.Client) -> None:
    client.put("/services/s", json={}).raise_for_status()
    answers = {
        "/rule": client.put("/routers/r", json=ROUTER),
        "/routers/r/rule": client.post("/apply", json={"routers": {"r": ROUTER}}),
        "/description": client.put("/domains/a.test", json={"description": "\uffff"}),
    }
    for pointer, answer in answers.items():
        assert answer.status_code == 422, pointer
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, "text.character")


def test_what_was_stored_before_is_served_without_it(tmp_path: Path) -> None:
    path = migrated_copy(tmp_path)
    with running_service(tmp_path, path) as service, http_client(f"{service.url}/api/v1") as client:
        client.put("/services/s", json={}).raise_for_status()
        client.put("/routers/r", json=ROUTER | {"rule": "Path(`/good`)"}).raise_for_status()
    config = upgrades.alembic_config(Location(file=service.database))
    config.attributes["say"] = lambda _line: None
    command.downgrade(config, "0007")
    with closing(sqlite3.connect(service.database)) as connection:
        connection.execute("UPDATE router SET rule = ?", (RULE,))
        connection.commit()
    schema.migrate(service.database)
    with running_service(tmp_path, None) as again:
        assert again.configuration()["http"]["routers"]["r"]["rule"] == RULE.replace("\ufffe", "\ufffd")
