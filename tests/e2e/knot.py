"""A real name server whose zones are changed by RFC 2136: Debian's Knot DNS."""

import base64
import os
import random
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dns.exception
import dns.message
import dns.query

from tests.programs import required
from tests.running import wait_until

_KEY: Final = "wayshub"
_CONFIGURATION: Final = """
server:
    listen: {address}@53
    rundir: {folder}
database:
    storage: {folder}
key:
  - id: {key}
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: texts
    key: {key}
    action: update
    update-type: TXT
zone:
"""
_ENTRY: Final = """  - domain: {zone}
    storage: {folder}
    file: {zone}
    acl: texts
"""
_ZONE: Final = """$TTL 60
@ SOA ns.{zone}. admin.{zone}. 1 60 60 60 60
@ NS ns.{zone}.
@ A 127.0.0.1
ns A {address}
{records}
"""


@dataclass(frozen=True)
class Knot:
    """A name server, at port 53 of an address of its own: clients of RFC 2136 know no other."""

    address: str
    token: str
    """What lets change TXT records, as dns-lexicon takes it."""


@contextmanager
def knot(folder: Path, zones: Mapping[str, str]) -> Iterator[Knot]:
    """Run a name server of some zones, each with some records of its own."""
    found = shutil.which("knotd", path=f"{os.environ['PATH']}:/usr/sbin")
    program = required(found if os.geteuid() == 0 else None, "knot, and run it as root, who may listen on port 53")
    folder.mkdir()
    address = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.{random.randint(1, 254)}"
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    told = {"folder": folder, "address": address, "key": _KEY, "secret": secret}
    entries = "".join(_ENTRY.format(zone=zone, **told) for zone in zones)
    (folder / "knot.conf").write_text(_CONFIGURATION.format(**told) + entries)
    for zone, records in zones.items():
        (folder / zone).write_text(_ZONE.format(zone=zone, records=records, **told))
    with (folder / "log").open("wb") as output:
        command = [program, "-c", str(folder / "knot.conf")]
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: all(_answers(address, zone) for zone in zones), "the name server answers")
        yield Knot(address, f"hmac-sha256:{_KEY}:{secret}")
    finally:
        server.terminate()
        server.wait(timeout=60)


def _answers(address: str, zone: str) -> bool:
    try:
        return bool(dns.query.udp(dns.message.make_query(zone, "SOA"), address, timeout=1).answer)
    except (dns.exception.DNSException, OSError):
        return False
