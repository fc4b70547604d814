"""A CA that speaks ACME (RFC 8555), by certbot's library. What it answers comes as values, what fails in words.

The library takes a tenth of a second and 14 MB: `late` loads this module when something is ordered. A client is made
for each piece of work, and keeps nothing.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import requests
from acme import errors, messages
from acme.client import ClientNetwork, ClientV2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from josepy.errors import Error as JosepyError
from josepy.json_util import field
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from provider.issuing.failures import (
    AccountGoneError,
    AwayError,
    FailureKind,
    NoCertificateError,
    OrderGoneError,
    reason,
)
from provider.issuing.ordered import DNS, HTTP, Authorization, Binding, Challenge, OrderAtCA, host_of
from provider.messages import Message, template
from provider.version import VERSION

_TIMEOUT_SECONDS: Final = 20
_QUICK_SECONDS: Final = 5
"""Where a person waits."""

_LONGEST_WORDS: Final = 2_000
"""Let's Encrypt ends some of its refusals with a long link, at which they are lifted."""

_MOST_NONCES: Final = 5
_MIN_ASKED: Final = timedelta(minutes=1)
_MAX_ASKED: Final = timedelta(days=1)
"""However soon or late a CA wants to be asked again when to renew (RFC 9773, 4.3.2)."""

_MOST_APART: Final = timedelta(hours=1)
_AHEAD: Final = template("the clock here is {span} ahead of the CA {ca}: correct it")
_BEHIND: Final = template("the clock here is {span} behind the CA {ca}: correct it")
_OUT_OF_TIME: Final = ("has expired", "is not yet valid")
"""What OpenSSL says of certificates that are not good now."""

_BROKEN: Final = 500
_GONE: Final = frozenset({400, 403, 404, 410})
"""How a CA answers who asks for an order that is not there, or is not theirs."""

messages.Status("expired")  # RFC 8555, 7.1.6: the library refuses what it does not know


class _NewOrder(messages.NewOrder):
    """An order that says which certificate it replaces (RFC 9773, 5): the library lacks that."""

    replaces: str | None = field("replaces", omitempty=True)


class AcmeCA:
    """One CA, with the account there. Its methods block, and raise `NoCertificateError`."""

    def __init__(self, directory: str, key: str, url: str | None, ca_file: Path | None = None) -> None:
        self.directory = directory
        self._key = key
        self._url = url
        self._ca_file = ca_file
        self._client: Any = None
        self._last_headers: Mapping[str, str] = {}
        self._last_status = 0

    @property
    def name(self) -> str:
        """What it is called."""
        return host_of(self.directory)

    def find_terms(self) -> str | None:
        """Return where its terms are, as it says."""
        with self._told():
            return _terms(self._connect(_QUICK_SECONDS).directory)

    def check_clock(self) -> None:
        """Check that the clock here and that of the CA agree, as far as it tells: it signs by its own."""
        with self._told():
            self._client = None
            self._connect()
            told = _date(self._last_headers.get("Date"))
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
        with self._told():
            client = self._connect()
            bound = None
            if binding is not None:
                public = client.net.key.public_key()
                bound = messages.ExternalAccountBinding.from_data(public, binding.kid, binding.key, client.directory)
            wanted = messages.NewRegistration.from_data(
                email=contact or None, terms_of_service_agreed=True, external_account_binding=bound
            )
            try:
                self._url = str(client.new_account(wanted).uri)
            except errors.ConflictError as error:
                self._url = str(error.location)
            self._client = None
            return self._url

    def order(self, name: str, replaced: str | None = None) -> str:
        """Order a certificate. Returns the URL of the order.

        Of a CA that says when certificates are to be renewed, it is in place of that of `replaced`, a chain from there:
        such orders are not counted against its limits.
        """
        with self._told():
            is_told = hasattr(self._connect().directory, "renewalInfo")
            try:
                return self._order(name, _identify(replaced) if is_told and replaced is not None else None)
            except messages.Error as error:
                if error.code == "unauthorized":
                    self._check_account()
                raise

    def _check_account(self) -> None:
        """Raise `AccountGoneError` where a CA takes nothing from the account any more."""
        try:
            self._post(self._url or "", None)
        except messages.Error as error:
            if error.code == "unauthorized":
                raise AccountGoneError(FailureKind.AUTHORITY, self._refused(error).why) from error

    def _order(self, name: str, replaces: str | None) -> str:
        wanted = _NewOrder(
            identifiers=[messages.Identifier(typ=messages.IDENTIFIER_FQDN, value=name)], replaces=replaces
        )
        try:
            return str(self._post(self._connect().directory["newOrder"], wanted).headers["Location"])
        except (messages.Error, errors.ConflictError):  # the account may be another one, or an order of it was lost
            if replaces is None or self._last_status >= _BROKEN:
                raise
            return self._order(name, None)

    def look(self, url: str) -> OrderAtCA:
        """Look at an order. Raises `OrderGoneError` for one of which the CA tells nothing."""
        try:
            with self._told():
                return self._look(url)
        except NoCertificateError as error:
            if self._last_status in _GONE and not isinstance(error, AccountGoneError | AwayError):
                raise OrderGoneError(error.failure, error.why) from error
            raise

    def answer(self, challenge: Challenge) -> None:
        """Let the CA look for what is there now."""
        with self._told():
            client = self._connect()
            client.answer_challenge(challenge.raw, challenge.raw.chall.response(client.net.key))

    def finalize(self, order: OrderAtCA, name: str, key: str) -> None:
        """Let the CA sign."""
        with self._told():
            self._post(order.finalize, messages.CertificateRequest(csr=_csr(name, key)))

    def download(self, order: OrderAtCA) -> str:
        """Return the certificate of an order with those that signed it, as PEM text."""
        with self._told():
            return str(self._post(order.certificate or "", None).text)

    def advise(self, chain: str) -> tuple[datetime | None, timedelta]:
        """Return when a certificate is to be renewed, where the CA says so, and when to ask again."""
        with self._told():
            advised, again = self._connect().renewal_time(chain.encode())
            wait = again - datetime.now()  # noqa: DTZ005  # as the library has it
            return advised, min(max(wait, _MIN_ASKED), _MAX_ASKED)

    def _look(self, url: str) -> OrderAtCA:
        body = messages.Order.from_json(self._post(url, None).json())
        said = None if body.error is None else _shortened(body.error.detail)
        found: list[Authorization] = []
        if body.status.name in {"pending", "invalid"}:
            asked = (self._post(each, None).json() for each in body.authorizations)
            found = [self._read(messages.Authorization.from_json(each)) for each in asked]
        return OrderAtCA(url, body.status.name, found, body.finalize, body.certificate, said)

    def _read(self, found: Any) -> Authorization:
        key = self._connect().net.key
        challenges = []
        for each in found.challenges:
            if each.chall.typ in {HTTP, DNS}:
                said = None if each.error is None else _shortened(each.error.detail)
                status = "pending" if each.status is None else each.status.name
                token, content = each.chall.encode("token"), each.chall.validation(key)
                challenges.append(Challenge(each.chall.typ, str(each.uri), status, token, content, said, each))
        return Authorization(str(found.identifier.value), found.status.name, challenges)

    def _post(self, url: str, content: Any) -> Any:
        client = self._connect()
        return client.net.post(url, content, new_nonce_url=client.directory["newNonce"])

    def _connect(self, seconds: int = _TIMEOUT_SECONDS) -> Any:
        if self._client is None:
            network = self._make_network(seconds)
            if self._url is not None:
                network.account = messages.RegistrationResource(body=messages.Registration(), uri=self._url)
            self._client = ClientV2(ClientV2.get_directory(self.directory, network), network)
        return self._client

    def _make_network(self, seconds: int) -> ClientNetwork:
        owner = self

        class Network(ClientNetwork):
            def post(self, *args: Any, **kwargs: Any) -> Any:
                for _attempt in range(_MOST_NONCES):  # the library gives up after two
                    try:
                        return self._post_once(*args, **kwargs)
                    except messages.Error as error:
                        if error.code != "badNonce":
                            raise
                return self._post_once(*args, **kwargs)

            def _send_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
                answer = super()._send_request(method, url, *args, **kwargs)
                owner._last_headers, owner._last_status = answer.headers, answer.status_code
                return answer

        private = serialization.load_pem_private_key(self._key.encode(), None)
        agent = f"wayshub-provider/{VERSION}"
        made = Network(JWKEC(key=private), alg=ES256, user_agent=agent, timeout=seconds)
        if self._ca_file is not None:
            made.verify_ssl = str(self._ca_file)  # type: ignore[assignment]  # requests takes a path, too
        return made

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in words what fails."""
        self._last_headers, self._last_status = {}, 0
        try:
            yield
        except messages.Error as error:
            raise self._refused(error) from error
        except requests.RequestException as error:
            raise self._failed(self._unreached(error), is_away=True) from error
        except (
            errors.Error,
            JosepyError,
            ValueError,
            LookupError,
            AttributeError,
            TypeError,
            ArithmeticError,
        ) as error:
            told = Message("the CA {ca} sent an unexpected response: {why}", ca=self.name, why=_shortened(str(error)))
            raise self._failed(told) from error
        except OSError as error:  # the file with CAs
            told = Message("the request to the CA {ca} failed: {why}", ca=self.name, why=_shortened(str(error)))
            raise self._failed(told) from error

    def _unreached(self, error: Exception) -> Message:
        """Say why the CA cannot be reached. Where its certificate is too old or too new, the clock may be wrong."""
        why = _shortened(reason(error))
        if any(f"certificate {words}" in why for words in _OUT_OF_TIME):
            now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            return Message(
                "the CA {ca} cannot be reached: {why} (the clock here says {now})", ca=self.name, why=why, now=now
            )
        return Message("the CA {ca} cannot be reached: {why}", ca=self.name, why=why)

    def _refused(self, error: Any) -> NoCertificateError:
        why = _shortened(error.detail or error.title or error.typ)
        told = Message("the CA {ca} refuses: {why}", ca=self.name, why=why)
        if error.code == "externalAccountRequired":
            told = Message("the CA {ca} requires an external account: give its key ID and its key (EAB)", ca=self.name)
        if error.code == "accountDoesNotExist":
            return AccountGoneError(FailureKind.AUTHORITY, told)
        return self._failed(told, is_away=error.code == "badNonce")

    def _failed(self, why: Message, *, is_away: bool = False) -> NoCertificateError:
        made = AwayError if is_away or self._last_status >= _BROKEN else NoCertificateError
        return made(FailureKind.AUTHORITY, why, _wait(self._last_headers.get("Retry-After")))


def _terms(directory: Any) -> str | None:
    try:
        found = directory.meta.terms_of_service
    except (AttributeError, LookupError):
        return None
    return None if found is None else str(found)


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


def _wait(asked: str | None) -> timedelta | None:
    """Read `Retry-After`: seconds, or a date."""
    if asked is None:
        return None
    try:
        return timedelta(seconds=int(asked))
    except (ValueError, OverflowError):
        pass
    date = _date(asked)
    return None if date is None else max(date - datetime.now(UTC), timedelta(0))


def _date(text: str | None) -> datetime | None:
    """Read a date in a header."""
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _shortened(text: object) -> str:
    found = " ".join(str(text).split())
    return found if len(found) <= _LONGEST_WORDS else found[: _LONGEST_WORDS - 1] + "…"
