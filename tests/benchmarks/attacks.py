"""What one client can do to the service: its memory, and how long others wait meanwhile, for each attack.

    python -m tests.benchmarks.attacks                              # this tree
    python -m tests.benchmarks.attacks --tree ../before             # another checkout, for the figures before
    python -m tests.benchmarks.attacks --only "endless head" --seconds 20

Each attack meets a process of its own. While it goes on, somebody else reads a little and polls, held and not, all
the time (see `watch`). An attack is a function in `tests/benchmarks/attacks_*.py`.
"""

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from tests.benchmarks import attacks_heads, attacks_held, attacks_large, attacks_logins, attacks_long, loop_watch
from tests.benchmarks.consumed import cpu_seconds
from tests.benchmarks.target import ATTACKS, Attack, Target
from tests.benchmarks.test_footprint import resident_megabytes
from tests.benchmarks.watch import Watch, percentile
from tests.running import ROOT, TOKEN, fetch, free_port, give_token, wait_until

MODULES = (attacks_heads, attacks_held, attacks_large, attacks_logins, attacks_long)
"""Where attacks stand: each puts its own into `ATTACKS` when it is imported."""

HOLDS = "holds.jsonl"
_REST_SECONDS = 3.0


@contextmanager
def serving(tree: Path, folder: Path, environment: Mapping[str, str]) -> Iterator[Target]:
    """Run the service of a checkout with its own code, on its database or a new one, and give what an attack needs."""
    path, port = folder / "provider.db", free_port()
    is_there = path.exists()
    variables = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
        "PROVIDER_DATABASE_URL": f"sqlite:///{path}",
        "PROVIDER_PORT": str(port),
        "PYTHONPATH": str(tree),
        "HOLDS": str(folder / HOLDS),
        **environment,
    }
    command = [sys.executable, "-m", "provider"]
    subprocess.run([*command, "migrate"], env=variables, cwd=tree, check=True, capture_output=True)
    if not is_there:
        give_token(path)
    with (folder / "log").open("wb") as log:
        # The loop is watched where the checkout has one that can be.
        is_watched = (tree / "provider" / "server.py").exists()
        served = [sys.executable, loop_watch.__file__] if is_watched else command
        process = subprocess.Popen([*served, "serve"], env=variables, cwd=tree, stdout=log, stderr=log)
    target = Target(f"http://127.0.0.1:{port}", "127.0.0.1", port, process.pid, TOKEN, folder)
    try:
        wait_until(lambda: _answers(target.url), "the service is ready", seconds=300)
        yield target
    finally:
        process.kill()
        process.wait()


def read_holds(folder: Path) -> list[dict[str, Any]]:
    """Return how long the loop of a service was held each time, with where."""
    path = folder / HOLDS
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _answers(url: str) -> bool:
    try:
        return fetch(f"{url}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False


def fill(target: Target, routers: int) -> None:
    """Put so many routers in, each with a domain and a service of two servers."""
    names = [f"app-{index:05d}" for index in range(routers)]
    document = {
        "domains": {f"{name}.example.com": {} for name in names},
        "services": {
            name: {"servers": {"a": {"url": "http://10.0.0.1:1"}, "b": {"url": "http://10.0.0.2:1"}}} for name in names
        },
        "routers": {name: {"domains": [f"{name}.example.com"], "service": name} for name in names},
    }
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {target.token}"}
    content = json.dumps(document)
    httpx.post(f"{target.url}/api/v1/apply", content=content, headers=headers, timeout=900).raise_for_status()


@cache
def filled(tree: Path, folder: Path, routers: int) -> Path:
    """Return a database with so many routers, as the service of a checkout makes it."""
    place = folder / f"filled-{routers}"
    place.mkdir()
    with serving(tree, place, {}) as target:
        fill(target, routers)
    path = place / "provider.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def measure(attack: Attack, tree: Path, seconds: float, kept: Path) -> dict[str, object]:
    """Run one attack, and return its row."""
    with tempfile.TemporaryDirectory() as folder:
        if attack.routers:
            shutil.copy(filled(tree, kept, attack.routers), Path(folder) / "provider.db")
        begun = time.perf_counter()
        with serving(tree, Path(folder), attack.environment) as target:
            started = time.perf_counter() - begun
            with Watch(target) as before:
                time.sleep(_REST_SECONDS)
            calm, consumed = len(read_holds(Path(folder))), cpu_seconds(target.pid)
            with Watch(target) as watch:
                told = attack.run(target, seconds)
            consumed = cpu_seconds(target.pid) - consumed
            holds = [hold["cpu ms"] for hold in read_holds(Path(folder))[calm:]]
            log_bytes = (Path(folder) / "log").stat().st_size
            time.sleep(_REST_SECONDS)
            return {
                "attack": attack.name,
                "start s": round(started, 1),
                "MB before": round(before.megabytes[-1]),
                "MB at most": round(max(watch.megabytes)),
                "MB after": round(resident_megabytes(target.pid)),
                "ms before (p99)": round(percentile(before.seconds, 99) * 1000),
                "ms (p50)": round(percentile(watch.seconds, 50) * 1000),
                **{f"ms {kind} (p99)": round(percentile(found, 99) * 1000) for kind, found in watch.by_kind.items()},
                "ms (most)": round(max(watch.seconds, default=0) * 1000),
                "loop held, CPU ms": round(max(holds, default=0)),
                "CPU s": round(consumed, 2),
                "failed": watch.failed,
                "log kB": log_bytes // 1024,
                "told": told,
            }


def main() -> None:
    """Run the attacks, and print and keep what they did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", type=Path, default=ROOT, help="root of the checkout whose service is attacked")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="attacks with this in their name")
    parser.add_argument("--seconds", type=float, default=12.0, help="how long each attack goes on, if it has no end")
    parser.add_argument("--json", type=Path, help="file to keep the figures in")
    options = parser.parse_args()
    chosen = [attack for attack in ATTACKS if not options.only or any(part in attack.name for part in options.only)]
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as kept:
        for attack in chosen:
            rows.append(measure(attack, options.tree.absolute(), options.seconds, Path(kept)))
            Console(stderr=True).print(json.dumps(rows[-1]), markup=False)
    if not rows:
        parser.error("no attack has that in its name")
    table = Table(*rows[0], title=f"{options.tree.absolute()}")
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console(width=200).print(table)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
