"""The nouns: for each one class hierarchy of table, input and output."""

from provider.models.account import Account, AccountSession, Failure, FamiliarAddress, Invitation, Role
from provider.models.audit import Actor, AuditEntry, AuditOutcome, AuditOutput
from provider.models.conflict import Conflict, ConflictOutput, ObjectOutput
from provider.models.difference import AppliedOutput, ComparisonOutput, DifferenceOutput, TrialOutput
from provider.models.domain import Domain, DomainInput, DomainReplacement
from provider.models.edge import EdgeRecord, QuarantineRecord
from provider.models.expose import ExposedServer, ExposeInput, ExposeOutput
from provider.models.revision import (
    MESSAGE_LENGTH,
    Change,
    ChangeOutput,
    Kind,
    Revision,
    RevisionChange,
    RevisionOutput,
    WholeRevisionOutput,
    word,
)
from provider.models.router import Router, RouterDomain, RouterInput, RouterReplacement
from provider.models.server import HealthOutput, Server, ServerInput, ServerOutput, ServerReplacement
from provider.models.service import (
    AvailabilityOutput,
    Cookie,
    HealthCheck,
    Service,
    ServiceInput,
    ServiceOutput,
    ServiceReplacement,
    Sticky,
)
from provider.models.token import CreatedTokenOutput, Token, TokenInput, TokenOutput

__all__ = [
    "MESSAGE_LENGTH",
    "Account",
    "AccountSession",
    "Actor",
    "AppliedOutput",
    "AuditEntry",
    "AuditOutcome",
    "AuditOutput",
    "AvailabilityOutput",
    "Change",
    "ChangeOutput",
    "ComparisonOutput",
    "Conflict",
    "ConflictOutput",
    "Cookie",
    "CreatedTokenOutput",
    "DifferenceOutput",
    "Domain",
    "DomainInput",
    "DomainReplacement",
    "EdgeRecord",
    "ExposeInput",
    "ExposeOutput",
    "ExposedServer",
    "Failure",
    "FamiliarAddress",
    "HealthCheck",
    "HealthOutput",
    "Invitation",
    "Kind",
    "ObjectOutput",
    "QuarantineRecord",
    "Revision",
    "RevisionChange",
    "RevisionOutput",
    "Role",
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
    "ServiceOutput",
    "ServiceReplacement",
    "Sticky",
    "Token",
    "TokenInput",
    "TokenOutput",
    "TrialOutput",
    "WholeRevisionOutput",
    "word",
]
