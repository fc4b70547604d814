"""What a change does, as it is shown before it is done."""

from typing import Any, ClassVar, Literal

from provider.models.conflict import ConflictOutput
from provider.models.shown import Shown, described
from provider.nouns.types import Share, Whole


class FieldDifferenceOutput(Shown):
    """A field that changes."""

    field: str = described("Name of the field.")
    before: Any = described("Its value before; null if there was none.")
    after: Any = described("Its value afterwards; null if there is none.")


class ObjectDifferenceOutput(Shown):
    """An object that is created, changed or removed."""

    action: Literal["create", "change", "remove"] = described("What happens to it.")
    kind: str = described("Kind of the object.")
    name: str = described("Its name; SERVICE/SERVER for a server.")
    differing: list[FieldDifferenceOutput] = described("The fields that change.", key="fields")


class ShareDifferenceOutput(Shown):
    """How a server's share of its service's traffic changes."""

    service: str = described("Name of the service.")
    server: str = described("Name of the server.")
    before: float | None = described("Its share before; null if there was none.", Share())
    after: float | None = described("Its share afterwards; null if there is none.", Share())


class DocumentDifferenceOutput(Shown):
    """A place in the document that changes."""

    pointer: str = described("JSON pointer (RFC 6901) into the document.")
    before: Any = described("The value before; null if there was none.")
    after: Any = described("The value afterwards; null if there is none.")


class BrakeOutput(Shown):
    """Why a change has to be confirmed, and with which number."""

    confirm: int = described(
        "The number to confirm with: all routers, ready servers and domains that would be lost.", Whole(1)
    )
    reasons: list[str] = described("Why it has to be confirmed, one sentence each.")


class DifferenceOutput(Shown):
    """What a change does."""

    example: ClassVar = {
        "words": ["server wayshub/c added", "alvin.xyz: 25 % of the traffic moves from a and b to c"],
        "objects": [
            {
                "action": "create",
                "kind": "server",
                "name": "wayshub/c",
                "fields": [{"field": "url", "before": None, "after": "http://10.0.0.13:3000"}],
            }
        ],
        "shares": [
            {"service": "wayshub", "server": "a", "before": 0.5, "after": 0.375},
            {"service": "wayshub", "server": "b", "before": 0.5, "after": 0.375},
            {"service": "wayshub", "server": "c", "before": None, "after": 0.25},
        ],
        "document": [
            {
                "pointer": "/http/services/wayshub/loadBalancer/servers",
                "before": [{"url": "http://10.0.0.11:3000", "weight": 3}],
                "after": [
                    {"url": "http://10.0.0.11:3000", "weight": 3},
                    {"url": "http://10.0.0.13:3000", "weight": 1},
                ],
            }
        ],
        "brake": None,
    }

    words: list[str] = described("The same, as sentences for people.")
    objects: list[ObjectDifferenceOutput] = described("What happens to each object.")
    shares: list[ShareDifferenceOutput] = described("How the traffic shifts.")
    document: list[DocumentDifferenceOutput] = described("What changes in the document that Traefik gets.")
    brake: BrakeOutput | None = described("What has to be confirmed; null if nothing.")


class AppliedOutput(Shown):
    """What an `apply` or a rollback changed."""

    revision: int = described("Number of the current revision.")
    difference: DifferenceOutput = described()
    warned: list[ConflictOutput] = described("Conflicts that involve what changes, at most 100.", key="warnings")


class ComparisonOutput(Shown):
    """What differs between two revisions."""

    before: int = described("Number of the revision compared with; 0 is the state before the first.", Whole(0))
    after: int = described("Number of the revision.", Whole(1))
    difference: DifferenceOutput = described()


class TrialOutput(Shown):
    """What a dry run returns in addition to the usual response."""

    said: ClassVar = {"additionalProperties": True}

    difference: DifferenceOutput = described()
    warned: list[ConflictOutput] = described("Conflicts that involve what changes, at most 100.", key="warnings")
