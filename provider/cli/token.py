"""`token`: what machines come in with. Works on the database itself, before a service runs too."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from provider.cli import direct
from provider.cli.options import OutputOption
from provider.cli.output import Format, Output
from provider.cli.tables import Columns, field, print_list
from provider.cli.times import ago
from provider.durations import find_span_seconds
from provider.errors import ProviderError
from provider.models import TokenInput
from provider.security import tokens
from provider.store import tokens as stored

PurposeArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="What the token is for. Several may share a name.")
]
WhichArgument = Annotated[str, typer.Argument(metavar="TOKEN", help="Its ID, or its name if no other token has it.")]
ScopeOption = Annotated[
    list[str],
    typer.Option(
        "--scope",
        "-s",
        metavar="SCOPE",
        help="What it may do: read, write, admin, register:SERVICE or edge:NAME. Repeat it for several.",
        show_default=False,
    ),
]
ExpiresOption = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="When it expires: 12h, 90d, or 2027-01-01T00:00Z.", show_default="never"),
]

COLUMNS: Final[Columns] = {
    "ID": field("id"),
    "Name": field("name"),
    "Scopes": field("scopes"),
    "Created": lambda token: ago(token["created"]),
    "Expires": lambda token: token["expires"] or "never",
    "Used": lambda token: ago(token["lastUsed"]),
}


def create(
    name: PurposeArgument, scope: ScopeOption, expires: ExpiresOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Create a token and print it once.

    The last line is only the token. Put it into PROVIDER_TOKEN, or send it in
    the header `Authorization: Bearer TOKEN`. Only a hash of it is stored.

    read: see everything. write: also change domains, routers, services,
    servers and middlewares. admin: also accounts, tokens and the audit.
    register:SERVICE: only add, change, drain and remove the servers of that
    service. edge:NAME: only poll the configuration as that edge. To rotate a
    token, create a second one with the same name, and revoke the first once it
    is no longer used.

    Examples:
      wayshub-provider token create deploy --scope write
      wayshub-provider token create wayshub-ci --scope register:wayshub --expires 90d
      export PROVIDER_TOKEN="$(wayshub-provider token create me --scope write | tail -n 1)"
    """
    now = datetime.now(UTC)
    wanted = _read({"name": name, "scopes": scope, "expires": _read_date(expires, now)})
    with direct.writing() as session:
        made = tokens.create(session, direct.actor(), wanted, now).json()
    shown = Output(output)
    if shown.is_json:
        shown.document(made)
        return
    shown.facts([("ID", made["id"]), ("Name", name), ("Scopes", made["scopes"]), ("Expires", made["expires"])])
    shown.line()
    shown.line(made["token"])


def list_tokens(output: OutputOption = Format.TABLE) -> None:
    """List tokens, without their secrets.

    Examples:
      wayshub-provider token list
      wayshub-provider token list -o json
    """
    with direct.reading() as session:
        listed = [tokens.shown(token).json() for token in stored.list_all(session)]
    advice = "there is no token yet: create one with `wayshub-provider token create NAME --scope SCOPE`"
    print_list(Output(output), COLUMNS, listed, advice)


def revoke(token: WhichArgument, output: OutputOption = Format.TABLE) -> None:
    """Revoke a token.

    A running service refuses it from the next request on, and ends its held
    polls within a second.

    Examples:
      wayshub-provider token revoke k3v9x0ab
      wayshub-provider token revoke wayshub-ci
    """
    with direct.writing() as session:
        revoked = tokens.revoke(session, direct.actor(), token)
    done = f"Revoked token {revoked.name} ({revoked.id})."
    Output(output).told({"id": revoked.id, "name": revoked.name}, done)


def _read(document: dict[str, object]) -> TokenInput:
    try:
        return TokenInput.model_validate(document)
    except ValidationError as error:
        raise ProviderError("; ".join(str(item["msg"]) for item in error.errors())) from None


def _read_date(text: str | None, now: datetime) -> str | None:
    """Read when a token expires: after a span of time, or at a date. Raises a usage error."""
    if text is None:
        return None
    if (seconds := find_span_seconds(text)) is not None:
        return (now + timedelta(seconds=seconds)).isoformat()
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write the time it expires as 12h, 90d or 2027-01-01T00:00Z") from None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).isoformat()


COMMANDS: Final[dict[str, Callable[..., None]]] = {"create": create, "list": list_tokens, "revoke": revoke}
