"""The certificate for serving by TLS: read again when its files change, and when it ends."""

import asyncio
import logging
import re
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_ISREG
from typing import Final

from provider import certificates
from provider.errors import SettingsError
from provider.values import Refusal

logger = logging.getLogger(__name__)

WARNED: Final = timedelta(days=14)
"""So long before a certificate ends it is warned of, or, if it is good for less, in the last third of its time."""

_PAUSE_SECONDS: Final = 1.0
_PEM: Final = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_VERSION: Final = 0xA0
_UTC_TIME: Final = 0x17

_Stamp = tuple[tuple[int, int, int], ...]


class OwnCertificate:
    """The certificate and its key, in two files. In the event loop's thread."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = certificate, key
        self._stamp: _Stamp | None = None
        self._context: ssl.SSLContext | None = None
        self._begin = self.end = datetime.max.replace(tzinfo=UTC)
        self.trouble = ""
        """Why the files cannot be used that are there now; empty if they can."""

    def load(self) -> None:
        """Read the files, and use what they have from the next connection on. Raises `SettingsError`."""
        certificate, key = self._files
        try:
            stamp = self._find_stamp()
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, _no_password)
            times = [
                _read_times(ssl.PEM_cert_to_DER_cert(pem)) for pem in _PEM.findall(certificate.read_text("latin-1"))
            ]
            if self._context is not None:
                self._context.load_cert_chain(certificate, key, _no_password)
        except (OSError, ValueError) as error:  # of TLS too: a key that does not fit, a file that is no PEM
            why = _words(error, certificate, key)
            raise SettingsError(f"the certificate {certificate} cannot be used with the key {key}: {why}") from None
        self._stamp, self.trouble = stamp, ""
        self._begin, self.end = times[0][0], min(end for _begin, end in times)

    def attach(self, context: ssl.SSLContext) -> None:
        """Bring the context of a running server in step from now on."""
        self._context = context

    def follow(self) -> None:
        """Read the files again if they changed. While they cannot be used, what was read before is."""
        with suppress(OSError, ValueError):  # what is wrong with the files is told when they are read
            if self._find_stamp() == self._stamp:
                return
        try:
            self.load()
            logger.info("the TLS certificate was reloaded, and is valid until %s", self.end.isoformat())
        except SettingsError as error:
            if str(error) != self.trouble:
                logger.warning("%s; the previous one is used", error)
            self.trouble = str(error)

    def find_warning(self, now: datetime) -> str | None:
        """Say what is wrong with it, if anything is."""
        if self.trouble:
            return f"{self.trouble}; the previous one is used"
        left = self.end - now
        if left <= timedelta():
            return f"the TLS certificate expired at {self.end.isoformat()}"
        if left < min(WARNED, (self.end - self._begin) / 3):
            return f"the TLS certificate expires at {self.end.isoformat()}"
        return None

    def _find_stamp(self) -> _Stamp:
        found = [file.stat() for file in self._files]
        for file, status in zip(self._files, found, strict=True):
            if not S_ISREG(status.st_mode):  # to read from a named pipe would hold up all else
                raise ValueError(f"{file} is not a file")
        return tuple((status.st_mtime_ns, status.st_size, status.st_ino) for status in found)


async def keep(certificate: OwnCertificate | None) -> None:
    """Read the files of a certificate, if there is one, whenever they change, until cancelled."""
    while certificate is not None:
        certificate.follow()
        await asyncio.sleep(_PAUSE_SECONDS)


def _words(error: OSError | ValueError, certificate: Path, key: Path) -> str:
    """Say why the two files cannot be used, without the words of the library, which name neither."""
    if isinstance(error, ssl.SSLError):
        try:
            certificates.check_pair(certificate.read_text("latin-1"), key.read_text("latin-1"))
        except (Refusal, OSError) as found:
            return str(found.detail) if isinstance(found, Refusal) else _words(found, certificate, key)
        return str(error.reason or error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _no_password() -> str:
    raise ValueError("the key is encrypted: remove its password")


def _read_times(der: bytes) -> tuple[datetime, datetime]:
    """Read from when to when a certificate is good (X.509, RFC 5280 4.1). Raises `ValueError`."""
    (_tag, whole), *_rest = _parts(der)
    (_tag, told), *_rest = _parts(whole)
    fields = [content for tag, content in _parts(told) if tag != _VERSION]
    begin, end = (_read_time(tag, content.decode("ascii")) for tag, content in _parts(fields[3]))
    return begin, end


def _read_time(tag: int, text: str) -> datetime:
    if tag == _UTC_TIME:  # with two digits for the year, of which 50 and more are of the last century
        text = ("19" if text >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _parts(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Go through the parts of a DER value, each with its tag."""
    place = 0
    while place < len(der) - 1:
        tag, length = der[place], der[place + 1]
        place += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(der[place : place + size], "big")
            place += size
        yield tag, der[place : place + length]
        place += length
