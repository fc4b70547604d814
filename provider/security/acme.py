"""The CA that certificates are ordered from: admins choose and leave it, each noted in the audit at once."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from provider import moments
from provider.database.sessions import Session
from provider.errors import FieldError, Invalid
from provider.issuing.failures import NoCertificateError
from provider.issuing.ordered import Offer, host_of
from provider.messages import Message, template, thaw
from provider.models import AcmeAccount, AcmeInput, AcmeOutput, Actor, BindingOutput, Change, DnsOutput
from provider.nouns.texts import MASK, Hidden
from provider.security import words
from provider.store import acme, audit

_KIND: Final = "acme"
_NO_PROFILES: Final = template("the CA {ca} has no profiles: leave this empty")
_OTHER_PROFILES: Final = template("the CA {ca} has no such profile, only {names}")


def choose(session: Session, actor: Actor, wanted: AcmeInput, now: datetime) -> AcmeAccount:
    """Order from a CA, whose terms are accepted with that. Raises `Invalid`."""
    chosen = acme.find_account(session)
    before = _kept(chosen)
    row = session.get(AcmeAccount, wanted.directory)
    if row is None:
        row = AcmeAccount(directory=wanted.directory, chosen=True, accepted_by=actor.name, accepted=moments.kept(now))
        session.add(row)
    for other in acme.list_accounts(session):
        other.chosen = other is row
    row.chosen, row.contact, row.challenge = True, wanted.contact, wanted.challenge
    row.accepted_by, row.accepted = actor.name, moments.kept(now)
    row.profile, row.preferred_chain, row.problem = wanted.profile, wanted.preferred_chain, None
    _bind(row, wanted)
    _set_dns(row, wanted, chosen)
    session.flush()
    after = _kept(row)
    told = Message(words.CA_CHOSEN, ca=host_of(row.directory))
    audit.add(session, actor, "acme.choose", told, changes=[Change(_KIND, _KIND, before, after)])
    return row


def check(wanted: AcmeInput, known: AcmeOutput, find_offer: Callable[[str], Offer]) -> None:
    """Raise `Invalid` where the terms of a CA are not accepted, or where it has no such profile.

    `known` is the CA as it is shown now. What a CA says of itself is asked of it only where that is needed.
    """
    if not wanted.terms_accepted:
        terms = None
        with suppress(NoCertificateError):
            terms = find_offer(wanted.directory).terms
        told = Message("read the CA's terms of service at {terms}, and accept them", terms=terms or wanted.directory)
        raise Invalid([FieldError("/termsAccepted", "terms.accept", told)])
    if wanted.profile is not None and (wanted.directory, wanted.profile) != (known.directory, known.profile):
        _check_profile(wanted.directory, wanted.profile, find_offer)


def _check_profile(directory: str, profile: str, find_offer: Callable[[str], Offer]) -> None:
    try:
        offered = find_offer(directory).profiles
    except NoCertificateError as error:
        told = Message("it cannot be checked whether the CA offers this profile: {why}", why=error.why)
    else:
        if profile in offered:
            return
        values = {"ca": host_of(directory), "names": ", ".join(offered)}
        told = Message(_OTHER_PROFILES if offered else _NO_PROFILES, **values)
    raise Invalid([FieldError("/profile", "profile.unknown", told)])


def leave(session: Session, actor: Actor) -> None:
    """Order no more. What was got stays, and is served until it expires."""
    row = acme.find_account(session)
    if row is not None:
        before, row.chosen = _kept(row), False
        session.flush()
        told = Message(words.CA_LEFT, ca=host_of(row.directory))
        audit.add(session, actor, "acme.leave", told, changes=[Change(_KIND, _KIND, before, None)])


def shown(row: AcmeAccount | None) -> AcmeOutput:
    """Return the account as it is shown: without what is secret."""
    if row is None:
        return AcmeOutput()
    dns = None
    if row.dns_provider is not None:
        dns = DnsOutput(provider=row.dns_provider, options=sorted(row.dns_credentials or {}))
    return AcmeOutput.of(
        row,
        eab=None if row.eab_kid is None else BindingOutput(kid=row.eab_kid),
        dns=dns,
        chains=row.roots,
        problem=_find_problem(row),
        accepted=datetime.fromisoformat(row.accepted).astimezone(UTC),
        account=row.url,
    )


def _find_problem(row: AcmeAccount) -> str | None:
    if row.problem is not None:
        return Message("the CA still has the former e-mail address: {why}", why=thaw(row.problem))
    if row.preferred_chain is not None and row.roots and row.preferred_chain not in row.roots:
        values = {"ca": host_of(row.directory), "name": row.preferred_chain, "names": ", ".join(row.roots)}
        return Message("the CA {ca} offered no chain to the root {name}, only to {names}", **values)
    return None


def _bind(row: AcmeAccount, wanted: AcmeInput) -> None:
    if wanted.eab is not None and wanted.eab.kid != row.eab_kid:
        row.key = row.url = row.told_contact = None  # an account at a CA belongs to one external account for good
    if wanted.eab is None:
        row.eab_kid = row.eab_key = None
    elif wanted.eab.key is not None:
        row.eab_kid, row.eab_key = wanted.eab.kid, Hidden(wanted.eab.key)
    elif row.eab_kid != wanted.eab.kid:
        raise Invalid([FieldError("/eab/key", "field.required", Message("give the key that the CA gave you"))])


def _set_dns(row: AcmeAccount, wanted: AcmeInput, chosen: AcmeAccount | None) -> None:
    """Set where TXT records are set: what is stored for that stays, whichever CA it was given with."""
    if wanted.dns is None:
        row.dns_provider = row.dns_credentials = None
    elif wanted.dns.options is not None:
        row.dns_provider = wanted.dns.provider
        row.dns_credentials = {name: Hidden(text) for name, text in wanted.dns.options.items()}
    else:
        stored = next((each for each in (chosen, row) if each and each.dns_provider == wanted.dns.provider), None)
        if stored is None:
            told = Message("give the options of the DNS provider")
            raise Invalid([FieldError("/dns/options", "field.required", told)])
        options = {name: Hidden(text) for name, text in (stored.dns_credentials or {}).items()}
        row.dns_provider, row.dns_credentials = stored.dns_provider, options


def _kept(row: AcmeAccount | None) -> dict[str, Any] | None:
    """Return what the audit keeps of an account."""
    if row is None or not row.chosen:
        return None
    options = None if row.dns_credentials is None else dict.fromkeys(row.dns_credentials, MASK)
    return {
        "directory": row.directory,
        "contact": row.contact,
        "challenge": row.challenge,
        "eab": row.eab_kid,
        "dns": row.dns_provider,
        "options": options,
        "profile": row.profile,
        "preferredChain": row.preferred_chain,
    }
