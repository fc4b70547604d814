"""Changes that are rolled back unless somebody confirms them, on the command line."""

import json

import httpx
import pytest

from tests.cli.running import Run

pytestmark = pytest.mark.usefixtures("exposed")


@pytest.mark.parametrize(
    "command",
    [
        ("server", "set", "wayshub", "b", "--weight", "5"),
        ("expose", "x.test", "http://127.0.0.1:3000"),
        ("domain", "add", "x.test"),
        ("rollback", "{newest}", "--yes", "--kind", "router", "--name", "wayshub"),
    ],
)
def test_a_command_says_until_when_its_change_has_to_be_confirmed_and_with_which_command(
    cli: Run, client: httpx.Client, command: tuple[str, ...]
) -> None:
    newest = client.get("/revisions").json()["items"][0]["number"]
    client.patch("/routers/wayshub", json={"priority": 7}).raise_for_status()
    typed = [word.format(newest=newest) for word in command]
    tried = cli(*typed, "--confirm-within", "10m", "--dry-run")
    assert tried.out.splitlines()[-1].startswith("It would be rolled back at 2")
    told = cli(*typed, "--confirm-within", "10m").out.splitlines()
    number = client.get("/revisions").json()["items"][0]["number"]
    assert told[-2].startswith(f"Revision {number} will be rolled back at 2")
    assert told[-1] == f"  wayshub-provider confirm {number}"
    kept = cli(*told[-1].split()[1:]).check()
    assert kept.out.startswith(f"Confirmed revision {number}: ")
    assert client.get(f"/revisions/{number}").json()["confirmation"]["state"] == "confirmed"


def test_confirm_alone_confirms_the_newest_and_names_the_others(cli: Run, client: httpx.Client) -> None:
    assert cli("confirm").error() == "no change is waiting to be confirmed"
    for name in ("x.test", "y.test"):
        told = json.loads(cli("domain", "add", name, "--confirm-within", "10m", "-o", "json").out)
        assert told["name"] == name
    second, first = (each["number"] for each in client.get("/revisions").json()["items"][:2])
    listed = cli("revision", "list", "--pending").check().out.splitlines()[1:]
    assert [line.split()[0] for line in listed] == [str(second), str(first)]
    assert "Confirmed  pending: rolled back in " in cli("revision", "show", str(first)).check().out
    result = cli("confirm")
    assert result.out == f"Confirmed revision {second}: domain y.test added\n"
    assert result.err.startswith(f"Revision {first} will still be rolled back at 2")
    assert json.loads(cli("confirm", "-o", "json").check().out)["number"] == first
    assert cli("confirm", str(second - 2)).error() == f"revision {second - 2} does not have to be confirmed: it stays"
    assert cli("revision", "list", "--pending").err == "no change is waiting to be confirmed\n"


def test_a_time_that_is_none_is_refused(cli: Run) -> None:
    told = cli("domain", "add", "x.test", "--confirm-within", "soon").error()
    assert told == "confirmWithin: this has to be a time from 1s to 168h, such as 90s, 10m or 2h"
