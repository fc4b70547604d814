"""A model of the API: what each call does to the state, and what Traefik is then served. Plain dictionaries."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

Body = dict[str, Any]

HOSTS: Final = {
    "a.test": "a.test",
    "A.Test": "a.test",
    "b.test": "b.test",
    "*.a.test": "*.a.test",
    "Bücher.test": "xn--bcher-kva.test",
    "xn--bcher-kva.test": "xn--bcher-kva.test",
}
"""Hosts as they may be typed, and their A-labels."""

MATCHERS: Final = {
    "a.test": "Host(`a.test`)",
    "b.test": "Host(`b.test`)",
    "*.a.test": "HostRegexp(`^[^.]+\\.a\\.test\\.?$`)",
    "xn--bcher-kva.test": "Host(`xn--bcher-kva.test`)",
}

DEFAULTS: Final[dict[str, Body]] = {
    "domains": {"description": "", "tls": None, "redirectToHttps": True, "labels": {}},
    "services": {"strategy": "wrr", "healthCheck": None, "sticky": None, "passHostHeader": True, "labels": {}},
    "servers": {"weight": 1, "state": "ready", "labels": {}},
    "routers": {
        "domains": [],
        "pathPrefix": None,
        "rule": None,
        "middlewares": [],
        "entryPoints": None,
        "priority": None,
        "tls": None,
        "observability": None,
        "enabled": True,
        "labels": {},
    },
}

Key = tuple[str, ...]
Objects = dict[Key, Body]


@dataclass
class Model:
    """The state: objects by kind and key. A domain's key is its A-label, and so routers name it in here."""

    objects: dict[str, Objects] = field(default_factory=lambda: {kind: {} for kind in DEFAULTS})
    revision: int = 0
    number: int | None = None
    """What the last change has to be confirmed with, if it has to."""

    def change(self, apply: Callable[[], int]) -> int:
        """Apply a change, and return its status. What fails changes nothing; what changes nothing is no revision."""
        before = deepcopy(self.objects)
        status = apply()
        if status >= 400:
            self.objects = before
        elif before != self.objects:
            self.revision += 1
        self.number = find_number(before, self.objects)
        return status

    def create(self, kind: str, key: Key, body: Body) -> int:
        if kind == "servers" and key[:1] not in self.objects["services"]:
            return 404
        return 409 if key in self.objects[kind] else self.replace(kind, key, body)

    def replace(self, kind: str, key: Key, body: Body) -> int:
        if kind == "servers" and key[:1] not in self.objects["services"]:
            return 404
        item = DEFAULTS[kind] | body
        if kind == "routers":
            item["domains"] = [HOSTS[host] for host in item["domains"]]
            if not self._is_whole(item):
                return 422
        status = 200 if key in self.objects[kind] else 201
        self.objects[kind][key] = item
        return status

    def merge(self, kind: str, key: Key, patch: Body) -> int:
        if key not in self.objects[kind]:
            return 404
        current = self.shown(kind, key)
        return self.replace(kind, key, {k: v for k, v in (current | patch).items() if v is not None})

    def remove(self, kind: str, key: Key, *, cascade: bool) -> int:
        if key not in self.objects[kind]:
            return 404
        users = self._users(kind, key)
        if users and not cascade:
            return 409
        for user, router in users.items():
            if kind == "domains" and len(router["domains"]) > 1:
                router["domains"].remove(key[0])
            else:
                del self.objects["routers"][user]
        del self.objects[kind][key]
        if kind == "services":
            self.objects["servers"] = {k: v for k, v in self.objects["servers"].items() if k[:1] != key}
        return 204

    def expose(self, host: str, name: str, servers: list[Body], path_prefix: str | None) -> int:
        rivals = [
            router
            for router in self.objects["routers"].values()
            if HOSTS[host] in router["domains"] and router["pathPrefix"] == path_prefix
        ]
        if rivals or (name,) in self.objects["services"] or (name,) in self.objects["routers"]:
            return 409
        if (HOSTS[host],) not in self.objects["domains"]:
            self.replace("domains", (HOSTS[host],), {"name": host})
        self.replace("services", (name,), {"name": name})
        for server in servers:
            self.replace("servers", (name, server["name"]), server)
        self.replace("routers", (name,), {"name": name, "domains": [host], "pathPrefix": path_prefix, "service": name})
        return 201

    def shown(self, kind: str, key: Key) -> Body:
        """Return an object as it is wanted, as the API shows it."""
        item = dict(self.objects[kind][key])
        if kind == "routers":
            item["domains"] = [self.objects["domains"][host,]["name"] for host in item["domains"]]
        return item

    def share(self, key: Key) -> float:
        """Return the part of its service's requests that a server gets."""
        server = self.objects["servers"][key]
        total = sum(other["weight"] for other in self._ready(key[0]))
        return server["weight"] / total if server["state"] == "ready" else 0.0

    def health(self, key: Key) -> Body:
        """Return the health of a server, of which no edge tells."""
        state = self.objects["servers"][key]["state"]
        why = "no edge has reported it"
        if state != "ready":
            why = f"not checked while its state is {state}"
        elif self.objects["services"][key[:1]]["healthCheck"] is None:
            why = "the service has no health check"
        return {"state": "unknown", "since": None, "why": why}

    def availability(self, service: str) -> Body:
        """Return how many servers of a service take requests: those that are ready, as no edge tells of any."""
        count, ready = sum(key[0] == service for key in self.objects["servers"]), len(self._ready(service))
        match ready, count:
            case 0, _:
                detail = "no server is left: requests get 503"
            case 1, 1:
                detail = "its only server takes requests"
            case 1, _:
                detail = f"only one of {count} servers is left"
            case _:
                detail = f"{ready} of {count} servers take requests"
        return {"servers": count, "ready": ready, "available": ready, "detail": detail}

    def observed(self, kind: str, key: Key) -> Body:
        """Return what the API shows of an object beside what is wanted of it."""
        match kind:
            case "servers":
                return {"share": self.share(key), "health": self.health(key)}
            case "services":
                return {"availability": self.availability(key[0])}
        return {}

    def routers(self) -> dict[str, Body]:
        """Return the routers that the edge has: rule and service by name."""
        return {
            name: {"rule": _rule(router), "service": router["service"]}
            for (name,), router in self.objects["routers"].items()
            if router["enabled"]
        }

    def services(self) -> dict[str, list[Body]]:
        """Return the servers that the edge has, by service."""
        return {
            name: [{"url": server["url"], "weight": server["weight"]} for server in self._ready(name)]
            for (name,) in self.objects["services"]
        }

    def _ready(self, service: str) -> list[Body]:
        pool = [server for key, server in sorted(self.objects["servers"].items()) if key[0] == service]
        return [server for server in pool if server["state"] == "ready"]

    def _is_whole(self, router: Body) -> bool:
        built = bool(router["domains"]) or router["pathPrefix"] is not None
        matches = built is not (router["rule"] is not None)  # one of the two, and not both
        known = all((host,) in self.objects["domains"] for host in router["domains"])
        return matches and known and (router["service"],) in self.objects["services"]

    def _users(self, kind: str, key: Key) -> Objects:
        def uses(router: Body) -> bool:
            if kind == "domains":
                return key[0] in router["domains"]
            return kind == "services" and router["service"] == key[0]

        return {name: router for name, router in self.objects["routers"].items() if uses(router)}


def find_number(before: dict[str, Objects], after: dict[str, Objects]) -> int | None:
    """Return how many routers, ready servers and domains go, if they are so many that somebody has to confirm it."""
    old, new = _kept_up(before), _kept_up(after)
    lost = {kind: old[kind] - new[kind] for kind in old}
    much = any(len(lost[kind]) > 3 and len(lost[kind]) > len(old[kind]) / 4 for kind in ("routers", "servers"))
    much |= len(old["domains"]) > 1 and not new["domains"]
    for service in {key[:1] for key in lost["servers"]} & after["services"].keys():
        left = any(key[:1] == service for key in new["servers"])
        much |= not left and _has_traffic(before, service) and _has_traffic(after, service)
    return sum(map(len, lost.values())) if much else None


def _kept_up(objects: dict[str, Objects]) -> dict[str, set[Key]]:
    """Return what the edge has: enabled routers, ready servers, domains."""
    return {
        "routers": {key for key, router in objects["routers"].items() if router["enabled"]},
        "servers": {key for key, server in objects["servers"].items() if server["state"] == "ready"},
        "domains": set(objects["domains"]),
    }


def _has_traffic(objects: dict[str, Objects], service: Key) -> bool:
    return any(router["enabled"] and (router["service"],) == service for router in objects["routers"].values())


def _rule(router: Body) -> str:
    if router["rule"] is not None:
        return str(router["rule"])
    hosts = [MATCHERS[host] for host in router["domains"]]
    any_host = " || ".join(hosts)
    if router["pathPrefix"] is None:
        return any_host
    path = f"PathPrefix(`{router['pathPrefix']}`)"
    if not hosts:
        return path
    return f"({any_host}) && {path}" if len(hosts) > 1 else f"{any_host} && {path}"
