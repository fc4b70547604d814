"""Log lines: for people or for programs, on standard error, from us and from the libraries alike.

A line's message is a whole sentence, for people. What a program would like to find without reading
sentences is given as `extra`, and is shown in JSON only. Everywhere a line is marked with the id of
the request in which it came about.

No line has a body, a header such as `Authorization`, or the values of variables at a fault.
"""

import asyncio
import json
import logging
import re
import sys
from collections.abc import Hashable, Mapping
from contextvars import Context, ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from provider import moments

# What these say at `info` is of no use to an operator: each request, each step of a start.
_QUIET: Final = ("httpx", "httpcore", "uvicorn.access", "alembic", "asyncio")

_SECRET: Final = re.compile(r"(ws(?:p[_-][a-z0-9]{8}|[slb])[_-])[a-z0-9_-]{40,43}", re.IGNORECASE)
"""A token, the secret of a session, of a one-time link or of a browser, as `provider.security.secrets` makes them.

Or with hyphens for underscores: so a host name is proposed to who types one into the wrong field.
"""

_COLORS: Final = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31m"}
_PLAIN: Final = "\x1b[0m"

_PAUSE_SECONDS: Final = 1.0
_LINES_AT_ONCE: Final = 10
_MOST_KINDS: Final = 500


def configure(level: str, style: Literal["text", "json"]) -> None:
    """Send every log line through one formatter. To be called once, by whoever starts the process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(style, colors=sys.stderr.isatty()))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def formatter(style: Literal["text", "json"], *, colors: bool = False) -> logging.Formatter:
    """Return what makes a text of a log record: one line, and in text a traceback behind it if there is one."""
    return _Objects() if style == "json" else _PlainLines(colors=colors)


_bound: ContextVar[Mapping[str, str | None]] = ContextVar("bound", default={})  # noqa: B039  # never changed in place


def bind(**facts: str | None) -> None:
    """Mark every line with these facts that is logged from here on in this task."""
    _bound.set({**_bound.get(), **facts})


def find_bound(name: str) -> str | None:
    """Find a fact that the lines of this task are marked with."""
    return _bound.get().get(name)


def hidden(text: str) -> str:
    """Return a text with the secrets of ours that stand in it cut short, wherever somebody has put them.

    To be called before a text is shortened: half a secret is not recognised.
    """
    return _SECRET.sub(r"\1…", text)


def printable(text: str, kept: str = "") -> str:
    """Return a text with what moves a terminal's cursor, or turns its letters round, written as an escape.

    Such a text comes from outside, and shall not look like lines of ours. `kept` stays as it is.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in kept else character.encode("unicode_escape").decode()
        for character in text
    )


@dataclass(slots=True)
class _LineKind:
    """How many lines of a kind may still be written now, and how many were left out since it was told."""

    left: int
    more: int = 0


class Sparing:
    """Writes the first lines of a kind at once, and of many more, once a second, how many there were.

    For what a client can have as often as it likes. Used in the event loop's thread.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._kinds: dict[Hashable, _LineKind] = {}

    def log(self, level: int, kind: Hashable, what: str, words: str, *values: object, **facts: object) -> None:
        """Write a line; `what` says in the plural what is counted where there are more of its kind."""
        known = self._kinds.get(kind)
        if known is None and len(self._kinds) >= _MOST_KINDS:
            kind, what = None, "lines were left out"
            known = self._kinds.get(kind)
        if known is None:
            known = self._kinds[kind] = _LineKind(_LINES_AT_ONCE)
            self._wait(level, kind, what)
        if known.left:
            known.left -= 1
            self._logger.log(level, words, *values, extra=facts)
        else:
            known.more += 1

    def _wait(self, level: int, kind: Hashable, what: str) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(_PAUSE_SECONDS, self._tell, level, kind, what, context=Context())

    def _tell(self, level: int, kind: Hashable, what: str) -> None:
        known = self._kinds[kind]
        if known.more:
            self._logger.log(level, "%d more %s", known.more, what, extra={"more": known.more})
            known.more = 0
        elif known.left < _LINES_AT_ONCE:
            known.left += 1
        if known.left < _LINES_AT_ONCE:
            self._wait(level, kind, what)
        else:
            del self._kinds[kind]


class _Formatter(logging.Formatter):
    """Makes a text of a record, without secrets, wherever in it they stand."""

    def format(self, record: logging.LogRecord) -> str:
        return hidden(self._written(record, self.formatException(record.exc_info) if record.exc_info else ""))

    def _written(self, record: logging.LogRecord, exception: str) -> str:
        raise NotImplementedError


class _PlainLines(_Formatter):
    """For people."""

    def __init__(self, *, colors: bool) -> None:
        super().__init__()
        self._colors = colors

    def _written(self, record: logging.LogRecord, exception: str) -> str:
        level = record.levelname.lower()
        color = _COLORS.get(level, "") if self._colors else ""
        shown = f"{color}{level:<7}{_PLAIN}" if color else f"{level:<7}"
        time = f"{datetime.fromtimestamp(record.created).astimezone():%Y-%m-%d %H:%M:%S}"
        line = f"{time} {shown} {printable(record.getMessage().strip())}"
        if request_id := find_bound("request_id"):
            line += f" [{request_id}]"
        return line + "\n" + printable(exception, kept="\n") if exception else line


class _Objects(_Formatter):
    """For programs: JSON, with whatever a line was given as `extra`."""

    def _written(self, record: logging.LogRecord, exception: str) -> str:
        fields: dict[str, Any] = {
            "event": record.getMessage(),
            **_bound.get(),
            "level": record.levelname.lower(),
            "timestamp": moments.shown(datetime.fromtimestamp(record.created, UTC)),
            "logger": record.name,
            **{name: value for name, value in record.__dict__.items() if name not in _OWN},
        }
        if exception:
            fields["exception"] = exception
        return json.dumps(fields, default=repr)


_OWN: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "color_message"}
"""What every record has, and what Uvicorn adds for its own formatter."""
