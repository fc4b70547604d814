"""One router or one service of Traefik, imported, and what was made of it."""

from typing import Any

from provider import declarations, imports
from provider.imports import Imported, ImportOutcome

POOL: dict[str, Any] = {"loadBalancer": {"servers": [{"url": "http://10.0.0.1"}]}}


def document(**fields: Any) -> dict[str, Any]:
    whole = {"rule": "Host(`a.test`)", "service": "s", "entryPoints": ["web"], **fields}
    return {"http": {"routers": {"r": whole}, "services": {"s": POOL}}}


def router(**fields: Any) -> dict[str, Any]:
    """Import one router that points to a pool, and return it as a declaration has it; empty if it is left out."""
    found = imports.read(document(**fields))
    made: dict[str, Any] = written(found).get("routers", {}).get("r", {})
    return made


def balancer(**fields: Any) -> Imported:
    return imports.read({"http": {"services": {"s": {"loadBalancer": {**POOL["loadBalancer"], **fields}}}}})


def written(found: Imported) -> dict[str, Any]:
    """Return what was imported as a declaration, without entry points where they are the usual one."""
    document = declarations.write(found.declaration)
    for each in document.get("routers", {}).values():
        if each.get("entryPoints") == ["web"]:
            del each["entryPoints"]
    return document


def reasons(found: Imported, kind: str, name: str) -> str:
    return " / ".join(each.reason for each in found.findings if (each.kind, each.name) == (kind, name))


def left_out(**fields: Any) -> str:
    """Return why one router is left out."""
    found = imports.read(document(**fields))
    assert not found.declaration.routers
    (finding,) = found.findings
    assert (finding.outcome, finding.pointer) == (ImportOutcome.LEFT_OUT, "/http/routers/r")
    return finding.reason
