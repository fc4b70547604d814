"""Addresses within a text, such as the page at which a CA wants somebody to do something, as links. Pure."""

import re
from typing import Final

from markupsafe import Markup, escape

_ADDRESS: Final = re.compile(r"https://[^\s<>\"'\\]*[^\s<>\"'\\.,:;!?)\]}…]")
_LINK: Final = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>')


def linked(text: str) -> Markup:
    """Return a text as HTML, with links where addresses stand in it.

    Only those with `https`. The page that is opened gets neither the window of this one nor its address.
    """
    parts: list[Markup] = []
    end = 0
    for found in _ADDRESS.finditer(text):
        parts += [escape(text[end : found.start()]), _LINK.format(found[0])]
        end = found.end()
    return Markup().join([*parts, escape(text[end:])])
