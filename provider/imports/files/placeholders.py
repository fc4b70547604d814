"""Places for variables as shells have them, which Traefik does not fill in. Pure."""

import re
from collections.abc import Iterator
from typing import Any, Final

from provider.errors import pointer
from provider.imports.files.decoding import Mistake
from provider.imports.files.findings import Effect

_PLACE: Final = re.compile(r"\$\{[A-Z][A-Z0-9_]*(?::?[-?+=][^{}]*)?\}")
"""In capitals: `${1}` and `${path}` stand for groups of a regular expression."""


def find_placeholders(document: Any, where: str = "") -> Iterator[Mistake]:
    """Give the texts of a document that have such a place, each with the first of them."""
    match document:
        case dict():
            for key, member in document.items():
                yield from find_placeholders(member, where + pointer(key))
        case list():
            for index, item in enumerate(document):
                yield from find_placeholders(item, f"{where}/{index}")
        case str() if (found := _PLACE.search(document)) is not None:
            yield Mistake(
                Effect.IGNORED, "text.placeholder", where, f"Traefik does not fill in {found[0]}: it is taken literally"
            )
