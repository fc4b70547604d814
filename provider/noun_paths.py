"""Nouns in paths: those that take the same share their routes, and the path of a request says which one is meant."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import HTTPConnection

from provider.nouns import NOUNS, Noun

_NAME: Final = "noun"
_BY_PLURAL: Final = {noun.plural: noun for noun in NOUNS.values()}


def part_for(nouns: Iterable[type[Noun]]) -> str:
    """Return the part of a route's path that stands for the plural of each of these nouns."""
    plurals = [noun.plural for noun in nouns]
    convertor = StringConvertor()
    convertor.regex = "|".join(plurals)  # type: ignore[misc]  # Starlette reads it of the instance
    name = "_".join(plurals)
    register_url_convertor(name, convertor)
    return f"{{{_NAME}:{name}}}"


def noun_of(request: HTTPConnection) -> type[Noun]:
    """Return the noun in the path of a request."""
    return _BY_PLURAL[request.path_params[_NAME]]


def told(template: str, parts: Mapping[str, Any]) -> str:
    """Return the template of a route with the noun that is meant, where several nouns share it."""
    return template.replace(f"{{{_NAME}}}", parts.get(_NAME, ""))
