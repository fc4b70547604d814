"""The type of objects within objects. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provider.messages import Message
from provider.nouns.objects import Object
from provider.nouns.reading import Reading, Where
from provider.nouns.types import Schema, Schemas, Type, Use


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Nested(Type):
    """An object within an object."""

    model: type[Object]

    def read(self, value: Any, reading: Reading, where: Where) -> Any:
        return self.model.read_into(value, reading, where)

    def json(self, value: Object) -> Any:
        return value.json()

    def changed(self, value: Object) -> Any:
        return value.changed()

    def load(self, value: Any) -> Any:
        return self.model.loaded(value)

    def is_asking(self) -> bool:
        return self.model.is_asking()

    def asked(self, value: Object, where: Where) -> Iterator[tuple[Where, str]]:
        return value.asked(where)

    def uses(self, value: Object, where: Where) -> Iterator[Use]:
        return value.uses(where)

    def foreign(self, value: Object, where: Where) -> Iterator[Use]:
        return value.foreign(where)

    def kinds(self) -> Iterator[str]:
        return self.model.kinds()

    def stored(self, value: Object) -> Any:
        return value.stored()

    def spelled(self, value: Object, names: Mapping[tuple[str, str], str]) -> Any:
        return value.spelled(names)

    def merged(self, value: Any, patch: Any) -> Any:
        return self.model.merged(value or {}, patch) if isinstance(patch, dict) else patch

    def has_secrets(self) -> bool:
        return self.model.has_secrets()

    def hidden(self, value: Any) -> Any:
        return self.model.hidden(value)

    def masked(self, value: Any) -> Any:
        return self.model.masked(value)

    def kept(self, value: Object, before: Any, reading: Reading, where: Where) -> Any:
        return value.kept_of(before, reading, where)

    def models(self) -> Iterator[type[Object]]:
        return self.model.models()

    def warnings(self, value: Object, where: Where) -> Iterator[tuple[Where, Message]]:
        return value.warnings(where)

    def schema(self, ref: str, found: Schemas) -> Schema:
        name = self.model.__name__
        if name not in found:
            found[name] = {}
            found[name] = self.model.schema(ref, found)
        return {"$ref": ref.format(model=name)}
