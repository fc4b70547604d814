"""TXT records by which a CA sees that a name is ours: where they are looked for, and who does not set them."""

import asyncio
import socket
from pathlib import Path

import pytest
from dns.resolver import Resolver

from provider.database.file import FileDatabase
from provider.issuing import dns_records, lookups
from provider.issuing.dns_records import DnsRecords
from provider.issuing.failures import NoCertificateError
from provider.issuing.means import Means
from provider.models import AcmeAccount
from provider.nouns.texts import Hidden
from tests.e2e.knot import knot
from tests.running import wait_until


def test_a_record_that_is_an_alias_is_looked_for_where_it_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zones = {"alvin.test": "_acme-challenge CNAME alvin.records.test.", "records.test": "alvin TXT content"}
    with knot(tmp_path / "dns", zones) as server:
        system, read = tmp_path / "resolv.conf", Resolver.read_resolv_conf
        system.write_text(f"nameserver {server.address}\n")
        monkeypatch.setattr(Resolver, "read_resolv_conf", lambda resolver, _file: read(resolver, system))
        wait_until(lambda: lookups.is_seen("_acme-challenge.alvin.test", "content", Means()), "it is seen")
        assert not lookups.is_seen("_acme-challenge.alvin.test", "another one", Means())


def test_a_dns_provider_that_never_answers_keeps_no_other_name_waiting(
    migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_records, "_CHANGE_SECONDS", 1)
    path = tmp_path / "provider.db"
    path.write_bytes(migrated.read_bytes())
    database = FileDatabase(path)
    database.open()

    async def put(means: Means) -> None:
        async with asyncio.timeout(30), DnsRecords(means, database, "alvin.test") as records:
            await records.put("content")

    with knot(tmp_path / "dns", {"alvin.test": ""}) as server, socket.create_server(("127.0.0.1", 0)) as silent:
        options = {"auth_token": "secret", "pdns_server": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        with database.writing() as session:
            session.add(
                AcmeAccount(
                    directory="https://ca.alvin.test/",
                    chosen=True,
                    accepted_by="tests",
                    accepted="2026-01-01T00:00:00+00:00",
                    dns_provider="powerdns",
                    dns_credentials={name: Hidden(text) for name, text in options.items()},
                )
            )
        told = "the TXT record _acme-challenge.alvin.test could not be changed within 1 s"
        with pytest.raises(NoCertificateError, match=told):
            asyncio.run(put(Means(nameservers=((server.address, 53),))))
    database.close()
