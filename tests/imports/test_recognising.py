"""Files that are none of Traefik's dynamic configuration are named, with what to do instead."""

import pytest

from provider.imports.recognising import recognise

STATIC = "Traefik's static configuration"
NGINX = """
upstream shop { server 10.0.0.1:3000; }
server {
  listen 80;
  server_name shop.test;
  location / { proxy_pass http://shop; }
}
"""
CADDY = """
shop.test {
    encode gzip
    reverse_proxy 127.0.0.1:3000
}
"""
ROUTE = """
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: shop}
spec: {routes: []}
---
apiVersion: v1
kind: Service
"""


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("traefik.yml", "entryPoints: {web: {address: ':80'}}\nproviders: {docker: {}}\n", STATIC),
        ("traefik.yml", "api: {}\nLog: {level: DEBUG}\n", STATIC),
        ("traefik.toml", "[entryPoints.web]\naddress = ':80'\n[providers.docker]\n", STATIC),
        ("route.yml", ROUTE, "a Kubernetes object (IngressRoute)"),
        ("route.yml", "---\n" + ROUTE, "a Kubernetes object (IngressRoute)"),
        ("route.yml", "# of a chart\n---\n" + ROUTE, "a Kubernetes object (IngressRoute)"),
        ("route.yml", "---\r\n" + ROUTE.replace("\n", "\r\n"), "a Kubernetes object (IngressRoute)"),
        ("traefik.yml", "entryPoints: {web: {address: ':80'}}\npilot: {token: a}\nx-own: 1\n", STATIC),
        (
            "kv.json",
            '[\n\t{"key": "traefik/http/routers/a/rule", "flags": 0, "value": "SG9zdA=="}\n]',
            "keys and values",
        ),
        (
            "kv.txt",
            "traefik/http/routers/a/rule\nHost(`a.test`)\ntraefik/http/routers/a/service\na\n",
            "keys and values",
        ),
        ("task.json", '{"family": "a", "containerDefinitions": [{"dockerLabels": {"traefik.enable": "true"}}]}', "ECS"),
        (
            "shop.nomad",
            'job "shop" {\n  group "web" {\n    service { tags = ["traefik.enable=true"] }\n  }\n}\n',
            "Nomad",
        ),
        ("shop.json", '{"Job": {"ID": "shop", "TaskGroups": []}}', "Nomad"),
        ("route.yml", "apiVersion: networking.k8s.io/v1\nkind: Ingress\n", "a Kubernetes object (Ingress)"),
        ("values.yaml", "image: {tag: v3}\ndeployment: {replicas: 2}\nports: {web: {port: 80}}\n", "a Helm chart"),
        ("nginx.conf", NGINX, "nginx"),
        ("site", "server {\n  listen 80;\n}\n", "nginx"),
        ("site", "server { listen 80; server_name a.test; }\n", "nginx"),
        ("site", "server\n{\n  listen {{ port }};\n}\n", "nginx"),
        ("nginx.conf", "events {\n  worker_connections 1024;\n}\nhttp {\n  include conf.d/*.conf;\n}\n", "nginx"),
        ("a.conf", "<VirtualHost *:80>\n  ProxyPass / http://10.0.0.1/\n</VirtualHost>\n", "Apache"),
        ("haproxy.cfg", "global\n  daemon\nfrontend web\n  bind *:80\n  default_backend shop\n", "HAProxy"),
        ("Caddyfile", CADDY, "a Caddyfile"),
        ("Caddyfile", "{\n    email a@shop.test\n}\n" + CADDY, "a Caddyfile"),
        ("Caddyfile", "shop.test\n\nreverse_proxy 127.0.0.1:3000\n", "a Caddyfile"),
        ("state.yml", "domains: {a.test: {}}\nservices: {}\n", "a file of wayshub-provider"),
        ("traefik.toml", "[frontends.a]\nbackend = 'a'\n[backends.a]\n", "Traefik 1"),
    ],
)
def test_what_is_something_else_is_named(name: str, text: str, told: str) -> None:
    assert told in (recognise(name, text) or "nothing")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "http: {routers: {}}\nentryPoints: {}\n",
        "http:\n  routers: [\n",
        "http:\n  {{ range $i, $e := until 3 }}\n",
        "- a\n",
        "text",
        "nonsense: {}\n",
        "http:\n  routers:\n    r: {rule: 'Host(`{x`)', service: s}\n   bad: 1\n",
    ],
)
def test_what_may_be_traefiks_is_not_taken_for_something_else(text: str) -> None:
    assert recognise("a.yml", text) is None
