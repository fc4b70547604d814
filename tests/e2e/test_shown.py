"""What a real Traefik shows to clients of domains, as it is seen: the right certificate, another one, or none."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provider import display_strings
from provider.apart.turns import LONG_BYTES
from tests.certs import ca, issue
from tests.e2e.acting import Running, acting
from tests.e2e.edge import place
from tests.running import fetch, free_port, http_client, running_service, wait_until

STORED = {"from": "stored"}
PATIENTLY = {"Prefer": "wait=60"}


@pytest.fixture(scope="module")
def edge(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with acting(tmp_path_factory.mktemp("shown"), migrated) as made:
        yield made


def declared(certificates: dict[str, Any], **domains: Any) -> dict[str, Any]:
    return {
        "domains": {name.replace("_", "."): {"tls": tls} for name, tls in domains.items()},
        "certificates": certificates,
        "services": {"app": {}},
        "routers": {"app": {"domains": [name.replace("_", ".") for name in domains], "service": "app"}},
    }


def served(edge: Running, domain: str) -> dict[str, Any]:
    """Return what the edge shows for a domain, as the API tells it; nothing before it was looked at."""
    found = edge.client.get(f"/domains/{domain}").raise_for_status().json().get("certificates", [])
    return found[0] if found else {}


def wait_for(edge: Running, domain: str, state: str) -> dict[str, Any]:
    return wait_until(
        lambda: found if (found := served(edge, domain)).get("state") == state else {}, f"{domain} is {state}"
    )


def test_what_an_edge_shows_is_told_by_every_door(edge: Running) -> None:
    good, old = issue("a.test", "*.w.test", by=ca()), issue("old.test", by=ca(), days=(-90, -1))
    ending = issue("soon.test", by=ca(), days=(-80, 5))
    held = {"good": good.pair, "old": old.pair, "soon": ending.pair}
    edge.apply(declared(held, a_test=STORED, old_test=STORED, none_test=STORED, soon_test=STORED))
    edge.client.put("/domains/*.w.test", json={"tls": STORED}).raise_for_status()

    found = wait_for(edge, "a.test", "good")
    assert (found["edge"], found["issuer"], found["names"]) == ("default", "Test CA", ["a.test", "*.w.test"])
    assert found["serial"] == f"{good.certificate.serial_number:X}"
    assert found["why"].startswith("its certificate from Test CA is valid until 20")
    assert wait_for(edge, "*.w.test", "good")["serial"] == found["serial"]
    assert "expired on" in wait_for(edge, "old.test", "expired")["why"]
    assert "expires on" in wait_for(edge, "soon.test", "expiring")["why"]
    assert wait_for(edge, "none.test", "other")["why"] == (
        "it shows Traefik's default certificate, which browsers refuse"
    )

    told = edge.client.get("/edges/default").json()["certificates"]
    assert (told["domains"], told["good"]) == (5, 3)
    assert [(each["domain"], each["state"]) for each in told["amiss"]] == [
        ("none.test", "other"),
        ("old.test", "expired"),
        ("soon.test", "expiring"),
    ]
    warnings = fetch(f"{edge.service.url}/readyz").json()["warnings"]
    assert any(
        each.startswith("domain soon.test: edge default: its certificate from Test CA expires on") for each in warnings
    )
    metrics = fetch(f"{edge.service.url}/metrics").text
    assert 'provider_edge_shown_certificates{edge="default",state="expired"} 1.0' in metrics
    assert 'provider_edge_certificate_left_seconds{edge="default"} -' in metrics


def test_a_replaced_certificate_is_seen_soon_and_one_that_goes_too(edge: Running) -> None:
    first, second = issue("a.test", by=ca()), issue("a.test", by=ca())
    edge.apply(declared({"a": first.pair}, a_test=STORED))
    wait_until(lambda: served(edge, "a.test").get("serial") == f"{first.certificate.serial_number:X}", "the first")
    edge.client.patch("/certificates/a", json=second.pair).raise_for_status()
    wait_until(lambda: served(edge, "a.test").get("serial") == f"{second.certificate.serial_number:X}", "the second")
    edge.client.delete("/certificates/a").raise_for_status()
    # It shows what it has until it runs the new document, and is looked at again when it does.
    assert "Traefik's default certificate" in wait_for(edge, "a.test", "other")["why"]
    edge.client.patch("/domains/a.test", json={"tls": None}).raise_for_status()
    assert "certificates" not in edge.client.get("/domains/a.test").json()


def test_who_waits_for_a_domain_waits_until_its_certificate_is_shown(edge: Running) -> None:
    edge.apply(declared({"b": issue("b.test", by=ca()).pair}, b_test=None))
    made = edge.client.patch("/domains/b.test", json={"tls": STORED}, headers=PATIENTLY)
    assert (made.status_code, made.headers["preference-applied"]) == (200, "wait")
    assert served(edge, "b.test")["state"] == "good"
    assert "config-warning" not in made.headers


def test_who_waits_for_a_certificate_waits_until_it_is_shown_for_the_domains_that_it_fits(edge: Running) -> None:
    first, second = issue("e.test", "*.e.test", by=ca()), issue("e.test", "*.e.test", by=ca())
    edge.apply(declared({"e": first.pair}, e_test=STORED))
    edge.client.put("/domains/*.e.test", json={"tls": STORED}).raise_for_status()
    changed = edge.client.patch("/certificates/e", json=second.pair, headers=PATIENTLY)
    assert (changed.status_code, changed.headers["preference-applied"]) == (200, "wait")
    serial = f"{second.certificate.serial_number:X}"
    assert [served(edge, name)["serial"] for name in ("e.test", "*.e.test")] == [serial, serial]


@pytest.mark.parametrize("padding", [0, LONG_BYTES])
def test_who_waits_for_a_file_waits_for_its_certificates(edge: Running, padding: int) -> None:
    names = [f"{name}{padding}.test" for name in "fg"]
    made = {name: issue(name, by=ca()) for name in names}
    held = {name.partition(".")[0]: each.pair for name, each in made.items()}
    edge.apply(declared({}, **{name.replace(".", "_"): STORED for name in names}))
    content = json.dumps({"certificates": held}) + " " * padding
    headers = {**PATIENTLY, "Content-Type": "application/json"}
    applied = edge.client.post("/apply", content=content, headers=headers)
    assert (applied.status_code, applied.headers["preference-applied"]) == (200, "wait")
    for name, each in made.items():
        assert served(edge, name)["serial"] == f"{each.certificate.serial_number:X}"


@pytest.mark.parametrize("tls", [STORED, {"from": "resolver", "certResolver": "elsewhere"}])
def test_who_waits_is_only_warned_of_a_certificate_that_nothing_here_brings(edge: Running, tls: dict[str, str]) -> None:
    edge.apply(declared({"d": issue("d.test", by=ca()).pair}, c_test=None, d_test=None))
    before = time.monotonic()
    made = edge.client.patch("/domains/c.test", json={"tls": tls}, headers=PATIENTLY)
    assert time.monotonic() - before < 30
    assert (made.status_code, made.headers["preference-applied"]) == (200, "wait")
    told = display_strings.read(made.headers["config-warning"])
    assert "edge default: for c.test it shows Traefik's default certificate, which browsers refuse" in told
    assert int(made.headers["config-warnings"]) == len(told)


def test_who_waits_is_answered_when_the_certificate_comes_meanwhile(edge: Running) -> None:
    first, second = issue("e.test", by=ca(), days=(-90, -1)), issue("e.test", by=ca())
    edge.apply(declared({"e": first.pair}, e_test=None))

    def bring() -> None:
        wait_until(lambda: served(edge, "e.test").get("state") == "expired", "it was looked at")
        edge.client.patch("/certificates/e", json=second.pair).raise_for_status()

    bringing = threading.Thread(target=bring)
    bringing.start()
    try:
        answer = edge.client.patch("/domains/e.test", json={"tls": STORED}, headers=PATIENTLY)
    finally:
        bringing.join()
    assert answer.status_code == 200, answer.text


def test_an_edge_without_a_known_api_is_asked_where_it_polls_from(migrated: Path, tmp_path: Path) -> None:
    port, secure = free_port(), free_port()
    with (
        place(tmp_path / "edge", f"http://127.0.0.1:{port}", "edge=mute&wait=2") as made,
        running_service(tmp_path, migrated, port=port, secure_port=secure) as service,
        http_client(f"{service.url}/api/v1") as client,
    ):
        made.static["entryPoints"]["websecure"]["address"] = f"127.0.0.1:{secure}"
        made.start()
        client.put("/certificates/a", json=issue("a.test", by=ca()).pair).raise_for_status()
        client.put("/domains/a.test", json={"tls": STORED}).raise_for_status()
        found = wait_until(
            lambda: [
                each for each in client.get("/domains/a.test").json().get("certificates", ()) if each["state"] == "good"
            ],
            "it is good",
        )
        assert [(each["edge"], each["names"]) for each in found] == [("mute", ["a.test"])]


def test_where_nobody_answers_the_certificates_of_the_api_have_to_do(migrated: Path, tmp_path: Path) -> None:
    elsewhere = f"websecure=http://127.0.0.1:{free_port()}"
    with acting(tmp_path, migrated, entry_points=elsewhere) as edge:
        known = issue("a.test", by=ca())
        edge.apply(declared({"a": known.pair}, a_test=STORED, b_test=STORED))
        assert wait_for(edge, "a.test", "good")["serial"] == f"{known.certificate.serial_number:X}"
        assert "cannot be reached: Connection refused" in wait_for(edge, "b.test", "unknown")["why"]
