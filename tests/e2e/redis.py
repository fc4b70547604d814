"""A real Redis: Debian's `redis-server`."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.programs import required
from tests.running import free_port, wait_until


@contextmanager
def running_redis(folder: Path, *options: str) -> Iterator[str]:
    """Run a Redis that keeps nothing. Gives its address; `options` are those of its command line."""
    program = required(shutil.which("redis-server"), "redis-server")
    folder.mkdir(exist_ok=True)
    port, log = free_port(), folder / "redis.log"
    command = [program, "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), "--logfile", str(log)]
    if "--tls-port" not in options:
        command += ["--port", str(port)]
    process = subprocess.Popen([*command, *(each.format(port=port) for each in options)])
    try:
        wait_until(lambda: log.exists() and "Ready to accept connections" in log.read_text(), "Redis is ready")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=60)
