"""The clock of a process, which a test sets: with Debian's libfaketime."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from tests.programs import required

_LIBRARIES: Final = Path("/usr/lib")


class Clock:
    """A wall clock that is right at first. How long something takes, the process measures as ever."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.put(timedelta(0))

    @property
    def variables(self) -> dict[str, str]:
        """What a process that goes by this clock is started with."""
        library = required(next(iter(sorted(_LIBRARIES.glob("*/faketime/libfaketimeMT.so.1"))), None), "libfaketime")
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",  # without it, each look at the clock reads the file
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # a mend for older libraries of C, by which Python's threads spin
            "NO_FAKE_STAT": "1",
        }

    def put(self, ahead: timedelta) -> None:
        """Let the clock be ahead of the right time, or behind it, from the next second on."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{ahead.total_seconds():+.0f}s\n")
        new.replace(self._file)
