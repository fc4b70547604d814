"""The order in which people expect names."""

from hypothesis import given
from hypothesis import strategies as st

from provider.names import first_in_order, in_order

NAMES = st.lists(st.text("abz.*-_AB0129", min_size=1, max_size=12), unique=True)


@given(NAMES, st.none() | st.text("ab-019", max_size=12), st.none() | st.integers(1, 20))
def test_all_names_at_once_have_the_order_of_each_name(names: list[str], after: str | None, limit: int | None) -> None:
    following = [name for name in sorted(names, key=in_order) if after is None or in_order(name) > in_order(after)]
    assert first_in_order(names, limit, after) == following[:limit]


def test_numbers_in_names_count_by_their_value() -> None:
    names = ["app10", "app2", "app", "app-1", "app02", "app1-b", "app1-10", "app1-9", "10", "9"]
    sorted_names = ["9", "10", "app", "app1-9", "app1-10", "app1-b", "app02", "app2", "app10", "app-1"]
    assert first_in_order(names) == sorted_names
    assert first_in_order(names, limit=2, after="app2") == ["app10", "app-1"]
    assert first_in_order([]) == []
