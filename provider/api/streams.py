"""Answers that are long: sent piece by piece, as fast as they are taken."""

from collections.abc import AsyncIterator, Mapping

from fastapi.responses import StreamingResponse

from provider.apart.turns import Content


class Stream(StreamingResponse):
    """An answer in JSON that was computed apart, after what was not known then."""

    def __init__(self, content: Content, headers: Mapping[str, str], opening: bytes = b"") -> None:
        told = {**headers, "Content-Length": str(len(opening) + content.size_bytes)}
        super().__init__(self._chunks(), headers=told, media_type="application/json")
        self._opening = opening
        self._content = content

    def whole(self) -> bytes:
        return self._opening + self._content.whole()

    async def _chunks(self) -> AsyncIterator[bytes]:
        yield self._opening
        async for chunk in self._content.chunks():
            yield chunk
