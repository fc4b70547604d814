"""How Traefik speaks with servers, and what may not be meant."""

from provider import conflicts
from provider.nouns import NOUNS


def doubted(kind: str, **fields: object) -> list[str]:
    item = NOUNS[kind].read({"name": "a", **fields})
    return [found.detail.partition(":")[0] for found in conflicts.find_doubts(item, "a")]


def test_who_checks_no_certificate_is_told_what_that_means() -> None:
    assert doubted("serversTransport", insecureSkipVerify=True) == ["insecureSkipVerify"]
    assert doubted("serversTransport", serverName="a.test") == []
    assert doubted("tcpServersTransport", tls={"insecureSkipVerify": True}) == ["tls.insecureSkipVerify"]
