"""What a CA says that is seldom heard, and what follows from it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from provider.database.file import FileDatabase
from provider.issuing import accounts, leading
from provider.issuing.ca import AcmeCA
from provider.issuing.failures import AccountGoneError, AwayError, NoCertificateError
from provider.issuing.means import Means
from provider.issuing.ordered import make_key
from provider.models import AcmeAccount
from tests.e2e import pebble
from tests.e2e.front import Answer, Asking, Front, front, problem
from tests.e2e.pebble import Pebble
from tests.running import NamedServer, running_servers


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    with pebble.running(tmp_path_factory.mktemp("ca")) as made:
        yield made


@pytest.fixture
def answered(ca: Pebble) -> Iterator[Front]:
    with front(ca) as made:
        yield made


@pytest.fixture
def account(ca: Pebble, answered: Front) -> AcmeCA:
    made = AcmeCA(answered.directory, make_key(), None, ca.ca_file)
    made.register("admin@alvin.test", None)
    return made


def changed(answer: Answer, **members: str) -> Answer:
    status, headers, content = answer
    return status, headers, json.dumps(json.loads(content) | members).encode()


def test_a_refusal_is_quoted_with_the_link_at_its_end(account: AcmeCA, answered: Front) -> None:
    told = f"You are temporarily prevented from this. Please visit: https://ca.test/unpause?jwt={'x' * 900}"
    refusal = problem(429, "rateLimited", told, **{"Retry-After": "7200"})
    answered.answer = lambda path, _said, ask: refusal if path == "/order-plz" else ask()
    with pytest.raises(NoCertificateError) as refused:
        account.order("alvin.test")
    assert (refused.value.why, refused.value.wait) == (f"the CA localhost refuses: {told}", timedelta(hours=2))


def test_somebody_who_has_to_act_first_is_told_where(account: AcmeCA, answered: Front) -> None:
    terms = {"Link": '<https://ca.test/terms-2>;rel="terms-of-service"'}
    refusal = problem(403, "userActionRequired", "Terms of service have changed", **terms)
    answered.answer = lambda path, _said, ask: refusal if path == "/order-plz" else ask()
    with pytest.raises(NoCertificateError) as refused:
        account.order("alvin.test")
    told = "the CA localhost requires you to act first (Terms of service have changed): open {}, do what that page says"
    assert refused.value.why == f"{told.format('https://ca.test/terms-2')}, then retry"
    refusal = changed(refusal, instance="/agree?to=2")
    with pytest.raises(NoCertificateError) as refused:
        account.order("alvin.test")
    agreed = answered.directory.replace("/dir", "/agree?to=2")
    assert refused.value.why == f"{told.format(agreed)}, then retry"


def test_an_order_that_ended_since_its_authorization_expired_has_ended(account: AcmeCA, answered: Front) -> None:
    def expired(path: str, _said: object, ask: Asking) -> Answer:
        if path.startswith("/my-order/"):
            return changed(ask(), status="invalid")
        return changed(ask(), status="expired") if path.startswith("/authZ/") else ask()

    url = account.order("alvin.test")
    answered.answer = expired
    order = account.look(url)
    assert (order.status, [each.status for each in order.authorizations]) == ("invalid", ["expired"])


def test_an_order_is_not_given_up_for_nonces_that_its_ca_refuses(account: AcmeCA, answered: Front) -> None:
    url = account.order("alvin.test")
    refusal = problem(400, "badNonce", "JWS has an invalid anti-replay nonce")
    answered.answer = lambda path, _said, ask: refusal if path.startswith("/my-order/") else ask()
    with pytest.raises(AwayError, match="anti-replay nonce"):
        account.look(url)


def test_an_account_that_its_ca_has_closed_is_followed_by_another_one(
    migrated: Path, tmp_path: Path, ca: Pebble
) -> None:
    path = tmp_path / "provider.db"
    path.write_bytes(migrated.read_bytes())
    database, means = FileDatabase(path), Means(ca_file=ca.ca_file)
    database.open()
    chosen = AcmeAccount(directory=ca.directory, chosen=True, accepted_by="tests", accepted="2026-01-01T00:00:00+00:00")
    with database.writing() as session:
        session.add(chosen)
    closed = accounts.connect(database, means)
    assert closed is not None
    client = closed._exchange.connect()
    client.deactivate_registration(client.net.account)
    with pytest.raises(AccountGoneError, match="deactivated"):
        closed.order("alvin.test")
    accounts.forget(database, ca.directory)
    other = accounts.connect(database, means)
    assert other is not None
    assert other.order("alvin.test").startswith("https://")
    database.close()


def test_one_edge_that_answers_is_enough_for_a_renewal_but_not_for_a_first_certificate(ca: Pebble) -> None:
    means = Means(nameservers=(("127.0.0.1", ca.dns_port),), http_port=ca.http_port)
    with running_servers(NamedServer("content", port=ca.http_port)):
        ca.points("alvin.test", "127.0.0.1", "127.0.0.9")
        leading.check("alvin.test", "token", "content", means, is_renewal=True)
        with pytest.raises(NoCertificateError, match=r"points to 127\.0\.0\.9, where nothing answers"):
            leading.check("alvin.test", "token", "content", means)
        with pytest.raises(NoCertificateError, match="where no edge of yours answers"):
            leading.check("alvin.test", "token", "another content", means, is_renewal=True)
