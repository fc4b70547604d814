"""What a change does, as it is shown before it is done."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described
from pydantic.alias_generators import to_camel

from provider.models.base import OutputPart, output_config
from provider.models.conflict import ConflictOutput


class FieldDifferenceOutput(OutputPart):
    """A field that changes."""

    field: Annotated[str, Described(description="Name of the field.")]
    before: Annotated[Any, Described(description="Its value before; null if there was none.")]
    after: Annotated[Any, Described(description="Its value afterwards; null if there is none.")]


class ObjectDifferenceOutput(OutputPart):
    """An object that is created, changed or removed."""

    action: Annotated[Literal["create", "change", "remove"], Described(description="What happens to it.")]
    kind: Annotated[str, Described(description="Kind of the object.")]
    name: Annotated[str, Described(description="Its name; SERVICE/SERVER for a server.")]
    fields: Annotated[list[FieldDifferenceOutput], Described(description="The fields that change.")]


class ShareDifferenceOutput(OutputPart):
    """How a server's share of its service's traffic changes."""

    service: Annotated[str, Described(description="Name of the service.")]
    server: Annotated[str, Described(description="Name of the server.")]
    before: Annotated[float | None, Described(ge=0, le=1, description="Its share before; null if there was none.")]
    after: Annotated[float | None, Described(ge=0, le=1, description="Its share afterwards; null if there is none.")]


class DocumentDifferenceOutput(OutputPart):
    """A place in the document that changes."""

    pointer: Annotated[str, Described(description="JSON pointer (RFC 6901) into the document.")]
    before: Annotated[Any, Described(description="The value before; null if there was none.")]
    after: Annotated[Any, Described(description="The value afterwards; null if there is none.")]


class BrakeOutput(OutputPart):
    """Why a change has to be confirmed, and with which number."""

    confirm: Annotated[
        int,
        Described(
            ge=1, description="The number to confirm with: all routers, ready servers and domains that would be lost."
        ),
    ]
    reasons: Annotated[list[str], Described(description="Why it has to be confirmed, one sentence each.")]


class DifferenceOutput(BaseModel):
    """What a change does."""

    model_config = output_config(
        {
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
    )

    words: Annotated[list[str], Described(description="The same, as sentences for people.")]
    objects: Annotated[list[ObjectDifferenceOutput], Described(description="What happens to each object.")]
    shares: Annotated[list[ShareDifferenceOutput], Described(description="How the traffic shifts.")]
    document: Annotated[
        list[DocumentDifferenceOutput], Described(description="What changes in the document that Traefik gets.")
    ]
    brake: Annotated[BrakeOutput | None, Described(description="What has to be confirmed; null if nothing.")]


class AppliedOutput(OutputPart):
    """What an `apply` or a rollback changed."""

    revision: Annotated[int, Described(description="Number of the current revision.")]
    difference: DifferenceOutput
    warnings: Annotated[
        list[ConflictOutput], Described(description="Conflicts that involve what changes, at most 100.")
    ]


class ComparisonOutput(OutputPart):
    """What differs between two revisions."""

    before: Annotated[
        int, Described(ge=0, description="Number of the revision compared with; 0 is the state before the first.")
    ]
    after: Annotated[int, Described(ge=1, description="Number of the revision.")]
    difference: DifferenceOutput


class TrialOutput(BaseModel):
    """What a dry run returns in addition to the usual response."""

    model_config = ConfigDict(extra="allow", alias_generator=to_camel)

    difference: DifferenceOutput
    warnings: Annotated[
        list[ConflictOutput], Described(description="Conflicts that involve what changes, at most 100.")
    ]
