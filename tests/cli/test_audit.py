"""`audit`: who did what, as REST tells it."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.cli.running import Run
from tests.people import add_token, bearer
from tests.running import TOKEN, Service

Audit = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def audit(cli: Run, monkeypatch: pytest.MonkeyPatch) -> Audit:
    """Run the command as an admin, for programs."""
    monkeypatch.setenv("PROVIDER_TOKEN", TOKEN)

    def run(*arguments: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = json.loads(cli("audit", "-o", "json", *arguments).check().out)
        return listed

    return run


@pytest.fixture
def changed(client: httpx.Client) -> list[str]:
    """Five domains that were just made; their names, the last first."""
    names = [f"d{number}.example" for number in range(5)]
    for name in names:
        client.put(f"/domains/{name}", json={}).raise_for_status()
    return names[::-1]


def test_the_newest_comes_first_and_no_more_than_asked(audit: Audit, changed: list[str]) -> None:
    listed = audit("--limit", "5")
    assert [entry["words"] for entry in listed] == [f"domain {name} added" for name in changed]
    assert [entry["id"] for entry in audit("--limit", "3")] == [entry["id"] for entry in listed[:3]]
    assert all(entry["changes"][0]["after"] for entry in listed)


def test_50_are_listed_unless_more_are_asked_for(audit: Audit, client: httpx.Client) -> None:
    client.put("/services/web", json={}).raise_for_status()
    for number in range(60):
        client.put("/services/web/servers/a", json={"url": f"http://10.0.0.{number + 1}"}).raise_for_status()
    before = audit("--limit", "1000000")
    assert len({entry["id"] for entry in before}) == len(before) > 60
    assert len(audit()) == 50


def test_filters_fit_together(audit: Audit, changed: list[str]) -> None:
    (entry,) = audit("-q", changed[2].upper(), "--limit", "1")
    revision = str(entry["revision"])
    assert audit("--revision", revision) == [entry]
    assert entry in audit("--actor", "tests", "--action", "state.change", "--outcome", "accepted")
    assert audit("--revision", revision, "--outcome", "refused") == []
    later = audit("--since", entry["time"], "-q", "example added", "--limit", "1000")
    assert entry in later
    assert entry not in audit("--until", entry["time"], "-q", "example added", "--limit", "1000")
    assert audit("--actor", "nobody") == []


def test_a_person_reads_who_did_what(cli: Run, changed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_TOKEN", TOKEN)
    monkeypatch.setenv("COLUMNS", "200")
    table = cli("audit", "--limit", "1").check().out
    assert f"domain {changed[0]} added" in table
    for word in ("When", "Who", "With", "From", "token:tests000", "127.0.0.1"):
        assert word in table
    assert "no audit entry matches" in cli("audit", "--actor", "nobody").err


@pytest.mark.parametrize("scope", ["read", "write", "register:web", "edge:web"])
def test_only_an_admin_reads_it(cli: Run, service: Service, monkeypatch: pytest.MonkeyPatch, scope: str) -> None:
    token = add_token(service, scope)
    monkeypatch.setenv("PROVIDER_TOKEN", token)
    told = cli("audit").error()
    assert "admin" in told
    assert token not in told
    refused = httpx.get(f"{service.url}/api/v1/audit", headers=bearer(token))
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "arguments", [("--since", "yesterday"), ("--until", "2026-01-01"), ("--outcome", "x"), ("--revision", "0")]
)
def test_a_filter_that_cannot_be_read_is_one_line(
    cli: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, str]
) -> None:
    monkeypatch.setenv("PROVIDER_TOKEN", TOKEN)
    done = cli("audit", *arguments)
    assert (done.status in {1, 2}, done.out) == (True, "")
    assert "Traceback" not in done.err
