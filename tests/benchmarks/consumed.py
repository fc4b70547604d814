"""How much processor time a process took, with those that it started: it hardly depends on what else runs."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _FIRST, _LAST = 1, 11, 15
"""Where `/proc/PID/stat` has, behind the name, the parent and the times: its own, and of children that ended."""


def cpu_seconds(process: int) -> float:
    """Return the seconds of a process and of all that it started, whether they have ended or not."""
    times: dict[int, tuple[int, float]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        times[int(folder.name)] = int(fields[_PARENT]), sum(map(int, fields[_FIRST:_LAST])) / _TICKS
    family, waiting = set[int](), [process]
    while waiting:
        member = waiting.pop()
        family.add(member)
        waiting += [each for each, (parent, _seconds) in times.items() if parent == member]
    return sum(times[each][1] for each in family if each in times)
