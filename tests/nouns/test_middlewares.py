"""Middlewares: what each kind takes and refuses, and what becomes of their secrets."""

import hashlib
import re

import bcrypt
import pytest

from provider import configuration
from provider.errors import Invalid
from provider.nouns import texts
from provider.nouns.middleware import Middleware
from provider.nouns.middlewares import KINDS
from provider.nouns.texts import Hidden
from tests.nouns.middleware_rows import (
    APR1,
    ROWS,
    SHA,
    Document,
    page,
    plugin,
    read,
    redis,
    users,
)


def test_every_kind_has_a_row() -> None:
    assert ROWS.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", ROWS)
def test_what_a_kind_takes_is_written_as_it_was_read(kind: str) -> None:
    for document in ROWS[kind].good:
        made = read(kind, document)
        assert made.chosen == kind
        assert Middleware.loaded(made.json()) == made
        assert Middleware.read(made.changed()) == made
        assert list(made.json()) == ["name", "labels", kind]
        assert not list(made.warnings()), document


@pytest.mark.parametrize("kind", ROWS)
def test_what_a_kind_refuses_is_told_at_the_field(kind: str) -> None:
    for document, pointer, code in ROWS[kind].bad:
        with pytest.raises(Invalid) as caught:
            read(kind, document)
        errors = [(error.pointer, error.code) for error in caught.value.fields]
        assert (f"/{kind}{pointer}", code) in errors, document


@pytest.mark.parametrize("kind", ROWS)
def test_what_somebody_may_not_mean_is_warned_of(kind: str) -> None:
    for document, pointer in ROWS[kind].warned:
        told = ["/" + "/".join(map(str, where)) for where, _message in read(kind, document).warnings()]
        assert told == [f"/{kind}{pointer}"], document


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words_and_an_example(kind: str) -> None:
    model = KINDS[kind]

    assert model.title
    assert re.fullmatch(r"[A-Z].*\.", model.about)
    assert read(kind, model.example).chosen == kind
    assert all(each.title for each in model.fields.values())


@pytest.mark.parametrize(
    ("document", "pointer", "code"),
    [
        ({}, "", "kind.none"),
        ({"compress": None}, "", "kind.none"),
        ({"compress": {}, "addPrefix": {"prefix": "/a"}}, "/compress", "kind.many"),
        ({"compress": {}, "addPrefix": {"prefix": "a"}}, "/compress", "kind.many"),
        ({"snippet": {}}, "/snippet", "field.unknown"),
    ],
)
def test_a_middleware_has_exactly_one_kind(document: Document, pointer: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        Middleware.read({"name": "one", **document})
    assert (pointer, code) in [(error.pointer, error.code) for error in caught.value.fields]


def test_a_kind_that_is_wrong_by_itself_is_still_the_one() -> None:
    with pytest.raises(Invalid) as caught:
        read("addPrefix", {"prefix": "a"})
    assert [error.pointer for error in caught.value.fields] == ["/addPrefix/prefix"]


def test_a_chain_refers_to_its_members_here_and_not_to_those_of_others() -> None:
    made = read("chain", {"middlewares": ["login", "limit@file"]})

    assert [(use.where, use.kind, use.name) for use in made.uses()] == [
        (("chain", "middlewares", 0), "middleware", "login")
    ]


def test_error_pages_need_the_service_that_has_them() -> None:
    assert configuration.part(read("errors", page())).needs == (("service", "pages"),)
    assert configuration.part(read("errors", page(service="pages@file"))).needs == ()


def test_a_password_of_digest_is_kept_as_the_hash_that_traefik_compares() -> None:
    made = read("digestAuth", users("alvin:traefik:secret")).kept(None)

    digest = hashlib.md5(b"alvin:traefik:secret", usedforsecurity=False).hexdigest()
    assert made.json()["digestAuth"] == users(f"alvin:traefik:{digest}")
    assert Middleware.masked(made.json())["digestAuth"] == users("alvin:traefik:********")
    assert read("digestAuth", users("alvin:traefik:********")).kept(made) == made
    assert read("digestAuth", users("alvin:traefik:secret")).kept(made) == made
    with pytest.raises(Invalid):
        read("digestAuth", users("budi:traefik:********")).kept(made)


def test_a_plain_password_is_kept_as_a_hash_and_shown_to_nobody() -> None:
    made = read("basicAuth", users("alvin:secret")).kept(None)

    kept = made.json()["basicAuth"]["users"][0]
    assert bcrypt.checkpw(b"secret", kept.removeprefix("alvin:").encode())
    assert Middleware.masked(made.json())["basicAuth"] == users("alvin:********")


def test_the_same_password_again_changes_nothing() -> None:
    made = read("basicAuth", users("alvin:secret", f"budi:{SHA}")).kept(None)

    assert read("basicAuth", users("alvin:secret", f"budi:{SHA}")).kept(made) == made
    assert (
        read("basicAuth", users("alvin:secret", "budi:password1")).kept(made).json()["basicAuth"]["users"][0]
        == (made.json()["basicAuth"]["users"][0])
    )


def test_a_masked_user_keeps_the_password_and_a_new_one_gets_another() -> None:
    made = read("basicAuth", users("alvin:secret", "budi:other")).kept(None)
    before = made.json()["basicAuth"]["users"]

    after = read("basicAuth", users("budi:********", "alvin:new")).kept(made).json()["basicAuth"]["users"]

    assert after[0] == before[1]
    assert after[1] != before[0]
    assert bcrypt.checkpw(b"new", after[1].removeprefix("alvin:").encode())


@pytest.mark.parametrize("kept", ["$2b$15$", "$2y$31$"])
def test_a_hash_that_takes_seconds_to_check_is_refused(kept: str) -> None:
    with pytest.raises(Invalid) as caught:
        read("basicAuth", users("alvin:$2b$14$" + "a" * 53, f"budi:{kept}{'a' * 53}"))

    assert [(error.pointer, error.code) for error in caught.value.fields] == [("/basicAuth/users/1", "user.hash")]


def test_a_password_is_compared_with_no_hash_that_takes_longer_than_one_of_ours() -> None:
    given = bcrypt.hashpw(b"secret", bcrypt.gensalt(11)).decode()
    before = Middleware.loaded({"name": "one", "labels": {}, "basicAuth": users(f"alvin:{given}")})

    after = read("basicAuth", users("alvin:secret")).kept(before).json()["basicAuth"]["users"][0]

    assert after.startswith("alvin:$2b$10$")


def test_a_few_passwords_are_hashed_at_a_time_and_hashes_are_taken_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MOST_HASHED", 2)
    made = read("basicAuth", users("a:one", "b:two", f"c:{APR1}", f"d:{APR1}")).kept(None)

    with pytest.raises(Invalid) as caught:
        read("basicAuth", users("a:one", f"b:{APR1}", "c:two", "d:three", "e:four")).kept(made)

    assert [(error.pointer, error.code) for error in caught.value.fields] == [("/basicAuth/users/3", "user.many")]


def test_a_masked_user_who_is_new_is_refused() -> None:
    made = read("basicAuth", users("alvin:secret")).kept(None)

    with pytest.raises(Invalid) as caught:
        read("basicAuth", users("alvin:********", "budi:********")).kept(made)
    assert [(error.pointer, error.code) for error in caught.value.fields] == [("/basicAuth/users/1", "secret.masked")]


def test_secrets_of_a_plugin_are_masked_by_their_names_at_any_depth() -> None:
    given = plugin(apiKey="a", rules=[{"password": "b", "path": "/"}], name="c")
    made = read("plugin", given).kept(None)

    masked = Middleware.masked(made.json())

    assert masked["plugin"] == plugin(apiKey="********", rules=[{"password": "********", "path": "/"}], name="c")
    assert Middleware.read(masked).kept(made) == made
    with pytest.raises(Invalid) as caught:
        read("plugin", plugin(token="********")).kept(made)
    assert [(error.pointer, error.code) for error in caught.value.fields] == [("/plugin/demo/token", "secret.masked")]


@pytest.mark.parametrize(
    "name",
    [
        *("api_key", "LAPI-Key", "privateKey", "signing_key", "accessKey", "X-Auth-Key", "encryptionKey"),
        *("passwd", "passphrase", "redis_credentials", "clientSecret", "bearerToken"),
    ],
)
def test_what_is_named_as_secrets_are_is_masked(name: str) -> None:
    made = read("plugin", plugin(**{name: "canary"})).kept(None)

    assert Middleware.masked(made.json())["plugin"] == plugin(**{name: "********"})
    assert isinstance(Middleware.hidden(made.json())["plugin"]["demo"][name], Hidden)


@pytest.mark.parametrize("name", ["key", "keyName", "accessKeyId", "monkey", "X-Forwarded-Host", "passHostHeader"])
def test_what_is_no_secret_by_its_name_is_shown(name: str) -> None:
    assert Middleware.masked(read("plugin", plugin(**{name: "shown"})).json())["plugin"] == plugin(**{name: "shown"})


def test_headers_that_carry_secrets_are_masked() -> None:
    headers = {"Authorization": "Basic abc", "X-Api-Key": "k", "Accept": "text/html"}
    made = read("headers", {"customRequestHeaders": headers}).kept(None)

    masked = Middleware.masked(made.json())

    assert masked["headers"]["customRequestHeaders"] == {
        "Accept": "text/html",
        "Authorization": "********",
        "X-Api-Key": "********",
    }
    assert Middleware.read(masked).kept(made) == made


def test_passwords_of_redis_are_masked() -> None:
    made = read("rateLimit", redis(password="secret", tls={"cert": "/cert", "key": "/key"}))

    shown = Middleware.masked(made.json())["rateLimit"]["redis"]

    assert shown["password"] == shown["tls"]["key"] == "********"
