"""A bare ASGI application that sends what is in a file: what the endpoint is measured against."""

import sys
from pathlib import Path
from types import SimpleNamespace

from starlette.types import Receive, Scope, Send

from provider.app import Application
from provider.server import HttpServer
from provider.settings import Settings


class Bare:
    """Answers every request with the same bytes."""

    refusal = staticmethod(Application.refusal)

    def __init__(self, content: bytes) -> None:
        self.plane = SimpleNamespace(certificate=None, release=lambda: None)
        self._content = content
        self._headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._content})


if __name__ == "__main__":
    content_file, port = sys.argv[1:]
    bare = Bare(Path(content_file).read_bytes())
    HttpServer(bare, Settings(port=int(port))).run()  # type: ignore[arg-type]  # all that the server needs of an application
