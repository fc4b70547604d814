"""The account at a CA: chosen by an admin who accepts its terms, and made there when something is ordered first."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provider.database.database import Database
from provider.issuing.failures import NoCertificateError
from provider.issuing.means import Means
from provider.issuing.ordered import Binding, Offer, Wishes, make_key
from provider.late import Late
from provider.messages import freeze
from provider.models import AcmeAccount
from provider.nouns.texts import Hidden
from provider.store import acme

if TYPE_CHECKING:
    from provider.issuing import ca
else:
    ca = Late("provider.issuing.ca")


@dataclass(frozen=True, slots=True)
class OrderingAccount:
    """What is to be known of the account to order with it."""

    directory: str
    challenge: str
    has_dns: bool


def read(row: AcmeAccount | None) -> OrderingAccount | None:
    """Return what is to be known of an account, if there is one."""
    return None if row is None else OrderingAccount(row.directory, row.challenge, row.dns_provider is not None)


def find_offer(directory: str, means: Means) -> Offer:
    """Return what a CA says of itself. Blocks. Raises `NoCertificateError`."""
    return ca.AcmeCA(directory, make_key(), None, means.ca_file).find_offer()


def connect(database: Database, means: Means) -> "ca.AcmeCA | None":
    """Return the CA with the account there, which is made if need be; None where none is chosen.

    Its key is stored before the CA hears of it. Raises `NoCertificateError` and `Unavailable`.
    """
    with database.writing() as session:
        row = acme.find_account(session)
        if row is None:
            return None
        if row.key is None:
            row.key = Hidden(make_key())
            session.flush()
        found, binding = _ca(row, means), _binding(row)
        url, contact, told = row.url, row.contact, row.told_contact
    if url is None:
        terms, url = found.find_offer().terms, found.register(contact, binding)
        with database.writing() as session:
            known = session.get(AcmeAccount, found.directory)
            if known is not None:
                known.url, known.terms = url, terms or known.terms
                known.told_contact, known.problem = contact, None
    elif contact != told:
        _tell_contact(database, found, contact)
    return found


def tell(database: Database, means: Means) -> None:
    """Tell the CA what was changed about the account there, and note which terms were accepted with that.

    Blocks for a moment. What fails is noted, and tried again with whatever is asked of the CA next. Raises
    `Unavailable`.
    """
    with database.reading() as session:
        row = acme.find_account(session)
        if row is None or row.url is None:
            return
        found, contact, told = _ca(row, means), row.contact, row.told_contact
    with suppress(NoCertificateError):
        terms = found.find_offer().terms
        with database.writing() as session:
            known = session.get(AcmeAccount, found.directory)
            if known is not None:
                known.terms = terms or known.terms
    if contact != told:
        _tell_contact(database, found, contact)


def _tell_contact(database: Database, found: "ca.AcmeCA", contact: str) -> None:
    problem = None
    try:
        found.write_to(contact)
    except NoCertificateError as error:
        problem = freeze(error.why)
    with database.writing() as session:
        known = session.get(AcmeAccount, found.directory)
        if known is not None:
            known.problem = problem
            known.told_contact = contact if problem is None else known.told_contact


def note_roots(database: Database, directory: str, roots: Sequence[str]) -> None:
    """Note up to which roots a CA offers chains."""
    with database.writing() as session:
        row = session.get(AcmeAccount, directory)
        if row is not None:
            row.roots = list(roots)


def _ca(row: AcmeAccount, means: Means) -> "ca.AcmeCA":
    wishes = Wishes(row.profile, row.preferred_chain)
    return ca.AcmeCA(row.directory, str(row.key), row.url, means.ca_file, wishes)


def forget(database: Database, directory: str) -> None:
    """Note that a CA does not take the account any more: another one is made, with a key that it does not know."""
    with database.writing() as session:
        row = session.get(AcmeAccount, directory)
        if row is not None:
            row.key = row.url = row.told_contact = None


def _binding(row: AcmeAccount) -> Binding | None:
    return None if row.eab_kid is None or row.eab_key is None else Binding(row.eab_kid, str(row.eab_key))
