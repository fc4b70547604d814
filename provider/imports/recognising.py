"""Files that are none of Traefik's dynamic configuration: what they are, and what to do instead. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from provider.documents import DocumentError, toml
from provider.imports.files import go_yaml
from provider.imports.files.decoding import STATIC
from provider.nouns import NOUNS

_DYNAMIC: Final = {"http", "tcp", "udp", "tls"}
_RUNNING: Final = "import what Traefik runs, with --from-api and the URL of its API"
_HELM: Final = {
    *("additionalArguments", "affinity", "autoscaling", "deployment", "globalArguments", "image", "ingress"),
    *("ingressClass", "ingressRoute", "nodeSelector", "persistence", "podAnnotations", "podSecurityContext", "ports"),
    *("rbac", "replicaCount", "resources", "securityContext", "service", "serviceAccount", "tolerations"),
}
_KEYS: Final = f"these are keys and values of a store, such as Consul or etcd: {_RUNNING}"
_BY_HAND: Final = "make its routes here with `wayshub-provider expose DOMAIN SERVER_URL`"
_ANSWERED: Final = f"this is what Traefik's API answers: {_RUNNING}"
_OTHER: Final = "this JSON is from another program: Traefik's dynamic configuration has http, tcp, udp or tls in it"
_FEW: Final = 3
_STATE: Final = frozenset(noun.plural for noun in NOUNS.values())
_NGINX: Final = re.compile(
    r"^\s*(?:server|http|events|upstream\s+\S+|location\s+[^{]+)\s*\{.*?"
    r"(?:^|[{;])\s*(?:listen|server_name|proxy_pass|server|worker_connections)\s[^;\n]*;",
    re.MULTILINE | re.DOTALL,
)
_APACHE: Final = re.compile(
    r"^\s*(?:<(?:VirtualHost|IfModule|Location|Proxy)\s|(?:Proxy(?:Pass|PassReverse|Requests)|Rewrite\w+|ServerName)\s+\S)",
    re.MULTILINE,
)
_HAPROXY: Final = re.compile(
    r"^(?:(?:frontend|backend|listen)[ \t]+[^\s:;{]+|global|defaults)[^\n:;{]*\n(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]+[a-z]",
    re.MULTILINE,
)
_LIGHTTPD: Final = re.compile(r"^\s*(?:server\.modules\b|\$HTTP\[)", re.MULTILINE)
_TERRAFORM: Final = re.compile(r'^(?:resource|provider|module|variable)\s+"[^"]*"', re.MULTILINE)
_PEM: Final = re.compile(r"^-----BEGIN (?:[A-Z0-9]+ )*(?:CERTIFICATE|PRIVATE KEY)-----", re.MULTILINE)
_OTHER_PEM: Final = re.compile(r"^-----BEGIN [A-Z0-9 ]+-----", re.MULTILINE)
_UNIT: Final = re.compile(r"^\[(?:Unit|Service|Container|Pod|Install)\]\s*$", re.MULTILINE)
_PAGE: Final = re.compile(r"\A\s*<(?:!doctype html|html)\b", re.IGNORECASE)
_LABELS: Final = re.compile(r"\btraefik\.(?:enable|docker|swarm|http|tcp|udp|port|frontend)\b")
_USER: Final = re.compile(r"[^\s:]+:(?:\$|\{SHA\}|[^:]+:[0-9a-f]{32}$)\S*")
_VARIABLE: Final = re.compile(r"(?:export\s+)?[A-Za-z_]\w*=.*")
_SECTION: Final = re.compile(
    r"^(?:[\"']?(?:http|tcp|udp|tls)[\"']?\s*:|\[+\s*(?:http|tcp|udp|tls)\b)", re.MULTILINE | re.IGNORECASE
)
_CADDY: Final = re.compile(
    r"^\s*(?:reverse_proxy|file_server|php_fastcgi|encode|handle(?:_path)?|respond|redir|root|import)\b(?!\s*:)[^;]*$",
    re.MULTILINE,
)
_SITE: Final = re.compile(r"^(?:\S[^:;{}]*|\S+:\d+[^{}]*|https?://[^{}]+|)\{[^:;]*$|^\S+:?\d*\s*$", re.MULTILINE)
_TREE: Final = re.compile(r'^\s*"?/?traefik/(?:http|tcp|udp|tls)/', re.MULTILINE)
_NOMAD: Final = re.compile(r'^\s*job\s+"[^"]*"\s*\{', re.MULTILINE)
_ENTRY_POINTS: Final = "entrypoints"
_ONCE_STATIC: Final = ("pilot",)
_TASK: Final = {"containerDefinitions", "taskDefinition"}
_ENVOY: Final = {"static_resources", "dynamic_resources"}
_CADDY_JSON: Final = {"admin", "logging", "storage", "apps"}
_RUNS: Final = {"routers", "services", "middlewares", "tcpRouters", "tcpServices", "udpRouters", "udpServices"}
_JSON: Final = ".json"
_INSPECTED: Final = "give what `docker inspect` prints of these containers"
_ADDED: Final = "`wayshub-provider certificate add NAME --cert-file @CERTIFICATE --key-file @KEY`"
_LONGEST: Final = 2_000_000


def recognise(name: str, text: str) -> str | None:
    """Return what a file is and what to do instead, in words, or None for what may be Traefik's.

    `name` is that of the file: TOML is told by it.
    """
    if len(text) > _LONGEST:
        return None
    document = _read(name, text)
    if isinstance(document, dict) and _names(document) & _DYNAMIC:
        return None
    told = _of_document(document) if isinstance(document, dict) else _of_list(document)
    if told is None and isinstance(document, dict) and name.lower().endswith(_JSON):
        return _OTHER
    return told or _of_text(text)


def _of_text(text: str) -> str | None:
    if _SECTION.search(text):
        return None
    for is_one, told in _TEXTS:
        if is_one(text):
            return told
    return None


def _is_caddyfile(text: str) -> bool:
    return bool(_CADDY.search(text) and _SITE.search(text))


def _all_lines(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    """Return what tells whether all lines of a text are such ones, but for empty ones and comments."""

    def are(text: str) -> bool:
        lines = [line for each in text.splitlines() if (line := each.strip()) and not line.startswith("#")]
        return bool(lines) and all(map(pattern.fullmatch, lines))

    return are


def _of_list(document: Any) -> str | None:
    listed = [each for each in document if isinstance(each, dict)] if isinstance(document, list) else []
    if any(str(each.get("key")).startswith("traefik/") for each in listed):  # `consul kv export` prints this
        return _KEYS
    return _ANSWERED if any(each.keys() >= {"provider", "status"} for each in listed) else None


def _of_document(document: Mapping[Any, Any]) -> str | None:
    names = {str(name) for name in document}
    if any("@" in str(key) for name in names & _RUNS if isinstance(document[name], dict) for key in document[name]):
        return _ANSWERED
    for is_one, told in _KINDS:
        if is_one(names):
            return told.format(kind=document.get("kind"))
    return None


def _is_static(names: set[str]) -> bool:
    lower = {name.lower() for name in names}
    known = {name.lower() for name in (*STATIC, *_ONCE_STATIC)}
    return bool(lower) and (lower <= known or _ENTRY_POINTS in lower)


_TEXTS: Final[list[tuple[Callable[[str], Any], str]]] = [
    (_TREE.search, _KEYS),
    (_NOMAD.search, f"this is a Nomad job: {_RUNNING}"),
    (_PEM.search, f"this is a certificate or a private key: add both with {_ADDED}"),
    (_OTHER_PEM.search, "this is PEM without a certificate or a private key: Traefik does not read it"),
    (_PAGE.search, "this is a web page: download the file itself, which some sites call raw"),
    (_LABELS.search, f"this has labels of containers: {_INSPECTED}"),
    (_TERRAFORM.search, f"this is a Terraform configuration: {_RUNNING}"),
    (_NGINX.search, f"this is an nginx configuration: {_BY_HAND}"),
    (_APACHE.search, f"this is an Apache configuration: {_BY_HAND}"),
    (_HAPROXY.search, f"this is an HAProxy configuration: {_BY_HAND}"),
    (_LIGHTTPD.search, f"this is a lighttpd configuration: {_BY_HAND}"),
    (_is_caddyfile, f"this is a Caddyfile: {_BY_HAND}"),
    (_UNIT.search, f"this is a systemd unit: {_BY_HAND}"),
    (_all_lines(_USER), "these are users and their passwords: name the file as usersFile in a middleware"),
    (_all_lines(_VARIABLE), "these are variables: give the file with --env-file, beside the files that use them"),
]
"""What a text is by a part of it, and what to do instead."""

_KINDS: Final[list[tuple[Callable[[set[str]], bool], str]]] = [
    (
        lambda names: {"apiVersion", "kind"} <= names,
        f"this is a Kubernetes object ({{kind}}), which Traefik reads from there: {_RUNNING}",
    ),
    (lambda names: bool(names & _TASK), f"this is an Amazon ECS task, whose labels Traefik reads there: {_RUNNING}"),
    (lambda names: names == {"Job"}, f"this is a Nomad job: {_RUNNING}"),
    (
        _is_static,
        f"this is Traefik's static configuration: give the files that it names, or {_RUNNING}",
    ),
    (lambda names: bool(names & _ENVOY), f"this is an Envoy configuration: {_BY_HAND}"),
    (lambda names: "_format_version" in names, f"this is a Kong configuration: {_BY_HAND}"),
    (lambda names: "apps" in names and names <= _CADDY_JSON, f"this is a Caddy configuration: {_BY_HAND}"),
    (
        lambda names: {"frontends", "backends"} & names != set(),
        "this is a Traefik 1 configuration: convert it to Traefik 3 first",
    ),
    (
        lambda names: len(names & _HELM) >= _FEW,
        f"these are values of a Helm chart: {_RUNNING}",
    ),
    (
        lambda names: names <= _STATE and bool(names & {"domains", "routers"}),
        "this file is for wayshub-provider: use `wayshub-provider apply`",
    ),
]
"""What a document is, by its names, and what to do instead."""


def _names(document: Mapping[Any, Any]) -> set[str]:
    return {str(name).lower() for name in document}


def _read(name: str, text: str) -> Any:
    """Read a text, or its first document, as far as that can be done."""
    try:
        if name.lower().endswith(".toml"):
            return toml.read(name, text)
        return go_yaml.read(name, text)[0].document
    except DocumentError:
        return None
