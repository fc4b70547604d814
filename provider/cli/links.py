"""One-time links, with which a person sets the password of an account."""

import os
from datetime import UTC, datetime
from pathlib import Path

from provider.cli import direct
from provider.cli.client import find_url
from provider.cli.paths import shown
from provider.cli.private import write_private
from provider.security import people
from provider.security.people import FIRST_ADMIN
from provider.security.secrets import Secret


def link(secret: Secret, url: str | None = None) -> str:
    """Return a one-time link to the service at `url`, by default the one that the environment names."""
    return f"{url or find_url(os.environ)}/password?link={secret.text}"


def first_link_path(database_path: Path) -> Path:
    """Return the file that has the one-time link of the first admin."""
    return database_path.with_suffix(".first-login.txt")


def make_first_link(database_path: Path, url: str) -> list[str]:
    """Make the one-time link of the first admin, unless there is one who can log in. Returns what to tell."""
    file = first_link_path(database_path)
    with direct.writing(database_path) as session:
        secret = people.invite_first(session, direct.actor(), datetime.now(UTC))
    if secret is None:
        file.unlink(missing_ok=True)
        return []
    made = link(secret, url)
    write_private(file, f"{made}\n")
    return [
        f"Nobody can log in yet. Set the password of the account {FIRST_ADMIN} here, once, within a day:",
        f"  {made}",
        f"The link is also in {shown(file)}, which only you can read.",
    ]
