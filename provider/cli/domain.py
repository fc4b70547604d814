"""`domain`: the host names that are ours."""

from typing import Annotated, Final

import typer

from provider.cli import nouns
from provider.cli.client import Client, path
from provider.cli.completion import complete_domain
from provider.cli.options import (
    CascadeOption,
    CreateOption,
    EtagOption,
    IfMatchOption,
    LabelOption,
    LimitOption,
    NoLabelOption,
    QueryOption,
    WithLabelOption,
    YesOption,
    given,
    read_labels,
    reads,
    writes,
)
from provider.cli.output import Output
from provider.values import Refusal, to_ascii

app = typer.Typer(
    name="domain",
    no_args_is_help=True,
    help="Domains: the host names that are ours.",
)

DOMAINS: Final = nouns.Place(
    "domain",
    path("domains"),
    {"Name": nouns.field("name"), "Description": nouns.field("description"), "Labels": nouns.words_of_labels},
)

NewNameArgument = Annotated[
    str, typer.Argument(metavar="DOMAIN", help="Host name, such as alvin.xyz or *.alvin.xyz (quote the star).")
]
NameArgument = Annotated[
    str, typer.Argument(metavar="DOMAIN", help="Host name, as typed or as an A-label.", autocompletion=complete_domain)
]
DescriptionOption = Annotated[str | None, typer.Option(metavar="TEXT", help="What it is, in one line; '' for nothing.")]


@app.command("list")
@reads
def list_domains(
    client: Client, output: Output, query: QueryOption = "", label: WithLabelOption = None, limit: LimitOption = None
) -> None:
    """List domains.

    --query looks in the name and the description.

    Examples:
      wayshub-provider domain list
      wayshub-provider domain list -q alvin -o json
    """
    advice = "no domains yet: add one with `wayshub-provider domain add`, or a whole application with `expose`"
    nouns.list_all(client, output, DOMAINS, query, limit, advice, label)


@app.command()
@reads
def show(client: Client, output: Output, name: NameArgument, etag: EtagOption = False) -> None:
    """Show a domain.

    Examples:
      wayshub-provider domain show alvin.xyz
    """
    nouns.show(client, output, DOMAINS, name, etag=etag)


@app.command()
@writes
def add(
    client: Client,
    output: Output,
    name: NewNameArgument,
    description: DescriptionOption = None,
    label: LabelOption = None,
) -> None:
    """Add a domain. It does nothing until a router matches it.

    Examples:
      wayshub-provider domain add belajar.example
      wayshub-provider domain add '*.alvin.xyz' --description 'One for each class' --label team=video
    """
    nouns.add(client, output, DOMAINS, given(name=name, description=description, labels=read_labels(label)))


@app.command("set")
@writes
def change(
    client: Client,
    output: Output,
    name: NameArgument,
    description: DescriptionOption = None,
    label: LabelOption = None,
    no_label: NoLabelOption = None,
    create: CreateOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Change what is given of a domain, and leave the rest as it is.

    Examples:
      wayshub-provider domain set alvin.xyz --description 'The class'
      wayshub-provider domain set belajar.example --create
    """
    patch = given(description=description, labels=read_labels(label, no_label))
    nouns.change(client, output, DOMAINS, name, patch, create=create, if_match=if_match)


@app.command()
@writes
def remove(
    client: Client,
    output: Output,
    name: NameArgument,
    cascade: CascadeOption = False,
    yes: YesOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Remove a domain that no router matches.

    With --cascade, routers that have no other domain go too, and the others
    lose just this one. On a terminal it asks first, unless --yes is given;
    elsewhere only --cascade needs --yes.

    Examples:
      wayshub-provider domain remove alvin.xyz --cascade --yes
    """

    def users() -> list[str]:
        return _routers(client, name)

    nouns.remove(client, output, DOMAINS, name, yes=yes, if_match=if_match, cascade=cascade, users=users)


def _routers(client: Client, name: str) -> list[str]:
    """Name the routers that match a domain, or would be left without one."""
    try:
        host = to_ascii(name)
    except Refusal:
        return []  # no domain has this name, as the service will say
    told = []
    for router in client.items(path("routers"), host):
        hosts = [to_ascii(domain) for domain in router.get("domains", [])]
        if host in hosts:
            told.append(f"router {router.get('name')}{' (which keeps other domains)' if len(hosts) > 1 else ''}")
    return told
