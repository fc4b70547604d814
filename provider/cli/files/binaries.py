"""What content is that is no text."""

from typing import Final

_CONVERTING: Final = "openssl x509 -in {file}, openssl pkey -in {file} or openssl pkcs12 -nodes -in {file}"
_COMPRESSED: Final = "compressed: unpack it first"
_KINDS: Final = {
    b"\x30": f"DER or PKCS#12: convert it to PEM, for example with {_CONVERTING}",
    b"\xfe\xed\xfe\xed": "a Java keystore: export its certificates and keys as PEM",
    b"\x1f\x8b": _COMPRESSED,
    b"PK\x03\x04": _COMPRESSED,
}
"""By how it begins."""


def recognise(file: str, content: bytes) -> str | None:
    """Return what content is that is no text, and what to do, in words; None where that is not known."""
    return next((told.format(file=file) for start, told in _KINDS.items() if content.startswith(start)), None)
