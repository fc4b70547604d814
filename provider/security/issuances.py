"""Certificates that are tried again because somebody asks for it, which is noted in the audit."""

from provider.database.sessions import Session
from provider.issuing.issuing import Issuing
from provider.messages import Message
from provider.models import Actor
from provider.nouns import Domain
from provider.revisions import Outcome, Revisions
from provider.security import words
from provider.store import audit, nouns


def retry(issuing: Issuing, revisions: Revisions, name: str, actor: Actor) -> Outcome[Domain]:
    """Try now to get the certificate of a domain. Returns the domain.

    Raises `NotFound`, and `Invalid` or `TooMany` where it may not be tried now. Nothing is written then.
    """
    with revisions.reading() as session:
        domain = nouns.get(session, Domain, Domain.find_key(name) or name)
    issuing.check_retry(domain)

    def apply(session: Session) -> Domain:
        audit.add(session, actor, "domain.retry", Message(words.CERTIFICATE_TRIED, name=domain.name))
        return domain

    outcome = revisions.change(apply, actor=actor)
    issuing.retry(domain.key)
    return outcome
