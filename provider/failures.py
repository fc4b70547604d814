"""How a request failed, noted where it is served, for whoever shows it in another form than a problem."""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from provider.errors import FieldError

_KEY: Final = "failure"


@dataclass(frozen=True, slots=True)
class Failure:
    """The HTTP status, what went wrong, and the fields that are wrong, if any are."""

    status: int
    detail: str
    fields: Sequence[FieldError] = ()


def note(scope: MutableMapping[str, Any], failure: Failure) -> None:
    scope.setdefault("state", {})[_KEY] = failure


def find(scope: MutableMapping[str, Any]) -> Failure | None:
    found: Failure | None = scope.get("state", {}).get(_KEY)
    return found
