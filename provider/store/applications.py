"""Applications: a domain, its router, its service and its servers, made in one step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from provider import names
from provider.database.sessions import Session
from provider.errors import AlreadyExists, FieldError, Invalid, pointer
from provider.hosts import to_ascii
from provider.messages import Message
from provider.models import ExposedServer, ExposeInput
from provider.nouns import Domain, Middleware, Noun, Router, Server, Service
from provider.store import nouns, places, referrers, servers, writes

_ROOM: Final = 50
"""So much of an application's name is in those of its middlewares, which have to end with what they do."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What was made."""

    domain: Domain
    router: Router
    service: Service
    servers: Sequence[Server]


def check(session: Session, wanted: ExposeInput) -> Sequence[Server]:
    """Check whether an application can be exposed, and change nothing. Returns its servers, each with a name.

    Raises `AlreadyExists` where a name is taken or another router has the domain and path prefix, and
    `Invalid` where two servers have one name, or one leads where none may be.
    """
    host = to_ascii(wanted.domain)
    listed = name_servers(wanted.servers)
    _check_free(session, wanted.name or default_name(host), wanted)
    wrong = [
        FieldError(pointer("servers", index, "url"), "url.network", trouble)
        for index, server in enumerate(listed)
        if (trouble := places.find_refusal(session, server.url))
    ]
    if wrong:
        raise Invalid(wrong)
    return listed


def expose(session: Session, wanted: ExposeInput) -> Exposure:
    """Make a domain, unless it exists, and a router, a service and servers, which must not exist.

    Raises what `check` does.
    """
    host = to_ascii(wanted.domain)
    name = wanted.name or default_name(host)
    listed = check(session, wanted)
    for domain in filter(None, (wanted.domain, wanted.other_name)):
        _put_domain(session, domain, wanted)
    writes.put(session, Service(name=name, health_check=wanted.health_check, on_failure=wanted.on_failure))
    for server in listed:
        writes.put(session, server, name)
    passed = [_put_middleware(session, name, end, kind) for end, kind in wanted.middlewares()]
    writes.put(
        session,
        Router(name=name, domains=[wanted.domain], path_prefix=wanted.path_prefix, service=name, middlewares=passed),
    )
    if wanted.other_name is not None:
        end = "www" if to_ascii(wanted.other_name) != host.removeprefix("www.") else "apex"
        redirect = _put_middleware(session, name, end, wanted.redirect())
        other = _free_name(session, Router, f"{name[:_ROOM]}-{end}")
        writes.put(session, Router(name=other, domains=[wanted.other_name], service=name, middlewares=[redirect]))
    return Exposure(
        nouns.get(session, Domain, host),
        nouns.get(session, Router, name),
        nouns.get(session, Service, name),
        servers.pool(session, name),
    )


def _put_domain(session: Session, name: str, wanted: ExposeInput) -> None:
    """Add a domain that is not there yet. One that is keeps what it has, but for HTTPS where that is wanted."""
    found = nouns.find(session, Domain, to_ascii(name)) or Domain(name=name)
    writes.put(session, found if wanted.tls is None else found.copy(tls=wanted.tls))


def _put_middleware(session: Session, application: str, end: str, kind: Mapping[str, Any]) -> str:
    """Add a middleware of an application, and return its name."""
    name = _free_name(session, Middleware, f"{application[:_ROOM]}-{end}")
    writes.put(session, Middleware.read({"name": name, **kind}))
    return name


def _free_name(session: Session, noun: type[Noun], name: str) -> str:
    taken = set[str]()
    while nouns.find(session, noun, found := names.free(name, taken)):
        taken.add(found)
    return found


def default_name(host: str) -> str:
    """Return the name of an application whose domain is `host`, an A-label: the first label."""
    return host.removeprefix("*.").partition(".")[0]


def find_free_name(session: Session, host: str) -> str:
    """Return the default name, with a number behind it where there is a service or a router of that name."""
    name, taken = default_name(host), set[str]()
    while nouns.find(session, Service, found := names.free(name, taken)) or nouns.find(session, Router, found):
        taken.add(found)
    return found


def list_rivals(session: Session, wanted: ExposeInput) -> Sequence[str]:
    """Return the routers that have the domain and the path prefix already, by name."""
    found = referrers.users_of(session, Router, Domain, to_ascii(wanted.domain))
    return [router.name for router in found if router.path_prefix == wanted.path_prefix]


def name_servers(given: Sequence[ExposedServer]) -> list[Server]:
    """Give each server without a name one: see `names.from_urls`. Raises `Invalid`."""
    taken: set[str] = set()
    wrong = []
    for index, server in enumerate(given):
        if server.name is not None and server.name in taken:
            detail = Message("two servers have the name {name}", name=server.name)
            wrong.append(FieldError(pointer("servers", index, "name"), "name.duplicate", detail))
        taken.add(server.name or "")
    if wrong:
        raise Invalid(wrong)
    made = iter(names.from_urls([server.url for server in given if server.name is None]))
    listed = []
    for server in given:
        name = server.name or names.free(next(made), taken)
        taken.add(name)
        listed.append(Server(name=name, url=server.url, weight=server.weight))
    return listed


def _check_free(session: Session, name: str, wanted: ExposeInput) -> None:
    wrong = []
    if nouns.find(session, Service, name) is not None:
        wrong.append(
            FieldError("/name", "name.taken", Message("service {name} already exists: choose another name", name=name))
        )
    elif nouns.find(session, Router, name) is not None:
        wrong.append(
            FieldError("/name", "name.taken", Message("router {name} already exists: choose another name", name=name))
        )
    rivals = list_rivals(session, wanted)
    if rivals:
        where = wanted.domain + (wanted.path_prefix or "")
        detail = Message("{where} is already exposed by router {routers}", where=where, routers=", ".join(rivals))
        wrong.append(FieldError("/domain", "domain.taken", detail))
    if wrong:
        raise AlreadyExists("; ".join(field.detail for field in wrong), wrong)
