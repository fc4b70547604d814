"""Requests find their router: by exact host, wildcard, path prefix and entry point."""

from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.acting import acts
from tests.e2e.traffic import HOST, expose
from tests.running import NamedServer, Service, Traefik, fetch, named_servers


@pytest.fixture
def pair() -> Iterator[tuple[NamedServer, NamedServer]]:
    with named_servers("first", "second") as (first, second):
        yield first, second


Pair = tuple[NamedServer, NamedServer]


def test_a_wildcard_matches_one_level_and_an_exact_host_wins_over_it(
    client: httpx.Client, service: Service, traefik: Traefik, pair: Pair
) -> None:
    wild, exact = pair
    expose(client, (wild, 1), host="*.alvin-x.xyz", name="wild")
    expose(client, (exact, 1), host="a.alvin-x.xyz", name="exact")
    traefik.wait_for(service)
    for host in ("b.alvin-x.xyz", "a-very-long-name-beside-the-exact-one.alvin-x.xyz", "B.ALVIN-X.XYZ"):
        assert traefik.get(host).text == "first", host
    assert traefik.get("a.alvin-x.xyz").text == "second"
    for host in ("alvin-x.xyz", "a.b.alvin-x.xyz", "balvin-x.xyz", "b.alvin-xaxyz", "b.alvin-x.xyz.evil.test"):
        assert traefik.get(host).status_code == 404, host


def test_the_longer_path_prefix_wins(client: httpx.Client, service: Service, traefik: Traefik, pair: Pair) -> None:
    whole, part = pair
    expose(client, (whole, 1), name="whole")
    expose(client, (part, 1), name="part", pathPrefix="/api")
    traefik.wait_for(service)
    assert traefik.get(HOST, "/").text == "first"
    assert traefik.get(HOST, "/ap").text == "first"
    assert traefik.get(HOST, "/api").text == "second"
    assert traefik.get(HOST, "/api/v1?x=y").text == "second"
    assert traefik.get("other.xyz", "/api").status_code == 404


def test_a_path_prefix_matches_with_each_character_that_it_may_have(
    client: httpx.Client, service: Service, traefik: Traefik, pair: Pair
) -> None:
    expose(client, (pair[0], 1))
    characters = "._~!$&'()*+,;=:@-"
    for number, character in enumerate(characters):
        router = {"domains": [HOST], "pathPrefix": f"/a{character}{character}z", "service": "alvin"}
        client.put(f"/routers/r{number}", json=router).raise_for_status()
    client.delete("/routers/alvin").raise_for_status()
    traefik.wait_for(service)
    assert traefik.get(HOST, "/az").status_code == 404
    for character in characters:
        assert traefik.get(HOST, f"/a{character}{character}z/more").text == "first", character
        # Traefik decodes what needs no encoding. Any other character is another one when it is encoded (RFC 3986).
        encoded = traefik.get(HOST, f"/a%{ord(character):02X}%{ord(character):02x}z")
        assert encoded.status_code == (200 if character in "._~-" else 404), character


def test_an_international_domain_is_found_by_its_a_label(
    client: httpx.Client, service: Service, traefik: Traefik, pair: Pair
) -> None:
    expose(client, (pair[0], 1), host="Bücher.example", name="books")
    expose(client, (pair[1], 1), host="*.例え.テスト", name="example")
    traefik.wait_for(service)
    assert traefik.get("xn--bcher-kva.example").text == "first"
    assert traefik.get("XN--BCHER-KVA.example").text == "first"
    assert traefik.get("a.xn--r8jz45g.xn--zckzah").text == "second"
    assert client.get("/domains/xn--bcher-kva.example").json()["name"] == "Bücher.example"


def test_a_disabled_router_is_not_on_the_edge(
    client: httpx.Client, service: Service, traefik: Traefik, pair: Pair
) -> None:
    expose(client, (pair[0], 1))
    traefik.wait_for(service)
    assert traefik.get(HOST).text == "first"
    client.patch("/routers/alvin", json={"enabled": False}).raise_for_status()
    traefik.wait_for(service)
    assert traefik.get(HOST).status_code == 404
    assert traefik.objects("routers") == {}
    client.patch("/routers/alvin", json={"enabled": True}).raise_for_status()
    traefik.wait_for(service)
    assert traefik.get(HOST).text == "first"


@acts("http.routers.*.entryPoints")
def test_a_router_listens_on_its_entry_points_alone(
    client: httpx.Client, service: Service, traefik: Traefik, pair: Pair
) -> None:
    expose(client, (pair[0], 1))
    client.patch("/routers/alvin", json={"entryPoints": ["other"]}).raise_for_status()
    traefik.wait_for(service)
    assert traefik.get(HOST).status_code == 404
    assert fetch(traefik.other, headers={"Host": HOST}).text == "first"
    client.patch("/routers/alvin", json={"entryPoints": ["web", "other"]}).raise_for_status()
    traefik.wait_for(service)
    assert traefik.get(HOST).text == "first"
    assert fetch(traefik.other, headers={"Host": HOST}).text == "first"


def test_an_entry_point_that_the_edge_does_not_have_harms_no_other_router(
    client: httpx.Client, service: Service, traefik: Traefik, pair: Pair
) -> None:
    expose(client, (pair[0], 1))
    expose(client, (pair[1], 1), host="other.xyz")
    client.patch("/routers/other", json={"entryPoints": ["elsewhere"]}).raise_for_status()
    traefik.wait_for(service)
    assert traefik.get(HOST).text == "first"
    assert traefik.get("other.xyz").status_code == 404


@acts("http.routers.*.priority")
def test_a_set_priority_wins_over_the_length_of_the_rule(
    client: httpx.Client, service: Service, traefik: Traefik, pair: Pair
) -> None:
    expose(client, (pair[0], 1), name="whole")
    expose(client, (pair[1], 1), name="part", pathPrefix="/api")
    client.patch("/routers/whole", json={"priority": 1_000_000_000}).raise_for_status()
    traefik.wait_for(service)
    assert traefik.get(HOST, "/api").text == "first"
    client.patch("/routers/part", json={"priority": 1}).raise_for_status()
    client.patch("/routers/whole", json={"priority": None}).raise_for_status()
    traefik.wait_for(service)
    assert traefik.get(HOST, "/api").text == "first"


@acts("http.routers.*.{rule,service}")
def test_a_rule_of_its_own_decides_which_requests_a_router_takes(
    client: httpx.Client, service: Service, traefik: Traefik, pair: Pair
) -> None:
    whole, part = pair
    expose(client, (whole, 1), name="whole")
    expose(client, (part, 1), host="other.test", name="part")
    rule = "Host(`alvin.xyz`) && (Header(`X-Team`, `video`) || Query(`new`)) && !Path(`/old`)"
    client.patch("/routers/part", json={"rule": rule, "domains": []}).raise_for_status()
    traefik.wait_for(service)
    assert traefik.objects("routers")["part"]["priority"] == len(rule)
    video = {"Host": HOST, "X-Team": "video"}
    assert fetch(f"{traefik.web}/", headers=video).text == "second"
    assert fetch(f"{traefik.web}/old", headers=video).text == "first"
    assert traefik.get(HOST, "/?new").text == "second"
    assert traefik.get(HOST, "/?new=1").text == "first"
    assert traefik.get("other.test").status_code == 404
