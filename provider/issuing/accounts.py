"""The account at a CA: chosen by an admin who accepts its terms, and made there when something is ordered first."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from provider.database.database import Database
from provider.issuing.means import Means
from provider.issuing.ordered import Binding, make_key
from provider.late import Late
from provider.models import AcmeAccount
from provider.nouns.types import Hidden
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


def find_terms(directory: str, means: Means) -> str | None:
    """Return where the terms of a CA are, if it says so. Blocks. Raises `NoCertificateError`."""
    return ca.AcmeCA(directory, make_key(), None, means.ca_file).find_terms()


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
        found = ca.AcmeCA(row.directory, str(row.key), row.url, means.ca_file)
        contact, binding = row.contact, _binding(row)
    if row.url is None:
        terms, url = found.find_terms(), found.register(contact, binding)
        with database.writing() as session:
            known = acme.find_account(session)
            if known is not None and known.directory == row.directory:
                known.url, known.terms = url, terms or known.terms
    return found


def forget(database: Database, directory: str) -> None:
    """Note that a CA does not take the account any more: another one is made, with a key that it does not know."""
    with database.writing() as session:
        row = session.get(AcmeAccount, directory)
        if row is not None:
            row.key = row.url = None


def _binding(row: AcmeAccount) -> Binding | None:
    return None if row.eab_kid is None or row.eab_key is None else Binding(row.eab_kid, str(row.eab_key))
