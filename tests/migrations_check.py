"""Run the migrations up, compare them with the models, run them down and up again: `make check`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "check.db"
        environment = os.environ | {"PROVIDER_DATABASE_URL": f"sqlite:///{path}"}
        for step in (["upgrade", "head"], ["check"], ["downgrade", "base"], ["upgrade", "head"], ["check"]):
            command = [sys.executable, "-m", "alembic", *step]
            if subprocess.run(command, env=environment, check=False).returncode != 0:
                sys.stderr.write(f"alembic {' '.join(step)} failed\n")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
