"""References to objects that do not exist. Pure."""

from provider.errors import FieldError, pointer
from provider.messages import Message
from provider.nouns.reading import Where


def missing(where: Where, kind: str, name: str) -> FieldError:
    """Say that an object is referred to that does not exist."""
    detail = Message("there is no {kind} {name}: add it first", kind=kind, name=name)
    return FieldError(pointer(*where), f"{kind}.unknown", detail)
