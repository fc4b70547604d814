"""The catalogues of messages: what is in templates and code, against what is translated.

`python -m tests.messages` (`make messages`) brings the catalogues up to date. What is new stands in them
with an empty translation, and the test of the catalogues fails until it has one.
"""

import tomllib
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from provider.models import ExposedServer, ExposeInput
from provider.nouns import NOUNS, Nested, Noun, Object
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.middleware import Middleware
from provider.nouns.types import Choice, Type
from provider.web.languages import LANGUAGES, SOURCE, catalogue_path
from tests.running import ROOT

KEYWORDS: Final = DEFAULT_KEYWORDS | {"Message": None, "template": None}
"""The functions whose first arguments are messages."""


def extract() -> Catalog:
    """Return all messages of templates and code."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    found = Catalog()
    methods = [(mapping["pattern"], mapping["method"]) for mapping in mappings]
    options = {
        mapping["pattern"]: {name: str(value) for name, value in mapping.items() if name not in {"pattern", "method"}}
        for mapping in mappings
    }
    for name, _line, message, comments, context in extract_from_dir(
        ROOT, methods, options, keywords=KEYWORDS, callback=None, directory_filter=lambda path: "/." not in str(path)
    ):
        # Without line numbers: two people who change different pages do not meet in the catalogue.
        found.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    for text in sorted(set(_declared())):
        found.add(text, None, [("provider/nouns", 0)])
    return found


def _declared() -> Iterator[str]:
    """Give the words of all fields and choices, and of the nouns that have them."""
    waiting: list[type[Object]] = [*NOUNS.values(), Middleware, ExposeInput, ExposedServer]
    while waiting:
        model = waiting.pop()
        if issubclass(model, Noun):
            yield from (model.title, model.titles, model.about, model.called(), model.many())
        for each in model.fields.values():
            yield from filter(None, (each.title, each.help, each.switch))
            for inner in _types(each.type):
                if isinstance(inner, Nested):
                    waiting.append(inner.model)
                elif isinstance(inner, Choice):
                    yield from filter(
                        None, (text for word in inner.named.values() for text in (word.title, word.meaning))
                    )


def _types(outer: Type) -> Iterator[Type]:
    """Give a type, and those of what is in its values."""
    yield outer
    if isinstance(outer, ListOf):
        yield from _types(outer.item)
    elif isinstance(outer, MapOf):
        yield from _types(outer.value)


def read(code: str) -> Catalog:
    """Return the catalogue of a language as it is stored."""
    with catalogue_path(code).open("rb") as file:
        return read_po(file, locale=code)


def updated(code: str, extracted: Catalog) -> bytes:
    """Return the catalogue of a language as it would be stored, in step with templates and code."""
    catalogue = read(code)
    catalogue.update(extracted, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    written = BytesIO()
    write_po(written, catalogue, sort_by_file=True, include_lineno=False, omit_header=False, width=120)
    head = f'msgid ""\nmsgstr ""\n"Language: {code}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    head += f'"Plural-Forms: {catalogue.plural_forms}\\n"\n'
    body = written.getvalue().decode().partition("\n\n")[2]
    return f"{head}\n{body}".encode()


def main() -> None:
    """Bring the catalogues up to date."""
    extracted = extract()
    for code in LANGUAGES:
        if code != SOURCE:
            catalogue_path(code).write_bytes(updated(code, extracted))


if __name__ == "__main__":
    main()
