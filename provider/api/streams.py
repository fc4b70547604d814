"""Answers that are long: sent piece by piece, as fast as they are taken."""

from collections.abc import Mapping

from fastapi.responses import StreamingResponse

from provider.apart.turns import Content


def stream(content: Content, headers: Mapping[str, str]) -> StreamingResponse:
    """Answer with JSON that was computed apart."""
    told = {**headers, "Content-Length": str(content.size_bytes)}
    return StreamingResponse(content.chunks(), headers=told, media_type="application/json")
