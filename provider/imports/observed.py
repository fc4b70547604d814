"""What Traefik's API tells of an object beside its configuration. Pure."""

from typing import Final

from provider.imports.pieces import Fields, shown

OBSERVED: Final = (
    *("status", "error", "using", "usedBy", "serverStatus"),
    *("name", "provider", "type", "priorityStr"),
)
"""The fields in which it does."""

_DISABLED: Final = "disabled"
_LONGEST: Final = 500


def read_observed(fields: Fields) -> None:
    """Take note of it; an object that Traefik has disabled is refused, with the reason that Traefik gives."""
    for name in OBSERVED:
        if found := fields.find(name):
            found.hold()
    status, error = fields.find("status"), fields.find("error")
    if status and status.value == _DISABLED:
        told = "; ".join(map(str, error.value)) if error and isinstance(error.value, list) else ""
        status.refuse(f"Traefik has disabled it: {shown(told, _LONGEST) or 'it does not say why'}")
