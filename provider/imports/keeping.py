"""What is there already and Traefik knows nothing of is kept when the same objects are imported. Pure."""

from collections.abc import Iterator, Mapping

from provider import names
from provider.declarations import Declaration
from provider.nouns import Domain, Noun, Server
from provider.nouns.certificate import Certificate, facts


def keeping(imported: Declaration, current: Declaration) -> Declaration:
    """Return a declaration that changes nothing in a state but what the imported one says.

    Domains that are there stay as they are, labels stay, and a server that a service has at the same URL keeps
    its name, so that a second import adds no second server. So does a certificate for the same names.
    """
    kept = [each for each in _kept(imported, current) if each[0] != Server.kind]
    for service, pool in imported.servers.items():
        kept += [
            (Server.kind, f"{service}/{server.name}", server)
            for server in _pool(pool, current.servers.get(service, {}))
        ]
    return Declaration.gathered(kept)


def _kept(imported: Declaration, current: Declaration) -> Iterator[tuple[str, str, Noun]]:
    certificates = {facts(each.cert_file).sought: each for each in current.all(Certificate).values()}
    for kind, name, item in imported:
        if isinstance(item, Certificate) and (fitting := certificates.get(facts(item.cert_file).sought)) is not None:
            yield kind, fitting.name, item.copy(name=fitting.name, labels=fitting.labels)
            continue
        known = current.find(kind, name)
        if known is None:
            yield kind, name, item
        elif kind != Domain.kind:
            yield kind, name, item.copy(labels=known.labels)


def _pool(imported: Mapping[str, Server], current: Mapping[str, Server]) -> list[Server]:
    by_url = {server.url: server for server in current.values()}
    found: dict[str, Server] = {}
    for server in imported.values():
        known = by_url.get(server.url)
        name = known.name if known else names.free(server.name, {*current, *found})
        found[name] = server.copy(name=name, labels=known.labels if known else {})
    return list(found.values())
