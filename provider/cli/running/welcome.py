"""What `up` prints when all runs: what to open, and what to type next."""

import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.text import Text

from provider.cli.paths import shown
from provider.cli.running.demo import DOMAIN
from provider.environment import find_url

COMMAND: Final = "wayshub-provider"


@dataclass(frozen=True, slots=True)
class WelcomeUrls:
    """Where things are: URLs without a slash at the end. `demo` says whether the demo is exposed."""

    service: str
    web: str
    api: str
    demo: bool
    secure: str = ""
    """Where the demo is served over HTTPS, if it is."""


def welcome(places: WelcomeUrls, environment: Mapping[str, str], first_link: Sequence[str] = ()) -> list[Text]:
    """Return the lines that end a start; `first_link` are those that a person needs to log in for the first time."""
    port = places.web.rpartition(":")[2]
    demo = f"http://{DOMAIN}" + ("" if port == "80" else f":{port}") + "/"
    web = (demo, "the demo, answered by three sample servers")
    https = (f"{places.secure}/", "the same over HTTPS, once you trust the local CA")
    opened = [
        web if places.demo else (f"{places.web}/", "the entry point for browsers"),
        *([https] if places.secure else []),
        (f"{places.service}/", "the console"),
        (f"{places.service}/docs", "the REST API, to read and try"),
        (f"{places.api}/dashboard/", "what Traefik runs"),
    ]
    command = shown_command()
    typed = [
        f"{command} expose alvin.xyz http://127.0.0.1:3000=3 http://127.0.0.1:3001",
        f"{command} status",
    ]
    if places.secure:
        typed.append(f"{command} ca")
    if places.demo:
        typed.insert(0, f"curl {demo}")
    if not {"PROVIDER_TOKEN", "PROVIDER_TOKEN_FILE"} & environment.keys():
        typed.insert(0, f'export PROVIDER_TOKEN="$({command} token create me --scope admin | tail -n 1)"')
    for name in ("PROVIDER_DATABASE_URL", "PROVIDER_DATABASE_URL_FILE"):
        if environment.get(name):
            typed.insert(0, f"export {name}={shlex.quote(environment[name])}")
    if find_url(environment) != places.service:
        typed.insert(0, f"export PROVIDER_URL={places.service}")
    told = [Text(), Text(first_link[0], "bold"), *map(Text, first_link[1:])] if first_link else []
    return [
        Text(),
        Text("Open", "bold"),
        *_rows(opened),
        Text(),
        Text("Next, in another terminal", "bold"),
        *(Text(f"  {line}") for line in typed),
        *told,
        Text(),
        Text.assemble(("Ctrl-C", "bold"), " stops everything."),
    ]


def shown_command() -> str:
    """Return how to type our own command here: by its name, if the shell finds it by that, or by its path."""
    program = Path(sys.executable).with_name(COMMAND)
    found = shutil.which(COMMAND)
    if found is not None and Path(found).samefile(program):
        return COMMAND
    return shown(program) if program.is_file() else f"{shown(Path(sys.executable))} -m provider"


def _rows(rows: Sequence[tuple[str, str]]) -> list[Text]:
    width = max(len(url) for url, _what in rows)
    return [
        Text.assemble("  ", (url, f"cyan link {url}"), " " * (width - len(url)), "   ", (what, "dim"))
        for url, what in rows
    ]
