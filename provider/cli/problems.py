"""Problems (RFC 9457) that the service answers, as our errors."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from provider.errors import (
    Brake,
    ChangedSince,
    FieldError,
    InUse,
    Meanwhile,
    NotFound,
    PreconditionFailed,
    ProviderError,
    Unauthenticated,
    Unavailable,
)

_MOST_FIELDS: Final = 5
_UNKNOWN: Final = (
    "not authenticated: put a valid token into PROVIDER_TOKEN; on the machine where the service runs, "
    "`wayshub-provider token create NAME --scope write` creates one"
)
_KINDS: Final[Mapping[str, type[ProviderError]]] = {kind.code: kind for kind in (NotFound, Unavailable)}
"""Errors of the service that commands tell from others."""


def read(problem: Mapping[str, Any]) -> ProviderError:
    """Turn a problem into our error, whose detail names the fields."""
    code = str(problem.get("type", "")).rpartition(":")[2]
    fields = _read_fields(problem)
    detail = _tell(fields) or str(problem.get("detail") or problem.get("title") or "it failed")
    if code == InUse.code and detail.endswith("together"):  # what would go in passing is told without a way on
        detail += " with --cascade"
    if code == Brake.code:
        given = problem.get("confirm")
        number = given if isinstance(given, int) else 0
        reasons = ", ".join(field.detail for field in fields)
        return Brake(f"{reasons}: to do it anyway, add --confirm {number}", fields, number)
    if code == PreconditionFailed.code:
        return PreconditionFailed(detail, fields, _read_since(problem))
    if code == ChangedSince.code:
        detail += ": restore all old values with --force, or choose with --take-back and --keep"
    if code == Unauthenticated.code:
        detail = _UNKNOWN
    known = _KINDS.get(code, ProviderError)
    return known(detail, fields)


def _read_fields(problem: Mapping[str, Any]) -> list[FieldError]:
    return [
        FieldError(
            str(field.get("pointer", "")),
            str(field.get("code", "")),
            str(field.get("detail", "")),
            str(field.get("in", "")),
        )
        for field in _listed(problem, "errors")
    ]


def _read_since(problem: Mapping[str, Any]) -> list[Meanwhile]:
    return [
        Meanwhile(int(each.get("number", 0)), *(str(each.get(name, "")) for name in ("time", "author", "summary")))
        for each in _listed(problem, "revisions")
    ]


def _listed(problem: Mapping[str, Any], member: str) -> list[dict[str, Any]]:
    """Return the objects of a list, if a problem has one."""
    listed = problem.get(member)
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _tell(fields: Sequence[FieldError]) -> str:
    told = []
    for field in fields[:_MOST_FIELDS]:
        where = field.pointer.lstrip("/")
        told.append(f"{where}: {field.detail}" if where else field.detail)
    if len(fields) > _MOST_FIELDS:
        told.append(f"and {len(fields) - _MOST_FIELDS} more")
    return "; ".join(told)
