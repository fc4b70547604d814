"""The whole desired state as one document: domains, services with their servers, and routers, by name. Pure.

Defaults are left out where it is written, and filled in where it is read, so that reading what was written
gives the same objects. A name that is a key stands nowhere else.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from provider.errors import FieldError, Invalid, pointer
from provider.messages import Message
from provider.nouns import NOUNS, Domain, Noun, Router, Server, Service
from provider.nouns.reading import MISSING, Reading
from provider.values import HOSTNAME_SCHEMA, NAME_SCHEMA

M = TypeVar("M", bound=Noun)

NAME: Final = "Declaration"
"""The name of the document's schema."""

SECTIONS: Final = ("domains", "services", "routers")
_SERVERS: Final = "servers"
_MOST_ERRORS: Final = 100


@dataclass(frozen=True, slots=True)
class Declaration:
    """A state, or a part of one. Domains by their A-labels, servers by the names of their services."""

    domains: Mapping[str, Domain] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    servers: Mapping[str, Mapping[str, Server]] = field(default_factory=dict)
    routers: Mapping[str, Router] = field(default_factory=dict)


def read(document: Any) -> Declaration:
    """Read a declaration. Raises `Invalid`, with a pointer to every field that is wrong."""
    wrong: list[FieldError] = []
    sections = {name: _members(document, name, wrong) for name in SECTIONS}
    if isinstance(document, dict):
        wrong += [_unknown(name) for name in document if name not in SECTIONS]
    domains = _read_all(sections["domains"], Domain, ("domains",), wrong)
    services, servers = {}, {}
    for name, described in sections["services"].items():
        own = dict(described) if isinstance(described, dict) else described
        pool = own.pop(_SERVERS, None) if isinstance(own, dict) else None
        found = _read_one(name, own, Service, ("services", name), wrong)
        if found is not None:
            services[name] = found
        if pool is not None:
            where = ("services", name, _SERVERS)
            listed = _members({_SERVERS: pool}, _SERVERS, wrong, where)
            servers[name] = _read_all(listed, Server, where, wrong)
    routers = _read_all(sections["routers"], Router, ("routers",), wrong)
    by_label = _by_label(domains, wrong)
    if wrong:
        raise Invalid(wrong[:_MOST_ERRORS])
    return Declaration(by_label, services, servers, routers)


def write(
    domains: Iterable[Domain],
    services: Iterable[Service],
    servers: Mapping[str, Iterable[Server]],
    routers: Iterable[Router],
) -> dict[str, Any]:
    """Write a state as a document. Everything stands in the order of its names; what is empty is left out."""
    pools = {service: _write_all(pool, lambda server: server.name) for service, pool in servers.items()}
    document = {
        "domains": _write_all(domains, lambda domain: domain.name),
        "services": {
            name: described | ({_SERVERS: pools[name]} if pools.get(name) else {})
            for name, described in _write_all(services, lambda service: service.name).items()
        },
        "routers": _write_all(routers, lambda router: router.name),
    }
    return {name: members for name, members in document.items() if members}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document, for editors."""
    described = schemas("#/$defs/{model}")
    whole = described.pop(NAME)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole, "$defs": described}


def schemas(ref_template: str) -> dict[str, Any]:
    """Return the schemas of the document and of all that is in it, by name. `ref_template` has `{model}`."""
    found: dict[str, Any] = {}
    for noun in NOUNS.values():
        described = noun.schema(ref_template, found)
        described["properties"].pop("name")
        described["required"] = [field for field in described.get("required", ()) if field != "name"]
        described.pop("example", None)
        title = f"Declared{noun.__name__}"
        found[title] = described | {"title": title, "description": f"A {noun.kind}, whose name is its key."}

    def by_name(noun: str, description: str, names: Mapping[str, Any], *, may_be_null: bool) -> dict[str, Any]:
        described = {"$ref": ref_template.format(model=f"Declared{noun}")}
        members = {"anyOf": [described, {"type": "null"}]} if may_be_null else described
        parts = {"propertyNames": dict(names), "additionalProperties": members}
        return {"type": "object", "description": description, **parts}

    found["DeclaredService"]["properties"][_SERVERS] = by_name(
        "Server", "Its servers, by name.", NAME_SCHEMA, may_be_null=False
    )
    hosts = "Host names that are ours, as typed or as A-labels."
    found[NAME] = {
        "title": NAME,
        "description": "A desired state, or a part of one. What is left out has its default.",
        "type": "object",
        "properties": {
            "domains": by_name("Domain", hosts, HOSTNAME_SCHEMA, may_be_null=True),
            "services": by_name("Service", "Pools of servers, by name.", NAME_SCHEMA, may_be_null=True),
            "routers": by_name(
                "Router", "Which requests go to which service, by name.", NAME_SCHEMA, may_be_null=False
            ),
        },
        "additionalProperties": False,
        "example": {
            "domains": {"alvin.xyz": {}},
            "services": {"wayshub": {"servers": {"a": {"url": "http://10.0.0.11:3000", "weight": 3}}}},
            "routers": {"wayshub": {"domains": ["alvin.xyz"], "service": "wayshub"}},
        },
    }
    return found


def _read_all(
    members: Mapping[str, Any], model: type[M], where: tuple[str, ...], wrong: list[FieldError]
) -> dict[str, M]:
    read_ones = {name: _read_one(name, described, model, (*where, name), wrong) for name, described in members.items()}
    return {name: item for name, item in read_ones.items() if item is not None}


def _read_one(name: str, described: Any, model: type[M], where: tuple[str, ...], wrong: list[FieldError]) -> M | None:
    if described is None:
        described = {}
    if not isinstance(described, dict):
        wrong.append(FieldError(pointer(*where), "type.object", Message("this has to be an object")))
        return None
    if "name" in described:
        detail = Message("the name is the key: leave this out")
        wrong.append(FieldError(pointer(*where, "name"), "field.unknown", detail))
        return None
    reading = Reading()
    item = model.read_into({"name": name, **described}, reading)
    for found in reading.wrong:
        inside = "" if found.pointer == "/name" else found.pointer
        wrong.append(replace(found, pointer=pointer(*where) + inside))
    return None if item is MISSING else item


def _members(document: Any, name: str, wrong: list[FieldError], where: tuple[str, ...] | None = None) -> dict[str, Any]:
    if document is None:
        return {}
    if not isinstance(document, dict):
        if not wrong:
            wrong.append(FieldError("", "type.object", Message("this has to be an object")))
        return {}
    found = document.get(name)
    if found is None:
        return {}
    if isinstance(found, dict):
        return found
    detail = Message("this has to be an object: each name with what it stands for")
    wrong.append(FieldError(pointer(*(where or (name,))), "type.object", detail))
    return {}


def _by_label(domains: Mapping[str, Domain], wrong: list[FieldError]) -> dict[str, Domain]:
    found: dict[str, Domain] = {}
    for name, domain in domains.items():
        label = domain.ascii_name
        if label in found:
            detail = Message("{name} is the same domain as {other}", name=name, other=found[label].name)
            wrong.append(FieldError(pointer("domains", name), "domains.duplicate", detail))
        found[label] = domain
    return found


def _unknown(name: str) -> FieldError:
    detail = Message("there is no such part: a state has {parts}", parts=", ".join(SECTIONS))
    return FieldError(pointer(name), "field.unknown", detail)


def _write_all(items: Iterable[M], name: Callable[[M], str]) -> dict[str, dict[str, Any]]:
    return {name(item): _write_one(item) for item in sorted(items, key=name)}


def _write_one(item: Noun) -> dict[str, Any]:
    written = item.changed()
    written.pop("name", None)
    return written
