"""Revisions on the command line: listed, shown, compared, brought back; and why something was changed."""

import json
from typing import Any

import httpx
import pytest

from tests.cli.running import Run
from tests.running import Service, fetch

pytestmark = pytest.mark.usefixtures("exposed")


def newest(client: httpx.Client) -> dict[str, Any]:
    revision: dict[str, Any] = client.get("/revisions", params={"limit": 1}).raise_for_status().json()["items"][0]
    return revision


@pytest.fixture
def number(client: httpx.Client, exposed: None) -> str:
    """The revision at which the application was exposed."""
    assert exposed is None
    return str(newest(client)["number"])


def served(service: Service) -> bytes:
    return fetch(f"{service.url}/traefik/configuration").raise_for_status().content


def test_revisions_are_listed_with_who_and_why(cli: Run, client: httpx.Client) -> None:
    cli("server", "set", "wayshub", "b", "--state", "drain", "-m", "die Platte wird getauscht: größer").check()
    first, *_others = cli("revision", "list", "--limit", "3").check().out.splitlines()[1:]
    assert "tests" in first
    assert "Drained server b of wayshub" in first
    assert first.endswith("die Platte wird getauscht: größer")
    (found,) = json.loads(cli("revision", "list", "-q", "PLATTE WIRD", "--limit", "1", "-o", "json").check().out)
    assert found == newest(client)
    assert cli("revision", "list", "-q", "no such words").err == "no revision has 'no such words' in it\n"


def test_a_revision_is_shown_with_what_differs_from_the_one_before_and_from_any_other(
    cli: Run, client: httpx.Client, number: str
) -> None:
    cli("server", "set", "wayshub", "b", "--weight", "3", "--message", "b is as large as a now").check()
    cli("router", "set", "wayshub", "--path-prefix", "/api").check()
    last = newest(client)["number"]
    shown = cli("revision", "show", str(last - 1)).check().out
    assert "b is as large as a now" in shown
    assert f"Changes from revision {number}:" in shown
    assert "weight: 1 → 3" in shown
    assert "alvin.xyz: 25 % of the traffic moves from a to b" in shown
    compared = cli("revision", "show", str(last), "--compare", number).check().out
    assert "pathPrefix: none → /api" in compared
    assert "weight: 1 → 3" in compared
    whole = json.loads(cli("revision", "show", str(last), "--compare", number, "-o", "json").check().out)
    assert (whole["number"], whole["before"], whole["after"]) == (last, int(number), last)
    assert len(whole["difference"]["objects"]) == 2


def test_what_traefik_was_given_of_a_revision_is_printed_alone(cli: Run, service: Service, number: str) -> None:
    given = json.loads(served(service))
    cli("domain", "add", "other.test").check()
    assert json.loads(cli("revision", "show", number, "--configuration").check().out) == given


def test_a_rollback_shows_its_plan_and_is_done_with_yes(
    cli: Run, client: httpx.Client, service: Service, number: str
) -> None:
    before = served(service)
    cli("server", "set", "wayshub", "b", "--weight", "3").check()
    tried = cli("rollback", number, "--dry-run").check().out
    assert "~ server wayshub/b" in tried
    assert "weight: 3 → 1" in tried
    assert served(service) != before
    done = cli("rollback", number, "--yes", "-m", "the weights were wrong").check().out
    assert done.endswith(f"Rolled back: 1 changed (revision {newest(client)['number']}).\n")
    assert served(service) == before
    assert newest(client)["message"] == "the weights were wrong"
    again = cli("rollback", number, "--yes").check().out
    assert again == f"Plan: nothing to do (at revision {newest(client)['number']}).\n"


def test_where_nobody_can_be_asked_a_rollback_needs_yes_and_changes_nothing(
    cli: Run, client: httpx.Client, number: str
) -> None:
    cli("domain", "add", "other.test").check()
    last = newest(client)["number"]
    refused = cli("rollback", number)
    assert refused.status == 2
    assert "without a terminal, rollback needs --yes" in refused.err
    assert newest(client)["number"] == last


def test_a_rollback_that_takes_much_away_is_confirmed_with_its_number(
    cli: Run, client: httpx.Client, number: str
) -> None:
    for name in "abcd":
        cli("router", "add", name, "--service", "wayshub", "--path-prefix", f"/{name}").check()
    refused = cli("rollback", number, "--yes")
    assert refused.status == 1
    assert "4 of 5 routers would be lost: to do it anyway, add --confirm 4" in refused.err
    assert "To do it anyway, add --confirm 4" in refused.out
    cli("rollback", number, "--yes", "--confirm", "4").check()
    assert [item["name"] for item in client.get("/routers").json()["items"]] == ["wayshub"]


def test_one_object_is_brought_back_alone(cli: Run, client: httpx.Client, number: str) -> None:
    cli("server", "set", "wayshub", "b", "--weight", "3").check()
    cli("server", "set", "wayshub", "a", "--weight", "9").check()
    cli("rollback", number, "--kind", "server", "--name", "wayshub/b", "--yes").check()
    weights = {item["name"]: item["weight"] for item in client.get("/services/wayshub/servers").json()["items"]}
    assert weights == {"a": 9, "b": 1}
    assert newest(client)["message"] == f"server wayshub/b back to revision {number}"
    assert "give both --kind and --name" in cli("rollback", number, "--kind", "server").usage_error()


def test_programs_get_the_answer_of_a_rollback(cli: Run, client: httpx.Client, number: str) -> None:
    cli("domain", "add", "other.test").check()
    answer = json.loads(cli("rollback", number, "--yes", "-o", "json").check().out)
    assert answer["revision"] == newest(client)["number"]
    assert [item["name"] for item in answer["difference"]["objects"]] == ["other.test"]


def test_who_is_late_is_told_what_others_did(cli: Run, client: httpx.Client, number: str) -> None:
    tag = client.get("/export").headers["ETag"].strip('"')
    cli("domain", "add", "other.test").check()
    late = cli("rollback", number, "--yes", "--if-match", tag)
    assert late.status == 1
    assert f"revision {newest(client)['number']} by tests: domain other.test added" in late.err
    assert "- domain other.test" in late.out


def test_what_is_no_revision_is_one_line(cli: Run) -> None:
    assert cli("rollback", "999999999", "--yes").error() == "there is no revision 999999999"
    assert cli("revision", "show", "999999999").error() == "there is no revision 999999999"


@pytest.mark.parametrize("message", ["two\nlines", "a\ttab", "\x1b[31m"])
def test_a_message_is_one_line(cli: Run, message: str) -> None:
    assert "a single line of plain text" in cli("domain", "add", "other.test", "-m", message).usage_error()


def test_a_message_that_the_service_refuses_is_told_with_its_name(cli: Run) -> None:
    told = cli("domain", "add", "other.test", "-m", "x" * 501).error()
    assert told == "Config-Message: this is longer than 500 characters"


def test_conflicts_are_told_in_the_plan_and_when_it_is_done(cli: Run) -> None:
    arguments = ("router", "add", "twin", "--service", "wayshub", "--domain", "alvin.xyz")
    told = "Warning: twin and wayshub have the same rule and the same priority 25 on web: which one wins is random"
    assert told in cli(*arguments, "--dry-run").check().out.splitlines()
    assert told in cli(*arguments).check().out.splitlines()
    to_programs = cli("router", "set", "twin", "--service", "wayshub", "--label", "team=video", "-o", "json")
    assert (to_programs.status, json.loads(to_programs.out)["name"]) == (0, "twin")
    assert told in to_programs.err.splitlines()
    assert "Warning" not in cli("router", "remove", "twin").check().out
    removed = cli("router", "remove", "wayshub", "--yes").check().out.splitlines()
    assert "Warning: no router points to the service wayshub" in removed
    assert "Warning" not in cli("server", "set", "wayshub", "a", "--weight", "2").check().out


# One revision is undone


def test_an_undo_that_would_remove_what_is_used_says_by_what(cli: Run, client: httpx.Client) -> None:
    client.put("/middlewares/gz", json={"compress": {}}).raise_for_status()
    number = str(newest(client)["number"])
    cli("router", "set", "wayshub", "--middleware", "gz").check()
    refused = cli("revision", "undo", number, "--yes").error()
    assert refused == "middleware gz would be removed, but is used by router wayshub"
    cli("revision", "undo", number, "--yes", "--cascade").check()


def test_a_revision_is_undone_and_what_came_since_stays(cli: Run, client: httpx.Client) -> None:
    cli("server", "set", "wayshub", "b", "--state", "drain").check()
    number = str(newest(client)["number"])
    cli("server", "set", "wayshub", "b", "--weight", "4").check()
    planned = cli("revision", "undo", number, "--dry-run").check().out
    assert "~ server wayshub/b" in planned
    assert "state: drain → ready" in planned
    assert "undo needs --yes" in cli("revision", "undo", number).err
    done = cli("revision", "undo", number, "--yes", "-m", "the disk is in").check().out
    assert f"Undone: 1 changed (revision {newest(client)['number']})." in done
    assert newest(client)["summary"] == f"Undid revision {number}"
    assert newest(client)["message"] == "the disk is in"
    found = client.get("/services/wayshub/servers/b").json()
    assert (found["state"], found["weight"]) == ("ready", 4)


def test_what_was_changed_since_is_named_and_either_is_chosen(cli: Run, client: httpx.Client) -> None:
    cli("server", "set", "wayshub", "b", "--weight", "3").check()
    number = str(newest(client)["number"])
    cli("server", "set", "wayshub", "b", "--weight", "5").check()
    last = newest(client)["number"]
    refused = cli("revision", "undo", number, "--yes")
    assert refused.status == 1
    assert f"weight of server wayshub/b was 1, and has been set to 5 in revision {last} by tests" in refused.err
    assert "--force" in refused.err
    cli("revision", "undo", number, "--yes", "--keep", "/server/wayshub~1b/weight").check()
    assert newest(client)["number"] == last
    cli("revision", "undo", number, "--yes", "--take-back", "/server/wayshub~1b/weight").check()
    assert client.get("/services/wayshub/servers/b").json()["weight"] == 1


def test_one_object_of_any_kind_is_brought_back_alone(cli: Run, client: httpx.Client) -> None:
    cli("middleware", "add", "zip", "--compress").check()
    cli("tcp-service", "add", "mail", "--server", "address=10.0.0.1:25").check()
    number = str(newest(client)["number"])
    cli("middleware", "remove", "zip", "--yes").check()
    cli("tcp-service", "remove", "mail", "--yes").check()
    cli("rollback", number, "--kind", "middleware", "--name", "zip", "--yes").check()
    assert client.get("/middlewares/zip").is_success
    cli("revision", "undo", str(int(number) + 2), "--kind", "tcpService", "--name", "mail", "--yes").check()
    assert client.get("/tcpServices/mail").is_success


def test_what_was_removed_comes_back_alone(cli: Run, client: httpx.Client) -> None:
    cli("service", "remove", "wayshub", "--cascade", "--yes", "--confirm", "2").check()
    number = str(newest(client)["number"])
    cli("revision", "undo", number, "--kind", "router", "--name", "wayshub", "--yes").check()
    assert client.get("/services/wayshub/servers/b").is_success
    assert client.get("/routers/wayshub").is_success


def test_an_object_has_a_history_and_explain_says_who_took_a_request_before(cli: Run, client: httpx.Client) -> None:
    cli("server", "set", "wayshub", "b", "--weight", "4").check()
    cli("router", "remove", "wayshub", "--yes").check()
    number = newest(client)["number"]
    listed = json.loads(cli("revision", "list", "--object", "router/wayshub", "-o", "json").check().out)
    assert listed[0]["number"] == number
    assert number - 1 not in [each["number"] for each in listed]  # that changed a server only
    told = cli("explain", "http://alvin.xyz/")
    assert told.status == 0
    assert f"router wayshub took it, and was removed in revision {number} by tests" in told.out + told.err
