"""Tokens of machines: what each may do, and what is kept of it."""

from typing import Annotated, Any, ClassVar, Final

from pydantic import AwareDatetime, BaseModel, field_validator
from pydantic import Field as Described
from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from provider.messages import Message
from provider.models.base import input_config
from provider.models.shown import Shown, described
from provider.models.types import Name, Scope, TimeInput
from provider.values import Refusal


class Token(SQLModel, table=True):
    """A token. Its secret is kept as a hash; its identifier may be shown. Times are UTC, ISO 8601."""

    id: str = Field(primary_key=True, max_length=8)
    name: str = Field(max_length=63)
    secret_hash: str = Field(max_length=64)
    scopes: list[str] = Field(sa_type=JSON)
    created: str = Field(max_length=32)
    expires: str | None = Field(default=None, max_length=32)
    last_used: str | None = Field(default=None, max_length=32)


_EXAMPLE: Final = {"name": "deploy", "scopes": ["register:wayshub"], "expires": "2027-01-01T00:00:00Z"}


class TokenInput(BaseModel):
    """A token to create."""

    model_config = input_config(_EXAMPLE)

    name: Annotated[Name, Described(description="What it is for. Several tokens may share a name, for rotation.")]
    scopes: Annotated[
        list[Scope],
        Described(min_length=1, max_length=100, description="What it may do.", json_schema_extra={"uniqueItems": True}),
    ]
    expires: Annotated[
        TimeInput | None,
        Described(description="When it expires, with a time zone; null if it does not."),
    ] = None

    @field_validator("scopes")
    @classmethod
    def check_scopes(cls, scopes: list[str]) -> list[str]:
        """Refuse one scope twice."""
        if len(set(scopes)) < len(scopes):
            raise Refusal("scopes.duplicate", Message("a scope is listed twice"))
        return scopes


_SHOWN: Final[dict[str, Any]] = {
    "id": "k3v9x0ab",
    **_EXAMPLE,
    "created": "2026-01-01T12:00:00Z",
    "lastUsed": "2026-01-02T12:00:00Z",
}


class TokenOutput(Shown):
    """A token, without its secret."""

    example: ClassVar = _SHOWN

    id: str = described("Its ID in logs and in the audit.")
    name: str = described("What it is for.")
    scopes: list[str] = described("What it may do.")
    created: AwareDatetime = described("When it was created.")
    expires: AwareDatetime | None = described("When it expires; null if it does not.")
    last_used: AwareDatetime | None = described("When it was last used, to the minute.")


class CreatedTokenOutput(TokenOutput):
    """A new token. The token itself is shown only once."""

    example: ClassVar = {**_SHOWN, "lastUsed": None, "token": "wsp_k3v9x0ab_…"}

    token: str = described("The token, for `Authorization: Bearer …`. Only its hash is stored; it is not shown again.")
