"""Programs that tests run, and that are not Python's: Debian has a package of each."""

import os
from typing import TypeVar

import pytest

T = TypeVar("T")


def required(found: T | None, package: str) -> T:
    """Return what was found of a Debian package. Without it the test is skipped; where `CI` is set, it fails."""
    if found is not None:
        return found
    advice = f"what this test runs is not installed: on Debian, apt-get install {package}"
    if os.environ.get("CI"):
        pytest.fail(advice)
    pytest.skip(advice)
