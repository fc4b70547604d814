"""The fields of Traefik's dynamic configuration, as its decoder knows them: what a file may have at all. Pure.

Those that nouns have follow from their declarations. What else Traefik (3.7, tried on 3.7.15) knows stands here: each
is written as `name:type`. A type is a text if none is given, `[]` a list of texts, `[x]` a list of objects, `{}` a map
of texts, `{x}` a map of objects, `{*}` a map of anything. Behind it stand `?` where `{}` is taken, `-` where Traefik
ignores a value, and `@` with the version of Traefik that brought it.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from provider.nouns import NOUNS, versions
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.free import FreeObject
from provider.nouns.nested import Nested
from provider.nouns.objects import Object
from provider.nouns.texts import Text
from provider.nouns.types import Flag, Type, Whole

_POOL: Final = "http/services/loadBalancer"

_OTHERS: Final = {
    "http": "models:{models}",
    "http/routers": (
        "parentRefs:[]@3.6 ruleSyntax defaultRule:bool- deniedEncodedPathCharacters:deniedEncodedPathCharacters-@3.6.6"
    ),
    "http/routers/tls": "resolvedOptions-@3.6.18",
    "http/routers/observability": "metadata:metadata-@3.7",
    _POOL: "nginxUpstreamHashBy-@3.7",
    f"{_POOL}/servers": "fenced:bool-@3.3 scheme- port-",
    f"{_POOL}/sticky/cookie": "expires:int-@3.7",
    "http/services/weighted/sticky/cookie": "expires:int-@3.7",
    "http/services/weighted/services": "headers:{}-@3.6 status:int-@3.1 gRPCStatus:gRPCStatus-@3.2",
    "http/middlewares": (
        "requestHeaderModifier:requestHeaderModifier- responseHeaderModifier:responseHeaderModifier-@3.2 "
        "requestRedirect:requestRedirect-@3.1 URLRewrite:URLRewrite-@3.1 "
        "authTLSPassCertificateToUpstream:authTLSPassCertificateToUpstream-@3.7 snippet:snippet-@3.7 "
        "rewriteTarget:rewriteTarget-@3.7 upstreamVHost:upstreamVHost-@3.7 appRoot:appRoot-@3.7.7"
    ),
    "http/middlewares/buffering": "disableRequestBuffer:bool-@3.7 disableResponseBuffer:bool-@3.7",
    "http/middlewares/errors": "nginxHeaders:{*}-@3.7",
    "http/middlewares/redirectRegex": "statusCode:int-@3.7",
    "http/middlewares/redirectScheme": "forcePermanentRedirect:bool-@3.6.3",
    "tcp": "models:{tcpModels}-",
    "tcp/routers": "ruleSyntax",
    "tcp/services/loadBalancer/servers": "port",
    "udp/services/loadBalancer/servers": "port-",
    "tls": "stores:{stores}",
    "tls/certificates": "stores:[]",
    # What stands within those.
    "models": (
        "middlewares:[] tls:http/routers/tls? observability:http/routers/observability@3.3 "
        "deniedEncodedPathCharacters:deniedEncodedPathCharacters-@3.6.6 defaultRuleSyntax-"
    ),
    "tcpModels": "defaultRuleSyntax-",
    "stores": "defaultCertificate:storedCertificate defaultGeneratedCert:defaultGeneratedCert",
    "storedCertificate": "certFile keyFile",
    "defaultGeneratedCert": "resolver domain:http/routers/tls/domains",
    "ingress": "namespace@3.7 ingressName@3.7 serviceName@3.7 servicePort@3.7",
    "metadata": "ingress:ingress-@3.7",
    "deniedEncodedPathCharacters": (
        "allowEncodedSlash:bool@3.6.6 allowEncodedBackSlash:bool@3.6.6 allowEncodedNullCharacter:bool@3.6.6 "
        "allowEncodedSemicolon:bool@3.6.6 allowEncodedPercent:bool@3.6.6 allowEncodedQuestionMark:bool@3.6.6 "
        "allowEncodedHash:bool@3.6.6"
    ),
    "gRPCStatus": "code:int@3.2 msg@3.2",
    "requestHeaderModifier": "set:{} add:{} remove:[]",
    "responseHeaderModifier": "set:{}@3.2 add:{}@3.2 remove:[]@3.2",
    "requestRedirect": "scheme@3.1 hostname@3.1 port@3.1 path@3.1 pathPrefix@3.1 statusCode:int@3.1",
    "URLRewrite": "hostname@3.1 path@3.1 pathPrefix@3.1",
    "authTLSPassCertificateToUpstream": "clientAuthType@3.7 caFiles:[]@3.7",
    "auth": "address@3.7 method@3.7 snippet@3.7 authResponseHeaders:[]@3.7 authSigninURL@3.7",
    "snippet": "serverSnippet@3.7 configurationSnippet@3.7 auth:auth@3.7",
    "rewriteTarget": "regex@3.7 replacement@3.7 xForwardedPrefix@3.7",
    "upstreamVHost": "vHost@3.7 vars:{}@3.7",
    "appRoot": "path@3.7.7",
}
"""What no noun has, by the place of the objects that have it: the sections and fields that lead there."""

_EMPTY: Final = {
    f"{_POOL}/sticky": True,
    f"{_POOL}/sticky/cookie": True,
    "http/services/weighted/sticky/cookie": True,
    "http/middlewares/ipAllowList/ipStrategy": True,
    "http/middlewares/ipWhiteList/ipStrategy": True,
    "http/middlewares/buffering": False,
    "http/middlewares/encodedCharacters": False,
}
"""Whether Traefik takes `{}` in files, where that is not what an empty one means here."""

_SCALARS: Final = {"text", "bool", "int", "duration"}
_FIELD: Final = re.compile(r"(\w+)(?::([^?@-]+))?(\?)?(-)?(?:@([\d.]+))?")


@dataclass(frozen=True, slots=True)
class Known:
    """A field that Traefik knows.

    `type` is `text`, `bool`, `int`, `duration`, `object`, `list` or `map`; of the latter two, `of` is the type of an
    item. `members` names the object that stands there, or that each item is.
    """

    name: str
    type: str
    of: str = ""
    members: str = ""
    allows_empty: bool = False
    is_ignored: bool = False
    since: str = "3.0"


@cache
def fields(members: str) -> Mapping[str, Known]:
    """Return the fields of an object by their names in lower case: Traefik finds them in any case."""
    found = [*_declared().get(members, ()), *map(_known, _OTHERS.get(members, "").split())]
    return {known.name.lower(): known for known in found}


@cache
def _declared() -> Mapping[str, list[Known]]:
    """Return the fields that nouns have, by the place of the objects that have them."""
    found: dict[str, list[Known]] = defaultdict(list)
    for noun in NOUNS.values():
        if noun.place:
            root, name = noun.place
            if root not in found:
                found[""].append(Known(root, "object", members=root))
            place = f"{root}/{name}"
            found[root].append(Known(name, "list" if noun.is_listed else "map", "object", place))
            _gather(noun.served or noun, place, found)
    return found


def _gather(model: type[Object], place: str, found: dict[str, list[Known]], since: str = "3.0") -> None:
    """Add the fields of an object and of those within it. A field is no older than the object that has it."""
    for key, each in model.fields.items():
        if each.is_ours:
            continue
        came, within = max(since, each.since, key=lambda text: versions.read(text) or ()), f"{place}/{key}"
        type_, of, inner = _typed(each.type)
        is_empty_meant = type_ == "object" and inner is not None and _EMPTY.get(within, inner.is_empty_meant)
        found[place].append(Known(key, type_, of, within if inner else "", is_empty_meant, since=came))
        if inner is not None:
            _gather(inner, within, found, came)


def _typed(type_: Type) -> tuple[str, str, type[Object] | None]:
    """Return the type of a field, that of its items, and what its objects are."""
    match type_:
        case Nested(model):
            return "object", "", model
        case ListOf(Nested(model)):
            return "list", "object", model
        case MapOf(Nested(model)):
            return "map", "object", model
        case ListOf():
            return "list", "text", None
        case MapOf(value):
            return "map", {FreeObject: "*", Whole: "int"}.get(type(value), "text"), None
    is_duration = isinstance(type_, Text) and type_.is_duration
    return "duration" if is_duration else {Flag: "bool", Whole: "int"}.get(type(type_), "text"), "", None


def _known(text: str) -> Known:
    found = _FIELD.fullmatch(text)
    if found is None:
        raise ValueError(text)
    name, type_, empty, ignored, since = found.groups()
    type_ = type_ or "text"
    kind, of, members = type_, "", ""
    if type_[0] in "[{":
        kind = "list" if type_[0] == "[" else "map"
        members = type_[1:-1]
        of = members if members in {"int", "*"} else "object" if members else "text"
    elif type_ not in _SCALARS:
        kind, members = "object", type_
    return Known(name, kind, of, members if of in {"", "object"} else "", bool(empty), bool(ignored), since or "3.0")
