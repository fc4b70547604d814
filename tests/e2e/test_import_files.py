"""A Traefik that polls what was imported does what one does that reads the files itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.imports import differential
from tests.imports.differential import Case
from tests.running import Service

SHOP = """\
http:
  routers:
    shop:
      rule: "Host(`{{ env "DOMAIN" }}`) || Host(`www.{{ env "DOMAIN" }}`)"
      entryPoints: [web]
      service: shop
      middlewares: [headers, short]
    api:
      rule: Host(`shop.test`) && PathPrefix(`/api/v1`)
      entryPoints: web
      service: "shop@file"
      middlewares: [strip, headers]
    {{- if eq (env "MODE") "live" }}
    secure: {rule: "Host(`shop.test`)", entryPoints: [websecure], tls: {}, service: api, middlewares: [login]}
    {{- end }}
    rest: {rule: "PathPrefix(`/`)", service: rest, priority: -1, entryPoints: [web, websecure]}
    old: {rule: "Host(`old.test`, `older.test`)", service: shop, entryPoints: [web]}
    broken: {rule: "Host(`broken.test`)", service: nowhere, entryPoints: [web]}
    apart: {rule: "Host(`apart.test`) && Path(`/only`)", service: two, entryPoints: [web], middlewares: [away]}
  middlewares:
    headers: {headers: {customResponseHeaders: {X-Shop: "yes", X-Gone: ""}, customRequestHeaders: {X-From: 010}}}
    strip: {stripPrefix: {prefixes: /api}}
    away: {redirectRegex: {regex: "^http://apart.test/(.*)", replacement: "http://shop.test/${1}", permanent: true}}
"""
MORE = """\
http:
  middlewares:
    login: {basicAuth: {users: ["tester:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/"]}}
    short: {chain: {middlewares: [inside]}}
    inside: {ipWhiteList: {sourceRange: [127.0.0.0/8]}}
    headers: {headers: {customResponseHeaders: {X-Shop: "no"}}}
  services:
    shop:
      loadBalancer:
        servers: [{url: "http://one:80"}, {url: "http://two:80/ignored"}]
        sticky: {cookie: {}}
    api: {loadBalancer: {servers: [{url: "http://three:3000/base", preservePath: true}], passHostHeader: false}}
    rest: {weighted: {services: [{name: api, weight: 1}]}}
    two: {loadBalancer: {servers: []}}
---
ignored: true
"""
TOML = """\
[http.routers.toml]
rule = "HostRegexp(`^[a-z]+\\\\.toml\\\\.test$`)"
entryPoints = ["web"]
service = "toml"
[[http.services.toml.loadBalancer.servers]]
url = "http://four"
"""
CASES = [
    {"a/shop.yml": SHOP, "more.yaml": MORE, "z.toml": TOML, "empty.yml": "# nothing\n"},
    {
        "ranks.yml": """\
http:
  routers:
    aliases: {rule: "Host(`a.test`) || Host(`alias.a.test`) || Host(`b.test`)", service: one, entryPoints: [web]}
    below: {rule: "Host(`a.test`) && PathPrefix(`/v2`)", service: two, entryPoints: [web]}
    wild: {rule: "HostRegexp(`^[^.]+\\\\.a\\\\.test$`)", service: three, entryPoints: [web]}
    anywhere: {rule: "PathPrefix(`/v2/longer/than/the/others/are`)", service: four, entryPoints: [web]}
    highest: {rule: "Path(`/top`)", service: four, entryPoints: [web], priority: 9223372036854774807}
    beyond: {rule: "Path(`/beyond`)", service: four, entryPoints: [web], priority: 9223372036854774808}
    lowest: {rule: "PathPrefix(`/`)", service: three, entryPoints: [web], priority: -9223372036854775806}
  services:
    one: {loadBalancer: {servers: [{url: "http://one"}]}}
    two: {loadBalancer: {servers: [{url: "http://two"}]}}
    three: {loadBalancer: {servers: [{url: "http://three"}]}}
    four: {loadBalancer: {servers: [{url: "http://four"}], healthCheck: {path: /, interval: 1s}}}
"""
    },
]


@pytest.fixture
def port() -> Iterator[int]:
    with differential.answering() as port:
        yield port


@pytest.mark.parametrize("texts", CASES)
def test_what_was_imported_is_answered_as_the_files_are(
    tmp_path: Path, service: Service, port: int, texts: dict[str, str]
) -> None:
    known: dict[str, str] = {}
    here = {name: differential.led_here(text, known, port) for name, text in texts.items()}
    case = Case("own", here, {"DOMAIN": "shop.test", "MODE": "live"})
    assert list(differential.differences(case, service, tmp_path)) == []
