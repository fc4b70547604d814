"""What is stored and shown beside the nouns themselves."""

from provider.models.account import Account, AccountSession, FailedLogins, FamiliarAddress, Invitation, Role
from provider.models.acme import AcmeAccount, AcmeChallenge, AcmeInput, AcmeOrder, AcmeOutput, BindingOutput, DnsOutput
from provider.models.adoption import AdoptInput, HandBackInput
from provider.models.audit import Actor, AuditEntry, AuditOutcome, AuditOutput
from provider.models.confirmation import (
    NO_CONFIRMING,
    Confirmation,
    ConfirmationOutput,
    ConfirmationState,
    Confirming,
    read_within,
)
from provider.models.conflict import Conflict, ConflictOutput, ObjectOutput
from provider.models.difference import AppliedOutput, ComparisonOutput, DifferenceOutput, TrialOutput
from provider.models.edge import EdgeRecord, KeptOutRecord, QuarantineRecord
from provider.models.expose import ExposedServer, ExposeInput, ExposeOutput
from provider.models.issuance import Issuance
from provider.models.lease import LapsedLease, LeaseState
from provider.models.observed import (
    AvailabilityOutput,
    CertificateOutput,
    DeviationOutput,
    DomainOutput,
    HealthOutput,
    IssuanceOutput,
    IssuanceState,
    KeptOutOutput,
    LeaseOutput,
    LeavingOutput,
    LostOutput,
    ObservedState,
    RisingOutput,
    ServerOutput,
    ServiceOutput,
    ShareOutput,
    ShownOutput,
    ShownState,
    StayingOutput,
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
from provider.models.rollout import Rollout, RolloutInput, RolloutOutput, RolloutState
from provider.models.token import CreatedTokenOutput, Token, TokenInput, TokenOutput
