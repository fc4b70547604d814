"""Random documents in the shapes of Traefik's dynamic configuration, with what people get wrong in them."""

from typing import Any

from hypothesis import strategies as st

NAMES = ["shop", "My_Shop", "my-shop", "shop@file", "shop@docker", "Üb er", "a.b", "", "x" * 70, "shop-2", "{{ .N }}"]
PLAIN_RULES = [
    "Host(`a.test`)",
    "Host(`A.test`) || Host(`b.test`)",
    "Host(`a.test`) && PathPrefix(`/x`)",
    "PathPrefix(`/x`)",
    "(Host(`a.test`) || Host(`b.test`)) && PathPrefix(`/x/`)",
    "Host(`a_b.test`)",
    "Host(`*.a.test`)",
    "HostRegexp(`^[^.]+\\.a\\.test$`)",
    "Host(`a.test`) &&\nMethod(`PUT`)\n",
    "!Host(`a.test`)",
    "Path(`/x`)",
]
RULES = [
    *PLAIN_RULES,
    "HostRegexp(`{any:.*}`)",
    "Host(`a.test`, `b.test`)",
    "Host(`{{ env `X` }}`)",
    "",
    "Hots(`a.test`)",
]
REFERENCES = [*NAMES, "api@internal", "none", "kept@kubernetescrd", "either"]
GOOD_URLS = ["http://10.0.0.1", "http://10.0.0.1/", "http://10.0.0.2:80", "https://a.test", "h2c://[::1]:81"]
URLS = [*GOOD_URLS, "http://a/b", "", "foobar", "http://169.254.169.254", 5]
DURATIONS = ["5s", "1m30s", 30, "30", "1500ms", "0.1s", "-1s", "0s", "1ns", "2h", "5", "x", "1e3s", 2.5]
FLAGS = [True, False, "true", "F", "1", "maybe", 0]
WHOLE_WEIGHTS = [1, 3, "2", 0, -1, 1000, 1001, 2000]
OTHERS: dict[str, list[Any]] = {
    "rule": ["Host(`other.test`)", "Path(`/other`) && Method(`PUT`)"],
    "url": ["http://10.9.9.9"],
    "weight": [17],
    "priority": [17, "18"],
    "strategy": ["p2c", "hrw"],
    "passHostHeader": [True, False],
    "path": ["/other"],
    "interval": ["17s", 18],
    "timeout": ["170ms"],
    "name": ["other"],
    "tls": [True],
    "address": ["10.9.9.9:1"],
    "servername": ["other.test"],
    "certresolver": ["others"],
    "options": ["kept@docker"],
    "sourcerange": ["10.9.0.0/16"],
    "amount": [17],
    "dialtimeout": ["17s"],
    "status": [418],
    "minversion": ["VersionTLS11"],
}
"""Values that can be held as well, by the names of fields."""

WEIGHTS = [*WHOLE_WEIGHTS, "x", 1.0, 2.5, True]

junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "x", "{{ .X }}", "true"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", "name"]), inner, max_size=2),
    max_leaves=4,
)
"""Anything, where something else belongs."""


def _fields(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw an object with some of these fields, now and then in other cases, with unknown ones, or with junk."""
    plain = st.fixed_dictionaries({}, optional=fields)
    return st.builds(_altered, plain, st.sampled_from([*[None] * 6, "upper", "lower", "unknown", "null"]), junk)


def _altered(plain: dict[str, Any], how: str | None, other: Any) -> dict[str, Any]:
    if how == "unknown":
        return plain | {"unknown": other}
    if how == "null":
        return plain | dict.fromkeys(list(plain)[:1])
    cases = {"upper": str.upper, "lower": str.lower}
    return {cases[how](name): value for name, value in plain.items()} if how in cases else plain


def _some(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


_texts = st.lists(_some(["web", "other", " web ", "Web Secure", "m"]), max_size=3) | _some(["web, other", "web"])
_tls = _some([{}, True, False, "true"]) | _fields(
    options=_some(["default", "strict", "default@file", "strict@docker", "gone"]),
    certResolver=_some(["letters"]),
    domains=st.just([{"main": "a.test"}]),
)
_routers = _fields(
    rule=_some(RULES),
    service=_some(REFERENCES),
    entryPoints=_texts,
    middlewares=st.just([]) | _texts,
    priority=_some([0, 1, 14, "15", -1, 10**10, "x", 1.5]),
    ruleSyntax=_some(["v3", "v2", "default", ""]),
    tls=_tls,
    parentRefs=st.just([]) | _texts,
    observability=_fields(accessLogs=_some(FLAGS), metrics=_some(FLAGS), traceVerbosity=_some(["minimal", "detailed"])),
)
_plain_routers = st.fixed_dictionaries(
    {"rule": _some(PLAIN_RULES), "service": _some(["shop", "My_Shop"])},
    optional={"entryPoints": st.just(["web"]), "priority": _some([0, 5, "40"]), "tls": st.just(False)},
)
_checks = _fields(
    **dict.fromkeys(("interval", "timeout", "unhealthyInterval"), _some(DURATIONS)),
    **dict.fromkeys(("scheme", "method", "hostname"), _some(["", "HEAD"])),
    **dict.fromkeys(("status", "port"), _some([0, "0", 204])),
    path=_some(["/", "/up?x=1", "up", ""]),
    mode=_some(["http", "grpc"]),
    followRedirects=_some(FLAGS),
    headers=_some([{}, {"x": "y"}]),
)
_cookies = _some([{}, True]) | _fields(
    name=_some(["s", "a.b", ""]),
    secure=_some(FLAGS),
    httpOnly=_some(FLAGS),
    sameSite=_some(["", "lax"]),
    maxAge=_some([0, 5]),
    path=_some(["/", "/a"]),
    domain=_some(["", "a.test"]),
)
_servers = _fields(url=_some(URLS), weight=_some(WEIGHTS), preservePath=_some(FLAGS), fenced=_some(FLAGS))
_good_servers = st.fixed_dictionaries({"url": _some(GOOD_URLS)}, optional={"weight": _some(WHOLE_WEIGHTS)})
_balancers = _fields(
    servers=st.lists(_servers, max_size=3) | st.lists(_good_servers, max_size=4),
    strategy=_some(["wrr", "p2c", "hrw", "leasttime", "", "random"]),
    passHostHeader=_some(FLAGS),
    healthCheck=_checks,
    passiveHealthCheck=_some([{}, {"maxFailedAttempts": 1}, {"failureWindow": 5, "maxFailedAttempts": "3"}]),
    sticky=_some([{}]) | _fields(cookie=_cookies),
    responseForwarding=_fields(flushInterval=_some(["100ms", "0.1s", "5ms", -1, "x"])),
    serversTransport=_some(["", "private", "private@file", "gone", "raw@docker"]),
)
_weighted = st.fixed_dictionaries(
    {
        "services": st.lists(
            st.fixed_dictionaries({"name": _some(REFERENCES)}, optional={"weight": _some([1, 2, "3", 0, -1, "x"])}),
            min_size=1,
            max_size=3,
        )
    },
    optional={"healthCheck": _some([{}]), "sticky": _fields(cookie=_cookies)},
)
_services = _fields(
    loadBalancer=_balancers,
    middlewares=st.just([]) | _texts,
    weighted=_weighted,
    highestRandomWeight=_weighted,
    mirroring=_some([{"service": "shop"}, {"service": "either", "mirrors": [{"name": "shop", "percent": "5"}]}]),
    failover=_some([{"service": "shop", "healthCheck": {}}, {"service": "shop", "fallback": "My_Shop"}]),
)
_defaults = {
    **dict.fromkeys(("scheme", "method", "hostname"), st.just("")),
    **dict.fromkeys(("status", "port"), _some([0, "0"])),
    "mode": st.just("http"),
    "followRedirects": _some([True, "true"]),
    "headers": st.just({}),
}
_good_checks = st.fixed_dictionaries(
    {"path": _some(["/", "/up?x=1"])}, optional={"interval": _some(["10s", 30]), "timeout": _some(["2s"]), **_defaults}
)
_good_cookies = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("secure", "httpOnly"), _some([False, "f"])),
        "name": st.just("s"),
        "maxAge": st.just(0),
        "path": st.just("/"),
        "domain": st.just(""),
    },
)
_good_balancers = st.fixed_dictionaries(
    {"servers": st.lists(_good_servers, max_size=3)},
    optional={
        "strategy": _some(["wrr", "p2c", "hrw", "leasttime", ""]),
        "passHostHeader": _some([True, False, "true"]),
        "healthCheck": _good_checks,
        "sticky": st.fixed_dictionaries({"cookie": _good_cookies}),
        "responseForwarding": st.just({"flushInterval": "100ms"}),
        "serversTransport": st.just(""),
    },
)
_good_services = st.fixed_dictionaries({"loadBalancer": _good_balancers})


def _members(*members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw objects by name, and now and then junk among them or in their place."""
    names = _some(NAMES)
    return st.dictionaries(names, st.one_of(*members), max_size=4) | st.dictionaries(names, junk, max_size=1) | junk


_others = st.dictionaries(_some(NAMES), junk, max_size=2)
_middlewares = st.dictionaries(
    _some(["m", "web", "provider.beacon"]), _some([{"addPrefix": {"prefix": "/x"}}, {"basicAuth": {"users": []}}, {}])
)

_transports = st.dictionaries(
    _some(["private", "gone", "Raw"]),
    _fields(
        serverName=_some(["a.test", ""]),
        insecureSkipVerify=_some(FLAGS),
        rootCAs=_some(["/ca", ["/ca", "/cb"], []]),
        certificates=st.just([{"certFile": "/c", "keyFile": "/k"}]),
        maxIdleConnsPerHost=_some([0, "3", -1]),
        forwardingTimeouts=_fields(dialTimeout=_some(DURATIONS), idleConnTimeout=_some(DURATIONS)),
        disableHTTP2=_some(FLAGS),
        spiffe=_some([{}, True, {"ids": "spiffe://a"}]),
        minVersion=_some(["VersionTLS12", "", "TLS1.2"]),
    ),
    max_size=2,
)
_options = st.dictionaries(
    _some(["strict", "default", "Odd"]),
    _fields(
        minVersion=_some(["VersionTLS12", "", "nope"]),
        sniStrict=_some(FLAGS),
        cipherSuites=_some([["TLS_AES_128_GCM_SHA256"] * 2, [], "x"]),
        clientAuth=_some([{}, {"clientAuthType": "RequestClientCert"}, {"caFiles": ["/ca"]}]),
        preferServerCipherSuites=_some(FLAGS),
    ),
    max_size=2,
)
_addresses = _some(["10.0.0.1:5432", "db:5432", "10.0.0.1", "tcp://a:1", ""])
_flows = _fields(
    rule=_some(["HostSNI(`*`)", "HostSNI(`a.test`)", "Host(`a.test`)", ""]),
    service=_some(["db", "dbs", "db@docker", "none"]),
    entryPoints=_texts,
    middlewares=st.just([]) | st.just(["near"]),
    priority=_some([0, -1, "3"]),
    ruleSyntax=_some(["v3", "v2"]),
    tls=_tls | st.just({"passthrough": True}),
)
_plain_flows = st.fixed_dictionaries(
    {"rule": st.just("HostSNI(`*`)"), "service": _some(["db", "dbs"])},
    optional={"tls": st.just({}), "priority": st.just(7)},
)
_flow_services = st.fixed_dictionaries(
    {
        "db": st.just({"loadBalancer": {"servers": [{"address": "10.0.0.1:5432"}]}})
        | st.fixed_dictionaries(
            {"loadBalancer": _fields(servers=st.lists(_fields(address=_addresses, tls=_some(FLAGS))))}
        )
    },
    optional={"dbs": st.just({"weighted": {"services": [{"name": "db", "weight": 2}, {"name": "dbs@docker"}]}})},
)
_near = st.just({"near": {"ipAllowList": {"sourceRange": ["10.0.0.0/8", "10.0.0.0/8"]}}})
_tcp = st.fixed_dictionaries(
    {"routers": st.dictionaries(_some(["db", "Mail"]), _flows | _plain_flows, max_size=2), "services": _flow_services},
    optional={"middlewares": _near},
)
_datagrams = _fields(service=_some(["db", "none"]), entryPoints=_texts)
_udp = st.fixed_dictionaries(
    {"routers": st.dictionaries(_some(["dns", "DNS"]), _datagrams, max_size=2), "services": _flow_services}
)

_sound = st.fixed_dictionaries(
    {
        "http": st.fixed_dictionaries(
            {
                "routers": st.dictionaries(
                    _some(NAMES), st.one_of(_plain_routers, _plain_routers, _routers), min_size=1, max_size=4
                ),
                "services": st.fixed_dictionaries(
                    {"shop": _good_services, "My_Shop": _good_services},
                    optional={"a.b": _services, "Üb er": _services, "either": _services},
                ),
            },
            optional={"middlewares": _middlewares, "serversTransports": _transports},
        )
    },
    optional={"tls": st.fixed_dictionaries({"options": _options}), "tcp": _tcp, "udp": _udp},
)
_odd = _fields(
    http=_fields(
        routers=_members(_plain_routers, _plain_routers, _routers),
        services=_members(_services, _good_services),
        middlewares=_middlewares | junk,
        serversTransports=_transports | _others,
        models=_others,
    ),
    tcp=_fields(routers=_others, services=_others, middlewares=junk) | _tcp,
    udp=_fields(routers=_others, services=_others) | _udp,
    tls=_fields(certificates=st.lists(junk, max_size=2), options=_options | _others, stores=_others),
)
files = _sound | _odd
"""Documents as files have them."""


def _qualified(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document as if it came from Traefik's API: every name has a provider behind it."""
    return {
        section: {
            kind: {name if "@" in name else f"{name}@file": member for name, member in members.items()}
            if isinstance(members, dict)
            else members
            for kind, members in kinds.items()
        }
        if isinstance(kinds, dict)
        else kinds
        for section, kinds in document.items()
    }


running = files.map(_qualified)
"""Documents of what runs, as they are made of what Traefik's API tells."""
