"""What a change does, as it is shown before it is done."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described
from pydantic.alias_generators import to_camel

from provider.models.base import output_config
from provider.models.conflict import ConflictOutput


class FieldDifferenceOutput(BaseModel):
    """One field of an object that changes."""

    model_config = output_config()

    field: Annotated[str, Described(description="Name of the field.")]
    before: Annotated[Any, Described(description="Its value before; null where there was none.")]
    after: Annotated[Any, Described(description="Its value after; null where there will be none.")]


class ObjectDifferenceOutput(BaseModel):
    """One object that is created, changed or removed."""

    model_config = output_config()

    action: Annotated[Literal["create", "change", "remove"], Described(description="What happens to it.")]
    kind: Annotated[str, Described(description="Kind of the object.")]
    name: Annotated[str, Described(description="Its name; a server's is SERVICE/SERVER.")]
    fields: Annotated[list[FieldDifferenceOutput], Described(description="What changes in it, field by field.")]


class ShareDifferenceOutput(BaseModel):
    """How a server's part of its service's traffic changes."""

    model_config = output_config()

    service: Annotated[str, Described(description="Name of the service.")]
    server: Annotated[str, Described(description="Name of the server.")]
    before: Annotated[float | None, Described(ge=0, le=1, description="Its share before; null if there was none.")]
    after: Annotated[float | None, Described(ge=0, le=1, description="Its share after; null if there will be none.")]


class DocumentDifferenceOutput(BaseModel):
    """A place in the document that changes."""

    model_config = output_config()

    pointer: Annotated[str, Described(description="JSON pointer (RFC 6901) into the document.")]
    before: Annotated[Any, Described(description="What stands there before; null for nothing.")]
    after: Annotated[Any, Described(description="What stands there after; null for nothing.")]


class BrakeOutput(BaseModel):
    """Why a change has to be confirmed, and with which number."""

    model_config = output_config()

    confirm: Annotated[int, Described(ge=1, description="Routers, ready servers and domains that it takes away.")]
    reasons: Annotated[list[str], Described(description="What of that is much, a sentence each.")]


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

    words: Annotated[list[str], Described(description="The same for a person, a sentence each.")]
    objects: Annotated[list[ObjectDifferenceOutput], Described(description="What happens to each object.")]
    shares: Annotated[list[ShareDifferenceOutput], Described(description="How the traffic moves.")]
    document: Annotated[list[DocumentDifferenceOutput], Described(description="What Traefik gets instead.")]
    brake: Annotated[BrakeOutput | None, Described(description="What has to be confirmed, if anything has.")]


class AppliedOutput(BaseModel):
    """What bringing the state in step with a declaration does."""

    model_config = output_config()

    revision: Annotated[int, Described(description="Number of the revision at which the state is now.")]
    difference: DifferenceOutput
    warnings: Annotated[list[ConflictOutput], Described(description="Conflicts of what changes, the first 100.")]


class ComparisonOutput(BaseModel):
    """What leads from one revision to another."""

    model_config = output_config()

    before: Annotated[int, Described(ge=0, description="Number of the one revision; 0 is before the first.")]
    after: Annotated[int, Described(ge=1, description="Number of the other.")]
    difference: DifferenceOutput


class TrialOutput(BaseModel):
    """What a write answers that was only tried, besides what it answers otherwise."""

    model_config = ConfigDict(extra="allow", alias_generator=to_camel)

    difference: DifferenceOutput
    warnings: Annotated[list[ConflictOutput], Described(description="Conflicts of what changes, the first 100.")]
