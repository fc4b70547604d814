"""Services of HTTP are taken over with their servers, health checks and weights, or left out."""

import hashlib
from typing import Any

import pytest

from provider import configuration, imports
from tests.imports.held import POOL, balancer, reasons, written


def test_what_is_traefiks_own_transport_is_none_here() -> None:
    found = balancer(serversTransport="default@internal")
    assert found.findings == ()
    assert "serversTransport" not in written(found)["services"]["s"]


@pytest.mark.parametrize(("given", "held"), [("1h30m", "1h"), ("24h", "1h"), ("20ms", "100ms")])
def test_a_duration_of_a_health_check_that_is_out_of_range_is_brought_into_it(given: str, held: str) -> None:
    found = balancer(healthCheck={"path": "/", "interval": given, "timeout": "20ms"})
    assert written(found)["services"]["s"]["healthCheck"] == {"interval": held, "timeout": "100ms"}
    assert f"{given} is out of range: it becomes {held}" in reasons(found, "service", "s")


def test_traefik_ignores_the_user_in_the_url_of_a_server_unless_it_is_checked() -> None:
    servers = [{"url": "http://me:secret@10.0.0.1:80"}]
    found = balancer(servers=servers)
    assert [each.url for each in found.declaration.servers["s"].values()] == ["http://10.0.0.1:80"]
    told = "the user and the password in its URL are left out: Traefik ignores them"
    assert reasons(found, "service", "s") == told
    assert "secret" not in str(found.findings)
    assert "cannot have a user" in reasons(balancer(servers=servers, healthCheck={"path": "/"}), "service", "s")


def test_checks_that_may_take_longer_than_the_time_between_them_come_less_often() -> None:
    found = balancer(healthCheck={"path": "/", "interval": "1s", "unhealthyInterval": "2s", "timeout": "3s"})
    assert written(found)["services"]["s"]["healthCheck"] == {"interval": "3s", "timeout": "3s"}
    assert reasons(found, "service", "s").count("is shorter than its timeout: it becomes 3s") == 2


def test_servers_that_traefik_takes_and_that_lead_nowhere_are_left_out_alone() -> None:
    found = balancer(servers=[{"url": "ftp://a"}, {}, {"url": "http://b"}])
    assert list(written(found)["services"]["s"]["servers"]) == ["b"]
    assert reasons(found, "service", "s").count("leads nowhere") == 2
    assert written(balancer(servers={"url": "http://a"}))["services"] == {"s": {}}


def test_services_of_services_are_taken_with_what_their_weights_come_to() -> None:
    services = {
        "shared": {
            "weighted": {
                "services": [
                    {"name": "blue", "weight": "3"},
                    {"name": "green", "weight": 0},
                    {"name": "blue", "weight": 2},
                    {"name": "old@docker"},
                ],
                "sticky": {"cookie": {"secure": True, "maxAge": "0"}},
            }
        },
        "blue": {"failover": {"service": "green", "fallback": "shadow", "errors": {"status": "502,503"}}},
        "shadow": {"mirroring": {"service": "green", "mirrors": [{"name": "green", "percent": 5}], "maxBodySize": -1}},
        "client": {"highestrandomweight": {"services": [{"name": "green"}]}},
        "green": POOL,
    }
    found = imports.read({"http": {"services": services}})
    held = written(found)["services"]
    assert held["shared"]["weighted"] == {
        "services": [{"name": "blue", "weight": 5}, {"name": "old@docker"}],
        "sticky": {"cookie": {"name": _cookie("shared@file"), "secure": True}},
    }
    assert held["blue"] == {
        "failover": {"service": "green", "fallback": "shadow", "errors": {"status": ["502", "503"]}}
    }
    assert held["shadow"] == {"mirroring": {"service": "green", "mirrors": [{"name": "green", "percent": 5}]}}
    assert held["client"] == {"highestRandomWeight": {"services": [{"name": "green"}]}}
    assert reasons(found, "service", "shared").split(" / ") == [
        "with this weight green gets no requests: it is left out",
        "blue is given twice: it gets both weights",
    ]


def _cookie(full_name: str) -> str:
    return "_" + hashlib.sha1(f"_TRAEFIK_BACKEND_{full_name}".encode(), usedforsecurity=False).hexdigest()[:5]


def test_services_that_go_by_the_health_of_others_are_left_out_where_nobody_checks_it() -> None:
    services = {
        "unsafe": {"failover": {"service": "s", "fallback": "safe"}},
        "safe": {"weighted": {"services": [{"name": "checked"}, {"name": "other@docker"}], "healthCheck": {}}},
        "checked": {"loadBalancer": {**POOL["loadBalancer"], "healthCheck": {"path": "/"}}},
        "s": POOL,
    }
    found = imports.read({"http": {"services": services}})
    assert written(found)["services"].keys() == {"safe", "checked", "s"}
    assert reasons(found, "service", "unsafe") == "s needs a health check: otherwise Traefik disables this"


def test_services_that_lead_back_to_themselves_are_left_out() -> None:
    services = {
        "a": {"failover": {"service": "b", "fallback": "s"}},
        "b": {"weighted": {"services": [{"name": "a"}]}},
        "s": POOL,
    }
    found = imports.read({"http": {"services": services}})
    assert list(found.declaration.services) == ["s"]
    assert "this refers back to a: a → b → a" in reasons(found, "service", "a")


def test_every_field_of_a_pool_is_kept_and_what_is_at_the_default_is_not() -> None:
    usual = balancer(
        healthCheck={"mode": "http", "status": 0, "port": "0", "followRedirects": True, "unhealthyInterval": 30},
        responseForwarding={"flushInterval": "0.1s"},
        serversTransport="",
        sticky={"cookie": {"name": "s", "sameSite": "", "maxAge": 0, "path": "/", "expires": 0}},
    )
    assert usual.findings == ()
    assert written(usual)["services"]["s"] | {"servers": {}} == {
        "healthCheck": {"interval": "30s", "timeout": "5s"},
        "sticky": {"cookie": {"name": "s"}},
        "servers": {},
    }
    own = balancer(
        healthCheck={"path": "/up", "status": 204, "port": 81, "unhealthyInterval": 5, "headers": {"x-a": 1}},
        passiveHealthCheck={"failureWindow": 8},
        responseForwarding={"flushInterval": -1},
        servers=[{"url": "http://a/b", "preservePath": "true"}],
    )
    assert own.findings == ()
    assert written(own)["services"]["s"] == {
        "healthCheck": {
            "path": "/up",
            "interval": "30s",
            "timeout": "5s",
            "status": 204,
            "port": 81,
            "unhealthyInterval": "5s",
            "headers": {"x-a": "1"},
        },
        "passiveHealthCheck": {"failureWindow": "8s"},
        "responseForwarding": {"flushInterval": "-1s"},
        "servers": {"a": {"url": "http://a/b", "preservePath": True}},
    }


def test_the_path_of_a_server_of_which_traefik_takes_no_notice_is_left_out() -> None:
    found = balancer(servers=[{"url": "http://a:80/app/"}])
    assert written(found)["services"]["s"]["servers"] == {"a-80": {"url": "http://a:80"}}
    assert reasons(found, "service", "s") == "its path /app/ is left out: Traefik ignores it"


def test_the_query_of_a_server_of_which_traefik_takes_no_notice_is_left_out() -> None:
    found = balancer(servers=[{"url": "http://a/x?y=1#z", "preservePath": True}, {"url": "http://b?y"}])
    servers = written(found)["services"]["s"]["servers"]
    assert servers == {"a": {"url": "http://a/x", "preservePath": True}, "b": {"url": "http://b"}}
    assert reasons(found, "service", "s").split(" / ") == [
        "?y=1#z is left out of its URL: Traefik ignores it",
        "?y is left out of its URL: Traefik ignores it",
    ]


@pytest.mark.parametrize(
    ("path", "expected"), [("up", "/app/up"), ("", "/app/"), (None, "/app/"), ("/up", "/up"), ("/a b#c", "/a%20b")]
)
def test_the_path_of_a_health_check_is_the_one_that_traefik_asks_for(path: str | None, expected: str) -> None:
    check = {"interval": "10s", "port": 81} | ({} if path is None else {"path": path})
    found = balancer(servers=[{"url": "http://a/app/"}], healthCheck=check)
    assert written(found)["services"]["s"]["healthCheck"] == {
        "path": expected,
        "interval": "10s",
        "timeout": "5s",
        "port": 81,
    }


def test_services_none_of_which_has_a_weight_are_left_out_with_what_traefik_answers() -> None:
    found = imports.read(
        {"http": {"services": {"s": POOL, "w": {"weighted": {"services": [{"name": "s", "weight": 0}]}}}}}
    )
    assert list(found.declaration.services) == ["s"]
    assert reasons(found, "service", "w") == (
        "none of its services has a weight above 0: Traefik answers 503 to every request"
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"passiveHealthCheck": {}}, "its passiveHealthCheck is empty: Traefik rejects such a file"),
        ({"responseForwarding": {"flushInterval": "soon"}}, "soon is not a duration"),
        ({"nginxUpstreamHashBy": "$uri"}, "it has nginxUpstreamHashBy"),
        ({"strategy": "random"}, "strategy: this has to be 'wrr', 'p2c', 'hrw' or 'leasttime'"),
        ({"healthCheck": {}}, "its health check is empty"),
        ({"healthCheck": {"path": "//up"}}, "healthCheck/path: '//up' is not a path"),
        (
            {"healthCheck": {"path": "up"}, "servers": [{"url": "http://a/x/"}, {"url": "http://b/y/"}]},
            "the path of its health check counts from its servers' URLs, and these have several paths",
        ),
        ({"healthCheck": {"path": "/", "status": 99}}, "healthCheck/status: this has to be at least 100"),
        ({"healthCheck": {"path": "/", "interval": "1.0000001s"}}, "more precise than milliseconds"),
        ({"healthCheck": {"path": "/", "interval": "soon"}}, "soon is not a duration"),
        ({"sticky": {"cookie": {"secure": "yes"}}}, "secure has to be true or false"),
        ({"sticky": {"cookie": {"expires": 5}}}, "its sticky cookie has expires"),
        ({"sticky": {"cookie": {"name": "a.b"}}}, "'a.b' is not a cookie's name"),
        ({"servers": [{"url": "http://a:0"}]}, "the URL of one of its servers cannot be used: '0' is not a port"),
        (
            {"servers": [{"url": "http://a", "preservePath": True}, {"url": "http://a"}]},
            "with and without preservePath",
        ),
        ({"servers": [{"url": "http://a:port"}]}, "'port' is not a port"),
        ({"servers": [{"url": "http://a", "weight": 1001}, {"url": "http://b"}]}, "a weight above 1000"),
        ({"passHostHeader": "perhaps"}, "passHostHeader has to be true or false, not perhaps"),
    ],
)
def test_a_service_is_held_whole_or_left_out(fields: dict[str, Any], reason: str) -> None:
    found = balancer(**fields)
    assert not found.declaration.services
    assert reason in reasons(found, "service", "s")


def test_a_weight_that_gives_nothing_is_a_drained_server() -> None:
    found = balancer(
        servers=[{"url": "http://a", "weight": 0}, {"url": "http://b", "weight": "-1"}, {"url": "http://c"}]
    )
    servers = written(found)["services"]["s"]["servers"]
    assert [(name, server.get("state")) for name, server in servers.items()] == [
        ("a", "drain"),
        ("b", "drain"),
        ("c", None),
    ]
    assert reasons(found, "service", "s").count("it is drained") == 2


def test_weights_that_are_too_large_keep_their_shares() -> None:
    found = balancer(servers=[{"url": "http://a", "weight": 4000}, {"url": "http://b", "weight": 6000}])
    servers = found.declaration.servers["s"].values()
    assert configuration.shares(servers) == {"a": 0.4, "b": 0.6}
    assert "divided by 2000" in reasons(found, "service", "s")


def test_one_url_twice_is_one_server_with_both_weights() -> None:
    found = balancer(servers=[{"url": "http://a", "weight": 2}, {"url": "http://A/", "weight": 3}])
    assert written(found)["services"]["s"]["servers"] == {"a": {"url": "http://a", "weight": 5}}
    assert "is given twice" in reasons(found, "service", "s")


def test_a_cookie_without_a_name_keeps_the_one_that_traefik_gives_it() -> None:
    found = balancer(sticky={"cookie": {}})
    assert written(found)["services"]["s"]["sticky"] == {"cookie": {"name": "_23300"}}  # as Traefik 3.7.15 shows it
    assert "sticky" not in written(balancer(sticky={}))["services"]["s"]
