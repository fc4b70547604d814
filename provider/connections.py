"""HTTP on one connection, with bounds on all that a client decides: sizes, times, and what waits its turn.

Uvicorn reads a head of any length, waits for the rest of it for ever, and takes in requests faster than the answers
are read. Here a head, or what stands behind a body, has at most 64 KiB and 100 fields; each part of a request has
its time, which the server looks at now and then (`look_after`); nothing more is read while a request that is
already there waits its turn; and who does not read the answer is let go.
"""

import logging
import re
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, Final

import httptools
from starlette.responses import Response
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from provider.edges.pollers import CONNECTION, Connection
from provider.guests import Guests
from provider.logs import Sparing
from provider.messages import Message
from provider.values import shown_text

logger = logging.getLogger(__name__)

LONGEST_HEAD_BYTES: Final = 64 * 1024
MOST_FIELDS: Final = 100
HEAD_SECONDS: Final = 20.0
"""Time for a head, from the first byte of it, or from the beginning of the connection."""
BODY_SECONDS: Final = 30.0
"""Time for a body, and for each `_LEAST_BYTES_PER_SECOND` of it a second more."""
UNREAD_SECONDS: Final = 60.0
"""How long an answer may wait without any of it being read."""
LINGER_SECONDS: Final = 2.0
"""How long what a client goes on to send is thrown away, after an answer that refuses it: else it would not see it."""

_LEAST_BYTES_PER_SECOND: Final = 500
_SLICE_BYTES: Final = 4096
"""The parser is given so much at a time, and asked in between whether there is enough."""
_MOST_PIECES: Final = 500
"""So many pieces of bodies are taken before others get their turn: each takes its time, however short it is."""
_FIELD_BYTES: Final = 4
"""What stands around a field's name and value: a colon, a space, and the end of the line."""

_TOO_LONG: Final = Message("the request line and the headers can have at most 64 KiB together")
_TOO_MANY: Final = Message("a request can have at most {most} header fields", most=MOST_FIELDS)
_URI_TOO_LONG: Final = Message("the path and the query can have at most 64 KiB")
_TOO_SLOW: Final = Message("the request did not arrive in time")
_NOT_HTTP: Final = Message("this is not an HTTP request")
_NO_HOST: Final = Message("an HTTP/1.1 request needs exactly one Host header")
_NOT_CHUNKED: Final = Message("only the Transfer-Encoding chunked is supported: leave out any other")

_REQUEST_LINE: Final = re.compile(rb"(?:\A|\n)([!#$%&'*+.^_`|~0-9A-Za-z-]+) [^\s]+ HTTP/1\.\d\r?\n")
_METHOD_TROUBLE: Final = "method"
"""What of a request the parser does not like, in its words: it knows all methods that are used here, and some more."""

_ABSOLUTE: Final = re.compile(rb"[a-z][a-z0-9+.-]*://([^/?#]*)", re.IGNORECASE)

_TITLES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("bad-request", Message("The request cannot be read")),
    408: ("timeout", Message("The request took too long")),
    414: ("uri-too-long", Message("The address is too long")),
    431: ("head-too-large", Message("The request headers are too large")),
    501: ("unknown-coding", Message("The Transfer-Encoding is not supported")),
}
_UNKNOWN_METHOD: Final = "unknown-method", Message("The method is unknown")


RefusalWriter = Callable[[int, str, str, str], Response]
"""Writes an error as a response: its status, code, title and detail."""


class _RequestPart(Enum):
    """What of a request is awaited: its head, or what stands behind it."""

    HEAD = auto()
    BODY = auto()


class _RefusedError(Exception):
    """What is being read goes beyond a bound."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class _Flow(FlowControl):
    """Pauses and resumes reading. While something that was read waits to be parsed, reading stays paused."""

    is_held = False

    def resume_reading(self) -> None:
        if not self.is_held:
            super().resume_reading()


class BoundedProtocol(HttpToolsProtocol):
    """HTTP on one connection. It tells each request on which connection it came, and the connection when it ends."""

    flow: _Flow

    def __init__(
        self, *, app_state: dict[str, Any], guests: Guests, refused: Sparing, refusal: RefusalWriter, **uvicorns: Any
    ) -> None:
        self._connection = Connection()
        self._guests = guests
        self._refused = refused
        self._refusal = refusal
        super().__init__(app_state=app_state | {CONNECTION: self._connection}, **uvicorns)
        self._part = _RequestPart.HEAD
        self._since: float | None = self.loop.time()
        """Since when the part is awaited; None between two requests, which Uvicorn itself bounds."""
        self._counted_bytes = 0
        self._silent_bytes = 0
        self._fields = 0
        self._body_bytes = 0
        self._pieces = 0
        self._has_begun = False
        self._was_told = False
        self._unparsed = b""
        self._current: RequestResponseCycle | None = None
        self._is_over = False
        self._ends_at: float | None = None
        self._unread_bytes = 0
        self._unread_since = 0.0

    # What the guests are asked

    @property
    def address(self) -> str | None:
        """Where it comes from."""
        return self.client[0] if self.client else None

    @property
    def holder(self) -> str | None:
        """Whose token or session came on it last."""
        return self._connection.holder

    def leave(self) -> None:
        """End it, now."""
        self.transport.abort()

    # What the server asks, now and then

    def look_after(self, now: float) -> None:
        """End what takes too long; `now` is the event loop's time."""
        if self._ends_at is not None and now >= self._ends_at:
            self.transport.close()
        self._look_after_answer(now)
        if self._is_over or self._since is None or self.transport.is_closing():
            return
        if self._part is _RequestPart.BODY:
            if self.flow.read_paused:  # it is we who keep it waiting
                self._since = now
            elif now - self._since > BODY_SECONDS + self._body_bytes / _LEAST_BYTES_PER_SECOND:
                self._refuse(408, _TOO_SLOW)
        elif self._is_answering:
            self._since = now
        elif now - self._since > HEAD_SECONDS:
            if self._has_begun:
                self._refuse(408, _TOO_SLOW)
            else:
                self.transport.close()

    def _look_after_answer(self, now: float) -> None:
        unread_bytes = self.transport.get_write_buffer_size()
        if unread_bytes == 0 or unread_bytes < self._unread_bytes:
            self._unread_since = now
        elif now - self._unread_since > UNREAD_SECONDS:
            self.transport.abort()
        self._unread_bytes = unread_bytes

    # Uvicorn's protocol

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.flow = _Flow(transport)
        self._unread_since = self.loop.time()
        self._guests.join(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end of the connection, and tell it to the request that is being answered."""
        self._connection.close()
        self._guests.left(self)
        self._unparsed = b""
        self.pipeline.clear()
        self._disconnect_current()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come, as far as nothing waits its turn."""
        if self._is_over:
            return
        self._unset_keepalive_if_required()
        if self._since is None:
            self._since = self.loop.time()
        self._unparsed = self._unparsed + data if self._unparsed else data
        self._parse()

    def on_message_begin(self) -> None:
        self._guests.used(self)
        self._begin(_RequestPart.HEAD)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the path and the query."""
        self._count(len(url), 414, _URI_TOO_LONG)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field, unless it stands behind the body: nobody asks for one there."""
        self._fields += 1
        self._count(len(name) + len(value) + _FIELD_BYTES, 431, _TOO_LONG)
        if self._fields > MOST_FIELDS:
            raise _RefusedError(431, _TOO_MANY)
        if self._part is _RequestPart.HEAD:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to answer, or to wait for one's turn."""
        self._check_head()
        super().on_headers_complete()  # for a target that is no URL, such as that of CONNECT, it raises
        self._begin(_RequestPart.BODY)

    def on_body(self, body: bytes) -> None:
        self._was_told = True
        self._body_bytes += len(body)
        self._pieces += 1
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._begin(_RequestPart.HEAD)
        self._since = self._ends_at = None
        self._has_begun = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with what waits."""
        super().on_response_complete()
        if self._part is _RequestPart.BODY and not self._is_answering:
            self._ends_at = self.loop.time() + LINGER_SECONDS  # the rest of a body that nobody wants
        self._go_on()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._current = cycle
        super()._start_asgi_task(cycle, app)

    # Ours

    @property
    def _is_answering(self) -> bool:
        return bool(self.pipeline) or (self._current is not None and not self._current.response_complete)

    def _begin(self, part: "_RequestPart") -> None:
        self._part = part
        self._has_begun = self._was_told = True
        self._since = self.loop.time()
        self._counted_bytes = self._fields = self._body_bytes = 0

    def _check_head(self) -> None:
        """Do what RFC 9112 asks (3.2, 6.1) and the parser leaves to us: a host in the target is the one that counts."""
        codings = b",".join(value for name, value in self.headers if name == b"transfer-encoding").lower()
        if any(coding.strip(b" \t") not in {b"", b"chunked"} for coding in codings.split(b",")):
            raise _RefusedError(501, _NOT_CHUNKED)
        hosts = sum(name == b"host" for name, _value in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise _RefusedError(400, _NO_HOST)
        if named := _ABSOLUTE.match(self.url):
            self.headers[:] = [field for field in self.headers if field[0] != b"host"] + [(b"host", named[1])]

    def _count(self, count: int, status: int, detail: str) -> None:
        self._was_told = True
        self._counted_bytes += count
        if self._counted_bytes > LONGEST_HEAD_BYTES:
            raise _RefusedError(status, detail)

    def _go_on(self) -> None:
        if self._unparsed and not self.transport.is_closing():
            self._parse()

    def _parse(self) -> None:
        data, at, self._pieces = self._unparsed, 0, 0
        while at < len(data) and not self.pipeline and not self._is_over and self._pieces < _MOST_PIECES:
            piece = data[at : at + _SLICE_BYTES]
            at += len(piece)
            self._feed(piece)
        self._unparsed = b"" if self._is_over else data[at:]
        self.flow.is_held = bool(self._unparsed)
        if self.flow.is_held:
            self.flow.pause_reading()
            if not self.pipeline:
                self.loop.call_soon(self._go_on)
        elif not self.pipeline:
            self.flow.resume_reading()

    def _feed(self, piece: bytes) -> None:
        self._was_told = False
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:  # there is nothing else that one could speak here
            self._is_over, self.cycle.keep_alive = True, False
        except httptools.HttpParserError as error:
            cause = error.__context__
            if isinstance(cause, _RefusedError):
                self._refuse(cause.status, cause.detail)
            elif _METHOD_TROUBLE in str(error) and (line := _REQUEST_LINE.search(piece)):
                told = Message(
                    "wayshub-provider does not know the method {method}", method=shown_text(line[1].decode("ascii"))
                )
                self._refuse(501, told, _UNKNOWN_METHOD)
            else:
                self._refuse(400, _NOT_HTTP)
        else:
            self._silent_bytes = 0 if self._was_told else self._silent_bytes + len(piece)
            if self._counted_bytes + self._silent_bytes > LONGEST_HEAD_BYTES:
                self._refuse(431, _TOO_LONG)

    def _refuse(self, status: int, detail: str, named: tuple[str, str] | None = None) -> None:
        """Answer with an error, unless an answer is on its way already, and read no more."""
        code, title = named or _TITLES[status]
        of = f"requests were refused with {status}"
        self._refused.log(
            logging.INFO,
            (status, detail),
            of,
            "a request was refused with %d, from %s: %s",
            *(status, self.address, detail),
        )
        if self._part is _RequestPart.HEAD:
            answers = not self._is_answering
        else:
            answers = self._current is self.cycle and not self.cycle.response_started
        self._is_over = True
        self._disconnect_current()
        if not answers:
            self.transport.close()
            return
        response = self._refusal(status, code, title, detail)
        lines = [*response.raw_headers, (b"connection", b"close")]
        head = b"".join(name + b": " + value + b"\r\n" for name, value in lines)
        self.transport.write(STATUS_LINE[status] + head + b"\r\n" + bytes(response.body))
        self._ends_at = self.loop.time() + LINGER_SECONDS
        self.flow.is_held = False
        self.flow.resume_reading()

    def _disconnect_current(self) -> None:
        current = self._current
        if current is not None and not current.response_complete:
            current.disconnected = True
            current.message_event.set()
