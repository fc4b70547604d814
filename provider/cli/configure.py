"""`edge configure`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import yaml

from provider.cli import direct
from provider.cli.options import OutputOption
from provider.cli.output import Format, Output
from provider.cli.paths import shown
from provider.cli.private import write_private
from provider.cli.running.traefik import edge_name
from provider.database.sessions import Session
from provider.errors import SettingsError
from provider.models import Token, TokenInput
from provider.security import secrets, tokens

StaticArgument = Annotated[
    Path, typer.Argument(metavar="STATIC", help="File with Traefik's static configuration, as YAML.")
]
CopyArgument = Annotated[Path, typer.Argument(metavar="COPY", help="File to write: the same, with the token.")]

_OWN: Final = "edge."
"""What the names of such tokens begin with: with a dot, which names that people choose do not have."""
_HEADER: Final = "Authorization"
_SCHEME: Final = "Bearer "
_HEAD: Final = "# Made by `wayshub-provider edge configure` from {static}: edit that file instead.\n"


def configure(static: StaticArgument, copy: CopyArgument, output: OutputOption = Format.TABLE) -> None:
    """Copy Traefik's configuration, with a token for polling.

    STATIC is Traefik's static configuration. Its endpoint under
    `providers.http` says which edge it is (`?edge=NAME`). Only you can read the
    copy. A valid token in the copy stays, so you can run this before each start,
    even while Traefik runs. Otherwise the edge gets a new token, and this
    command revokes the tokens it made before. It works on the database
    directly, even before a service runs.

    Examples:
      wayshub-provider edge configure traefik/traefik.yml /srv/edge/traefik.yml
    """
    wanted = _read(static)
    try:
        http, edge = wanted["providers"]["http"], edge_name(wanted)
    except (KeyError, TypeError, AttributeError):
        raise SettingsError(f"{static} has no providers.http.endpoint: that is where Traefik polls") from None
    scopes, kept = [f"edge:{edge}"], _find_token(copy)

    def write(token: str) -> None:
        http["headers"] = {**(http.get("headers") or {}), _HEADER: f"{_SCHEME}{token}"}
        text = _HEAD.format(static=static) + yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True)
        if not _is_written(copy, text):
            write_private(copy, text)

    with direct.reading() as session:
        is_good = kept is not None and _is_good(session, kept, scopes)
    if kept is not None and is_good:  # nothing is written before a start on a full disk
        write(kept)
    else:
        with direct.writing() as session:
            made = TokenInput.model_construct(name=f"{_OWN}{edge}", scopes=scopes)
            # Before the commit: if it cannot be written, the token that Traefik has stays good.
            write(tokens.replace(session, direct.actor(), made, datetime.now(UTC)).token)
    done = f"Traefik's static configuration for the edge {edge} is in {shown(copy)}, with its token."
    Output(output).told({"edge": edge, "file": str(copy)}, done)


def _read(file: Path) -> dict[str, Any]:
    """Read a static configuration. Raises `SettingsError`."""
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError(f"{file} is not YAML: {error}") from error
    if not isinstance(found, dict):
        raise SettingsError(f"{file} is not a static configuration of Traefik: it has no providers.http.endpoint")
    return found


def _find_token(copy: Path) -> str | None:
    """Return the token in an earlier copy, or None where there is no such copy, or anything else."""
    try:
        value: object = _read(copy)["providers"]["http"]["headers"][_HEADER]
    except (SettingsError, KeyError, TypeError):
        return None
    return value.removeprefix(_SCHEME) if isinstance(value, str) and value.startswith(_SCHEME) else None


def _is_written(copy: Path, text: str) -> bool:
    """Tell whether a copy is as it should be, and for its owner alone."""
    try:
        return copy.read_text(encoding="utf-8") == text and not copy.stat().st_mode & 0o077
    except (OSError, ValueError):
        return False


def _is_good(session: Session, text: str, scopes: list[str]) -> bool:
    """Tell whether a token is known, lets this edge poll and do nothing else, and does not end."""
    found = session.get(Token, secrets.find_token_id(text) or "")
    return (
        found is not None
        and secrets.matches(found.secret_hash, text)
        and found.expires is None
        and list(found.scopes) == scopes
    )
