"""The OpenAPI document against the service: data that fits it is taken, and data that does not is refused.

What is random here comes from schemathesis: for each operation random data that its schemas allow and that they do
not; in the soak also sequences of operations that follow one another, all edges of the schemas, and what lies just
beyond them.
"""

import os
import subprocess
import sys
from pathlib import Path

from provider.nouns import within
from tests.running import ROOT, SOAK, cases, fetch, running_service

HERE = Path(__file__).parent
_OTHERS = f"/({'|'.join(noun.plural for noun in within('') if noun.kind not in {'service', 'router', 'middleware'})})"
"""The paths of nouns that are as others: some stand for all of them, but in the soak."""


def test_the_service_is_as_documented(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service:
        document = tmp_path / "openapi.json"
        document.write_text(fetch(f"{service.url}/openapi.json").raise_for_status().text)
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")),
            *("run", str(document), "--url", service.url, "--max-examples", str(cases(1, 300))),
            *("--exclude-path", "/api/v1/events"),  # its answer has no end
            *([] if SOAK else ["--generation-deterministic", "--phases", "fuzzing", "--exclude-path-regex", _OTHERS]),
        ]
        environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.api.schemathesis_hooks", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
