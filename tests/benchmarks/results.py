"""What the benchmarks found: printed as a table, kept as JSON in `var/benchmarks.json`."""

import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.running import ROOT

KEPT = ROOT / "var" / "benchmarks.json"


@dataclass
class Result:
    """One figure: what, how much, what it may be at most or at least, and what was measured, if it is the middle."""

    what: str
    value: float
    unit: str
    limit: str = ""
    samples: list[float] = field(default_factory=list)


@dataclass
class Results:
    """The figures of one run."""

    results: list[Result] = field(default_factory=list)

    def add(self, what: str, value: float, unit: str, limit: str = "", samples: Sequence[float] = ()) -> None:
        self.results.append(Result(what, value, unit, limit, list(samples)))

    def show(self) -> None:
        table = Table("what", "figure", "unit", "limit", title="Benchmarks")
        table.columns[1].justify = "right"
        for result in self.results:
            table.add_row(result.what, f"{result.value:,.2f}", result.unit, result.limit)
        Console(width=120).print(table)

    def keep(self, path: Path = KEPT) -> None:
        """Keep the figures; those of benchmarks that did not run this time stay as they were."""
        known = json.loads(path.read_text())["results"] if path.exists() else []
        fresh = {result.what for result in self.results}
        merged = [item for item in known if item["what"] not in fresh] + [asdict(item) for item in self.results]
        path.parent.mkdir(exist_ok=True)
        content = {"python": platform.python_version(), "machine": platform.platform(), "results": merged}
        path.write_text(json.dumps(content, indent=2) + "\n")


def collected() -> Iterator[Results]:
    results = Results()
    yield results
    if results.results:
        results.show()
        results.keep()
