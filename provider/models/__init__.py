"""What is stored and shown beside the nouns themselves."""

from provider.models.account import Account, AccountSession, FailedLogins, FamiliarAddress, Invitation, Role
from provider.models.acme import AcmeAccount, AcmeInput, AcmeOrder, AcmeOutput, BindingOutput, DnsOutput
from provider.models.adoption import AdoptInput, HandBackInput
from provider.models.audit import Actor, AuditEntry, AuditOutcome, AuditOutput
from provider.models.conflict import Conflict, ConflictOutput, ObjectOutput
from provider.models.difference import AppliedOutput, ComparisonOutput, DifferenceOutput, TrialOutput
from provider.models.edge import EdgeRecord, QuarantineRecord
from provider.models.expose import ExposedServer, ExposeInput, ExposeOutput
from provider.models.issuance import Issuance
from provider.models.observed import (
    AvailabilityOutput,
    CertificateOutput,
    DomainOutput,
    HealthOutput,
    IssuanceOutput,
    IssuanceState,
    ObservedState,
    ServerOutput,
    ServiceOutput,
    ShareOutput,
    ShownOutput,
    ShownState,
)
from provider.models.revision import (
    MESSAGE_LENGTH,
    Change,
    ChangeOutput,
    NounKind,
    Revision,
    RevisionChange,
    RevisionOutput,
    WholeRevisionOutput,
    word,
)
from provider.models.token import CreatedTokenOutput, Token, TokenInput, TokenOutput

__all__ = [
    "MESSAGE_LENGTH",
    "Account",
    "AccountSession",
    "AcmeAccount",
    "AcmeInput",
    "AcmeOrder",
    "AcmeOutput",
    "Actor",
    "AdoptInput",
    "AppliedOutput",
    "AuditEntry",
    "AuditOutcome",
    "AuditOutput",
    "AvailabilityOutput",
    "BindingOutput",
    "CertificateOutput",
    "Change",
    "ChangeOutput",
    "ComparisonOutput",
    "Conflict",
    "ConflictOutput",
    "CreatedTokenOutput",
    "DifferenceOutput",
    "DnsOutput",
    "DomainOutput",
    "EdgeRecord",
    "ExposeInput",
    "ExposeOutput",
    "ExposedServer",
    "FailedLogins",
    "FamiliarAddress",
    "HandBackInput",
    "HealthOutput",
    "Invitation",
    "Issuance",
    "IssuanceOutput",
    "IssuanceState",
    "NounKind",
    "ObjectOutput",
    "ObservedState",
    "QuarantineRecord",
    "Revision",
    "RevisionChange",
    "RevisionOutput",
    "Role",
    "ServerOutput",
    "ServiceOutput",
    "ShareOutput",
    "ShownOutput",
    "ShownState",
    "Token",
    "TokenInput",
    "TokenOutput",
    "TrialOutput",
    "WholeRevisionOutput",
    "word",
]
