"""Answers that are read to a bound, whatever they are packed into: some kilobytes can stand for gigabytes."""

import zlib
from collections.abc import Iterable
from typing import Final

from provider.late import httpx

LONGEST_BYTES: Final = 32 * 1024 * 1024
MOST_CONTAINERS: Final = 1_000_000
"""The most objects and lists in a document: 64 bytes of memory stand for each two that are read."""

PLAIN: Final = {"Accept-Encoding": "identity"}
"""What is asked for. Some answer gzipped all the same."""

_GZIP: Final = frozenset({"gzip", "x-gzip", "deflate"})
_ANY_HEAD: Final = 32 + zlib.MAX_WBITS
_DROPPED: Final = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})


class TooLongError(Exception):
    """An answer is longer than what is asked could be, or packed in a way that was not asked for."""


def read_whole(response: "httpx.Response") -> "httpx.Response":
    """Read an answer that is being streamed, and return it as one that was read. Raises `TooLongError`."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    content = b"".join(_inflated(response.iter_raw(), encoding))
    if content.count(b"{") + content.count(b"[") > MOST_CONTAINERS:
        raise TooLongError(f"has more than {MOST_CONTAINERS} objects and lists")
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _DROPPED]
    return httpx.Response(response.status_code, headers=headers, content=content, request=response.request)


def _inflated(pieces: Iterable[bytes], encoding: str) -> Iterable[bytes]:
    if encoding not in {"", "identity", *_GZIP}:
        raise TooLongError(f"is compressed with {encoding[:40]}, which was not asked for")
    unpacker = zlib.decompressobj(_ANY_HEAD) if encoding in _GZIP else None
    left = LONGEST_BYTES
    for piece in pieces:
        try:
            plain = piece if unpacker is None else unpacker.decompress(piece, left + 1)
        except zlib.error as error:
            raise TooLongError(f"cannot be decompressed ({error})") from None
        left -= len(plain)
        if left < 0:
            raise TooLongError(f"is longer than {LONGEST_BYTES // (1024 * 1024)} MiB")
        yield plain
