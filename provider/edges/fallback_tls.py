"""What the fallback file has of TLS: Traefik has the file beside the document that it polls. Pure.

Facts from Traefik 3.7: where two providers have a default certificate, or options named `default`, it takes neither,
and without default options no router speaks TLS any more. Routers of one host get the default options, instead of
their own, where these have different names, as `strict@http` and `strict@file` have.
"""

from collections.abc import Mapping
from typing import Any, Final

from provider.nouns.tls import DEFAULT

_TLS: Final = "tls"
_ROUTERS: Final = "routers"
_OPTIONS: Final = "options"
_ONCE: Final = ("stores", _OPTIONS)
_OURS: Final = "@http"
_CLIENT_AUTH: Final = "clientAuth"


def said_once(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document without what only one provider may say: the default certificate, and options.

    Routers with options have those of the document that is polled: while there is none, Traefik serves them to nobody.
    Nor are those in the file that may be reached by clients with a certificate alone, by the default options.
    """
    tls = document.get(_TLS, {})
    is_closed = _CLIENT_AUTH in tls.get(_OPTIONS, {}).get(DEFAULT, {})
    made = {root: _apart(sections, is_closed=is_closed) for root, sections in document.items() if root != _TLS}
    left = {name: each for name, each in tls.items() if name not in _ONCE}
    return {root: each for root, each in {**made, _TLS: left}.items() if each}


def _apart(sections: Mapping[str, Any], *, is_closed: bool) -> dict[str, Any]:
    routers = {name: _router(router) for name, router in sections.get(_ROUTERS, {}).items()}
    kept = {name: router for name, router in routers.items() if not is_closed or not _has_default(router)}
    return with_routers(sections, kept)


def with_routers(sections: Mapping[str, Any], routers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a document has of one protocol, with these routers. An empty map is no document for Traefik."""
    rest = {name: each for name, each in sections.items() if name != _ROUTERS}
    return {**rest, _ROUTERS: routers} if routers else rest


def _router(router: Mapping[str, Any]) -> Mapping[str, Any]:
    options = _find_options(router)
    if options is None or options == DEFAULT or "@" in options:
        return router
    return {**router, _TLS: {**router[_TLS], _OPTIONS: f"{options}{_OURS}"}}


def _has_default(router: Mapping[str, Any]) -> bool:
    return _TLS in router and _find_options(router) in {None, DEFAULT}


def _find_options(router: Mapping[str, Any]) -> str | None:
    options: str | None = router.get(_TLS, {}).get(_OPTIONS)
    return options
