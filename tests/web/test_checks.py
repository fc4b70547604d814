"""The check in the console: all conflicts, with links to what they are about."""

import httpx

from provider.models import Conflict
from provider.web.checks import GROUPS
from tests.web.filling import words
from tests.web.test_rendering import Outline


def test_every_kind_of_conflict_stands_in_one_group() -> None:
    listed = [kind for kinds in GROUPS.values() for kind in kinds]
    assert sorted(listed) == sorted(Conflict)


def test_what_is_in_the_way_or_used_by_nobody_is_listed_with_links(console: httpx.Client, client: httpx.Client) -> None:
    assert "Nothing found" in words(console.get("/check"))
    client.put("/services/blue", json={}).raise_for_status()
    client.post("/domains", json={"name": "alone.test"}).raise_for_status()
    for name, rule, priority in (("all", "Host(`a.test`)", 9), ("never", "Host(`a.test`) && Path(`/x`)", 1)):
        body = {"rule": rule, "service": "blue", "priority": priority}
        client.put(f"/routers/{name}", json=body).raise_for_status()
    page = console.get("/check")
    links = {a.get("href") for tag, a in Outline(page.text).elements if tag == "a"}
    assert {"/routers/never", "/routers/all", "/domains/alone.test"} <= links
    assert "never takes a request" in words(page)
    assert "Unused objects" in words(page)
