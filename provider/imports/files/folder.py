"""Files, read together as Traefik reads a directory. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from provider import documents
from provider.documents import DocumentError, Lines, Position, nearest, toml
from provider.errors import pointer
from provider.imports.files import go_toml, go_yaml
from provider.imports.files.decoding import decode, section_names
from provider.imports.files.fields import fields
from provider.imports.files.findings import Effect, FileFinding
from provider.imports.files.placeholders import find_placeholders
from provider.imports.templates import Refused, RenderedTemplate, TemplateError, render

TOML: Final = ".toml"
JSON: Final = ".json"
ENDINGS: Final = (TOML, ".yaml", ".yml")
"""How the names of files end that Traefik reads in a directory, in upper or lower case."""

Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file: what it is called to people, and what is in it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One file, as Traefik reads it: its document, where each part stands, and what Traefik makes of it.

    `document` is None where nothing was read. `is_read` tells whether Traefik takes the file, as far as is known.
    """

    name: str
    document: Any = None
    places: Mapping[str, Position] = field(default_factory=dict, repr=False)
    findings: Sequence[FileFinding] = ()
    missing: Mapping[str, Position] = field(default_factory=dict)

    @property
    def is_read(self) -> bool:
        """Whether nothing is known that makes Traefik refuse it."""
        return not any(each.effect in {Effect.REFUSED, Effect.UNKNOWN} for each in self.findings)


@dataclass(frozen=True, slots=True)
class Folder:
    """Files that Traefik reads together.

    `document` has the objects of all of them, with the names of sections as Traefik spells them; of two objects of
    one name it has the first, as Traefik does. `places` says by JSON pointer into it where each part stands.
    `missing` are the variables of the environment that templates ask for and that were not given.
    """

    files: Sequence[ReadFile]
    document: dict[str, Any]
    places: Mapping[str, Position] = field(repr=False)
    findings: Sequence[FileFinding] = ()
    missing: Mapping[str, Position] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """Whether Traefik takes none of the files: one that it refuses is enough."""
        return any(each.effect is Effect.REFUSED for each in self.findings)

    @property
    def is_known(self) -> bool:
        """Whether it is known what Traefik makes of all files."""
        return not any(each.effect is Effect.UNKNOWN for each in self.findings)

    def place(self, where: str) -> Position | None:
        """Return where a part of the document stands, or the nearest part around it."""
        return nearest(self.places, where)


def is_read_in_folders(name: str) -> bool:
    """Tell whether Traefik reads a file of this name that it finds in a directory."""
    return name.lower().endswith(ENDINGS)


def read(texts: Iterable[SourceText | ReadFile], environment: Environment | None = None) -> Folder:
    """Read files as Traefik reads a directory, in the order in which it finds them: by name, folder by folder.

    What was read before stands among them as it is.
    """
    files = [each if isinstance(each, ReadFile) else read_file(each, environment) for each in texts]
    merged = _Merged()
    for each in files:
        merged.add(each)
    findings = [finding for each in files for finding in each.findings]
    missing: dict[str, Position] = {}
    for each in files:
        missing = {**each.missing, **missing}
    return Folder(files, merged.document, merged.places, [*findings, *merged.findings], missing)


def read_file(text: SourceText, environment: Environment | None = None) -> ReadFile:
    """Read one file: run it as a template, read it as YAML or TOML, and decode it as strictly as Traefik does."""
    try:
        rendered = render(text.text, environment or {})
    except TemplateError as error:
        place = Position.within(text.text, error.at, text.name)
        is_refused = isinstance(error, Refused)
        effect, code = (Effect.REFUSED, "template.bad") if is_refused else (Effect.UNKNOWN, "template.unknown")
        return ReadFile(text.name, findings=[FileFinding(effect, code, error.detail, place)])
    return _FileReading(text, rendered).read()


class _Located:
    """Says where in a file stands what was read of the text that its template gave."""

    def __init__(self, name: str, source: str, rendered: RenderedTemplate) -> None:
        self._name = name
        self._source = Lines(source, name)
        self._text = Lines(rendered.text)
        self._rendered = rendered
        self._is_same = rendered.text == source
        self.at = self._source.at

    def of(self, position: Position) -> Position:
        """Return the place of a position in what the template gave."""
        if self._is_same:
            return position.of(self._name)
        return self.at(self._rendered.source(self._text.offset(position)))


class _FileReading:
    """Reads one file whose template was run."""

    def __init__(self, text: SourceText, rendered: RenderedTemplate) -> None:
        self._name = text.name
        self._whole = Position(0, 0, text.name)
        self._rendered = rendered
        self._located = _Located(text.name, text.text, rendered)
        self._findings: list[FileFinding] = []

    def read(self) -> ReadFile:
        missing = {name: self._located.at(at) for name, at in self._rendered.missing.items()}
        for name, place in missing.items():
            self._find(place, Effect.UNKNOWN, "env.missing", f"the variable {name} is not given")
        for name, (at, default) in self._rendered.assumed.items():
            detail = f"the variable {name} is not given: its default {default or 'of nothing'} is used"
            self._find(self._located.at(at), Effect.ASSUMED, "env.default", detail)
        for name, at in self._rendered.odd.items():
            detail = f'env takes no default: {name} is empty here; write it as {{{{ env "NAME" | default "x" }}}}'
            self._find(self._located.at(at), Effect.IGNORED, "env.name", detail)
        if missing:
            return ReadFile(self._name, findings=self._findings, missing=missing)
        try:
            file = self._parsed()
        except DocumentError as error:
            found = self._located.of(error.place) if error.place else self._whole
            effect, code = (
                (Effect.UNKNOWN, "document.limit") if error.is_limit else (Effect.REFUSED, "document.unreadable")
            )
            self._find(found, effect, code, error.problem or str(error.detail))
            return ReadFile(self._name, findings=self._findings)
        places = {where: self._located.of(position) for where, position in file.places.items()}
        for mistake in chain(decode(file.document), find_placeholders(file.document)):
            place = nearest(places, mistake.pointer) or self._whole
            self._find(place, mistake.effect, mistake.code, mistake.detail, mistake.pointer)
        return ReadFile(self._name, file.document, places, self._findings)

    def _find(self, place: Position, effect: Effect, code: str, detail: str, where: str = "") -> None:
        self._findings.append(FileFinding(effect, code, detail, place, where))

    def _parsed(self) -> documents.File:
        ending = _ending(self._name, self._rendered.text)
        if ending == TOML:
            return go_toml.read(self._name, self._rendered.text)
        if ending == JSON:
            return documents.parse(self._name, self._rendered.text)
        file, builder = go_yaml.read(self._name, self._rendered.text)
        if builder.second is not None:
            detail = "another document starts here: Traefik reads only the first one in a file"
            self._find(self._located.of(builder.second), Effect.IGNORED, "document.second", detail)
        for where, position, key in builder.odd_keys:
            name = where.rpartition("/")[2]
            does = "leaves this out" if name == go_yaml.NAMELESS else f"calls this {name}"
            detail = f"the key {key} is not a string: put it in quotes, or Traefik {does}"
            self._find(self._located.of(position), Effect.IGNORED, "key.type", detail, where)
        return file


def _ending(name: str, text: str) -> str:
    """Return how a file ends. Of what has no name, such as standard input, it is told by the text."""
    found = next((ending for ending in (*ENDINGS, JSON) if name.lower().endswith(ending)), "")
    if found or not text.strip():
        return found
    if text.lstrip()[0] == "{":
        return JSON
    try:
        toml.read(name, text)
    except DocumentError:
        return ""
    return TOML


class _Merged:
    """The documents of several files in one."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}
        self.places: dict[str, Position] = {}
        self.findings: list[FileFinding] = []

    def add(self, file: ReadFile) -> None:
        """Add what a file has, but what others had before it."""
        taken: dict[str, str] = {}
        for section, written, value in section_names(file.document):
            if not isinstance(value, dict):
                continue
            known = fields(section)
            for key in sorted(value):
                kind = known.get(key.lower())
                where = pointer(written, key)
                name = kind.name if kind is not None else key
                taken |= dict(self._add_kind(file, (section, name), value[key], where))
        self._add_places(file, taken)

    def _add_kind(self, file: ReadFile, into: tuple[str, str], value: Any, where: str) -> Iterator[tuple[str, str]]:
        """Add the objects of a kind, and give for each where it stood and where it stands."""
        section, name = into
        here = pointer(section, name)
        target = self.document.setdefault(section, {})
        if isinstance(value, list) and isinstance(target.get(name, []), list):
            known = target.setdefault(name, [])
            for index, item in enumerate(value):
                yield f"{where}/{index}", f"{here}/{len(known)}"
                known.append(item)
        elif isinstance(value, dict) and isinstance(target.get(name, {}), dict):
            known = target.setdefault(name, {})
            for member in value:
                if member in known and file.name != self._owner(here + pointer(member)):
                    is_same = known[member] == value[member]
                    self._twice(file, where + pointer(member), here + pointer(member), member, is_same=is_same)
                    continue
                known[member] = value[member]
                yield where + pointer(member), here + pointer(member)
        elif value is not None:
            target.setdefault(name, value)
        yield where, here

    def _owner(self, where: str) -> str:
        found = self.places.get(where)
        return found.file if found else ""

    def _twice(self, file: ReadFile, where: str, here: str, name: str, *, is_same: bool) -> None:
        first = self.places.get(here)
        detail = f"{name} already exists, at {first}: Traefik ignores this one"
        place = nearest(file.places, where) or Position(0, 0, file.name)
        code = "member.same" if is_same else "member.twice"
        self.findings.append(FileFinding(Effect.IGNORED, code, detail, place, where))

    def _add_places(self, file: ReadFile, taken: Mapping[str, str]) -> None:
        for where, place in file.places.items():
            root, rest = _split(where)
            if root in taken:
                self.places.setdefault(taken[root] + rest, place)


def _split(where: str) -> tuple[str, str]:
    """Return the part of a pointer that leads to an object, and the rest."""
    parts = where.split("/")
    return "/".join(parts[:4]), "".join(f"/{each}" for each in parts[4:])
