"""The database file that was opened: whether what is at its path is still that one."""

import os
from pathlib import Path
from typing import Final

from provider.database.connections import APPLICATION_ID, RESTORE
from provider.errors import Unavailable
from provider.messages import Message

_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
_APPLICATION_ID_BYTES: Final = slice(68, 72)


class OpenFile:
    """A database file that is open, to notice when it is another one, or was overwritten.

    Connections go on with a file that was deleted or replaced, and with what they remember of one that was
    overwritten: what they write then is lost.
    """

    def __init__(self, path: Path) -> None:
        """Take the file that is there now. Raises `Unavailable` if it cannot be read."""
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise Unavailable(
                Message("the database {path} cannot be read: {why}", path=path, why=error.strerror)
            ) from error
        status = os.fstat(self._descriptor)
        self._identity = status.st_dev, status.st_ino
        # Or, where the first migration is in the write-ahead log still, what is there now.
        self._application_ids = {APPLICATION_ID.to_bytes(4, "big"), self._header()[_APPLICATION_ID_BYTES]}

    def check(self) -> None:
        """Raise `Unavailable` unless the path leads to this file, and it begins as it should."""
        try:
            status = self._path.stat()
        except OSError:
            raise Unavailable(Message("the database {path} is missing", path=self._path)) from None
        if (status.st_dev, status.st_ino) != self._identity:
            raise Unavailable(
                Message("the database {path} was replaced by another file: restart the service", path=self._path)
            )
        header = self._header()
        if not header.startswith(_MAGIC) or header[_APPLICATION_ID_BYTES] not in self._application_ids:
            raise Unavailable(
                Message(
                    "the database {path} was overwritten: {restore}, and restart the service",
                    path=self._path,
                    restore=RESTORE,
                )
            )

    def close(self) -> None:
        """Let it go."""
        os.close(self._descriptor)

    def _header(self) -> bytes:
        return os.pread(self._descriptor, _HEADER_BYTES, 0)
