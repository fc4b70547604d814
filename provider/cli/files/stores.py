"""The folder in which Let's Encrypt's own client keeps certificates: `live`, with a folder for each."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from provider.documents import Position
from provider.imports import stores
from provider.imports.files import ReadFile
from provider.imports.stores import StoredPair

_CHAIN: Final = "fullchain.pem"
_KEY: Final = "privkey.pem"
_LIVE: Final = "live"
_NOWHERE: Final = f"{_CHAIN} is a link to a file that is not there: import the whole folder, with archive and live"


def find(path: str) -> ReadFile | None:
    """Return the certificates of `/etc/letsencrypt`, of its `live`, or of one folder there; None for any other path.

    Raises `OSError` for a certificate that cannot be read. The files are links into an archive, which are followed.
    """
    folder = Path(path)
    if not folder.is_dir():
        return None
    found = list(_pairs(folder))
    return stores.as_file(path, found, datetime.now(UTC)) if found else None


def read_acme(name: str, text: str) -> ReadFile | None:
    """Read the certificates of Traefik's `acme.json`; None for any other file."""
    return stores.read_acme(name, text, datetime.now(UTC))


def _pairs(folder: Path) -> Iterator[StoredPair]:
    live = folder / _LIVE if (folder / _LIVE).is_dir() else folder
    for each in [live] if _has(live) else sorted(live.iterdir()):
        if each.is_dir() and _has(each):
            chain, key = each / _CHAIN, each / _KEY
            text, why = (_read(chain), "") if chain.exists() else ("", _NOWHERE)
            files = str(chain.absolute()), str(key.absolute())
            yield StoredPair(Position(1, 1, str(chain)), text, _read_key(key), *files, why)


def _has(folder: Path) -> bool:
    """Tell whether a certificate is in a folder, be it a link that leads nowhere."""
    chain = folder / _CHAIN
    return chain.exists() or chain.is_symlink()


def _read(path: Path) -> str:
    return path.read_text("utf-8", "replace")


def _read_key(path: Path) -> str:
    """Return a key; nothing where it cannot be read, which is told of when Traefik's own would be read."""
    try:
        return _read(path)
    except OSError:
        return ""
