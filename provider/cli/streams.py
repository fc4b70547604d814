"""Standard streams that are closed, full or gone: a command ends in an orderly way all the same."""

import io
import os
import sys
from contextlib import suppress
from typing import Any, ClassVar, Final, TextIO

_OUT: Final = 1
_replaced: set[int] = set()


class _Out(io.FileIO):
    """Standard output that remembers what went wrong: buffers forget what they could not write."""

    trouble: ClassVar[OSError | None] = None

    def write(self, content: Any, /) -> int:
        try:
            return super().write(content)
        except OSError as error:
            _Out.trouble = error
            raise


def secure() -> None:
    """Put something in the place of closed streams, so that no database and no connection gets their numbers.

    Reading gives nothing, what is written on standard error is lost, and to write on standard output fails: what was
    asked for cannot be given.
    """
    for number, name, flags in ((0, "stdin", os.O_RDONLY), (_OUT, "stdout", os.O_RDONLY), (2, "stderr", os.O_WRONLY)):
        if getattr(sys, name) is not None:
            continue
        opened = os.open(os.devnull, flags)
        if opened != number:  # something else has that number by now
            os.close(opened)
            continue
        _replaced.add(number)
        setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        _watch(sys.stdout)


def need_no_output() -> None:
    """Let a closed standard output be one that takes everything: for what serves, and has little to tell."""
    if _OUT in _replaced:
        _drop()


def find_trouble() -> OSError | None:
    """Return why what was printed could not be written, or None if it was. From then on nothing is written."""
    with suppress(OSError):  # it is remembered
        _flush(sys.stdout)
    if _Out.trouble is not None:
        _drop()
    return _Out.trouble


def _watch(stream: io.TextIOWrapper) -> None:
    """Write on standard output by a file that remembers, and what the locale cannot write as on standard error."""
    raw = getattr(stream.buffer, "raw", stream.buffer)  # with PYTHONUNBUFFERED there is no buffer
    if not isinstance(raw, io.FileIO) or raw.fileno() != _OUT:  # where it is captured
        stream.reconfigure(errors="backslashreplace")
        return
    out = _Out(_OUT, "w", closefd=False)
    sys.stdout = io.TextIOWrapper(
        out if raw is stream.buffer else io.BufferedWriter(out),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _flush(stream: TextIO | None) -> None:
    if stream is not None and not stream.closed:
        stream.flush()


def _drop() -> None:
    """Let what is still to be written on standard output go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _OUT)
    os.close(nowhere)
    with suppress(OSError):
        _flush(sys.stdout)
