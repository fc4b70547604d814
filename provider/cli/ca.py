"""`ca`."""

from pathlib import Path
from typing import Annotated, Final

import typer

from provider.authority import Authority
from provider.cli.options import OutputOption
from provider.cli.output import Format, Output, note
from provider.cli.paths import beside
from provider.errors import SettingsError
from provider.hosts import to_ascii
from provider.settings import Settings, read_settings
from provider.values import Refusal

NameOption = Annotated[
    list[str] | None,
    typer.Option(
        "--name",
        metavar="DOMAIN",
        help="Also sign for this domain and names below it. Only when the CA is created. Repeat it for more.",
    ),
]

_LINES: Final = (
    ("Debian, Ubuntu", "sudo cp {file} /usr/local/share/ca-certificates/wayshub.crt && sudo update-ca-certificates"),
    ("Fedora, RHEL", "sudo cp {file} /etc/pki/ca-trust/source/anchors/wayshub.pem && sudo update-ca-trust"),
    ("Chrome on Linux", 'certutil -d "sql:$HOME/.pki/nssdb" -A -t C,, -n wayshub -i {file}'),
    (
        "macOS",
        "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {file}",
    ),
    ("Windows (as administrator)", "certutil -addstore -f Root {file}"),
    (
        "Firefox",
        "Settings, Privacy & Security, View Certificates, Authorities, Import: {file}, for websites",
    ),
)


def find_authority(settings: Settings) -> Authority:
    """Return the local authority of the settings, or else the one that `up` keeps beside the database."""
    return settings.authority or Authority(beside(settings.database_path, "authority"))


def ca(name: NameOption = None, output: OutputOption = Format.TABLE) -> None:
    """Print the local CA's certificate, and how to trust it.

    `up` creates a local CA, for this machine only, which signs certificates
    for names below .localhost and .test. If there is none yet, this command
    creates it. It cannot sign for other names; its certificate says so. Once
    you trust it, browsers on this machine accept its certificates.

    The certificate goes to standard output, the instructions to standard
    error.

    Examples:
      wayshub-provider ca
      wayshub-provider ca --name lab.example
    """
    authority = find_authority(read_settings())
    names = [_read_name(each) for each in name or ()]
    authority.make(names)
    if unsigned := [each for each in names if not authority.signs(each)]:
        raise SettingsError(
            f"the local CA in {authority.folder} was created without {', '.join(unsigned)}, which cannot be added: "
            "move that folder away to create a new one, and trust that"
        )
    certificate, shown = authority.certificate_file.read_text().strip(), Output(output)
    if shown.is_json:
        shown.document({"file": str(authority.certificate_file.absolute()), "certificate": certificate})
        return
    typer.echo(certificate)
    for line in how_to_trust(authority.certificate_file):
        note(line)


def how_to_trust(file: Path) -> list[str]:
    """Return the lines that say how the certificate in a file becomes one that programs on this machine trust."""
    width = max(len(where) for where, _line in _LINES)
    path = f"'{file.absolute()}'" if " " in str(file.absolute()) else str(file.absolute())
    return [
        "",
        "To trust it on this machine:",
        *(f"  {where:<{width}}  {line.format(file=path)}" for where, line in _LINES),
        "Then restart the browser.",
    ]


def _read_name(text: str) -> str:
    try:
        return to_ascii(text)
    except Refusal as refusal:
        raise typer.BadParameter(refusal.detail, param_hint="--name") from None
