"""Which tests are run by `make test`."""

from tests.selection import LIMIT_SECONDS, VERY_LONG_SECONDS, select


def chosen(seconds: dict[str, float], *names: str) -> list[str]:
    return select([(name, name) for name in names], seconds)


def test_what_is_quick_is_run_whole() -> None:
    names = [f"tests/a.py::test_one[{number}]" for number in range(10)]
    assert chosen({}, *names) == names
    assert chosen({"tests/a.py::test_one": LIMIT_SECONDS / 10}, *names) == names


def test_of_many_slow_cases_as_many_are_run_as_there_is_time_for() -> None:
    names = [f"tests/a.py::test_one[{number}]" for number in range(100)]
    found = chosen({"tests/a.py::test_one": LIMIT_SECONDS / 5}, *names)
    assert len(set(found)) == len(found) == 5
    assert chosen({"tests/a.py::test_one": 60.0}, *names)[0] in names


def test_of_slow_tests_some_are_run_and_something_of_every_file() -> None:
    names = [f"tests/a.py::test_{number}" for number in range(400)]
    found = chosen(dict.fromkeys(names, 4 * LIMIT_SECONDS), *names)
    assert 60 < len(found) < 140
    only, slow, slower = "tests/b.py::test_one", "tests/c.py::test_slow", "tests/c.py::test_slower"
    assert chosen({only: VERY_LONG_SECONDS}, only) == [only]
    assert chosen({slow: VERY_LONG_SECONDS / 2, slower: VERY_LONG_SECONDS}, slow, slower) == [slow]
