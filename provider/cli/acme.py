"""`acme`: the CA that the service orders certificates from."""

from collections.abc import Callable
from typing import Annotated, Final

import typer

from provider.cli.client import Client
from provider.cli.options import given, reads
from provider.cli.output import Output, note
from provider.cli.passwords import ask
from provider.cli.replies import Item
from provider.cli.tables import Columns, field

_PATH: Final = "/acme"

DirectoryArgument = Annotated[
    str,
    typer.Argument(
        metavar="CA", help="letsencrypt, letsencrypt-staging for trying it out, or the URL of a CA's directory."
    ),
]
ContactOption = Annotated[
    str | None, typer.Option("--contact", metavar="EMAIL", help="E-mail address for the CA.", show_default="none")
]
AcceptOption = Annotated[
    bool, typer.Option("--accept-terms", help="Accept the CA's terms of service. This is recorded.")
]
DnsOption = Annotated[bool, typer.Option("--dns", help="Let the CA check all names in DNS instead of over HTTP.")]
ProviderOption = Annotated[
    str | None,
    typer.Option("--dns-provider", metavar="NAME", help="DNS provider of your zones, such as cloudflare."),
]
ProviderSettingOption = Annotated[
    list[str] | None,
    typer.Option(
        "--dns-option", metavar="NAME", help="Option of the DNS provider, such as auth_token. You are asked for it."
    ),
]
BindingOption = Annotated[
    str | None,
    typer.Option(
        "--eab-kid",
        metavar="KID",
        help="Key ID of your external account, if the CA requires one. You are asked for its key.",
    ),
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Certificate profile: one of those that the CA offers.",
        show_default="the CA's default",
    ),
]
ChainOption = Annotated[
    str | None,
    typer.Option(
        "--preferred-chain",
        metavar="ROOT",
        help="Name of the root that chains lead to, if the CA offers more than one chain.",
        show_default="the CA's default",
    ),
]


def _words_of_dns(acme: Item) -> str:
    dns = acme.get("dns")
    return f"{dns['provider']} ({', '.join(dns['options'])})" if dns else "none"


_FACTS: Final[Columns] = {
    "CA": field("directory"),
    "Contact": lambda acme: acme.get("contact") or "none",
    "Checks names": lambda acme: "in DNS" if acme["challenge"] == "dns-01" else "over HTTP, wildcards in DNS",
    "DNS provider": _words_of_dns,
    "External account": lambda acme: (acme.get("eab") or {}).get("kid") or "none",
    "Profile": lambda acme: acme.get("profile") or "the CA's default",
    "Preferred chain": lambda acme: acme.get("preferredChain") or "the CA's default",
    "Chains offered": lambda acme: ", ".join(acme.get("chains") or ()) or "unknown until the first certificate",
    "Terms": lambda acme: acme.get("terms") or "unknown until the account is made",
    "Accepted by": field("acceptedBy"),
    "Accepted": field("accepted"),
    "Account": lambda acme: acme.get("account") or "made with the first order",
}


@reads
def show(client: Client, output: Output) -> None:
    """Show the CA, and who accepted its terms.

    Admins only.

    Examples:
      wayshub-provider acme show
    """
    _tell(output, client.ask(_PATH, {}))


@reads
def choose(
    client: Client,
    output: Output,
    directory: DirectoryArgument,
    contact: ContactOption = None,
    accept_terms: AcceptOption = False,
    dns: DnsOption = False,
    dns_provider: ProviderOption = None,
    dns_option: ProviderSettingOption = None,
    eab_kid: BindingOption = None,
    profile: ProfileOption = None,
    preferred_chain: ChainOption = None,
) -> None:
    """Choose the CA to order certificates from, for domains with --tls-from acme.

    Without --accept-terms, it tells you where to read the terms, and changes
    nothing. Admins only.

    Examples:
      wayshub-provider acme choose letsencrypt --contact admin@alvin.example --accept-terms
      wayshub-provider acme choose letsencrypt-staging --accept-terms
      wayshub-provider acme choose letsencrypt --accept-terms --dns-provider cloudflare --dns-option auth_token
    """
    options = {name: ask(f"{dns_provider}, {name}") for name in dns_option or ()} or None
    wanted = given(
        directory=directory,
        contact=contact,
        challenge="dns-01" if dns else None,
        dns=given(provider=dns_provider, options=options) or None,
        eab={"kid": eab_kid, "key": ask(f"external account {eab_kid}")} if eab_kid else None,
        profile=profile,
        preferredChain=preferred_chain,
    )
    _tell(output, client.put(_PATH, {**wanted, "termsAccepted": accept_terms}).item)


@reads
def leave(client: Client, output: Output) -> None:
    """Stop ordering certificates. Existing ones stay until they expire.

    Admins only.

    Examples:
      wayshub-provider acme leave
    """
    client.delete(_PATH)
    _tell(output, client.ask(_PATH, {}))


def _tell(output: Output, acme: Item) -> None:
    if output.is_json:
        output.document(acme)
    elif acme.get("directory") is None:
        output.line("No CA is chosen: no certificates are ordered.")
    else:
        output.facts((heading, read(acme)) for heading, read in _FACTS.items())
        if acme.get("problem") is not None:
            note(f"Warning: {acme['problem']}")


COMMANDS: Final[dict[str, Callable[..., None]]] = {"show": show, "choose": choose, "leave": leave}
