"""The benchmark of a push, for `docs/speed.md`: its table, and its picture.

`python -m tests.benchmarks.picture` draws both from `var/benchmarks.json`, where `make bench` keeps its figures.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import median

from tests.benchmarks.results import KEPT
from tests.running import ROOT

PICTURE = ROOT / "docs" / "push.svg"
PAGE = ROOT / "docs" / "speed.md"
BEGIN, END = "<!-- figures: push -->\n", "<!-- end -->\n"

PREFIX = "change to answer: "
WAYS = {
    "pushed to Traefik": "pushed, as here",
    "Traefik's file provider": "Traefik's file provider",
    "polled each second": "polled each second",
    "polled each 5 s, as Traefik does by itself": "polled each 5 s (default)",
}
"""What was measured, in the order in which it is shown, and what it is called."""

WIDTH, LEFT, RIGHT, TOP, ROW = 720, 190, 90, 34, 46
TICKS_MS = (10, 100, 1000, 10_000)
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.small { font-size: 11px; fill: #59636e }
.grid { stroke: #d1d9e0 }
circle { fill: #59636e; fill-opacity: .35 }
.middle { stroke: #59636e; stroke-width: 3 }
.ours circle { fill: #0969da }
.ours .middle { stroke: #0969da }
.ours text { font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .small { fill: #9198a1 }
  .grid { stroke: #3d444d }
  circle { fill: #9198a1; fill-opacity: .45 }
  .middle { stroke: #9198a1 }
  .ours circle { fill: #4493f8 }
  .ours .middle { stroke: #4493f8 }
}
"""


@dataclass(frozen=True)
class Way:
    """One way in which a change comes to Traefik, and how long each change took."""

    name: str
    times_ms: Sequence[float]

    @property
    def middle(self) -> str:
        return duration(median(self.times_ms))


def duration(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.2g} s"


def percentile(times: Sequence[float], part: float) -> float:
    return sorted(times)[max(0, math.ceil(part * len(times)) - 1)]


def read_ways(path: Path = KEPT) -> list[Way]:
    """Return what was measured. Raises `LookupError` for what was not."""
    results = {result["what"]: result for result in json.loads(path.read_text())["results"]}
    return [Way(shown, results[PREFIX + name]["samples"]) for name, shown in WAYS.items()]


def place(milliseconds: float) -> float:
    """Return where a time stands, on a logarithmic scale."""
    low, high = math.log(TICKS_MS[0]), math.log(TICKS_MS[-1])
    part = (math.log(max(milliseconds, 1)) - low) / (high - low)
    return LEFT + min(max(part, 0.0), 1.0) * (WIDTH - LEFT - RIGHT)


def draw(ways: Sequence[Way]) -> str:
    """Return the picture: a row for each way, a dot for each change, a bar at the median."""
    height = TOP + ROW * len(ways) + 12
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        "<title>Time from the acknowledged change to the first request that it answers</title>",
        f"<style>{STYLE}</style>",
    ]
    for tick in TICKS_MS:
        x = place(tick)
        lines.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 10}" y2="{height - 12}"/>')
        lines.append(f'<text class="small" x="{x:.1f}" y="{TOP - 16}" text-anchor="middle">{duration(tick)}</text>')
    for number, way in enumerate(ways):
        y = TOP + ROW * number + ROW / 2 - 6
        lines.append(f'<g class="{"theirs" if number else "ours"}">')
        lines.append(f'<text x="{LEFT - 14}" y="{y + 4:.1f}" text-anchor="end">{escape(way.name)}</text>')
        for index, time in enumerate(way.times_ms):
            lines.append(f'<circle cx="{place(time):.1f}" cy="{y + (index % 5 - 2) * 3.5:.1f}" r="3"/>')
        x = place(median(way.times_ms))
        lines.append(f'<line class="middle" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 14:.1f}" y2="{y + 14:.1f}"/>')
        lines.append(f'<text x="{WIDTH - RIGHT + 12}" y="{y + 4:.1f}">{way.middle}</text>')
        lines.append("</g>")
    return "\n".join([*lines, "</svg>", ""])


def table(ways: Sequence[Way]) -> str:
    """Return the table, in Markdown."""
    rows = [
        f"| {way.name[0].upper()}{way.name[1:]} | {way.middle} | {duration(percentile(way.times_ms, 0.9))} "
        f"| {len(way.times_ms)} |\n"
        for way in ways
    ]
    return "".join(["| A change is… | median | 9 of 10 within | changes |\n|---|--:|--:|--:|\n", *rows])


def renewed(page: str, ways: Sequence[Way]) -> str:
    """Return the page with this table in the place of the one before."""
    before, _begin, rest = page.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return before + BEGIN + table(ways) + END + after


if __name__ == "__main__":
    measured = read_ways()
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(measured))
    PAGE.write_text(renewed(PAGE.read_text(), measured))
