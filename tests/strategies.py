"""Random values for property tests: what users may type, and what attackers may send."""

import string
from typing import Any

from hypothesis import strategies as st

from provider.hosts import to_ascii
from provider.nouns import Router, Server, Service

LETTERS_AND_DIGITS = string.ascii_lowercase + string.digits

names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)

hostile = st.text(
    st.characters(categories=None)
    | st.sampled_from("\ud800\udfff\x00\n`\"'|&\\*@.-_/:?#[]%\u3002\uff0e\uff11\u202e\ufeffß"),
    max_size=40,
)
"""Any text, half surrogate pairs and all, and more often what means something to a parser."""

labels = st.from_regex(r"[a-z0-9]([a-z0-9]{0,12}[a-z0-9])?", fullmatch=True) | st.sampled_from(
    ["münchen", "faß", "例え", "пример", "xn--mnchen-3ya"]
)
hosts = st.builds(
    lambda first, rest, last: ".".join([*first, *rest, last]),
    st.sampled_from([[], ["*"]]),
    st.lists(labels, min_size=1, max_size=3),
    st.sampled_from(["test", "example", "xyz"]),
)

urls = st.builds(
    lambda scheme, host, port: f"{scheme}://{host}{port}",
    st.sampled_from(["http", "https", "h2c"]),
    st.sampled_from(["10.0.0.11", "[::1]", "[2001:db8::7]", "server_1", "a.example", "a.example."])
    | st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True),
    st.just("") | st.integers(1, 65535).map(lambda port: f":{port}"),
)

path_prefixes = st.from_regex(r"(/[A-Za-z0-9_~!$&'()*+,;=:@-]{1,8}){1,3}/?", fullmatch=True) | st.just("/")

rules = st.lists(
    st.sampled_from(
        ["Host(`a.test`)", "!PathPrefix(`/x`)", '(Query("é") || Method(`PUT`))', r"HeaderRegexp(`A`, `\d`)"]
    ),
    min_size=1,
    max_size=4,
).map(" && ".join)

health_checks = st.fixed_dictionaries(
    {
        "path": path_prefixes,
        "interval": st.sampled_from(["5s", "1m30s", "1h", "2500ms"]),
        "timeout": st.sampled_from(["100ms", "1s", "2.5s"]),
    }
)
labels_of_objects = st.dictionaries(
    st.sampled_from(["team", "stage", "0o17", "no", "x-1"]),
    st.sampled_from(["video", "1e5", "12", "true", "A.b_c-d", "null"]),
    max_size=3,
)
stickies = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True).map(lambda name: {"cookie": {"name": name}})

servers = st.fixed_dictionaries(
    {
        "name": names,
        "url": urls,
        "weight": st.integers(1, 1000),
        "state": st.sampled_from(["ready", "drain", "maint"]),
        "labels": labels_of_objects,
    }
)
services = st.fixed_dictionaries(
    {
        "name": names,
        "strategy": st.sampled_from(["wrr", "p2c", "hrw", "leasttime"]),
        "healthCheck": st.none() | health_checks,
        "sticky": st.none() | stickies,
        "passHostHeader": st.booleans(),
        "labels": labels_of_objects,
    }
)


def routers(service_names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Random routers to the services of these names."""
    by_domains = {
        "domains": st.lists(hosts, min_size=1, max_size=3, unique_by=to_ascii),
        "pathPrefix": st.none() | path_prefixes,
    }
    matches = st.fixed_dictionaries(by_domains) | st.fixed_dictionaries({"rule": rules})
    rest = st.fixed_dictionaries(
        {
            "name": names,
            "service": st.sampled_from(service_names),
            "entryPoints": st.lists(names, min_size=1, max_size=2, unique=True),
            "priority": st.none() | st.integers(-1_000_000_000, 1_000_000_000).filter(bool),
            "enabled": st.booleans(),
            "labels": labels_of_objects,
        }
    )
    return st.builds(lambda match, rest: match | rest, matches, rest)


@st.composite
def states(
    draw: st.DrawFn,
) -> tuple[list[tuple[Service, list[Server]]], list[Router]]:
    """Draw services with their servers, and routers to them."""
    pools = [
        (Service.read(service), [Server.read(server) for server in pool])
        for service, pool in draw(
            st.lists(
                st.tuples(services, st.lists(servers, max_size=3, unique_by=lambda server: server["name"])),
                max_size=4,
                unique_by=lambda pair: str(pair[0]["name"]),
            )
        )
    ]
    if not pools:
        return [], []
    listed = st.lists(
        routers([service.name for service, _pool in pools]), max_size=4, unique_by=lambda router: router["name"]
    )
    return pools, [Router.read(router) for router in draw(listed)]
