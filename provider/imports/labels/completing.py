"""What Traefik adds to the labels of a container: services, their servers, routers, rules. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from provider.errors import pointer
from provider.imports import templates
from provider.imports.findings import Cause, ImportFinding, ImportOutcome, Reason
from provider.imports.labels.containers import Container, Defaults
from provider.imports.labels.tree import LabelError, Node
from provider.imports.pieces import shown
from provider.imports.templates import Refused, TemplateError

_RULE: Final = "Host(`{{ normalize .Name }}`)"
_ADDRESSES: Final = {"http": "url", "tcp": "address", "udp": "address"}


@dataclass(slots=True)
class Completion:
    """Adds to the tree of one container what Traefik adds: services, their servers, routers, rules."""

    container: Container
    defaults: Defaults
    findings: list[ImportFinding]
    refused: dict[str, Reason]

    def complete(self, root: Node) -> None:
        """Complete a tree. Raises `LabelError`."""
        others = [section for name in ("tcp", "udp") if (section := root.find(name)) and _has_any(section)]
        for section in others:
            self._services(section)
            self._routers(section)
        http = root.find("http")
        if others and not (http and (_has_any(http) or http.find("middlewares"))):
            return
        http = root.made("http", self.container.place)
        self._services(http)
        if not _members(http, "routers"):
            if len(_members(http, "services")) > 1:
                told = "it has several services and no router, so Traefik makes none"
                place = self.container.place
                self.findings.append(self.container.finding(ImportOutcome.LEFT_OUT, told, place, Cause.IGNORED))
            else:
                http.made("routers").made(self.container.default_name)
        self._routers(http)

    def _services(self, section: Node) -> None:
        services = section.made("services", self.container.place)
        if not services.children:
            services.made(self.container.default_name).made("loadBalancer")
        for service in list(services.each()):
            balancer = service.find("loadbalancer")
            if balancer is None:
                raise LabelError(service.place, f"the service {shown(service.name)} has no loadbalancer")
            self._server(section.name.lower(), service, balancer)

    def _server(self, protocol: str, service: Node, balancer: Node) -> None:
        """Complete the one server that a service has by labels."""
        server = balancer.children.pop("server", None) or Node("server", balancer.place)
        balancer.made("servers", server.place).children["[0]"] = server
        url, scheme, port = (node.value if (node := server.find(name)) else None for name in ("url", "scheme", "port"))
        if url and protocol == "http":
            if scheme or port:
                raise LabelError(
                    server.place, f"the service {shown(service.name)} has a url and a scheme or port as well"
                )
            return
        for name in ("scheme", "port"):
            server.children.pop(name, None)
        container = self.container
        if not container.host:
            raise LabelError(container.place, "it is in no network")
        if not port and (container.is_swarm or not container.ports):
            told = "no label names the port of the server"
            if container.is_swarm:
                raise LabelError(service.place, f"{told}, and Traefik sees no others in a swarm")
            if container.ports is not None:
                raise LabelError(service.place, f"{told}, and it exposes none")
            why = (
                f"{told}, and only its image says which it exposes: give --port {container.name}=PORT, or also what "
                f"`docker image inspect {container.image}` prints, or add the label "
                f"{self._port_label(protocol, service)}"
            )
            self.refused[pointer(protocol, "services", service.name)] = Reason(why, service.place)
        where = _joined(container.host, port or str((container.ports or [0])[0]))
        server.set(_ADDRESSES[protocol], f"{scheme or 'http'}://{where}" if protocol == "http" else where)

    def _port_label(self, protocol: str, service: Node) -> str:
        return f"traefik.{protocol}.services.{service.name}.loadbalancer.server.port=PORT"

    def _routers(self, section: Node) -> None:
        protocol = section.name.lower()
        routers, services = section.find("routers"), section.find("services")
        for router in list(routers.each()) if routers else ():
            rule = router.find("rule")
            if protocol == "http" and not (rule and rule.value):
                router.set("rule", self._default_rule(protocol, router), router.place)
            named = router.find("service")
            if named and named.value:
                continue
            given = list(services.each()) if services else []
            if len(given) > 1:
                told = ", ".join(shown(each.name) for each in given)
                why = f"it names no service, and its container has several ({told}): Traefik leaves it out"
                self.refused[pointer(protocol, "routers", router.name)] = Reason(why, router.place, Cause.DISABLED)
            for each in given[:1]:
                router.set("service", each.name, router.place)

    def _default_rule(self, protocol: str, router: Node) -> str:
        """Return the rule of a router that has none; empty where that cannot be told."""
        try:
            made = templates.render(self.defaults.rule or _RULE, self.defaults.variables, self.container.told)
        except TemplateError as error:
            cause = Cause.DISABLED if isinstance(error, Refused) else Cause.UNKNOWN
            why = f"its rule is the default one of Traefik, whose template does not give any: {error.detail}"
            self.refused[pointer(protocol, "routers", router.name)] = Reason(why, router.place, cause)
            return ""
        if made.missing:
            told = ", ".join(made.missing)
            why = f"its rule is the default one of Traefik, which asks for a variable of Traefik's environment: {told}"
            self.refused[pointer(protocol, "routers", router.name)] = Reason(why, router.place, Cause.UNKNOWN)
        return made.text


def _members(section: Node, kind: str) -> Mapping[str, Node]:
    found = section.find(kind)
    return found.children if found else {}


def _has_any(section: Node) -> bool:
    return bool(_members(section, "routers") or _members(section, "services"))


def _joined(host: str, port: str) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
