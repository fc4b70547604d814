"""What Traefik does with TCP and UDP is taken over."""

from provider import imports
from tests.imports.held import reasons, written

TCP = {
    "routers": {
        "mail": {
            "rule": "HostSNI(`mail.test`)",
            "service": "mail",
            "entrypoints": "Mail_S",
            "ruleSyntax": "v3",
            "tls": {"passthrough": True, "options": "default"},
            "middlewares": ["near"],
            "priority": "7",
        },
        "plain": {"rule": "HostSNI(`mail.test`)", "service": "mail"},
        "old": {"rule": "HostSNI(`*`)", "service": "mail", "ruleSyntax": "v2"},
    },
    "services": {
        "mail": {
            "loadBalancer": {
                "servers": [{"address": "10.0.0.1:993"}],
                "serversTransport": "raw",
                "proxyProtocol": {"version": 2},
                "healthCheck": {"interval": 30, "timeout": "2s"},
            }
        },
        "both": {"weighted": {"services": [{"name": "mail", "weight": 2}, {"name": "m@docker"}]}},
    },
    "middlewares": {"near": {"ipAllowList": {"sourceRange": "10.0.0.0/8"}}},
    "serversTransports": {"raw": {"dialTimeout": "0.5s", "tls": True}},
}


def test_tcp_comes_along() -> None:
    found = imports.read({"tcp": TCP})
    assert written(found) == {
        "tcpRouters": {
            "mail": {
                "rule": "HostSNI(`mail.test`)",
                "service": "mail",
                "entryPoints": ["Mail_S"],
                "priority": 7,
                "middlewares": ["near"],
                "tls": {"passthrough": True},
            },
            "old": {"rule": "HostSNI(`*`)", "service": "mail"},
        },
        "tcpServices": {
            "mail": {
                "loadBalancer": {
                    "servers": [{"address": "10.0.0.1:993"}],
                    "serversTransport": "raw",
                    "proxyProtocol": {},
                    "healthCheck": {"timeout": "2s"},
                }
            },
            "both": {"weighted": {"services": [{"name": "mail", "weight": 2}, {"name": "m@docker"}]}},
        },
        "tcpMiddlewares": {"near": {"ipAllowList": {"sourceRange": ["10.0.0.0/8"]}}},
        "tcpServersTransports": {"raw": {"dialTimeout": "0.5s", "tls": {}}},
    }
    assert "without TLS, clients ask for no name" in reasons(found, "TCP router", "plain")


def test_udp_comes_along() -> None:
    found = imports.read(
        {
            "udp": {
                "routers": {"dns": {"service": "dns", "entryPoints": ["dns"]}, "any": {"service": "dns"}},
                "services": {"dns": {"loadBalancer": {"servers": [{"address": "10.0.0.1:53"}]}}},
            },
        }
    )
    assert written(found) == {
        "udpRouters": {"dns": {"service": "dns", "entryPoints": ["dns"]}},
        "udpServices": {"dns": {"loadBalancer": {"servers": [{"address": "10.0.0.1:53"}]}}},
    }
    assert reasons(found, "UDP router", "any").startswith("it names no entry points: Traefik uses all that are for UDP")


def test_the_rule_of_a_tcp_router_is_written_in_one_line_and_keeps_its_rank() -> None:
    rule = "HostSNI(`a.test`) ||\n  HostSNI(`b.test`)\n"
    flows = {
        "two": {"rule": rule, "service": "db@docker", "tls": {}},
        "all": {"rule": "HostSNI(`*`)\n", "service": "db@docker"},
        "odd": {"rule": "HostSNI(\n", "service": "db@docker"},
    }
    found = imports.read({"tcp": {"routers": flows}})
    assert written(found)["tcpRouters"] == {
        "two": {
            "rule": "HostSNI(`a.test`) || HostSNI(`b.test`)",
            "service": "db@docker",
            "priority": len(rule),
            "tls": {},
        },
        "all": {"rule": "HostSNI(`*`)", "service": "db@docker"},
    }
    assert [each.name for each in found.findings] == ["odd"]
