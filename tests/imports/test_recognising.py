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
        ("httpd.conf", "Listen 80\nProxyPass / http://10.0.0.1/\n", "Apache"),
        (".htaccess", "RewriteEngine On\nRewriteRule ^(.*)$ /index.php [L]\n", "Apache"),
        ("haproxy.cfg", "defaults\n  # of all\n\n  timeout connect 5s\nlisten db\n  bind :5432\n", "HAProxy"),
        ("lighttpd.conf", 'server.modules = ( "mod_proxy" )\n', "lighttpd"),
        ("envoy.yaml", "static_resources: {listeners: []}\nadmin: {}\n", "an Envoy configuration"),
        ("kong.yml", "_format_version: '3.0'\nservices: [{name: a, url: 'http://a'}]\n", "a Kong configuration"),
        ("caddy.json", '{"apps": {"http": {"servers": {}}}}', "a Caddy configuration"),
        ("route.yml", "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n", "(HTTPRoute)"),
        ("main.tf", 'resource "docker_container" "web" {\n  image = "a"\n}\n', "Terraform"),
        ("web.service", "[Unit]\nDescription=Shop\n[Service]\nExecStart=/bin/shop\n", "a systemd unit"),
        ("web.container", "[Container]\nImage=a\nLabel=traefik.enable=true\n", "labels of containers"),
        ("Dockerfile", "FROM a\nLABEL traefik.http.routers.a.rule=Path(`/`)\n", "docker inspect"),
        ("play.yml", "- hosts: all\n  tasks: [{labels: {traefik.enable: 'true'}}]\n", "labels of containers"),
        (".env", "# of the shop\nDOMAIN=shop.test\nexport TOKEN='a b'\n", "--env-file"),
        ("users", "a:$2y$05$abc\n", "usersFile"),
        ("digest", f"a:realm:{'0' * 32}\n", "usersFile"),
        ("cert.pem", "Bag Attributes\n-----BEGIN CERTIFICATE-----\nMA==\n", "certificate add"),
        ("key.pem", "-----BEGIN RSA PRIVATE KEY-----\nMA==\n", "certificate add"),
        ("a.csr", "-----BEGIN CERTIFICATE REQUEST-----\nMA==\n", "without a certificate"),
        ("a.yml", "<!DOCTYPE html>\n<html></html>\n", "a web page"),
        ("package.json", '{"name": "a", "version": "1"}', "another program"),
        ("rawdata.json", '{"routers": {"a@docker": {"rule": "Path(`/`)"}}}', "what Traefik's API answers"),
        ("routers.json", '[{"name": "a@docker", "provider": "docker", "status": "enabled"}]', "Traefik's API"),
        ("haproxy.cfg", "global\n  daemon\nfrontend web\n  bind *:80\n  default_backend shop\n", "HAProxy"),
        ("Caddyfile", CADDY, "a Caddyfile"),
        ("Caddyfile", "{\n    email a@shop.test\n}\n" + CADDY, "a Caddyfile"),
        ("Caddyfile", "shop.test\n\nreverse_proxy 127.0.0.1:3000\n", "a Caddyfile"),
        ("state.yml", "domains: {a.test: {}}\nservices: {}\n", "this file is for wayshub-provider"),
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
        "x=1\nhttp:\n",
        "tls:\n  certificates:\n  - certFile: |\n-----BEGIN CERTIFICATE-----\nMA==\n",
        "[http.routers.a]\nrule = 'x'\n[Service]\n",
        "# traefik.enable=true\nhttp: {routers: [\n",
        "http:\n  routers:\n    r: {rule: 'Host(`{x`)', service: s}\n   bad: 1\n",
    ],
)
def test_what_may_be_traefiks_is_not_taken_for_something_else(text: str) -> None:
    assert recognise("a.yml", text) is None
