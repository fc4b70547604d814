"""Objects that are declared field by field, and the nouns: the kinds of objects that people keep here. Pure.

A class declares its fields once. How an object is read, written, compared and described follows from that, and so
do its routes, commands, forms, columns and tests elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Self, dataclass_transform

from provider.errors import Invalid
from provider.messages import Message
from provider.nouns import internals
from provider.nouns.fields import Field, camel, field, named
from provider.nouns.reading import MISSING, Reading, Where
from provider.nouns.together import all_of
from provider.nouns.types import Schema, Schemas, Type, Use
from provider.values import Refusal


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class Object:
    """What has fields. Objects are values: equal where their fields are, and never changed in place."""

    fields: ClassVar[Mapping[str, Field]] = {}
    """The fields by their names in JSON, in order."""

    example: ClassVar[Mapping[str, Any]] = {}
    """One of these as JSON, for documentation."""

    said: ClassVar[Mapping[str, Any]] = {}
    """What JSON Schema says of it that does not follow from the fields."""

    is_empty_meant: ClassVar[bool] = False
    """Whether Traefik takes one of which nothing is set, `{}`, and that means something."""

    layout: ClassVar[Sequence[str | tuple[str, ...]]] = ()
    """The fields in the order in which people see them, where that is another; a tuple stands beside one another."""

    is_sparse: ClassVar[bool] = False
    """Whether what is at its default is left out of its JSON."""

    _defaults: ClassVar[dict[str, Any]] = {}
    _changeable: ClassVar[Sequence[str]] = ()
    _plan: ClassVar[Sequence[tuple[str, str, Type, Any, bool]]] = ()
    """What is asked of a field for each object: its key, its name, its type, its default, whether that is left out."""

    _loading: ClassVar[Mapping[str, tuple[str, Callable[[Any], Any] | None]]] = {}
    """By their keys the names of the fields, and what makes a value of JSON, where that is not the value itself."""

    def __init_subclass__(cls, more: Mapping[str, Any] | None = None, **options: Any) -> None:
        """Gather the fields: those of the class, and `more` that are made elsewhere."""
        super().__init_subclass__(**options)
        own = {}
        for name, declared in [*vars(cls).items(), *(more or {}).items()]:
            if isinstance(declared, Field):
                key = declared.key or camel(name)
                own[key] = named(declared, name, key)
                if name in vars(cls):
                    delattr(cls, name)
        cls.fields = {**cls.fields, **own}
        cls._defaults = {each.name: each.default for each in cls.fields.values()}
        cls._changeable = [name for name, default in cls._defaults.items() if isinstance(default, list | dict)]
        cls._plan = [
            (key, each.name, each.type, each.default, cls.is_sparse or each.is_sparse)
            for key, each in cls.fields.items()
        ]
        cls._loading = {
            key: (each.name, None if type(each.type).load is Type.load else each.type.load)
            for key, each in cls.fields.items()
        }

    @classmethod
    def _firsts(cls) -> dict[str, Any]:
        """Return the defaults of all fields by their names in Python, copies where they can be changed.

        Of most objects most fields are left out, so that these are copied at once and not looked at one by one.
        """
        values = cls._defaults.copy()
        for name in cls._changeable:
            values[name] = values[name].copy()
        return values

    def __init__(self, **values: Any) -> None:
        """Make an object of values that are known to be good; what is left out has its default."""
        known = {**self._firsts(), **values}
        if len(known) > len(self._defaults):
            raise TypeError(f"{type(self).__name__} has no {', '.join(known.keys() - self._defaults.keys())}")
        if missing := [name for name, value in known.items() if value is MISSING]:
            raise TypeError(f"{type(self).__name__} needs {', '.join(missing)}")
        self.__dict__ = known

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    __hash__ = None  # type: ignore[assignment]  # the values may be lists

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"

    @classmethod
    def made(cls, values: dict[str, Any]) -> Self:
        """Return an object of all its values, by their names in Python: the fast way, for rows of our own."""
        made = cls.__new__(cls)
        made.__dict__ = values
        return made

    @classmethod
    def loaded(cls, document: Mapping[str, Any]) -> Self:
        """Return an object of the JSON that `json` wrote, which is known to be good."""
        values, loading = cls._firsts(), cls._loading
        for key, value in document.items():
            if key in loading:
                name, load = loading[key]
                values[name] = value if load is None or value is None else load(value)
        return cls.made(values)

    @classmethod
    def read(cls, document: Any, *, is_typed: bool = False) -> Self:
        """Read an object of an input. Raises `Invalid`, with every field that is wrong."""
        reading = Reading(is_typed)
        found = cls.read_into(document, reading)
        if reading.wrong:
            raise Invalid(reading.wrong)
        return found  # type: ignore[no-any-return]  # nothing is missing

    @classmethod
    def read_into(cls, document: Any, reading: Reading, where: Where = ()) -> Any:
        """Return an object of an input, or `MISSING` with what is wrong noted."""
        if not isinstance(document, dict):
            return reading.refuse(where, "type.object", Message("this has to be an object"))
        before = len(reading.wrong)
        values = cls._firsts()
        for key, name, type_, default, _is_sparse in cls._plan:
            if key in document:
                value = document[key]
                if value is not None or default is not None:
                    value = type_.read(value, reading, (*where, key))
                values[name] = value
            elif default is MISSING:
                reading.refuse((*where, key), "field.required", Message("this field is required"))
        known = {
            key: value for key, name, _type, _default, _is_sparse in cls._plan if (value := values[name]) is not MISSING
        }
        for key, refusal in cls.mistakes(known):
            reading.refuse_as((*where, key) if key else where, refusal)
        if not document.keys() <= cls.fields.keys():
            for key in [key for key in document if key not in cls.fields]:
                reading.refuse((*where, key), "field.unknown", Message("there is no such field"))
        if len(reading.wrong) > before:
            return MISSING
        return cls.made(values)

    @classmethod
    def merged(cls, document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a JSON merge patch (RFC 7396) makes of an object: null gives a field its default.

        What is no field is kept, also with null, to be refused like any field that is not known.
        """
        result = dict(document)
        for key, value in patch.items():
            each = cls.fields.get(key)
            if each is not None and value is None:
                result.pop(key, None)
            else:
                result[key] = value if each is None else each.type.merged(result.get(key), value)
        return result

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:  # noqa: ARG003  # for who overrides it
        """Give what is wrong with fields beside one another, and where that is told.

        `given` are the fields that are good by themselves, by their names in JSON.
        """
        return iter(())

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Give what JSON Schema can say of `mistakes`, for who overrides it."""
        return iter(())

    def json(self) -> dict[str, Any]:
        """Write it as JSON, with Traefik's camelCase names."""
        if self.is_sparse:
            return self.changed()
        values, written = self.__dict__, {}
        for key, name, type_, default, is_sparse in self._plan:
            value = values[name]
            if not is_sparse or value != default:
                written[key] = None if value is None else type_.json(value)
        return written

    def changed(self) -> dict[str, Any]:
        """Write what is not at its default as JSON."""
        values = self.__dict__
        return {
            key: None if value is None else type_.changed(value)
            for key, name, type_, default, _is_sparse in self._plan
            if (value := values[name]) != default  # which nothing is that is required
        }

    def copy(self, **changes: Any) -> Self:
        """Return one in which these fields have other values, known to be good."""
        return self.made({**self.__dict__, **changes})

    def uses(self, where: Where = ()) -> Iterator[Use]:
        """Give all references in it."""
        for key, each in self._referring():
            value = self.__dict__[each.name]
            if value is not None:
                yield from each.type.uses(value, (*where, key))

    @classmethod
    def uses_of(cls, document: Mapping[str, Any]) -> Iterator[Use]:
        """Give all references in one as JSON, of which nothing else is read."""
        for key, each in cls._referring():
            value = document.get(key)
            if value is not None:
                yield from each.type.uses(each.type.load(value), (key,))

    def foreign(self, where: Where = ()) -> Iterator[Use]:
        """Give all references in it to what edges have from other providers."""
        for key, each in self._referring():
            value = self.__dict__[each.name]
            if value is not None:
                yield from each.type.foreign(value, (*where, key))

    @classmethod
    def is_asking(cls) -> bool:
        """Tell whether Traefik may send requests to what stands in one."""
        return bool(cls._asking())

    def asked(self, where: Where = ()) -> Iterator[tuple[Where, str]]:
        """Give the URLs in it to which Traefik sends requests, each with its place."""
        for key, each in self._asking():
            value = self.__dict__[each.name]
            if value is not None:
                yield from each.type.asked(value, (*where, key))

    @classmethod
    @cache
    def _asking(cls) -> list[tuple[str, Field]]:
        """Return the fields in which such a URL may stand: of most objects there are few."""
        return [(key, each) for key, each in cls.fields.items() if each.type.is_asking()]

    @classmethod
    @cache
    def _referring(cls) -> list[tuple[str, Field]]:
        """Return the fields that can refer to objects: of most objects there are few."""
        return [(key, each) for key, each in cls.fields.items() if next(each.type.kinds(), None) is not None]

    @classmethod
    def masked(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return one as JSON, as `json` or `changed` wrote it, with masks in place of its secrets."""
        return {
            key: cls.fields[key].type.masked(value) if key in cls.fields and value is not None else value
            for key, value in document.items()
        }

    @classmethod
    def hidden(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return one as JSON with its secrets marked, to be sealed where it is kept."""
        return {
            key: cls.fields[key].type.hidden(value) if key in cls.fields and value is not None else value
            for key, value in document.items()
        }

    def kept(self, before: Self | None) -> Self:
        """Return it as it is kept: masks that were sent back are the secrets of `before`, passwords are hashed.

        Raises `Invalid` for masks that stand for nothing.
        """
        reading = Reading()
        found = self.kept_of(before, reading)
        if reading.wrong:
            raise Invalid(reading.wrong)
        return found

    def kept_of(self, before: Self | None, reading: Reading, where: Where = ()) -> Self:
        """Return it as it is kept, with what is wrong noted: see `kept`."""
        former = {} if before is None else before.__dict__
        changes = {
            each.name: each.type.kept(value, former.get(each.name), reading, (*where, key))
            for key, each in self.fields.items()
            if (value := self.__dict__[each.name]) is not None
        }
        return self.copy(**changes)

    @classmethod
    @cache
    def has_secrets(cls) -> bool:
        """Tell whether one may have a secret anywhere in it."""
        return any(each.type.has_secrets() for each in cls.fields.values())

    def warnings(self, where: Where = ()) -> Iterator[tuple[Where, Message]]:
        """Give what Traefik takes and what may not be meant, here and in objects within, and where that is told."""
        for key, message in self.cautions():
            yield (*where, key) if key else where, message
        for key, each in self._warning():
            value = self.__dict__[each.name]
            if value is not None:
                yield from each.type.warnings(value, (*where, key))

    @classmethod
    @cache
    def _warning(cls) -> list[tuple[str, Field]]:
        """Return the fields of whose values something may be warned of."""
        return [(key, each) for key, each in cls.fields.items() if type(each.type).warnings is not Type.warnings]

    @classmethod
    def models(cls) -> Iterator[type["Object"]]:
        """Give its class and those of the objects within, at any depth."""
        yield cls
        for each in cls.fields.values():
            yield from each.type.models()

    @classmethod
    def is_doubted(cls) -> bool:
        """Tell whether anything in one is warned of: most need not be looked through."""
        can_expose = not internals.KINDS.isdisjoint(cls.kinds())
        return can_expose or any(model.cautions is not Object.cautions for model in cls.models())

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Give what may not be meant by its own fields, each with the field's key."""
        return iter(())

    @classmethod
    def kinds(cls) -> Iterator[str]:
        """Give the kinds of objects to which it can refer."""
        for each in cls.fields.values():
            yield from each.type.kinds()

    def stored(self) -> dict[str, Any]:
        """Write it as it is kept: as JSON, with references by the names of what they lead to."""
        values, written = self.__dict__, {}
        for key, name, type_, default, is_sparse in self._plan:
            value = values[name]
            if not is_sparse or value != default:
                written[key] = None if value is None else type_.stored(value)
        return written

    def spelled(self, names: Mapping[tuple[str, str], str]) -> Self:
        """Return one that was kept with its references as they were typed, as far as `names` has them."""
        values = self.__dict__
        found = {
            each.name: each.type.spelled(values[each.name], names)
            for each in self.fields.values()
            if values[each.name] is not None
        }
        return self.copy(**found)

    @classmethod
    def comparable(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return JSON of one in the form in which the same always looks the same: see `stored`."""
        return {
            key: each.type.stored(each.type.load(value))
            if (each := cls.fields.get(key)) is not None and value is not None
            else value
            for key, value in document.items()
        }

    @classmethod
    def schema(cls, ref: str, found: Schemas) -> Schema:
        """Describe it as JSON Schema."""
        properties = {key: each.schema(ref, found) for key, each in cls.fields.items()}
        required = [key for key, each in cls.fields.items() if each.is_required]
        described: Schema = {
            "title": cls.__name__,
            "description": (cls.__doc__ or "").partition("\n")[0],
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            **({"required": required} if required else {}),
            **all_of(cls.together()),
            **cls.said,
        }
        return {**described, "example": dict(cls.example)} if cls.example else described
