"""One-time links, with which a person sets the password of an account."""

import os
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

from provider.cli import direct
from provider.cli.paths import beside, shown
from provider.cli.private import replacing
from provider.database.locations import Location
from provider.environment import find_url
from provider.security import people
from provider.security.people import FIRST_ADMIN
from provider.security.secrets import Secret


def link(secret: Secret, url: str | None = None) -> str:
    """Return a one-time link to the service at `url`, by default the one that the environment names."""
    return f"{url or find_url(os.environ)}/password?link={secret.text}"


def first_link_path(database_path: Path) -> Path:
    """Return the file that has the one-time link of the first admin."""
    return beside(database_path, "first-login.txt")


def make_first_link(location: Location, url: str) -> list[str]:
    """Make the one-time link of the first admin, unless there is one who can log in. Returns what to tell.

    Where the database is a file, it is in a file beside it, and good only then. Raises `Unavailable`, and then there is
    none.
    """
    file = None if location.file is None else first_link_path(location.file)
    with ExitStack() as files, direct.writing(location) as session:
        secret = people.invite_first(session, direct.actor(), datetime.now(UTC))
        made = None if secret is None else link(secret, url)
        if made is not None and file is not None:
            files.enter_context(replacing(file, f"{made}\n"))  # after the commit
    if made is None:
        with suppress(OSError):  # it is good no more, wherever it stays
            if file is not None:
                file.unlink(missing_ok=True)
        return []
    told = [
        f"Nobody can log in yet. Set the password of {FIRST_ADMIN} with this link, which works once, within a day:",
        f"  {made}",
    ]
    return told if file is None else [*told, f"The link is also in {shown(file)}, which only you can read."]
