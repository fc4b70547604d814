"""A CA that speaks ACME (RFC 8555), by certbot's library. What it answers comes as values, what fails in words.

The library takes a tenth of a second and 14 MB: `late` loads this module when something is ordered. A client is made
for each piece of work, and keeps nothing.
"""

from base64 import urlsafe_b64encode
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import requests
from acme import errors, messages
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from josepy.json_util import field
from requests.utils import parse_header_links

from provider.issuing.exchange import BROKEN, QUICK_SECONDS, Exchange, date, shortened
from provider.issuing.failures import (
    AccountGoneError,
    AwayError,
    FailureKind,
    NoCertificateError,
    OrderGoneError,
)
from provider.issuing.ordered import (
    DNS,
    HTTP,
    Authorization,
    Binding,
    Challenge,
    Downloaded,
    Offer,
    OrderAtCA,
    Wishes,
)
from provider.messages import Message, template

_MIN_ASKED: Final = timedelta(minutes=1)
_MAX_ASKED: Final = timedelta(days=1)
"""However soon or late a CA wants to be asked again when to renew (RFC 9773, 4.3.2)."""

_MOST_APART: Final = timedelta(hours=1)
_AHEAD: Final = template("the clock here is {span} ahead of the CA {ca}: correct it")
_BEHIND: Final = template("the clock here is {span} behind the CA {ca}: correct it")
_MOST_ALTERNATES: Final = 10
_NO_WISHES: Final = Wishes()
_GONE: Final = frozenset({400, 403, 404, 410})
"""How a CA answers who asks for an order that is not there, or is not theirs."""

messages.Status("expired")  # RFC 8555, 7.1.6: the library refuses what it does not know


class _NewOrder(messages.NewOrder):
    """An order that says which certificate it replaces (RFC 9773, 5): the library lacks that."""

    replaces: str | None = field("replaces", omitempty=True)


class AcmeCA:
    """One CA, with the account there. Its methods block, and raise `NoCertificateError`."""

    def __init__(
        self, directory: str, key: str, url: str | None, ca_file: Path | None = None, wishes: Wishes = _NO_WISHES
    ) -> None:
        self._exchange = Exchange(directory, key, url, ca_file)
        self._wishes = wishes

    @property
    def directory(self) -> str:
        """Where it is."""
        return self._exchange.directory

    @property
    def name(self) -> str:
        """What it is called."""
        return self._exchange.name

    def find_offer(self) -> Offer:
        """Return what its directory says of it."""
        with self._exchange.told():
            meta = self._exchange.connect(QUICK_SECONDS).directory.meta
            terms = meta.terms_of_service
            return Offer(None if terms is None else str(terms), tuple(sorted(map(str, meta.profiles or {}))))

    def check_clock(self) -> None:
        """Check that the clock here and that of the CA agree, as far as it tells: it signs by its own."""
        with self._exchange.told():
            self._exchange.disconnect()
            self._exchange.connect()
            told = date(self._exchange.find_last("Date"))
        if told is None:
            return
        ahead = datetime.now(UTC) - told
        if abs(ahead) > _MOST_APART:
            hours = round(abs(ahead) / timedelta(hours=1))
            span = Message("{days} days", days=hours // 24) if hours >= 48 else Message("{hours} h", hours=hours)
            words = _AHEAD if ahead > timedelta(0) else _BEHIND
            raise NoCertificateError(FailureKind.AUTHORITY, Message(words, ca=self.name, span=span))

    def register(self, contact: str, binding: Binding | None) -> str:
        """Make the account with its key, or find the one that there is. Returns its URL."""
        with self._exchange.told():
            client = self._exchange.connect()
            bound = None
            if binding is not None:
                public = client.net.key.public_key()
                bound = messages.ExternalAccountBinding.from_data(public, binding.kid, binding.key, client.directory)
            wanted = messages.NewRegistration.from_data(
                email=contact or None, terms_of_service_agreed=True, external_account_binding=bound
            )
            try:
                self._exchange.url = str(client.new_account(wanted).uri)
            except errors.ConflictError as error:
                self._exchange.url = str(error.location)
            self._exchange.disconnect()
            return self._exchange.url

    def write_to(self, contact: str) -> None:
        """Tell the CA whom it can write to from now on: nobody, where that is empty."""
        told = messages.UpdateRegistration.from_data(contact=[f"mailto:{contact}"] if contact else [])
        with self._exchange.told():
            self._exchange.disconnect()
            self._exchange.connect(QUICK_SECONDS)
            self._exchange.post(self._exchange.url or "", told)
            self._exchange.disconnect()

    def order(self, name: str, replaced: str | None = None) -> str:
        """Order a certificate. Returns the URL of the order.

        Of a CA that says when certificates are to be renewed, it is in place of that of `replaced`, a chain from there:
        such orders are not counted against its limits.
        """
        with self._exchange.told():
            is_told = hasattr(self._exchange.connect().directory, "renewalInfo")
            try:
                return self._order(name, _identify(replaced) if is_told and replaced is not None else None)
            except messages.Error as error:
                if error.code == "unauthorized":
                    self._check_account()
                raise

    def _check_account(self) -> None:
        """Raise `AccountGoneError` where a CA takes nothing from the account any more."""
        try:
            self._exchange.post(self._exchange.url or "", None)
        except messages.Error as error:
            if error.code == "unauthorized":
                raise AccountGoneError(FailureKind.AUTHORITY, self._exchange.refused(error).why) from error

    def _order(self, name: str, replaces: str | None) -> str:
        wanted = _NewOrder(
            identifiers=[messages.Identifier(typ=messages.IDENTIFIER_FQDN, value=name)],
            profile=self._wishes.profile,
            replaces=replaces,
        )
        try:
            return str(self._exchange.post(self._exchange.connect().directory["newOrder"], wanted).headers["Location"])
        except (messages.Error, errors.ConflictError):  # the account may be another one, or an order of it was lost
            if replaces is None or self._exchange.last_status >= BROKEN:
                raise
            return self._order(name, None)

    def look(self, url: str) -> OrderAtCA:
        """Look at an order. Raises `OrderGoneError` for one of which the CA tells nothing."""
        try:
            with self._exchange.told():
                return self._look(url)
        except NoCertificateError as error:
            if self._exchange.last_status in _GONE and not isinstance(error, AccountGoneError | AwayError):
                raise OrderGoneError(error.failure, error.why) from error
            raise

    def answer(self, challenge: Challenge) -> None:
        """Let the CA look for what is there now."""
        with self._exchange.told():
            client = self._exchange.connect()
            client.answer_challenge(challenge.raw, challenge.raw.chall.response(client.net.key))

    def finalize(self, order: OrderAtCA, name: str, key: str) -> None:
        """Let the CA sign."""
        with self._exchange.told():
            self._exchange.post(order.finalize, messages.CertificateRequest(csr=_csr(name, key)))

    def download(self, order: OrderAtCA) -> Downloaded:
        """Return the certificate of an order with those that signed it: up to the root that is wished for, if any."""
        with self._exchange.told():
            answer = self._exchange.post(order.certificate or "", None)
            chains = {_root_of(answer.text): answer.text}
            links = parse_header_links(answer.headers.get("Link", ""))
            for link in [each["url"] for each in links if each.get("rel") == "alternate"][:_MOST_ALTERNATES]:
                with suppress(errors.Error, requests.RequestException, ValueError):  # the usual one is good, too
                    chain = self._exchange.post(link, None).text
                    chains.setdefault(_root_of(chain), chain)
            return Downloaded(chains.get(self._wishes.root or "", answer.text), tuple(chains))

    def advise(self, chain: str) -> tuple[datetime | None, timedelta]:
        """Return when a certificate is to be renewed, where the CA says so, and when to ask again."""
        with self._exchange.told():
            advised, again = self._exchange.connect().renewal_time(chain.encode())
            wait = again - datetime.now()  # noqa: DTZ005  # as the library has it
            return advised, min(max(wait, _MIN_ASKED), _MAX_ASKED)

    def _look(self, url: str) -> OrderAtCA:
        body = messages.Order.from_json(self._exchange.post(url, None).json())
        said = None if body.error is None else shortened(body.error.detail)
        found: list[Authorization] = []
        if body.status.name in {"pending", "invalid"}:
            asked = (self._exchange.post(each, None).json() for each in body.authorizations)
            found = [self._read(messages.Authorization.from_json(each)) for each in asked]
        return OrderAtCA(url, body.status.name, found, body.finalize, body.certificate, said)

    def _read(self, found: Any) -> Authorization:
        key = self._exchange.connect().net.key
        challenges = []
        for each in found.challenges:
            if each.chall.typ in {HTTP, DNS}:
                said = None if each.error is None else shortened(each.error.detail)
                status = "pending" if each.status is None else each.status.name
                token, content = each.chall.encode("token"), each.chall.validation(key)
                challenges.append(Challenge(each.chall.typ, str(each.uri), status, token, content, said, each))
        return Authorization(str(found.identifier.value), found.status.name, challenges)


def _root_of(chain: str) -> str:
    """Return the name of the root that a chain leads to: of the issuer of its last certificate, as other clients do."""
    last = x509.load_pem_x509_certificates(chain.encode())[-1]
    names = last.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else last.issuer.rfc4514_string()


def _identify(chain: str) -> str | None:
    """Return by what a CA knows a certificate (RFC 9773, 4.1); None for one that does not say who signed it."""
    certificate = x509.load_pem_x509_certificate(chain.encode())
    try:
        signer = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return None
    number = certificate.serial_number
    serial = number.to_bytes(number.bit_length() // 8 + 1)
    return ".".join(urlsafe_b64encode(each).decode().rstrip("=") for each in (signer or b"", serial))


def _csr(name: str, key: str) -> x509.CertificateSigningRequest:
    private = serialization.load_pem_private_key(key.encode(), None)
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(names, critical=False)
    return builder.sign(private, hashes.SHA256())  # type: ignore[arg-type]  # it is one of ours
