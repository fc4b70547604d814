"""Random states, as the calls of the API that make them: hostile, and mostly accepted.

What these strategies draw may be refused (a host that IDNA does not know, a path that Traefik would clean
away). Whoever makes a state leaves out what was refused, and checks that it was refused properly.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from hypothesis import Phase
from hypothesis import strategies as st

from provider.hosts import to_ascii
from tests.running import SOAK

PHASES: Final = tuple(phase for phase in Phase if SOAK or phase is not Phase.shrink)
"""What to do for a property of the whole service: there is time to make an example smaller in a soak only."""

Body = dict[str, Any]

names = st.sampled_from(["a", "0", "a-b", "a--b", "api", "dashboard", "true", "null", "12", "web", "x" * 63]) | (
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
)

_HOSTILE_TEXTS = [
    "`) || PathPrefix(`/",
    "${jndi:ldap://x} {{ .Env }} $(id) %s %00",
    '"}}},"http":{"routers":{}}',
    "\N{RIGHT-TO-LEFT OVERRIDE}txt.exe",
    "\N{PILE OF POO}\N{ZERO WIDTH JOINER}\N{FAMILY}",
    "' OR 1=1; DROP TABLE router; --",
    "<script>alert(1)</script>",
    "العربية עברית",
]
texts = st.sampled_from(_HOSTILE_TEXTS) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=50)

_ascii_labels = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,12}[A-Za-z0-9])?", fullmatch=True)
_world_labels = st.sampled_from(
    ["bücher", "straße", "例え", "テスト", "الاردن", "עברית", "ελλάς", "пример", "한국", "भारत", "faß", "xn--bcher-kva"]
)
_long_label = st.integers(40, 63).map(lambda length: "l" * length)
_wild_labels = st.text(st.characters(categories=["Ll", "Lo", "Mn", "Nd", "Pd", "So"]), min_size=1, max_size=6)
_labels = _ascii_labels | _world_labels | _long_label | _wild_labels
_plain_hosts = st.lists(_labels, min_size=1, max_size=4).map(".".join)
hosts = st.one_of(
    _plain_hosts,
    _plain_hosts.map("*.{}".format),
    st.lists(_ascii_labels, min_size=1, max_size=3).map(".".join),
    st.ip_addresses(v=4).map(str),
    st.just(".".join(["a" * 63] * 3 + ["b" * 61])),
)

_PATH_CHARACTERS = "azAZ09._~!$&'()*+,;=:@-"
_segments = st.text(_PATH_CHARACTERS, min_size=1, max_size=12)
path_prefixes = st.one_of(
    st.none(),
    st.just("/"),
    st.lists(_segments, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts)),
    st.text(_PATH_CHARACTERS + "/", max_size=20).map("/{}".format),
)
_health_paths = st.lists(
    st.sampled_from(["a", "/", "?", "=", "&", "%20", "%C3%BC", "%2F", "..", "'", "$", "{", "#", " ", "é"]), max_size=8
).map(lambda parts: "/" + "".join(parts))

# Documentation and loopback addresses: a health check of a random state reaches nobody.
_server_hosts = st.one_of(
    st.sampled_from(["localhost", "LocalHost", "server_1.invalid", "bücher.invalid", "xn--bcher-kva.invalid"]),
    st.integers(0, 255).map("127.0.0.{}".format),
    st.ip_addresses(network="192.0.2.0/24").map(str),
    st.ip_addresses(network="2001:db8::/32").map("[{}]".format),
    st.ip_addresses(network="2001:db8::/32").map(lambda address: f"[{address.exploded.upper()}]"),
    st.sampled_from(["[::1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]"]),
)
server_urls = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "https", "h2c", "HTTP", "Https"]),
    _server_hosts,
    st.sampled_from([":1", ":65535", ":08080", ""]),
    st.sampled_from(["", "/"]),
)

_intervals = st.sampled_from(["1s", "2.5s", "1m30s", "1h", "0.05m", "000010s", "1000ms"])
_timeouts = st.sampled_from(["100ms", "0.1s", "1s", "1000ms"])
_health_checks = st.none() | st.fixed_dictionaries(
    {"interval": _intervals, "timeout": _timeouts}, optional={"path": _health_paths}
)
_cookie_names = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
_sticky = st.none() | _cookie_names.map(lambda name: {"cookie": {"name": name}})

services: st.SearchStrategy[Body] = st.fixed_dictionaries(
    {},
    optional={
        "strategy": st.sampled_from(["wrr", "p2c", "hrw", "leasttime"]),
        "healthCheck": _health_checks,
        "sticky": _sticky,
        "passHostHeader": st.booleans(),
    },
)
servers: st.SearchStrategy[Body] = st.fixed_dictionaries(
    {"url": server_urls},
    optional={
        "weight": st.integers(1, 1000) | st.sampled_from([1, 1000]),
        "state": st.sampled_from(["ready", "ready", "drain", "maint"]),
    },
)
priorities = st.none() | st.integers(1, 1_000_000_000) | st.sampled_from([-1_000_000_000, -1, 1, 1_000_000_000])


@st.composite
def routers(draw: st.DrawFn, domains: list[str], pools: list[str]) -> Body:
    """Draw a router over some of these domains and one of these services."""
    chosen = draw(st.lists(st.sampled_from(domains), unique=True, min_size=1, max_size=5)) if domains else []
    if draw(st.integers(0, 9)) == 9:
        chosen = []  # a path prefix alone, or a router that is refused
    return {
        "domains": chosen,
        "pathPrefix": draw(path_prefixes),
        "service": draw(st.sampled_from(pools)),
        "priority": draw(priorities),
        "enabled": draw(st.sampled_from([True, True, True, False])),
    }


@dataclass
class State:
    """What the API accepted, by the paths of the objects."""

    domains: dict[str, str] = field(default_factory=dict)
    services: dict[str, Body] = field(default_factory=dict)
    servers: dict[tuple[str, str], Body] = field(default_factory=dict)
    routers: dict[str, Body] = field(default_factory=dict)


def draw_state(data: st.DataObject, client: httpx.Client, mark: str) -> State:
    """Make a random state in an empty service, and return what was accepted.

    It has a service of the name `mark`, which makes it a state that there never was.
    """
    state = State()
    least = data.draw(st.sampled_from([3, 2, 1, 0]), "least of each kind")
    for host, description in data.draw(st.dictionaries(hosts, texts, min_size=least, max_size=8), "domains").items():
        if add_domain(client, host, description):
            state.domains[to_ascii(host)] = host
    pools = data.draw(st.dictionaries(names, services, min_size=least, max_size=5), "services")
    state.services = put_all(client, "/services", pools | {mark: {}})
    drawn = routers(list(state.domains.values()), list(state.services))
    wanted = data.draw(st.dictionaries(names, drawn, min_size=2 * least, max_size=8), "routers")
    state.routers = put_all(client, "/routers", wanted)
    for service in state.services:
        pool = data.draw(st.dictionaries(names, servers, min_size=min(least, 2), max_size=5), f"servers of {service}")
        made = put_all(client, f"/services/{service}/servers", pool)
        state.servers |= {(service, name): server for name, server in made.items()}
    return state


PLAIN: Final[dict[str, Any]] = {"tls": None, "redirectToHttps": True, "labels": {}}


def add_domain(client: httpx.Client, host: str, description: str) -> bool:
    """Add a domain. Returns whether it was accepted; another spelling of one that exists is not."""
    made = client.post("/domains", json={"name": host, "description": description})
    if made.status_code == 201:
        assert made.json() == PLAIN | {"name": host, "description": description}
        return True
    assert made.status_code in {409, 422}, f"{host}: {made.status_code} {made.text}"
    return False


def put_all(client: httpx.Client, path: str, bodies: Mapping[str, Body]) -> dict[str, Body]:
    """Put objects, by name. Returns those that were accepted, and checks that the others were refused properly."""
    made = {}
    for name, body in bodies.items():
        answer = client.put(f"{path}/{name}", json=body)
        if answer.status_code == 201:
            made[name] = answer.json()
        else:
            assert answer.status_code == 422, f"{path}/{name} {body}: {answer.status_code} {answer.text}"
            assert answer.json()["errors"], answer.text
    return made
