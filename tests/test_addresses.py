"""Addresses: where no server may be however it is written, and the networks that servers are kept to."""

import ipaddress
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from provider import addresses, server_urls
from provider.addresses import Places
from provider.errors import SettingsError
from provider.settings import Settings, read_settings
from provider.values import Refusal
from tests.running import Service, fetch, http_client, running_service

# What the refused networks are, said once more and apart from the code.
REFUSED_V4 = ["0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32"]
REFUSED_V4 += ["100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32"]
REFUSED_V6 = ["::/128", "fe80::/10", "ff00::/8", "fd00:ec2::/32", "fd00:42::42/128", "fd20:ce::254/128"]

METADATA = int(IPv4Address("169.254.169.254"))


def refusal(url: str) -> str | None:
    """The code with which a server's URL is refused, or None."""
    try:
        server_urls.check_server_url(url)
    except Refusal as error:
        return error.code
    return None


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "169.254.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16", "0.0.0.0", "0.1.2.3"),
        *("224.0.0.1", "239.255.255.255", "255.255.255.255"),
        *("\uff11\uff16\uff19.254.169.254", "169\u3002254\uff0e169\uff61254", "①⑥⑨.254.169.254"),
        *("[::]", "[0:0:0:0:0:0:0:0]", "[::0.0.0.0]", "[fe80::1]", "[FEBF::1]", "[ff02::1]", "[fd00:ec2::254]"),
        *("[FD00:0EC2:0:0:0:0:0:254]", "[fd20:ce::254]", "[fd00:c1::a9fe:a9fe]", "[fd00:42::42]"),
        *("[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[0:0:0:0:0:FFFF:A9FE:A9FE]", "[::169.254.169.254]"),
        *("[::ffff:0:169.254.169.254]", "[64:ff9b::169.254.169.254]", "[64:ff9b:1::a9fe:a9fe]"),
        *("[64:ff9b:1:a9fe:a9:fe00::]", "[2002:a9fe:a9fe::]", "[2002:a9fe:a9fe:1::7]"),
        *("[2001:0:a9fe:a9fe::1]", "[2001:0:102:304:0:0:5601:5601]", "[2001:db8::5efe:a9fe:a9fe]"),
        *("[2001:db8::200:5efe:169.254.169.254]", "[::ffff:0.0.0.0]", "[::ffff:224.0.0.1]", "[::ffff:100.100.100.200]"),
        *("metadata.google.internal", "METADATA.google.internal", "metadata.goog", "instance-data"),
    ],
)
def test_where_no_server_is_none_can_be_put(host: str) -> None:
    assert refusal(f"http://{host}") == refusal(f"https://{host}:8080/") == "url.refused"


@pytest.mark.parametrize(
    "host",
    [
        *("0251.0376.0251.0376", "2852039166", "0xA9FEA9FE", "0xa9.0xfe.0xa9.0xfe", "169.254.43518", "169.16689662"),
        *("169.254.169.0xfe", "0xa9.254.0251.254", "025177524776", "00169.254.169.254", "169.254.169.254."),
        *("169.254.169.254\u3002", "169.254.169.254..", "%31%36%39.254.169.254", "[fe80::1%eth0]", "[fe80::1%25eth0]"),
        *(
            "[::ffff:169.254.169.254%1]",
            "[169.254.169.254]",
            "[::ffff:0251.0376.0251.0376]",
            "0",
            "0x0",
            "0x",
            "4294967295",
        ),
        "metadata.google.internal.",
    ],
)
def test_a_spelling_that_only_some_programs_read_is_no_host(host: str) -> None:
    assert refusal(f"http://{host}") == "url.host"


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1",
            "10.0.0.11",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "100.100.100.201",
            "169.253.0.1",
            "8.8.8.8",
        ),
        *("localhost", "wayshub", "metadata.example", "[::1]", "[fd00::1]", "[2001:db8::1]", "[::ffff:127.0.0.1]"),
        *("[64:ff9b::8.8.8.8]", "[2002:808:808::1]", "[fec0::1]", "223.255.255.255"),
    ],
)
def test_servers_are_on_all_other_addresses_and_names(host: str) -> None:
    assert refusal(f"http://{host}:3000") is None


def members(networks: list[str]) -> st.SearchStrategy[Any]:
    return st.one_of([st.ip_addresses(network=ipaddress.ip_network(network)) for network in networks])


def in_ipv6(number: int, noise: int) -> Iterator[IPv6Address]:
    """All IPv6 addresses that carry an IPv4 address, with `noise` where anything may stand."""
    low, high = noise & 0xFFFFFFFF, noise >> 32 & 0xFFFFFFFF
    for prefix in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::"):
        yield IPv6Address(int(IPv6Address(prefix)) | number)
    yield IPv6Address(0x2002 << 112 | number << 80 | noise)
    yield IPv6Address(0x20010000 << 96 | number << 64 | noise)
    yield IPv6Address(0x20010000 << 96 | high << 64 | low << 32 | ~number & 0xFFFFFFFF)
    yield IPv6Address(0x20010DB8 << 96 | high << 64 | 0x5EFE << 32 | number)
    yield IPv6Address(0x20010DB8 << 96 | high << 64 | 0x2005EFE << 32 | number)
    local = 0x64FF9B0001 << 80
    yield IPv6Address(local | (number >> 16) << 64 | (number & 0xFFFF) << 40 | noise & 0xFFFFFFFFFF)


def part(value: int, form: str) -> str:
    return {"d": str(value), "o": f"0{value:o}", "x": f"0x{value:x}", "X": f"0X{value:08X}"}[form]


def in_ipv4(number: int, forms: str, parts: int) -> str:
    """One of the spellings that `inet_aton` reads: 1 to 4 parts, the last with all bits that are left."""
    octets = [number >> shift & 0xFF for shift in (24, 16, 8, 0)][: parts - 1]
    rest = number & (1 << 8 * (5 - parts)) - 1
    return ".".join(part(value, form) for value, form in zip([*octets, rest], forms, strict=False))


@given(
    members(REFUSED_V4),
    st.text("doxX", min_size=4, max_size=4),
    st.integers(1, 4),
    st.sampled_from(["", ".", "\u3002"]),
)
def test_every_spelling_of_a_refused_ipv4_address_is_refused(
    address: IPv4Address, forms: str, parts: int, end: str
) -> None:
    assert refusal(f"http://{in_ipv4(int(address), forms, parts)}{end}:80") in {"url.refused", "url.host"}
    assert refusal(f"http://{address}") == "url.refused"


@given(members(REFUSED_V4), st.integers(0, 2**64 - 1), st.sampled_from([str, lambda found: found.exploded.upper()]))
def test_every_ipv6_address_that_carries_a_refused_one_is_refused(
    address: IPv4Address, noise: int, spell: Callable[[IPv6Address], str]
) -> None:
    for carrying in in_ipv6(int(address), noise):
        if carrying != IPv6Address("::1"):  # which is loopback, and no spelling of 0.0.0.1
            assert refusal(f"http://[{spell(carrying)}]") == "url.refused", carrying


@given(members(REFUSED_V6))
def test_every_spelling_of_a_refused_ipv6_address_is_refused(address: IPv6Address) -> None:
    for spelling in (str(address), address.exploded, address.exploded.upper()):
        assert refusal(f"http://[{spelling}]") == "url.refused"


@given(st.ip_addresses(v=4))
def test_no_other_ipv4_address_is_refused(address: IPv4Address) -> None:
    assume(not any(address in ipaddress.ip_network(network) for network in REFUSED_V4))
    assert refusal(f"http://{address}") is None
    assert refusal(f"http://[::ffff:{address}]") is None


# The networks that servers are kept to


@pytest.mark.parametrize(
    ("networks", "url", "allowed"),
    [
        ("10.0.0.0/8", "http://10.1.2.3:80", True),
        ("10.0.0.0/8", "http://11.1.2.3:80", False),
        ("10.0.0.0/8", "http://127.0.0.1", False),
        ("10.0.0.0/8", "http://[::ffff:a01:203]", True),
        ("10.0.0.0/8,::/0", "http://[::ffff:b01:203]", False),
        ("10.0.0.0/8", "http://[::1]", False),
        ("10.0.0.0/8, fd00::/8", "http://[fd00::1]:80", True),
        ("10.0.0.11/32", "http://10.0.0.12", False),
        ("0.0.0.0/0,::/0", "http://169.254.169.254", False),
        ("10.0.0.0/8", "http://a.example", False),
        ("10.0.0.0/8", "http://app.svc.cluster.local.:80", False),
        ("10.0.0.0/8", "http://LOCALHOST", False),
        ("127.0.0.0/8", "http://localhost:3000", True),
        ("127.0.0.0/8", "http://app.localhost.", True),
    ],
)
def test_servers_are_kept_to_the_networks(networks: str, url: str, allowed: bool) -> None:
    assert (addresses.find_trouble(url, Places(addresses.read_networks(networks), names=False)) is None) == allowed


def test_names_are_allowed_beside_networks_where_the_operator_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_SERVER_NETWORKS", "10.0.0.0/8")
    told = addresses.find_trouble("http://a.example", read_settings().server_places)
    assert told is not None
    assert "PROVIDER_SERVER_NAMES" in told
    monkeypatch.setenv("PROVIDER_SERVER_NAMES", "true")
    places = read_settings().server_places
    assert addresses.find_trouble("http://a.example", places) is None
    assert addresses.find_trouble("http://localhost", places) is not None
    assert addresses.find_trouble("http://192.0.2.1", places) is not None


@pytest.mark.parametrize(
    "networks", ["10.0.0.0/33", "10.0.0.1/8", "alvin.xyz", "10.0.0.0/8,", ",", "10.0.0.0/8 fd00::/8"]
)
def test_a_setting_that_is_no_network_is_named(monkeypatch: pytest.MonkeyPatch, networks: str) -> None:
    monkeypatch.setenv("PROVIDER_SERVER_NETWORKS", networks)
    with pytest.raises(
        SettingsError,
        match=r"^PROVIDER_SERVER_NETWORKS: (?:'.*' is (not a network|an address within)|a network is missing)",
    ):
        read_settings()


def test_an_empty_setting_allows_all_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_SERVER_NETWORKS", "")
    assert read_settings().server_places == Places()
    assert list(map(str, Settings(server_networks="10.0.0.0/8").server_places.networks)) == ["10.0.0.0/8"]


@pytest.fixture(scope="module")
def kept(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service that keeps its servers to 10.0.0.0/8, and has some elsewhere from before."""
    folder = tmp_path_factory.mktemp("kept")
    path = Path(shutil.copy(migrated, folder / "provider.db"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO service (name) VALUES ('old')")
        for name, url in (
            ("a", "http://192.168.0.1"),
            ("b", "http://169.254.169.254"),
            ("d", "http://[x"),
            ("c", "http://10.0.0.1"),
        ):
            connection.execute(
                "INSERT INTO server (service, name, url, state) VALUES ('old', ?, ?, 'ready')", (name, url)
            )
        connection.commit()
    with (
        running_service(folder, None, server_networks="10.0.0.0/8") as service,
        http_client(f"{service.url}/api/v1") as client,
    ):
        client.post("/services", json={"name": "wayshub"}).raise_for_status()
        client.put("/services/wayshub/servers/a", json={"url": "http://10.0.0.1"}).raise_for_status()
        yield client


OUTSIDE = {"url": "http://192.168.0.7:3000"}


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("POST", "/services/wayshub/servers", {"name": "b", **OUTSIDE}, "/url"),
        ("PUT", "/services/wayshub/servers/b", OUTSIDE, "/url"),
        ("PUT", "/services/wayshub/servers/a", OUTSIDE, "/url"),
        ("PATCH", "/services/wayshub/servers/a", OUTSIDE, "/url"),
        (
            "POST",
            "/expose",
            {"domain": "alvin.xyz", "servers": [{"url": "http://10.0.0.1"}, OUTSIDE]},
            "/servers/1/url",
        ),
    ],
)
def test_every_door_keeps_servers_to_the_networks(
    kept: httpx.Client, method: str, path: str, body: dict[str, Any], pointer: str
) -> None:
    before = kept.get("/services/wayshub/servers").json()
    answer = kept.request(method, path, json=body)
    assert answer.status_code == 422, answer.text
    detail = "192.168.0.7 is outside the networks that PROVIDER_SERVER_NETWORKS allows: 10.0.0.0/8"
    assert answer.json()["errors"] == [{"pointer": pointer, "code": "url.network", "detail": detail, "in": "body"}]
    assert kept.get("/services/wayshub/servers").json() == before
    assert kept.get("/domains").json()["items"] == []


def test_what_a_middleware_asks_is_kept_to_the_networks_too(kept: httpx.Client) -> None:
    asking = {"forwardAuth": {"address": "http://192.168.0.7:9000/verify"}}
    answer = kept.put("/middlewares/sso", json=asking)
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
        ("/forwardAuth/address", "url.network")
    ]
    applied = kept.post("/apply", json={"middlewares": {"sso": asking}})
    assert [error["pointer"] for error in applied.json()["errors"]] == ["/middlewares/sso/forwardAuth/address"]
    kept.put("/middlewares/sso", json={"forwardAuth": {"address": "http://10.0.0.7:9000"}}).raise_for_status()


@pytest.mark.parametrize("plural", ["tcpServices", "udpServices"])
def test_servers_of_tcp_and_udp_are_kept_to_the_networks_too(kept: httpx.Client, plural: str) -> None:
    def put(*addresses: str) -> httpx.Response:
        servers = [{"address": address} for address in addresses]
        return kept.put(f"/{plural}/db", json={"loadBalancer": {"servers": servers}})

    assert [(error["pointer"], error["code"]) for error in put("10.0.0.7:5432", "192.168.0.7:53").json()["errors"]] == [
        ("/loadBalancer/servers/1/address", "url.network")
    ]
    assert put("169.254.169.254:80").status_code == 422
    put("10.0.0.7:5432", "[::ffff:10.0.0.7]:53").raise_for_status()


def test_redis_of_a_rate_limit_is_kept_to_the_networks_too(kept: httpx.Client) -> None:
    def put(*addresses: str) -> httpx.Response:
        shared = {"average": 1, "redis": {"endpoints": addresses}}
        return kept.put("/middlewares/limit", json={"rateLimit": shared})

    assert [(error["pointer"], error["code"]) for error in put("10.0.0.7:6379", "redis:6379").json()["errors"]] == [
        ("/rateLimit/redis/endpoints/1", "url.network")
    ]
    put("10.0.0.7:6379").raise_for_status()


def test_what_was_stored_before_is_served_and_can_be_drained(kept: httpx.Client) -> None:
    document = fetch(str(kept.base_url.join("/traefik/configuration"))).json()
    servers = document["http"]["services"]["old"]["loadBalancer"]["servers"]
    assert [server["url"] for server in servers] == [
        "http://192.168.0.1",
        "http://169.254.169.254",
        "http://10.0.0.1",
        "http://[x",
    ]
    patch = kept.patch("/services/old/servers/a", json={"state": "drain"})
    assert patch.raise_for_status().json()["state"] == "drain"
    assert kept.delete("/services/old/servers/b").status_code == 204


def test_a_start_names_what_could_not_be_added_now(
    migrated: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        client.post("/services", json={"name": "old"}).raise_for_status()
        client.put("/services/old/servers/a", json={"url": "http://192.168.0.1"}).raise_for_status()
        for plural in ("tcpServices", "udpServices"):
            servers = {"servers": [{"address": "10.0.0.1:53"}, {"address": "192.168.0.1:53"}]}
            client.put(f"/{plural}/old", json={"loadBalancer": servers}).raise_for_status()
        shared = {"rateLimit": {"average": 1, "redis": {"endpoints": ["192.168.0.1:6379"]}}}
        client.put("/middlewares/old", json=shared).raise_for_status()
    with running_service(tmp_path, None, server_networks="10.0.0.0/8"):
        told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    why = "192.168.0.1 is outside the networks that PROVIDER_SERVER_NETWORKS allows: 10.0.0.0/8"
    named = ("middleware old", "server old/a", "TCP service old", "UDP service old")
    assert told == [f"{each} is served anyway: {why}" for each in named]


def test_other_services_keep_servers_to_no_network(service: Service, client: httpx.Client) -> None:
    body = {"domain": "alvin.xyz", "servers": [{"url": "http://192.168.0.7"}, {"url": "http://127.0.0.1:3000"}]}
    client.post("/expose", json=body).raise_for_status()
    assert len(service.configuration()["http"]["services"]["alvin"]["loadBalancer"]["servers"]) == 2


@pytest.mark.parametrize(
    "host",
    [
        *(
            "metadata",
            "METADATA",
            "metadata.",
            "metadata.azure.internal",
            "metadata.packet.net",
            "Metadata.Google.Internal.",
            "rancher-metadata",
            "api.metadata.cloud.ibm.com",
            "[fd00:a9fe:a9fe::1]",
        ),
        *("169.254.169.254.nip.io", "a.169-254-169-254.sslip.io", "a9fea9fe.nip.io", "x.100.100.100.200.NIP.IO."),
        *("10.0.0.1.169.254.169.254.nip.io", "0a000001.a9fea9fe.rbndr.us", "a-a9fea9fe.xip.name"),
        *(
            "fe80--1.sslip.io",
            "www.fd00-ec2--254.sslip.io",
            "a-64-ff9b--a9fe-a9fe.sslip.io",
            "0--ffff-a9fe-a9fe.ip6.name",
        ),
    ],
)
def test_a_name_that_leads_to_the_metadata_of_a_cloud_is_refused(host: str) -> None:
    assert addresses.find_refusal(host) is not None
    assert addresses.find_trouble(f"http://{host}") is not None


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1.nip.io",
        "2001-db8--1.sslip.io",
        "nip.io",
        "999.1.1.1.nip.io",
        "169-254-169-254.example.com",
        "metadata.example",
    ],
)
def test_a_name_that_only_looks_like_it_is_not(host: str) -> None:
    assert addresses.find_refusal(host) is None


def test_a_name_with_an_address_in_it_is_kept_to_the_networks_too() -> None:
    networks = Places(addresses.read_networks("10.0.0.0/8"))
    assert addresses.find_trouble("http://10.0.0.1.nip.io", networks) is None
    for host in ("192.0.2.1.nip.io", "10.0.0.1.192.0.2.1.nip.io", "2001-db8--1.sslip.io"):
        assert addresses.find_trouble(f"http://{host}", networks) is not None
    networks = Places(networks.networks, names=False)
    assert addresses.find_trouble("http://10.0.0.1.nip.io", networks) is not None
