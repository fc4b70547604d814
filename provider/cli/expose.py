"""`expose`."""

import re
import shlex
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from provider.cli import differences, liveness
from provider.cli.client import Client, path
from provider.cli.nouns.parameters import fills
from provider.cli.nouns.slots import slots_of
from provider.cli.objects.server import WANTED
from provider.cli.options import given, writes_and_waits
from provider.cli.output import Output
from provider.cli.passwords import ask
from provider.cli.replies import Item
from provider.cli.tables import table
from provider.hosts import to_ascii
from provider.nouns import Service

_SERVER: Final = re.compile(r"(?:(?P<name>[^=:/]*)=)?(?P<url>[^=]*)(?:=(?P<weight>[^=]*))?")

DomainArgument = Annotated[
    str, typer.Argument(metavar="DOMAIN", help="Host name, such as alvin.xyz. Added if it does not exist.")
]
ServersArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="SERVER",
        help="Servers, each written [NAME=]URL[=WEIGHT]: without a weight it is 1, without a name it is made "
        "from host and port.",
    ),
]
ApplicationNameOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Name of the router and of the service.", show_default="the domain's first label"
    ),
]
PathPrefixOption = Annotated[
    str | None, typer.Option(metavar="PATH", help="Only requests whose path starts with this, such as /api.")
]
EntryPointURLOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="URL of Traefik's entry point, for the command that is printed to try it.",
        show_default="as the edge's API reports",
    ),
]

HTTPSOption = Annotated[
    bool,
    typer.Option(
        "--https",
        help="Serve the domain over HTTPS, and redirect HTTP there. The certificate is ordered for you if that is "
        "possible; otherwise the edge uses one it has.",
    ),
]
ResolverOption = Annotated[
    str | None,
    typer.Option("--cert-resolver", metavar="NAME", help="The same, with a certificate from this resolver of Traefik."),
]
WWWOption = Annotated[
    bool,
    typer.Option("--redirect-www", help="Redirect www.DOMAIN to DOMAIN, or the name without www to a DOMAIN with it."),
]
PasswordOption = Annotated[
    str | None,
    typer.Option(
        "--password", metavar="USER", help="Ask visitors for the password of this user. You are asked to type it."
    ),
]
AllowOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow", metavar="NETWORK", help="Let in only this network, such as 10.0.0.0/8. Repeat it for more."
    ),
]
StripOption = Annotated[
    bool, typer.Option("--strip-prefix", help="Remove the path prefix before requests go to the servers.")
]
SecurityHeadersOption = Annotated[
    bool, typer.Option("--security-headers", help="Add X-Content-Type-Options, X-Frame-Options and Referrer-Policy.")
]

_OF_SERVICE: Final = [slot for slot in slots_of(Service) if slot.where[0] in {"healthCheck", "onFailure"}]
_ADDRESS: Final = re.compile(r"(?:\[?(?P<host>[^\[\]]*)\]?)?:(?P<port>[0-9]+)(?:/tcp)?")
"""An entry point's address, as Traefik has it: `:8080`, `127.0.0.1:80`, `[::1]:80/tcp`."""
_ANY: Final = frozenset({"", "0.0.0.0", "::"})
_UNKNOWN_URL: Final = "http://127.0.0.1:8080"
"""Where `up` puts the entry point, unless it is told otherwise."""
_NOBODY_TELLS: Final = "No edge reports the address of its entry point: port 8080 is a guess, set --entry-point-url."


@writes_and_waits
@fills(_OF_SERVICE, is_new=True)
def expose(
    client: Client,
    output: Output,
    document: Item,
    domain: DomainArgument,
    servers: ServersArgument,
    name: ApplicationNameOption = None,
    path_prefix: PathPrefixOption = None,
    entry_point_url: EntryPointURLOption = None,
    https: HTTPSOption = False,
    cert_resolver: ResolverOption = None,
    redirect_www: WWWOption = False,
    password: PasswordOption = None,
    allow: AllowOption = None,
    strip_prefix: StripOption = False,
    security_headers: SecurityHeadersOption = False,
) -> None:
    """Expose an application: domain, router, service, servers.

    Creates everything in one step, or nothing. Then it waits up to 10 s and
    tells you whether the change is live. With --wait, the exit status does too;
    --wait 0 does not wait at all.

    Examples:
      wayshub-provider expose belajar.example http://127.0.0.1:3000
      wayshub-provider expose alvin.example http://127.0.0.1:3000=3 http://127.0.0.1:3001
      wayshub-provider expose api.example a=http://10.0.0.11:3000=3 b=http://10.0.0.12:3000
      wayshub-provider expose live.example http://127.0.0.1:3000 --wait 30
      wayshub-provider expose shop.example http://10.0.0.11:80 --path-prefix /shop --health-check /
      wayshub-provider expose office.example http://10.0.0.11:80 --https --allow 10.0.0.0/8 --security-headers
    """
    document |= given(domain=domain, name=name, servers=[read_server(text) for text in servers], pathPrefix=path_prefix)
    document |= given(
        tls={"from": "resolver", "certResolver": cert_resolver} if cert_resolver else None,
        redirectWww=redirect_www or None,
        users=[f"{password}:{ask(password)}"] if password else None,
        allow=allow or None,
        stripPrefix=strip_prefix or None,
        securityHeaders=security_headers or None,
    )
    answer = client.post(path("expose"), document, {"https": "true"} if https else None)
    if output.is_trial:
        differences.tell_trial(output, answer)
        return
    if output.is_json:
        output.document(answer.item)
    else:
        _tell(output, answer.item, answer.revision)
    differences.tell_conflicts(output, answer)
    liveness.tell(client, output, answer)
    if not output.is_json:
        router = answer.item["router"]
        url = entry_point_url or find_entry_point_url(client, answer.item["entryPoints"])
        is_secure = answer.item["domain"]["tls"] is not None
        line = try_line(router["domains"][0], router["pathPrefix"], url or _UNKNOWN_URL, is_secure=is_secure)
        if url is None:
            output.line(_NOBODY_TELLS)
        output.line(f"Try it: {line}")


def find_entry_point_url(client: Client, names: Sequence[str]) -> str | None:
    """Return where an entry point of these can be asked: at the first edge whose API tells its address, if one does."""
    for edge in client.items(path("edges")):
        for name in names:
            found = _ADDRESS.fullmatch(edge["entryPoints"].get(name, ""))
            if found is not None:
                given_host = found["host"] or ""
                host = (edge["address"] or "127.0.0.1") if given_host in _ANY else given_host
                host = f"[{host}]" if ":" in host else host
                scheme = "https" if found["port"] == "443" else "http"
                return f"{scheme}://{host}:{found['port']}"
    return None


def read_server(text: str) -> Item:
    """Read a server as it is typed, `[NAME=]URL[=WEIGHT]`: a server's URL has no `=` in it."""
    parts = _SERVER.fullmatch(text)
    weight = parts["weight"] if parts else None
    if parts is None or (weight is not None and not re.fullmatch(r"-?[0-9]{1,18}", weight)):
        raise typer.BadParameter(f"{text!r} is not a server: write [NAME=]URL[=WEIGHT]", param_hint="SERVER")
    return given(name=parts["name"], url=parts["url"], weight=int(weight) if weight is not None else None)


def try_line(host: str, path_prefix: str | None, entry_point_url: str, *, is_secure: bool = False) -> str:
    """Return the command that asks Traefik for an application. `host` may be a wildcard, or not ASCII.

    Over HTTPS the name has to be asked for while TLS begins, whatever the address; any certificate will do to try it.
    """
    asked = to_ascii(host)
    if asked.startswith("*."):
        asked = "www" + asked.removeprefix("*")
    if is_secure:
        place = entry_point_url.rpartition("//")[2].rstrip("/")
        port = place.rpartition(":")[2]
        own = f"{asked}:{port}" if port.isdigit() and port != "443" else asked
        return shlex.join(["curl", "-k", "--connect-to", f"::{place}", f"https://{own}{path_prefix or '/'}"])
    url = entry_point_url.rstrip("/") + (path_prefix or "/")
    return shlex.join(["curl", "-H", f"Host: {asked}", url])


def _tell(output: Output, made: Item, revision: str) -> None:
    router, service = made["router"], made["service"]
    domains, prefix = router["domains"], router["pathPrefix"]
    where = ", ".join(domain + (prefix or "") for domain in domains)
    output.line(f"Exposed {where} (revision {revision}).")
    output.line()
    output.facts(
        [
            ("Domain", made["domain"]["name"]),
            ("Router", f"{router['name']}: {where} on {', '.join(made['entryPoints'])}"),
            ("Service", service["name"]),
        ]
    )
    output.line()
    table(output, WANTED, made["servers"])
    output.line()
