"""TLS handshakes with edges: which certificate a client gets that asks for a name."""

import asyncio
import ssl
from functools import cache
from typing import Final

from provider import unreached
from provider.messages import Message

TIMEOUT_SECONDS: Final = 5.0


class HandshakeError(Exception):
    """Nobody answers at an address; `detail` is a sentence for a person."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class RefusedHandshake(HandshakeError):
    """Somebody answers there, but not with a certificate."""


def any_certificate() -> ssl.SSLContext:
    """Return what takes any certificate, also one that no browser would: for those who send nothing secret."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.set_ciphers("DEFAULT:@SECLEVEL=0")
    return made


_any_certificate: Final = cache(any_certificate)


async def fetch(host: str, port: int, name: str) -> bytes:
    """Return the certificate (DER) that is shown at an address to who asks for a name. Raises `HandshakeError`."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            _reader, writer = await asyncio.open_connection(host, port, ssl=_any_certificate(), server_hostname=name)
    except TimeoutError:
        raise HandshakeError(Message("{address} does not answer in time", address=address)) from None
    except (ssl.SSLError, ConnectionResetError, EOFError) as error:
        reason = error.reason if isinstance(error, ssl.SSLError) else None
        told = reason.replace("_", " ").lower() if reason else Message("no answer")
        raise _refused(address, told) from None
    except (OSError, UnicodeError) as error:
        why = unreached.reason(error) if isinstance(error, OSError) and error.strerror else Message("no answer")
        raise HandshakeError(Message("{address} cannot be reached: {why}", address=address, why=why)) from None
    try:
        found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    if not found:
        raise _refused(address, Message("no answer"))
    return bytes(found)


def _refused(address: str, why: str) -> RefusedHandshake:
    return RefusedHandshake(Message("{address} refuses the TLS handshake: {why}", address=address, why=why))
