"""What all models share: the names of constraints, and how strict an input is."""

from enum import StrEnum
from typing import Any, Final

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel
from sqlalchemy import Enum
from sqlmodel import SQLModel

# Set before the first table is declared, so that every constraint has a name that migrations can use.
NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING

# Read by the camelCase names alone: with two names for one field, one of them would win in silence.
# An error's text does not repeat what it was given: a traceback in the log would tell it to whoever reads that.
_INPUT: Final = ConfigDict(
    alias_generator=to_camel, extra="forbid", hide_input_in_errors=True, strict=True, allow_inf_nan=False
)


def input_config(example: dict[str, Any], **schema: Any) -> Any:
    """Configure an input: Traefik's camelCase, nothing unknown, and no type taken for another.

    `schema` is what JSON Schema can say beyond what is known from the fields.
    """
    return _INPUT | ConfigDict(json_schema_extra={"example": example, **schema})


def one_of(words: type[StrEnum], name: str) -> Any:
    """Return the type of a column that holds one of some words: the database refuses any other."""
    return Enum(
        words,
        name=name,
        native_enum=False,
        create_constraint=True,
        values_callable=lambda members: [member.value for member in members],
    )
