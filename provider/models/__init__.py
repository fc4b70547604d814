"""The nouns: for each one class hierarchy of table, input and output."""

from provider.models.domain import Domain, DomainInput, DomainReplacement
from provider.models.expose import ExposedServer, ExposeInput, ExposeOutput
from provider.models.revision import Change, Kind, Revision
from provider.models.router import Router, RouterDomain, RouterInput, RouterReplacement
from provider.models.server import Server, ServerInput, ServerOutput, ServerReplacement
from provider.models.service import Cookie, HealthCheck, Service, ServiceInput, ServiceReplacement, Sticky

__all__ = [
    "Change",
    "Cookie",
    "Domain",
    "DomainInput",
    "DomainReplacement",
    "ExposeInput",
    "ExposeOutput",
    "ExposedServer",
    "HealthCheck",
    "Kind",
    "Revision",
    "Router",
    "RouterDomain",
    "RouterInput",
    "RouterReplacement",
    "Server",
    "ServerInput",
    "ServerOutput",
    "ServerReplacement",
    "Service",
    "ServiceInput",
    "ServiceReplacement",
    "Sticky",
]
