"""`router`: which requests go to which service."""

from typing import Annotated, Final

import typer

from provider.cli import nouns
from provider.cli.client import Client, path
from provider.cli.completion import complete_domain, complete_router, complete_service
from provider.cli.options import (
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
    taken_away,
    writes,
)
from provider.cli.output import Output

app = typer.Typer(
    name="router",
    no_args_is_help=True,
    help="Routers: which requests go to which service.",
)

ROUTERS: Final = nouns.Place(
    "router",
    path("routers"),
    {
        "Name": nouns.field("name"),
        "Domains": nouns.field("domains"),
        "Path prefix": nouns.field("pathPrefix"),
        "Rule": nouns.field("rule"),
        "Service": nouns.field("service"),
        "Entry points": nouns.field("entryPoints"),
        "Priority": lambda router: router.get("priority") or "by rule",
        "Enabled": nouns.field("enabled"),
        "Labels": nouns.words_of_labels,
    },
)

NewNameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the router: a-z, 0-9 and inner hyphens.")]
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the router.", autocompletion=complete_router)
]
ServiceOption = Annotated[
    str, typer.Option(metavar="NAME", help="Service that answers.", autocompletion=complete_service)
]
NewServiceOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Service that answers.", autocompletion=complete_service)
]
DomainsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--domain",
        metavar="DOMAIN",
        help="Domain that it matches, one that exists; repeat it for several.",
        autocompletion=complete_domain,
    ),
]
NoDomainOption = Annotated[bool, typer.Option("--no-domain", help="Match every host: it needs a path prefix then.")]
PathPrefixOption = Annotated[
    str | None, typer.Option(metavar="PATH", help="Beginning of the request's path, such as /api.")
]
RuleOption = Annotated[
    str | None,
    typer.Option(
        metavar="RULE", help="Rule in Traefik's language instead of domains and path prefix; put it in single quotes."
    ),
]
NoPathPrefixOption = Annotated[bool, typer.Option("--no-path-prefix", help="Match every path.")]
EntryPointsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--entry-point",
        metavar="NAME",
        help="Entry point of Traefik that it listens on; repeat it for several. A new router listens on web.",
    ),
]
PriorityOption = Annotated[
    int | None,
    typer.Option(
        metavar="NUMBER",
        help="Rank among the routers that match a request, the highest wins; without one, the longest rule does.",
    ),
]
NoPriorityOption = Annotated[bool, typer.Option("--no-priority", help="Take the priority away.")]
EnabledOption = Annotated[
    bool | None,
    typer.Option("--enabled/--disabled", help="Whether the edge gets this router; it gets a new one."),
]


@app.command("list")
@reads
def list_routers(
    client: Client, output: Output, query: QueryOption = "", label: WithLabelOption = None, limit: LimitOption = None
) -> None:
    """List routers.

    --query looks in the name, the domains, the path prefix and the service.

    Examples:
      wayshub-provider router list
      wayshub-provider router list -q alvin.xyz -o json
    """
    advice = "no routers yet: add one with `wayshub-provider router add`, or a whole application with `expose`"
    nouns.list_all(client, output, ROUTERS, query, limit, advice, label)


@app.command()
@reads
def show(client: Client, output: Output, name: NameArgument, etag: EtagOption = False) -> None:
    """Show a router.

    Examples:
      wayshub-provider router show wayshub
    """
    nouns.show(client, output, ROUTERS, name, etag=etag)


@app.command()
@writes
def add(
    client: Client,
    output: Output,
    name: NewNameArgument,
    service: ServiceOption,
    domain: DomainsOption = None,
    path_prefix: PathPrefixOption = None,
    rule: RuleOption = None,
    entry_point: EntryPointsOption = None,
    priority: PriorityOption = None,
    enabled: EnabledOption = None,
    label: LabelOption = None,
) -> None:
    """Add a router from domains and a path prefix, or from a rule.

    Examples:
      wayshub-provider router add api --domain alvin.xyz --path-prefix /api --service wayshub
      wayshub-provider router add upload --rule 'Host(`alvin.xyz`) && Method(`POST`)' --service wayshub
    """
    document = given(
        name=name,
        service=service,
        domains=domain,
        pathPrefix=path_prefix,
        rule=rule,
        entryPoints=entry_point,
        priority=priority,
        enabled=enabled,
        labels=read_labels(label),
    )
    nouns.add(client, output, ROUTERS, document)


@app.command("set")
@writes
def change(
    client: Client,
    output: Output,
    name: NameArgument,
    service: NewServiceOption = None,
    domain: DomainsOption = None,
    no_domain: NoDomainOption = False,
    path_prefix: PathPrefixOption = None,
    no_path_prefix: NoPathPrefixOption = False,
    rule: RuleOption = None,
    entry_point: EntryPointsOption = None,
    priority: PriorityOption = None,
    no_priority: NoPriorityOption = False,
    enabled: EnabledOption = None,
    label: LabelOption = None,
    no_label: NoLabelOption = None,
    create: CreateOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Change what is given of a router, and leave the rest as it is.

    The domains that are given replace those that it has, all of them, and so
    do the entry points. A rule takes the place of domains and path prefix, and
    they that of a rule.

    Examples:
      wayshub-provider router set wayshub --path-prefix /app --priority 100
      wayshub-provider router set wayshub --no-path-prefix --no-priority
      wayshub-provider router set wayshub --rule 'HostRegexp(`^alvin[.]`)'
      wayshub-provider router set wayshub --disabled
    """
    patch = given(
        service=service,
        domains=domain,
        pathPrefix=path_prefix,
        rule=rule,
        entryPoints=entry_point,
        priority=priority,
        enabled=enabled,
        labels=read_labels(label, no_label),
    )
    patch |= taken_away(
        domains=(no_domain, domain), pathPrefix=(no_path_prefix, path_prefix), priority=(no_priority, priority)
    )
    if rule is not None:
        patch = {"domains": None, "pathPrefix": None} | patch
    elif domain is not None or path_prefix is not None:
        patch["rule"] = None
    nouns.change(client, output, ROUTERS, name, patch, create=create, if_match=if_match)


@app.command()
@writes
def remove(
    client: Client, output: Output, name: NameArgument, yes: YesOption = False, if_match: IfMatchOption = None
) -> None:
    """Remove a router. Its domains and its service stay.

    On a terminal it asks first, unless --yes is given.

    Examples:
      wayshub-provider router remove wayshub
    """
    nouns.remove(client, output, ROUTERS, name, yes=yes, if_match=if_match)
