"""What somebody may send in the place of any value, to break what reads it."""

from collections.abc import Iterator
from typing import Any, Final

Where = tuple[str | int, ...]

_DEEP: Final[Any] = {"a": [{"a": [{"a": [{"a": [{"a": [{"a": [{"a": ["x"]}]}]}]}]}]}]}

HOSTILE: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, -1, 2**63 - 1, -(2**63), 1.5, 1e300),
    *(
        "",
        " ",
        "x" * 70_000,
        "\x00",
        "a\nb",
        "\u202e",
        "\ud800",
        "\ufeff",
        "ß",
        "İ",
        "ﬀ.test",
        "\uff11\uff12",
        "%_\\'\"",
        "*",
    ),
    *("********", "a:********", "-----BEGIN", "-----BEGIN A-----\nAA\n-----END A-----"),
    *("http://", "http://[", "http://[::1", "http://a:99999999999999999999", "a@b@c", "a@internal", "@"),
    *("9" * 30 + "s", "1e9h", "0x1p-2s", "9999999999999999999999", "1-2-3", "999-100"),
    *("(", "(?P<", "a{1000}{1000}", "[[:alpha:", "${1}" * 500, "$" * 100, "::ffff:1.2.3.4/200", "1.2.3.4/-1"),
    *("Host(", "Host(`a`" * 500, "!" * 2_000 + "Host(`a`)", "(" * 3_000, "ResponseCode() == 99999999999999999999"),
    *([], {}, [None], [[]], [{}], [""], ["x"] * 10_000, list(range(10_000))),
    *({"": None}, {"": ""}, {"a": None}, {"a": {"b": None}}, {"name": None}, {"\ud800": "x"}, {"x" * 2_000: "y"}),
    *(
        {f"k{number}": number for number in range(1_000)},
        _DEEP,
        {"Authorization": "********"},
        {"authorization": ["x"]},
    ),
)


def places(value: Any, where: Where = ()) -> Iterator[Where]:
    """Give the places of all that stands in a value, but for the value itself."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*where, key)
        yield from places(member, (*where, key))


def replaced(value: Any, where: Where, new: Any) -> Any:
    """Return a value in which something else stands in one place."""
    if not where:
        return new
    key, *rest = where
    members: dict[Any, Any] = dict(value.items() if isinstance(value, dict) else enumerate(value))
    members[key] = replaced(value[key], tuple(rest), new)
    return members if isinstance(value, dict) else list(members.values())


def patch(where: Where, new: Any) -> dict[str, Any]:
    """Return the merge patch that puts something into a place."""
    for key in reversed(where[1:]):
        new = {key: new}
    return {str(where[0]): new}
