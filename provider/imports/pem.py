"""PEM as Go reads it, written in its normal form. Pure.

Facts from the source of Go's crypto/tls and encoding/pem: of the text with a certificate all certificates count, of
that with a key the first key, and what else is in them does not, so that one file may have both. Blanks around the
lines of a block do not matter, but before its first and its last one.
"""

import re
from collections.abc import Iterator
from typing import Final

MARK: Final = "-----BEGIN "
_CERTIFICATE: Final = "CERTIFICATE"
_KEY: Final = "PRIVATE KEY"
_BLOCK: Final = re.compile(r"^-----BEGIN ([^-\n]+)-----[ \t]*\n((?:(?!-----).*\n)*?)-----END \1-----", re.MULTILINE)


def certificates(text: str) -> str:
    """Return the certificates of a text; empty where there are none."""
    return "\n".join(block for kind, block in _blocks(text) if kind == _CERTIFICATE)


def private_key(text: str) -> str:
    """Return the first private key of a text; empty where there is none."""
    return next((block for kind, block in _blocks(text) if kind.endswith(_KEY)), "")


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Give the blocks of a text, each with its kind."""
    for found in _BLOCK.finditer(text.replace("\r\n", "\n")):
        kind, body = found.groups()
        lines = filter(None, (re.sub(r"[ \t]", "", line) if ":" not in line else line for line in body.split("\n")))
        yield kind, "\n".join((f"{MARK}{kind}-----", *lines, f"-----END {kind}-----"))
