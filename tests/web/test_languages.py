"""Languages: which one a person gets, and how it writes numbers and dates."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from provider.differences import ShareChange, tell_shares
from provider.messages import Message, freeze, listed, thaw
from provider.nouns import titled
from provider.web import languages

ENGLISH, INDONESIAN = (languages.load()[code] for code in ("en", "id"))
NOON = datetime(2026, 3, 9, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("certificate", "sertifikat x"),
        ("tlsOption", "opsi TLS x"),
        ("tcpRouter", "router TCP x"),
        ("account", "akun x"),
        ("serversTransport", "servers transport x"),
        *((kind, f"{kind} x") for kind in ("domain", "router", "middleware", "service", "server", "token")),
    ],
)
def test_an_object_is_called_by_the_word_of_the_language(kind: str, told: str) -> None:
    assert INDONESIAN.say(thaw(freeze(titled(kind, "x")))) == told


def test_a_title_begins_with_a_capital() -> None:
    assert INDONESIAN.declared("TCP router") == "Router TCP"
    assert ENGLISH.declared("TCP router") == "TCP router"
    added = Message("{noun} {name} was added.", noun=Message("TCP router"), name="mail")
    assert INDONESIAN.sentence(added) == "Router TCP mail ditambahkan."


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("", "en"),
        ("id", "id"),
        ("id-ID,id;q=0.9,en-US;q=0.8,en;q=0.7", "id"),
        ("en-US,en;q=0.9,id;q=0.8", "en"),
        ("fr, id;q=0.2, en;q=0.1", "id"),
        ("en;q=0.5, ID ; Q=0.9", "id"),
        ("in", "id"),
        ("in-ID", "id"),
        ("de,*", "en"),
        ("id;q=0", "en"),
        ("id;q=0,en", "en"),
        ("id;q=nan", "en"),
        ("id;q=9", "en"),
        ("id;level=1", "en"),
        ("idx", "en"),
        (";;;,,,=;q", "en"),
        ("\u00ff\x00", "en"),
        ("id," * 1000, "id"),
    ],
)
def test_the_browser_is_heard_unless_somebody_chose(accepted: str, code: str) -> None:
    assert languages.choose(None, accepted) == code
    assert languages.choose("nonsense", accepted) == code
    assert languages.choose("en", accepted) == "en"
    assert languages.choose("id", accepted) == "id"


def test_numbers_are_written_in_the_language() -> None:
    assert (ENGLISH.number(12500), INDONESIAN.number(12500)) == ("12,500", "12.500")
    assert (ENGLISH.number(2.5), INDONESIAN.number(2.5)) == ("2.5", "2,5")


@pytest.mark.parametrize(
    ("message", "plain", "indonesian"),
    [
        (Message("all {count} domains would be lost", count=12500), "12500", "semua 12.500 domain akan hilang"),
        (listed(["a", "b"] + ["c"] * 1200, 2), "1200 more", "a, b dan 1.200 lagi"),
        (
            tell_shares([ShareChange("s", "a", 1, 2 / 3), ShareChange("s", "b", 0, 1 / 3)]),
            "33.3 %",
            "33,3% traffic pindah dari a ke b",
        ),
        (
            tell_shares([ShareChange("s", "a", 0, 0.125), ShareChange("s", "b", 0, 0.5)]),
            "b 0 % → 50 %",
            "a 0% → 12,5%, b 0% → 50%",
        ),
    ],
)
def test_numbers_in_a_message_are_written_in_the_language(message: Message, plain: str, indonesian: str) -> None:
    assert plain in ENGLISH.say(message) == message
    assert INDONESIAN.say(message) == indonesian
    assert INDONESIAN.say(thaw(freeze(message))) == indonesian


@pytest.mark.parametrize(
    "message",
    [
        Message("there is no revision {number}", number=12500),
        Message("this has to be exactly {number}", number=12500),
        Message("{url} does not answer like Traefik's API: 404 for {path}", url="http://a:12500", path="/12500"),
    ],
)
def test_a_number_that_names_something_or_is_to_be_typed_is_written_as_it_is(message: Message) -> None:
    assert "12500" in ENGLISH.say(message)
    assert "12500" in INDONESIAN.say(message)


def test_pages_count_in_the_language() -> None:
    said = [language.counted("1 problem", "%(num)d problems", 12500) for language in (ENGLISH, INDONESIAN)]
    assert said == ["12,500 problems", "12.500 masalah"]


@pytest.mark.parametrize(
    ("share", "english", "indonesian"),
    [
        (0, "0%", "0%"),
        (1, "100%", "100%"),
        (0.375, "37.5%", "37,5%"),
        (1 / 3, "33.3%", "33,3%"),
        (0.0004, "< 0.1%", "< 0,1%"),
        (0.001, "0.1%", "0,1%"),
    ],
)
def test_shares_are_written_in_percent(share: float, english: str, indonesian: str) -> None:
    assert (ENGLISH.percent(share), INDONESIAN.percent(share)) == (english, indonesian)


def test_dates_are_written_in_the_language_and_in_utc() -> None:
    assert ENGLISH.moment(NOON) == "9 Mar 2026, 12:00:05 UTC"
    assert INDONESIAN.moment(NOON.astimezone(timezone(timedelta(hours=7)))) == "9 Mar 2026, 12:00:05 UTC"
    assert ENGLISH.moment(datetime(2026, 8, 1, tzinfo=UTC)) == "1 Aug 2026, 00:00:00 UTC"
    assert INDONESIAN.moment(datetime(2026, 8, 1, tzinfo=UTC)) == "1 Agu 2026, 00:00:00 UTC"


@pytest.mark.parametrize(
    ("seconds", "english", "indonesian"),
    [
        (-5, "5 seconds ago", "5 detik yang lalu"),
        (-300, "5 minutes ago", "5 menit yang lalu"),
        (-7200, "2 hours ago", "2 jam yang lalu"),
        (3 * 86400, "in 3 days", "dalam 3 hari"),
    ],
)
def test_it_is_told_how_long_ago_something_was(seconds: int, english: str, indonesian: str) -> None:
    when = NOON + timedelta(seconds=seconds)
    assert (ENGLISH.ago(when, NOON), INDONESIAN.ago(when, NOON)) == (english, indonesian)


def test_a_message_is_said_in_the_language() -> None:
    message = Message("this has to be one of {choices}", choices="a, b")
    assert ENGLISH.say(message) == "this has to be one of a, b"
    assert INDONESIAN.say(message) == "harus salah satu dari a, b"
    assert INDONESIAN.sentence(message) == "Harus salah satu dari a, b."


def test_a_sentence_that_begins_with_a_value_leaves_the_value_as_it_is() -> None:
    assert ENGLISH.sentence(Message("{name} is taken", name="alvin")) == "alvin is taken."
    assert ENGLISH.sentence("entryPoint none doesn't exist") == "entryPoint none doesn't exist."
    assert ENGLISH.sentence("Really?") == "Really?"
    told = Message("service {service}: {down} of {count} servers are down", service="shop", down=1, count=2)
    longer = Message("{told}; {count} kept out and watched", told=told, count=1)
    assert ENGLISH.sentence(longer) == "Service shop: 1 of 2 servers are down; 1 kept out and watched."
