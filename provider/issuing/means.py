"""What this service has to show a CA that names are ours: from the settings."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Means:
    """`edge_url` is this service's address as edges see it, `hook` a program that changes DNS.

    `nameservers` are asked in place of those of the system, and `http_port` in place of 80; `ca_file` has the CAs that
    may sign for the CA itself.
    """

    edge_url: str | None = None
    nameservers: tuple[tuple[str, int], ...] = ()
    http_port: int = 80
    ca_file: Path | None = None
    is_unchecked: bool = False
    """Whether certificates are ordered although it was not seen that a name leads to an edge."""

    hook: Path | None = None
