"""`serve`, with somebody who looks how long its event loop is held: a script, as it runs the code of any checkout.

Each time that the loop answers late, a line of JSON goes to the file that `HOLDS` names: the milliseconds that passed,
those of them in which the loop's thread had a processor, and the innermost calls in the middle. The second figure
hardly depends on what else the machine does.
"""

import asyncio
import json
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from provider.cli import main as run
from provider.server import HttpServer

_LOOK_SECONDS = 0.003
_SAMPLE_SECONDS = 0.01
_LEAST_SECONDS = 0.02
_MOST_CALLS = 12


def watch(loop: asyncio.AbstractEventLoop, thread: threading.Thread, path: Path) -> None:
    """Ask the loop again and again, and note how late it answers."""
    assert thread.ident is not None
    clock = time.pthread_getcpuclockid(thread.ident)
    pause = threading.Event()
    with path.open("a", buffering=1) as file:
        while not pause.wait(_LOOK_SECONDS):
            answered, samples = threading.Event(), []
            begun, used = time.perf_counter(), time.clock_gettime(clock)
            loop.call_soon_threadsafe(answered.set)
            while not answered.wait(_SAMPLE_SECONDS):
                samples.append(_calls(sys._current_frames().get(thread.ident)))  # documented, and for this
            used = time.clock_gettime(clock) - used
            if used >= _LEAST_SECONDS:
                passed = time.perf_counter() - begun
                calls = samples[len(samples) // 2] if samples else []
                file.write(json.dumps({"ms": passed * 1000, "cpu ms": used * 1000, "calls": calls}) + "\n")


def _calls(frame: Any) -> list[str]:
    found: list[str] = []
    while frame is not None and len(found) < _MOST_CALLS:
        found.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return found


def main() -> None:
    """Serve, and be watched."""
    start = HttpServer.startup

    async def startup(server: HttpServer, sockets: list[socket.socket] | None = None) -> None:
        await start(server, sockets)
        given = asyncio.get_running_loop(), threading.main_thread(), Path(os.environ["HOLDS"])
        threading.Thread(target=watch, args=given, daemon=True).start()

    HttpServer.startup = startup  # type: ignore[method-assign,assignment]  # to look on from outside, in any checkout
    sys.argv[0] = "wayshub-provider"
    run()


if __name__ == "__main__":
    main()
