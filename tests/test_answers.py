"""Answers: what tells which server gave one, and what does not."""

import pytest

from provider.answers import Answer, Look, Source, read, sticky_value, tally

SERVERS = {"a": "http://10.0.0.11:3000", "b": "http://10.0.0.12:3000", "c": "https://c.example"}


def told(*headers: tuple[str, str], cookie: str | None = None) -> tuple[str | None, Source | None]:
    answer = read(200, headers, b"hello", SERVERS, cookie)
    return answer.server, answer.source


@pytest.mark.parametrize("said", ["b", "B", " b ", "10.0.0.12:3000", "http://10.0.0.12:3000", "HTTP://10.0.0.12:3000"])
def test_a_server_names_itself_by_its_name_its_address_or_its_url(said: str) -> None:
    assert told(("x-served-by", said)) == ("b", Source.HEADER)


@pytest.mark.parametrize("said", ["", "d", "10.0.0.12", "a, b", "cache-fra-a"])
def test_a_header_that_names_no_server_tells_nothing(said: str) -> None:
    assert told(("X-Served-By", said)) == (None, None)


def test_an_answer_that_names_two_servers_tells_nothing() -> None:
    assert told(("X-Served-By", "a"), ("X-Served-By", "b")) == (None, None)


def test_servers_that_share_an_address_are_not_told_apart_by_it() -> None:
    same = {"a": "http://10.0.0.11", "b": "http://10.0.0.11"}
    assert read(200, [("X-Served-By", "10.0.0.11")], b"", same, None).server is None


def test_traefiks_sticky_cookie_tells_the_server() -> None:
    cookie = ("Set-Cookie", f"wayshub={sticky_value(SERVERS['c'])}; Path=/; HttpOnly")
    assert told(cookie, cookie="wayshub") == ("c", Source.COOKIE)
    assert told(cookie, ("X-Served-By", "a"), cookie="wayshub") == ("c", Source.COOKIE)


def test_another_cookie_tells_nothing() -> None:
    value = sticky_value(SERVERS["c"])
    assert told(("Set-Cookie", f"other={value}"), cookie="wayshub") == (None, None)
    assert told(("Set-Cookie", f"wayshub={value}x"), cookie="wayshub") == (None, None)
    assert told(("Set-Cookie", f"wayshub={value}")) == (None, None)


def test_the_value_of_the_sticky_cookie_is_that_of_traefik() -> None:
    assert sticky_value("http://127.0.0.1:9101") == "c268f781ab94296e"


def test_answers_that_tell_no_server_are_counted_by_how_they_look() -> None:
    answers = [read(200, [], b"one", SERVERS, None)] * 3 + [read(200, [], b"two", SERVERS, None)]
    answers += [read(502, [], b"two", SERVERS, None), read(200, [("X-Served-By", "a")], b"one", SERVERS, None)]
    answers.append(Answer(None, failure="no answer"))
    found = tally(answers)
    assert found.by_server == {"a": 1}
    assert found.looks == [Look(200, "one", 3), Look(200, "two", 1), Look(502, "two", 1)]
    assert (found.told, found.untold, found.failures) == (1, 5, {"no answer": 1})
    assert found.statuses == {200: 5, 502: 1}
    assert found.sources == {Source.HEADER}


def test_of_many_looks_only_some_are_shown() -> None:
    found = tally(read(200, [], b"%d" % number, SERVERS, None) for number in range(20))
    assert (len(found.looks), found.more_looks, found.untold) == (8, 12, 20)


@pytest.mark.parametrize(
    ("body", "excerpt"),
    [(b"", ""), (b" a\n\tb ", "a b"), (b"\xff", "\ufffd"), (b"x" * 500, "x" * 80 + "\u2026")],
)
def test_an_excerpt_is_a_line(body: bytes, excerpt: str) -> None:
    assert read(200, [], body, {}, None).excerpt == excerpt
