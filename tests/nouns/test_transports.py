"""How Traefik speaks with servers, and what may not be meant."""

import pytest

from provider import conflicts
from provider.errors import Invalid
from provider.nouns import NOUNS


def doubted(kind: str, **fields: object) -> list[str]:
    item = NOUNS[kind].read({"name": "a", **fields})
    return [found.detail.split(": ")[1] for found in conflicts.find_doubts(item, "a")]


def test_who_checks_no_certificate_is_told_what_that_means() -> None:
    assert doubted("serversTransport", insecureSkipVerify=True) == ["insecureSkipVerify"]
    assert doubted("serversTransport", serverName="a.test") == []
    assert doubted("tcpServersTransport", tls={"insecureSkipVerify": True}) == ["tls/insecureSkipVerify"]


def test_the_oldest_version_alone_is_refused_since_traefik_leaves_all_tls_settings_aside() -> None:
    with pytest.raises(Invalid) as found:
        NOUNS["serversTransport"].read({"name": "a", "minVersion": "VersionTLS13"})
    assert [(error.pointer, error.code) for error in found.value.fields] == [("/maxVersion", "version.newest")]
    for given in ({"maxVersion": "VersionTLS12"}, {"minVersion": "VersionTLS12", "maxVersion": "VersionTLS12"}):
        assert NOUNS["serversTransport"].read({"name": "a", **given}).changed() == {"name": "a", **given}
