"""What only who orders certificates needs is loaded when something is ordered."""

import subprocess
import sys

LIBRARIES = ["acme", "josepy", "requests", "dns", "lexicon"]


def test_a_service_that_orders_nothing_loads_no_library_for_that() -> None:
    script = f"import sys, provider.app; print(*[name for name in {LIBRARIES} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout == "\n"
