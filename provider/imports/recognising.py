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
_FEW: Final = 3
_STATE: Final = frozenset(noun.plural for noun in NOUNS.values())
_NGINX: Final = re.compile(
    r"^\s*(?:server|http|events|upstream\s+\S+|location\s+[^{]+)\s*\{.*?"
    r"(?:^|[{;])\s*(?:listen|server_name|proxy_pass|server|worker_connections)\s[^;\n]*;",
    re.MULTILINE | re.DOTALL,
)
_APACHE: Final = re.compile(r"^\s*<VirtualHost\s", re.MULTILINE)
_HAPROXY: Final = re.compile(
    r"^(?:frontend|backend|listen)\s+\S+[^\n]*\n\s+(?:bind|mode|server|default_backend)\s", re.MULTILINE
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
    told = _of_document(document) if isinstance(document, dict) else _KEYS if _is_tree(document) else None
    return told or _of_text(text)


def _of_text(text: str) -> str | None:
    told = next((told for pattern, told in _TEXTS if pattern.search(text)), None)
    if told is None and _CADDY.search(text) and _SITE.search(text):
        return f"this is a Caddyfile: {_by_hand()}"
    return told


def _is_tree(document: Any) -> bool:
    """Tell whether a document is what `consul kv export` prints."""
    return isinstance(document, list) and any(
        isinstance(each, dict) and str(each.get("key")).startswith("traefik/") for each in document
    )


def _of_document(document: Mapping[Any, Any]) -> str | None:
    names = {str(name) for name in document}
    for is_one, told in _KINDS:
        if is_one(names):
            return told.format(kind=document.get("kind"))
    return None


def _by_hand() -> str:
    return "make its routes here with `wayshub-provider expose DOMAIN SERVER_URL`"


def _is_static(names: set[str]) -> bool:
    lower = {name.lower() for name in names}
    known = {name.lower() for name in (*STATIC, *_ONCE_STATIC)}
    return bool(lower) and (lower <= known or _ENTRY_POINTS in lower)


_TEXTS: Final = [
    (_TREE, _KEYS),
    (_NOMAD, f"this is a Nomad job: {_RUNNING}"),
    (_NGINX, f"this is an nginx configuration: {_by_hand()}"),
    (_APACHE, f"this is an Apache configuration: {_by_hand()}"),
    (_HAPROXY, f"this is an HAProxy configuration: {_by_hand()}"),
]
"""What a text is by a part of it, and what to do instead."""

_KINDS: Final[list[tuple[Callable[[set[str]], bool], str]]] = [
    (
        lambda names: {"apiVersion", "kind"} <= names,
        f"this is a Kubernetes object ({{kind}}), which Traefik reads from there: {_RUNNING}",
    ),
    (lambda names: bool(names & _TASK), f"this is a task of Amazon ECS, whose labels Traefik reads there: {_RUNNING}"),
    (lambda names: names == {"Job"}, f"this is a Nomad job: {_RUNNING}"),
    (
        _is_static,
        f"this is Traefik's static configuration: give the files that it names, or {_RUNNING}",
    ),
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
        "this is a file of wayshub-provider: use `wayshub-provider apply`",
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
