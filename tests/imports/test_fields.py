"""Files may have what nouns declare and what else Traefik knows, each field since the version that brought it."""

from provider.imports.files.fields import Known, fields
from provider.nouns.middlewares import KINDS
from tests.nouns.test_fields import FIELDS


def at(path: str) -> Known:
    """Return the field that has a path such as `http.middlewares.*.chain.middlewares`."""
    members, found = "", None
    for name in path.replace("[]", "").replace(".*", "").split("."):
        found = fields(members)[name.lower()]
        members = found.members
    assert found is not None
    return found


def test_a_file_may_have_each_field_since_the_version_that_brought_it() -> None:
    assert {path: at(path).since for path in FIELDS} == FIELDS


def test_a_file_may_have_each_kind_of_middleware_that_is_declared() -> None:
    for name, kind in KINDS.items():
        known = at(f"http.middlewares.*.{name}")
        assert (known.name, known.since) == (name, kind.since)
