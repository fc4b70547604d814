"""CAs that speak ACME: where their directories are, and whom they can write to."""

import re
from typing import Final
from urllib.parse import urlsplit

from provider.messages import Message
from provider.values import Refusal

DIRECTORIES: Final = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
"""The directories of well-known CAs, by short names."""

_DIRECTORY: Final = re.compile(
    r'https://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[!"$->@-~]*)?(\?[!"$-~]*)?'
)
_CONTACT: Final = re.compile(r"[^\s@,<>\"]{1,64}@[^\s@,<>\"]{1,255}")
DIRECTORY_SCHEMA: Final = {"pattern": f"^({'|'.join(DIRECTORIES)}|{_DIRECTORY.pattern})$", "maxLength": 2_048}
CONTACT_SCHEMA: Final = {"pattern": f"^({_CONTACT.pattern})?$", "maxLength": 320}


def check_directory(text: str) -> str:
    """Accept the URL of a CA's directory, or the short name of one."""
    found = DIRECTORIES.get(text, text)
    if len(found) > 2_048 or not _DIRECTORY.fullmatch(found) or not _has_host(found):
        names = ", ".join(DIRECTORIES)
        detail = Message("this is not the URL of a CA's directory: write https://…, or one of {names}", names=names)
        raise Refusal("directory.format", detail)
    return found


def _has_host(url: str) -> bool:
    """Tell whether the host and the port of a URL can be read."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def check_contact(text: str) -> str:
    """Accept an e-mail address, or nothing."""
    if text and not _CONTACT.fullmatch(text):
        raise Refusal("contact.format", Message("this is not an e-mail address"))
    return text
