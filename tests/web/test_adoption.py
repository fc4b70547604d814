"""The pages of routers that stand beside those of other providers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import Service, http_client, running_service
from tests.web.filling import find_form, send


@pytest.fixture(scope="module")
def alone(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that no Traefik polls: one would tell that there is no other router."""
    with running_service(tmp_path_factory.mktemp("alone"), migrated) as service:
        yield service


@pytest.mark.parametrize("kind", ["routers", "tcpRouters"])
def test_a_router_is_adopted_and_handed_back_by_a_button(alone: Service, kind: str) -> None:
    with (
        http_client(f"{alone.url}/api/v1") as client,
        http_client(alone.url, headers={"Accept": "text/html"}) as console,
    ):
        rule = "Host(`a.test`)" if kind == "routers" else "HostSNI(`*`)"
        beside: dict[str, Any] = {"router": "a@docker", "rank": 14}
        router = {"rule": rule, "service": "s@docker", "entryPoints": ["web"], "beside": beside}
        client.put(f"/{kind}/a", json=router).raise_for_status()
        assert "stands beside a@docker" in console.get(f"/{kind}").text
        page = console.get(f"/{kind}/a").text
        assert "It stands beside a@docker, which takes its requests." in page
        for step, adopted, told in (
            ("adopt", True, "It was adopted: it takes the requests of a@docker."),
            ("hand-back", False, "It stands beside a@docker, which takes its requests."),
        ):
            form = find_form(console.get(f"/{kind}/a"), f"/{kind}/a/adoption")
            assert [value for name, value, _text in form.buttons if name == "step"] == [step]
            typed = {"step": step, "message": f"{step} it"}
            answer = console.post(form.action, data={**form.fields, **typed})
            assert (answer.status_code, answer.headers["Location"]) == (303, f"/{kind}/a")
            assert "message" in form.fields
            assert client.get("/revisions").json()["items"][0]["message"] == f"{step} it"
            assert told in console.get(f"/{kind}/a").text
            assert client.get(f"/{kind}/a").json()["beside"].get("adopted", False) is adopted


@pytest.mark.parametrize("kind", ["routers", "tcpRouters"])
def test_forms_leave_what_a_router_stands_beside_to_the_buttons(alone: Service, kind: str) -> None:
    with (
        http_client(f"{alone.url}/api/v1") as client,
        http_client(alone.url, headers={"Accept": "text/html"}) as console,
    ):
        rule = "Host(`b.test`)" if kind == "routers" else "HostSNI(`*`)"
        beside: dict[str, Any] = {"router": "b@docker", "rank": 14, "adopted": True, "spared": [rule]}
        router = {"rule": rule, "service": "s@docker", "entryPoints": ["web"], "beside": beside}
        client.put(f"/{kind}/b", json=router).raise_for_status()
        assert 'name="beside' not in console.get(f"/{kind}/new").text
        path = f"/{kind}/b/edit"
        page = console.get(path)
        assert not [name for name in find_form(page, path).fields if name.startswith("beside")]
        assert send(console, page, path, {"priority": "7"}).status_code == 303
        kept = client.get(f"/{kind}/b").json()
        assert (kept["priority"], kept["beside"]) == (7, beside)
