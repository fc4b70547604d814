"""Look the locked packages up among the known vulnerabilities, where they can be looked up from here: `make check`."""

import json
import subprocess
import sys
from typing import Any

LOCKED = "requirements.lock"
"""What runs in production. The tools of the tests see nothing from outside."""

TIMEOUT_SECONDS = 120


def audit() -> list[dict[str, Any]] | None:
    """Return the packages with what is known of each, or None if that cannot be asked from here."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "-r", LOCKED]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        return None
    return packages if any("skip_reason" not in package for package in packages) else None


def main() -> int:
    packages = audit()
    if packages is None:
        sys.stdout.write(f"{LOCKED} was not audited: no list of vulnerabilities can be reached from here\n")
        return 0
    found = [(package, known) for package in packages for known in package.get("vulns", ())]
    for package, known in found:
        fixed = ", ".join(known["fix_versions"]) or "no version yet"
        sys.stdout.write(f"{package['name']} {package['version']}: {known['id']}, mended in {fixed}\n")
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    told = f", {len(skipped)} of them unknown there: {', '.join(skipped)}" if skipped else ""
    sys.stdout.write(f"{len(packages)} packages audited{told}; {len(found)} known vulnerabilities\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
