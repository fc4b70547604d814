"""The whole desired state, or a part of it, as a value: objects by kind and name, and the document that says it. Pure.

In the document each noun has its section, and what belongs to another object stands within that. Defaults are left
out where it is written, and filled in where it is read, so that reading what was written gives the same objects. A
name that is a key stands nowhere else.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Self, TypeVar, cast

from provider.errors import FieldError, Invalid, pointer
from provider.listening import DefaultEntryPoints, Listening
from provider.messages import Message
from provider.nouns import NOUNS, Domain, Named, Noun, Router, Server, Service, owners, within
from provider.nouns.noun import NAME as KEY
from provider.nouns.reading import MISSING, Reading, Where

N = TypeVar("N", bound=Noun)
NAME: Final = "Declaration"
"""The name of the document's schema."""

_MOST_ERRORS: Final = 100
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True)
class Declaration:
    """A state, or a part of one: objects by their kind and by their name as in `Change`.

    A domain's name is its A-label, a server's is `SERVICE/SERVER`.
    """

    objects: Mapping[str, Mapping[str, Noun]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Let each kind have its section."""
        object.__setattr__(self, "objects", {kind: self.objects.get(kind, {}) for kind in NOUNS})

    @classmethod
    def of(cls, *items: Noun, within: Mapping[str, Iterable[Noun]] = _NOTHING) -> Self:
        """Return the state of some objects; those that belong to others stand `within`, by the names of these."""
        named = [(item.kind, item.key, item) for item in items]
        named += [(item.kind, f"{owner}/{item.key}", item) for owner, owned in within.items() for item in owned]
        return cls.gathered(named)

    @classmethod
    def gathered(cls, named: Iterable[tuple[str, str, Noun]]) -> Self:
        """Return the state of objects that are given with their kinds and names."""
        objects: dict[str, dict[str, Noun]] = {}
        for kind, name, item in named:
            objects.setdefault(kind, {})[name] = item
        return cls(objects)

    def __iter__(self) -> Iterator[tuple[str, str, Noun]]:
        """Give all objects, with their kinds and names."""
        return ((kind, name, item) for kind, section in self.objects.items() for name, item in section.items())

    def __bool__(self) -> bool:
        """Tell whether there is any object."""
        return any(self.objects.values())

    @property
    def names(self) -> set[Named]:
        return {(kind, name) for kind, section in self.objects.items() for name in section}

    def part(self, named: Collection[Named]) -> Self:
        """Return the part that is some objects, with what belongs to them; nothing, where they are not there."""
        return self.gathered(each for each in self if any(one in named for one in owners(each[0], each[1])))

    def find(self, kind: str, name: str) -> Noun | None:
        return self.objects[kind].get(name)

    def get(self, noun: type[N], name: str) -> N | None:
        return self.all(noun).get(name)

    def belonging(self, noun: type[N], owner: str) -> Collection[N]:
        """Return the objects of a noun that belong to another, which may not be there."""
        return self.owned(noun).get(owner, {}).values()

    def all(self, noun: type[N]) -> Mapping[str, N]:
        return cast("Mapping[str, N]", self.objects[noun.kind])

    def owned(self, noun: type[N]) -> Mapping[str, Mapping[str, N]]:
        """Return the objects of a noun by the names of what they belong to, and by their own."""
        return cast("Mapping[str, Mapping[str, N]]", self._owned.get(noun.kind, {}))

    @cached_property
    def _owned(self) -> Mapping[str, Mapping[str, Mapping[str, Noun]]]:
        found: dict[str, dict[str, dict[str, Noun]]] = {}
        for kind, noun in NOUNS.items():
            if noun.within:
                for name, item in self.objects[kind].items():
                    owner, own = noun.split(name)
                    found.setdefault(kind, {}).setdefault(owner, {})[own] = item
        return found

    def of_domain(self, ascii_name: str) -> Iterable[Router]:
        """Return the routers that match a domain."""
        return (router for router in self.routers.values() if ascii_name in router.ascii_domains)

    def listening(self, points: DefaultEntryPoints) -> Listening:
        """Return what tells where its routers listen."""
        return Listening.of(points, self.domains.values())

    @property
    def domains(self) -> Mapping[str, Domain]:
        """The domains, by A-label."""
        return self.all(Domain)

    @property
    def services(self) -> Mapping[str, Service]:
        return self.all(Service)

    @property
    def servers(self) -> Mapping[str, Mapping[str, Server]]:
        """The servers, by the names of their services and their own."""
        return self.owned(Server)

    @property
    def routers(self) -> Mapping[str, Router]:
        return self.all(Router)


def place(kind: str, name: str) -> Where:
    """Return where an object stands in the document."""
    noun = NOUNS[kind]
    owner, own = noun.split(name)
    return (*(place(noun.within, owner) if noun.within else ()), noun.plural, own)


def read(document: Any) -> Declaration:
    """Read a declaration. Raises `Invalid`, with a pointer to every field that is wrong."""
    reading = _DocumentReading()
    if not isinstance(document, dict | None):
        raise Invalid([FieldError("", "type.object", Message("this has to be an object"))])
    given = document or {}
    sections = [(noun, reading.members(given.get(noun.plural), (noun.plural,))) for noun in within("")]
    known = [noun.plural for noun, _members in sections]
    for name in [name for name in given if name not in known]:
        detail = Message("there is no such part: the parts are {parts}", parts=", ".join(known))
        reading.wrong.append(FieldError(pointer(name), "field.unknown", detail))
    for noun, members in sections:
        reading.section(noun, members, (noun.plural,))
    if wrong := [*reading.wrong, *reading.twice]:
        raise Invalid(wrong[:_MOST_ERRORS])
    return Declaration(reading.objects)


class _DocumentReading:
    """Goes through a document once."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Noun]] = {}
        self.wrong: list[FieldError] = []
        self.twice: list[FieldError] = []
        """The objects that stand there twice, under names that mean the same."""

    def members(self, section: Any, where: Where) -> Mapping[str, Any]:
        if section is None or isinstance(section, dict):
            return section or {}
        detail = Message("this has to be an object, with names as keys")
        self.wrong.append(FieldError(pointer(*where), "type.object", detail))
        return {}

    def section(self, noun: type[Noun], members: Mapping[str, Any], where: Where, owner: str = "") -> None:
        """Read the objects of a noun, with all that belongs to them."""
        children = within(noun.kind)
        found = self.objects.setdefault(noun.kind, {})
        for name, described in members.items():
            below = {}
            if children and isinstance(described, dict):
                below = {child: described[child.plural] for child in children if child.plural in described}
            item = self._read(name, described, noun, (*where, name), [child.plural for child in below])
            if item is not None:
                key = f"{owner}/{item.key}" if owner else item.key
                if key in found:
                    told = {"name": name, "kind": noun.called(), "other": found[key].name}
                    detail = Message("{name} is the same {kind} as {other}", **told)
                    self.twice.append(FieldError(pointer(*where, name), f"{noun.plural}.duplicate", detail))
                found[key] = item
            for child, own in below.items():
                at = (*where, name, child.plural)
                self.section(child, self.members(own, at), at, f"{owner}/{name}" if owner else name)

    def _read(self, name: str, described: Any, noun: type[Noun], where: Where, beside: Collection[str]) -> Noun | None:
        described = {} if described is None else described
        if not isinstance(described, dict):
            self.wrong.append(FieldError(pointer(*where), "type.object", Message("this has to be an object")))
            return None
        if KEY in described:
            detail = Message("the name is the key: leave this out")
            self.wrong.append(FieldError(pointer(*where, KEY), "field.unknown", detail))
            return None
        reading = Reading()
        own = {key: value for key, value in described.items() if key not in beside} if beside else described
        item = noun.read_into({KEY: name, **own}, reading)
        for each in reading.wrong:
            inside = "" if each.pointer == pointer(KEY) else each.pointer
            self.wrong.append(replace(each, pointer=pointer(*where) + inside))
        return None if item is MISSING else cast("Noun", item)


def write(state: Declaration, *, has_secrets: bool = False) -> dict[str, Any]:
    """Write a state as a document, with masks in place of secrets unless it `has_secrets`.

    Everything stands in the order of its names; what is empty is left out.
    """
    document = {noun.plural: _write_section(state, noun, state.objects[noun.kind], has_secrets) for noun in within("")}
    return {name: members for name, members in document.items() if members}


def _write_section(
    state: Declaration, noun: type[Noun], section: Mapping[str, Noun], has_secrets: bool, owner: str = ""
) -> dict[str, Any]:
    children = within(noun.kind)
    written: dict[str, Any] = {}
    for key, item in sorted(section.items(), key=lambda pair: pair[1].name):
        described = item.changed() if has_secrets else noun.masked(item.changed())
        del described[KEY]
        name = f"{owner}/{key}" if owner else key
        for child in children:
            if own := state.owned(child).get(name):
                described[child.plural] = _write_section(state, child, own, has_secrets, name)
        written[item.name] = described
    return written


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document, for editors."""
    described = schemas("#/$defs/{model}")
    whole = described.pop(NAME)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole, "$defs": described}


def schemas(ref_template: str) -> dict[str, Any]:
    """Return the schemas of the document and of all that is in it, by name. `ref_template` has `{model}`."""
    found: dict[str, Any] = {}
    sections: dict[str, Any] = {}
    for noun in NOUNS.values():
        described = noun.schema(ref_template, found)
        described["properties"].pop(KEY)
        described["required"] = [name for name in described.get("required", ()) if name != KEY]
        described.pop("example", None)
        title = _title(noun)
        found[title] = described | {"title": title, "description": f"{noun.title}, with the name as the key."}
        above = found[_title(NOUNS[noun.within])]["properties"] if noun.within else sections
        above[noun.plural] = _section_schema(noun, described, ref_template)
    found[NAME] = {
        "title": NAME,
        "description": "The whole state, or a part of it. Fields that are left out have their defaults.",
        "type": "object",
        "properties": sections,
        "additionalProperties": False,
        "example": {
            "domains": {"alvin.xyz": {}},
            "services": {"wayshub": {"servers": {"a": {"url": "http://10.0.0.11:3000", "weight": 3}}}},
            "routers": {"wayshub": {"domains": ["alvin.xyz"], "service": "wayshub"}},
        },
    }
    return found


def _title(noun: type[Noun]) -> str:
    return f"Declared{noun.__name__}"


def _section_schema(noun: type[Noun], described: Mapping[str, Any], ref_template: str) -> dict[str, Any]:
    """Describe the objects of a noun by name. One that needs nothing but its name may be null."""
    one: dict[str, Any] = {"$ref": ref_template.format(model=_title(noun))}
    described_name = noun.fields[KEY].type.schema(ref_template, {})
    needs_more = noun.within or described["required"] or "anyOf" in described
    return {
        "type": "object",
        "description": noun.listing or _about(noun),
        "propertyNames": {key: said for key, said in described_name.items() if key != "type"},
        "additionalProperties": one if needs_more else {"anyOf": [one, {"type": "null"}]},
    }


def _about(noun: type[Noun]) -> str:
    told = f"its {noun.plural}" if noun.within else noun.about
    return f"{told[:1].upper()}{told[1:]}, by name."
