"""Answers that are long: sent piece by piece, as fast as they are taken."""

from collections.abc import Mapping

from fastapi.responses import StreamingResponse

from provider.apart.turns import Content


class Stream(StreamingResponse):
    """An answer in JSON that was computed apart."""

    def __init__(self, content: Content, headers: Mapping[str, str]) -> None:
        told = {**headers, "Content-Length": str(content.size_bytes)}
        super().__init__(content.chunks(), headers=told, media_type="application/json")
        self.content = content


def stream(content: Content, headers: Mapping[str, str]) -> Stream:
    """Answer with JSON that was computed apart."""
    return Stream(content, headers)
