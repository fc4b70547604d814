"""A sample server: a small web server that answers every request with its name.

`python -m provider.sample a --port 9101` runs one. Browsers get a page, all others one line. It needs
nothing but Python's own library, and is meant for looking at how a proxy shares requests: not for the
open network.
"""

import argparse
import os
import signal
import socket
import sys
import threading
from email.message import Message
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from string import Template
from typing import Any, Final, cast
from urllib.parse import quote

HOST: Final = "127.0.0.1"
HEALTH_PATH: Final = "/health"
"""Answered without being counted."""

_IDLE_SECONDS: Final = 120  # longer than a proxy keeps an idle connection (Traefik: 90 s), so that the proxy ends it
_HUES: Final = {"a": 212, "b": 152, "c": 28}

_PAGE: Final = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$name · sample server</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
%3Ccircle cx='8' cy='8' r='8' fill='hsl($hue 60%25 45%25)'/%3E%3C/svg%3E">
<style>
:root {
  --paper: #f6f6f3; --card: #fff; --ink: #1c1d1f; --quiet: #5c6066; --line: #e3e3de;
  --accent: hsl($hue 65% 34%); --badge: hsl($hue 62% 38%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #131416; --card: #1c1e21; --ink: #ececea; --quiet: #a0a4ab; --line: #303338;
    --accent: hsl($hue 70% 70%); --badge: hsl($hue 50% 36%);
  }
}
* { box-sizing: border-box; margin: 0; }
body {
  min-height: 100vh; min-height: 100svh; display: grid; place-items: center; padding: 1.25rem;
  background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif;
}
main {
  width: 100%; max-width: 32rem; padding: clamp(1.5rem, 6vw, 2.5rem);
  background: var(--card); border: 1px solid var(--line); border-radius: 1rem;
}
header { display: flex; align-items: center; gap: 1.1rem; margin-bottom: 1.25rem; }
.badge {
  flex: none; min-width: 4.5rem; height: 4.5rem; padding: 0 1.2rem; display: grid; place-items: center;
  border-radius: 2.25rem; background: var(--badge); color: #fff; font-size: 2.5rem; font-weight: 600; line-height: 1;
}
h1 { font-size: 1.45rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; overflow-wrap: anywhere; }
h1 + p { color: var(--quiet); }
dl {
  margin: 1.5rem 0; padding: 1rem 0; border-block: 1px solid var(--line);
  display: grid; grid-template-columns: auto 1fr; gap: .35rem 1.25rem; font-variant-numeric: tabular-nums;
}
dt { color: var(--quiet); }
dd { overflow-wrap: anywhere; }
code { font: .92em ui-monospace, monospace; white-space: nowrap; }
.again {
  display: inline-block; margin-top: 1.25rem; padding: .55rem 1.15rem; border-radius: .6rem;
  border: 1px solid var(--accent); color: var(--accent); font-weight: 600; text-decoration: none;
}
.again:hover { background: color-mix(in srgb, var(--accent) 12%, transparent); }
.again:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
</style>
</head>
<body>
<main>
<header>
<span class="badge" aria-hidden="true">$name</span>
<div><h1>Sample server $name</h1><p>$count</p></div>
</header>
<p>$explanation</p>
<a class="again" href="">Ask again</a>
<dl>
<dt>Asked for</dt><dd>$asked</dd>
<dt>Proxy</dt><dd>$proxy</dd>
<dt>Address</dt><dd>$address</dd>
<dt>Process</dt><dd>$process</dd>
</dl>
<p>Try it: end this server with <code>kill $process</code>, and ask again.</p>
</main>
</body>
</html>
""")

_BEHIND_A_PROXY: Final = (
    "A proxy stands in front of several servers like this one, and chose it for this request. "
    "Ask again, and the next one may answer: each gets its share, by weight."
)
_ALONE: Final = "You asked this server itself. Ask through the proxy, and it shares the requests among several."


class SampleServer(ThreadingHTTPServer):
    """An HTTP server with a name, which counts what it answers."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, name: str, port: int, listening: socket.socket | None = None, host: str = HOST) -> None:
        self.name = name
        self.count = 0
        self._lock = threading.Lock()
        super().__init__((host, port), _Handler, bind_and_activate=listening is None)
        if listening is not None:
            self.socket.close()
            self.socket = listening
            self.server_address = listening.getsockname()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"{self.server_address[0]!s}:{self.server_address[1]}"

    def next_count(self) -> int:
        """Count one more request."""
        with self._lock:
            self.count += 1
            return self.count

    @property
    def own(self) -> str:
        """What it calls itself: its address, which holds whatever others call it; its name where it listens on all."""
        return quote(self.name) if self.server_address[0] in {"0.0.0.0", "::"} else self.address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print what goes wrong, in a line, unless it is that the client has gone."""
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            print(f"a request failed: {error!r}", flush=True)  # noqa: T201  # a program that people watch


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sample"
    sys_version = ""
    timeout = _IDLE_SECONDS
    wbufsize = 65_536  # the head and the body leave together

    def _answer(self) -> None:
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # what was sent along is not read
        server = cast("SampleServer", self.server)
        if self.path == HEALTH_PATH:
            self._send("text/plain", "ok\n")
            return
        count = server.next_count()
        if "text/html" in self.headers.get("Accept", ""):
            self._send("text/html", page(server, self.headers, count))
        else:
            self._send("text/plain", f"sample server {server.name}\n")

    def _send(self, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Served-By", cast("SampleServer", self.server).own)
        self.send_header("Vary", "Accept")
        if kind == "text/html":
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815  # named by http.server

    def log_message(self, *_arguments: Any) -> None:
        """Stay quiet."""


def page(server: SampleServer, headers: Message, count: int) -> str:
    """Return the page for a browser, as HTML."""
    proxy = headers.get("X-Forwarded-Server")
    values = {
        "name": server.name,
        "count": "1 request answered" if count == 1 else f"{count} requests answered",
        "explanation": _BEHIND_A_PROXY if proxy else _ALONE,
        "asked": headers.get("Host", "no host"),
        "proxy": f"on {proxy}" if proxy else "none",
        "address": server.address,
        "process": os.getpid(),
    }
    shown = {key: escape(str(value)) for key, value in values.items()}
    return _PAGE.substitute(shown, hue=_HUES.get(server.name, sum(server.name.encode()) * 47 % 360))


def main() -> None:
    """Run one until it is told to stop."""
    parser = argparse.ArgumentParser(
        prog="python -m provider.sample", description="A server that answers with its name."
    )
    parser.add_argument("name", help="its name, such as a")
    parser.add_argument("--host", default=HOST, help=f"address to listen on ({HOST})")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (any that is free)")
    parser.add_argument("--socket", type=int, metavar="FD", help="an open socket to listen on, which was inherited")
    given = parser.parse_args()
    try:
        listening = None if given.socket is None else socket.socket(fileno=given.socket)
        server = SampleServer(given.name, given.port, listening, given.host)
    except (OSError, OverflowError) as error:
        sys.exit(f"port {given.port} of {given.host} cannot be used: {error}")
    if os.getpid() == 1:  # in a container, where no signal ends it that it has not asked for
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    if listening is None:
        print(f"Sample server {given.name} listens on http://{server.address}; Ctrl-C stops it.", flush=True)  # noqa: T201
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
