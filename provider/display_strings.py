"""Sentences for people in header fields: lists of display strings (RFC 9651, 3.3.8). Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

_STRING: Final = re.compile(r'%"([^"]*)"')
_UNSAFE: Final = re.compile(rb'[^ -~]|[%"]')


def write(texts: Iterable[str], most_bytes: int) -> str:
    """Write texts as a list, as many of the first as fit."""
    return ", ".join(_fitting(map(_written, texts), most_bytes))


def read(field: str) -> list[str]:
    """Read the display strings of a list; what is none is left out."""
    return [unquote_to_bytes(string).decode(errors="replace") for string in _STRING.findall(field)]


def _fitting(written: Iterable[str], most_bytes: int) -> Iterator[str]:
    for one in written:
        most_bytes -= len(one) + 2
        if most_bytes < 0:
            return
        yield one


def _written(text: str) -> str:
    escaped = _UNSAFE.sub(lambda found: b"%%%02x" % found[0][0], text.encode())
    return f'%"{escaped.decode("ascii")}"'
