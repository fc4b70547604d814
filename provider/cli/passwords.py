"""Passwords as people type them: unseen, and twice; or a line of standard input, for scripts."""

import getpass
import sys

from provider.errors import ProviderError


def ask(whose: str) -> str:
    """Return a new password; `whose` is such as `account alvin`. Raises `ProviderError` for two that differ."""
    if sys.stdin is None or not sys.stdin.isatty():
        return sys.stdin.readline().removesuffix("\n").removesuffix("\r") if sys.stdin is not None else ""
    typed = getpass.getpass(f"New password for {whose}: ")
    if getpass.getpass("Repeat it: ") != typed:
        raise ProviderError("the passwords do not match: nothing was changed")
    return typed
