"""What the tests of the REST API ask of every answer."""

from typing import Any

import httpx

from tests.running import Service, fetch

TITLES = {
    "unreadable": (400, "The input cannot be read"),
    "unauthenticated": (401, "Not authenticated"),
    "forbidden": (403, "Not allowed"),
    "not-found": (404, "Not found"),
    "method-not-allowed": (405, "Method not allowed"),
    "already-exists": (409, "Already exists"),
    "in-use": (409, "In use"),
    "brake": (409, "This removes a lot"),
    "clash": (409, "Changed again since then"),
    "not-pending": (409, "Nothing to confirm"),
    "precondition-failed": (412, "Changed meanwhile"),
    "too-large": (413, "The input is too large"),
    "unsupported-media-type": (415, "This content type is not accepted"),
    "invalid": (422, "The input is not valid"),
    "too-many": (429, "Too many attempts"),
    "unavailable": (503, "Not available now"),
}
"""Every kind of problem, with its status. Programs rely on them: a kind is added, and never changed."""

CODES = {
    *("adoption.duplicate", "adoption.names", "beside.entryPoints", "beside.gone", "beside.none", "beside.rank"),
    *("beside.router", "beside.there", "beside.unread"),
    *("brake.domains", "brake.number", "brake.routers", "brake.servers", "brake.service"),
    *(
        "body.incomplete",
        "confirmations.many",
        "cookie.name",
        "cursor.format",
        "domain.taken",
        "domain.unknown",
        "domains.duplicate",
    ),
    *("duration.format", "duration.range", "entryPoints.duplicate", "expires.past", "field.required", "field.unknown"),
    *("header.format", "request.refused"),
    *("host.dot", "host.format", "host.length", "host.numeric", "host.wildcard"),
    *("json.depth", "json.duplicate", "json.members", "json.number", "json.syntax", "json.utf8"),
    *("drainUntil.sessions", "drainUntil.state"),
    *("date.format", "field.duplicate", "role.refused", "trial.refused"),
    *("label.format", "label.key", "label.value"),
    *("name.duplicate", "name.format", "name.immutable", "name.taken", "path.format", "path.segments"),
    *("precondition.failed", "prefer.wait", "query.duplicate", "query.format", "query.unknown"),
    *("login.refused", "password.length", "password.repeat", "password.simple", "password.wrong"),
    *("router.match", "router.unknown", "scope.format", "scopes.duplicate", "service.unknown"),
    *("rule.arguments", "rule.depth", "rule.exclusive", "rule.expression", "rule.host", "rule.matcher"),
    *("rule.length", "rule.network", "rule.path", "rule.syntax"),
    *("text.character", "text.control", "text.surrogate", "time.format", "time.range", "timeout.interval"),
    *("hold.long", "hold.short", "steps.order", "rollout.cycle", "rollout.down", "rollout.finish", "rollout.nothing"),
    *("rollout.same", "rollout.unchecked", "rollout.broken", "confirmWithin.rollout"),
    *("undo.changed", "undo.place", "undo.removed", "object.format"),
    *("type.array", "type.boolean", "type.integer", "type.number", "type.object", "type.string"),
    *("url.fragment", "url.host", "url.length", "url.network", "url.path", "url.port", "url.query"),
    *("url.refused", "url.scheme", "url.user"),
    *(
        "value.choice",
        "value.few",
        "value.format",
        "value.large",
        "value.long",
        "value.many",
        "value.short",
        "value.small",
    ),
    *("wait.range", "ways.many", "weight.range", "weight.zero"),
    *("address.format", "encoding.default", "encodings.duplicate", "expression.empty", "expression.format"),
    *("header.duplicate", "header.name", "header.value", "headers.none", "kind.many", "kind.none"),
    *("map.duplicate", "mediaType.duplicate", "mediaType.exclusive", "mediaType.format", "method.format"),
    *(
        "network.duplicate",
        "network.format",
        "pair.half",
        "pem.format",
        "port.format",
        "prefixes.duplicate",
        "priority.zero",
    ),
    *(
        "realm.format",
        "reference.format",
        "reference.admin",
        "reference.internal",
        "reference.own",
        "replacement.format",
    ),
    *("replacement.group", "scheme.format", "source.address", "source.many", "source.none"),
    *("user.duplicate", "user.format", "user.hash", "user.many", "user.name", "user.none", "user.password"),
    *("middlewares.duplicate", "middleware.unknown", "middleware.cycle"),
    *("body.none", "certificate.none", "condition.format", "condition.function", "condition.value", "cookie.format"),
    *("origin.format", "origins.duplicate", "page.format", "replacement.slash", "retry.none", "status.duplicate"),
    *("status.format", "user.realm", "plugin.name"),
    *("free.depth", "free.empty", "free.list", "free.long", "free.name", "free.number"),
    *("item.format", "key.duplicate", "key.long", "secret.masked"),
    *("healthCheck.missing", "healthCheck.needed"),
    *("service.composed", "service.cycle", "services.duplicate", "failover.same", "observability.none"),
    *(
        "cipher.duplicate",
        "cipher.unknown",
        "curve.unknown",
        "version.newest",
        "version.order",
        "clientAuth.ca",
        "spiffe.both",
    ),
    *("tlsOption.none", "tlsOption.unknown", "resolver.format", "serversTransport.unknown", "rule.alpn"),
    *("tcpService.unknown", "tcpService.cycle", "tcpMiddleware.unknown", "tcpServersTransport.unknown"),
    *("tcpRouter.tls", "tcpRouter.unknown", "udpService.unknown", "udpService.cycle"),
    *("pem.text", "certificate.ca", "certificate.chain", "certificate.format", "certificate.key", "default.many"),
    *(
        "directory.format",
        "contact.format",
        "terms.accept",
        "profile.unknown",
        "acme.blocked",
        "acme.held",
        "acme.unwanted",
    ),
    *("prefix.none", "www.wildcard", "tls.resolver"),
    *("key.encrypted", "key.format", "key.kind", "key.other", "key.size"),
}
"""Every code of a field's error. Programs rely on them: a code is added, and never changed or taken away."""


def problem(answer: httpx.Response, kind: str, *fields: tuple[str, str]) -> dict[str, Any]:
    """Check that an answer is a problem of this kind, with these fields as (pointer, code). Returns it."""
    status, title = TITLES[kind]
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    assert found["type"] == f"urn:wayshub-provider:{kind}"
    assert found["title"] == title
    assert found["status"] == status
    assert found["instance"] == answer.request.url.path[:2000]
    assert isinstance(found["detail"], str)
    assert found["detail"]
    assert set(found) <= {"type", "title", "status", "detail", "instance", "errors", "confirm", "revisions"}
    assert answer.headers.get("retry-after") == ("1" if status == 503 else None)
    assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
    for error in found.get("errors", ()):
        assert set(error) == {"pointer", "code", "detail", "in"}
        assert error["in"] in {"body", "query", "path", "header"}
        assert error["pointer"] == "" or error["pointer"].startswith("/")
        assert error["detail"]
    assert [(error["pointer"], error["code"]) for error in found.get("errors", ())] == list(fields)
    return found


def revision(answer: httpx.Response) -> int:
    """Return the revision that a write answered with."""
    return int(answer.raise_for_status().headers["config-revision"])


def state(service: Service) -> tuple[bytes, str, list[Any]]:
    """Return all that must not change when a request is refused: document, revision and objects."""
    polled = fetch(f"{service.url}/traefik/configuration").raise_for_status()
    lists = [
        fetch(f"{service.url}/api/v1/{noun}", params={"limit": 1000}).raise_for_status().json()
        for noun in ("domains", "services", "routers")
    ]
    return polled.content, polled.headers["config-revision"], lists
