r"""Texts that Traefik can read. Pure.

Traefik (3.7.15) decodes what a provider serves as YAML, which takes most of JSON, but not all of it. A raw
control character, C1 and DEL included, U+FEFF, U+FFFE or U+FFFF anywhere rejects the whole document, and so do
JSON's `\\/`, its surrogate pairs, and a key of more than 1,022 characters; U+2028 and U+2029 are line breaks,
and swallow the blanks around them. What stands in a list is cut into two at each `║`, and loses blanks at both
ends. All this was measured, and a test tries every character of Unicode with a real Traefik.
"""

from typing import Final

from provider.patterns import pattern

UNREADABLE: Final = r"\x7f-\x9f\u2028\u2029\ufeff"
"""Characters that Traefik cannot read even where JSON has escapes for them: a class without its brackets."""

CONTROL: Final = rf"\x00-\x1f{UNREADABLE}"
"""Characters that do something, and show nothing: a class of a regular expression, without its brackets."""

NO_CHARACTERS: Final = r"\ufffe\uffff"
"""Code points that are no characters, and never will be, where Traefik minds: so for those of plane 0 only."""

SURROGATES: Final = r"\ud800-\udfff"

LONGEST_KEY: Final = 1_022
"""The most characters of a key: YAML looks for its end within 1,024, the quotes counted."""

IN_A_LIST: Final = r"\A[^\s║]([^║]*[^\s║])?\Z"
"""What Traefik leaves as it is in a list."""

_ESCAPE: Final = pattern(rb'\\(?:["\\bfnrt]|u00[01][0-9A-Fa-f])')
_TRAP: Final = pattern(rb"\\|[\x00-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]|\xef\xbb\xbf|\xef\xbf[\xbe\xbf]")


def find_trap(content: bytes) -> str | None:
    """Say what Traefik would stumble over in JSON without blanks between its parts, or return None."""
    found = _TRAP.search(_ESCAPE.sub(b"", content))
    if found is None:
        return None
    text = found[0].decode()
    return "an escape that YAML does not know" if text == "\\" else f"the character U+{ord(text):04X}"
