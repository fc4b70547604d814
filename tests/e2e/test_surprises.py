"""A real Traefik does with values of middlewares what is said of it: it disables their routers, or takes them."""

from pathlib import Path

from tests.e2e.test_import import own_traefik
from tests.nouns.test_surprises import DISABLES, MIDDLEWARES
from tests.running import fetch


def test_traefik_disables_what_is_said_and_takes_the_rest(tmp_path: Path) -> None:
    rows = {f"m{number}": row for number, row in enumerate(MIDDLEWARES)}
    document = {
        "middlewares": {name: row.value for name, row in rows.items()},
        "routers": {
            name: {"rule": f"Host(`{name}.test`)", "service": "s", "middlewares": [name], "entryPoints": ["web"]}
            for name in rows
        },
        "services": {"s": {"loadBalancer": {"servers": [{"url": "http://127.0.0.1:1"}]}}},
    }
    with own_traefik(tmp_path / "own", {"http": document}) as traefik:
        listed = fetch(f"{traefik.api}/api/http/routers", params={"per_page": 1000}).raise_for_status().json()
    found = {each["name"].removesuffix("@file"): each["status"] for each in listed if each["provider"] == "file"}
    wanted = {name: "disabled" if row.does == DISABLES else "enabled" for name, row in rows.items()}
    assert {rows[name].name for name in wanted if found.get(name) != wanted[name]} == set()
