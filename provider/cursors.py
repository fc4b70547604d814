"""Cursors: where the next page of a list begins, as a text that says nothing to others."""

import base64
import binascii
import re

from provider.errors import FieldError, Invalid
from provider.messages import Message


def write_cursor(name: str) -> str:
    """Write the name of a page's last item as an opaque cursor."""
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """Read a cursor. Raises `Invalid` for one that was not written here."""
    try:
        name = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        name = ""
    if not name or write_cursor(name) != cursor:
        raise _not_a_cursor()
    return name


def read_number(name: str) -> int:
    """Read what a cursor has in a list of numbers. Raises `Invalid`."""
    if not re.fullmatch(r"[0-9]{1,18}", name):
        raise _not_a_cursor()
    return int(name)


def _not_a_cursor() -> Invalid:
    detail = Message("this is not a cursor: use `next` from the previous page")
    return Invalid([FieldError("/cursor", "cursor.format", detail, "query")])
