"""Labels are kept by every form of the console that leaves them alone."""

from typing import Any

import httpx
import pytest

from tests.web.filling import find_form, send

LABELS = {"stage": "test", "team": "video"}
SERVER = "/services/wayshub/servers/a"
DECLARED: dict[str, Any] = {
    "domains": {"alvin.xyz": {"labels": LABELS}},
    "services": {"wayshub": {"labels": LABELS, "servers": {"a": {"url": "http://10.0.0.11", "labels": LABELS}}}},
    "routers": {"wayshub": {"domains": ["alvin.xyz"], "service": "wayshub", "labels": LABELS}},
}


@pytest.fixture(autouse=True)
def labelled(client: httpx.Client) -> None:
    """An application, all of whose objects have labels."""
    client.post("/apply", json=DECLARED).raise_for_status()
    client.put("/services/wayshub/servers/b", json={"url": "http://10.0.0.12"}).raise_for_status()


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("/domains/alvin.xyz", {"description": "changed"}),
        ("/services/wayshub", {"strategy": "p2c"}),
        (SERVER, {"weight": "7"}),
        ("/routers/wayshub", {"pathPrefix": "/changed"}),
    ],
)
def test_a_form_changes_what_it_shows_and_keeps_the_labels(
    console: httpx.Client, client: httpx.Client, path: str, changed: dict[str, str | None]
) -> None:
    edit = f"{path}/edit"
    assert send(console, console.get(edit), edit, changed).status_code == 303
    kept = client.get(path).raise_for_status().json()
    assert {name: str(kept[name]) for name in changed} == changed
    assert kept["labels"] == LABELS


def test_weights_and_states_that_are_changed_on_other_pages_keep_them_too(
    console: httpx.Client, client: httpx.Client
) -> None:
    page = "/services/wayshub"
    assert send(console, console.get(page), page, {"weights/a": "9"}).status_code == 303
    form = find_form(console.get(SERVER), f"{SERVER}/state")
    assert console.post(form.action, data={**form.fields, "state": "drain"}).status_code == 303
    kept = client.get(SERVER).json()
    assert (kept["weight"], kept["state"], kept["labels"]) == (9, "drain", LABELS)


def test_a_label_that_another_set_meanwhile_is_not_overwritten(console: httpx.Client, client: httpx.Client) -> None:
    edit = f"{SERVER}/edit"
    opened = console.get(edit)
    client.patch(SERVER, json={"labels": {"team": "audio"}}).raise_for_status()
    late = send(console, opened, edit, {"weight": "7"})
    assert late.status_code == 412
    assert send(console, late, edit, {"weight": "7"}).status_code == 303
    kept = client.get(SERVER).json()
    assert (kept["weight"], kept["labels"]) == (7, {**LABELS, "team": "audio"})
