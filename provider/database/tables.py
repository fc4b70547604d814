"""The tables of the nouns, made from their declarations.

A noun has a table of its name. Its key, what it refers to, what is searched, sorted or counted by, and the labels are
columns; all else is one column of JSON, `fields`. A list of references, or one deeper in an object, has a table of
its own besides, such as `router_domain`: it finds who uses something, and keeps that from being removed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
)
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from provider.models.base import NAMING
from provider.nouns import NOUNS, Field, Noun
from provider.nouns.noun import LABELS, NAME
from provider.nouns.texts import Reference
from provider.nouns.types import Choice, Flag, Type, Whole

SHOWN: Final = "shown"
"""The column of a name as it was typed, where the name under which an object is kept can be another."""

FIELDS: Final = "fields"
POSITION: Final = "position"

SQLModel.metadata.naming_convention = NAMING


@dataclass(frozen=True, slots=True)
class NounTable:
    """Where a noun is kept. `columns` are its fields with a column of their own, by their names in JSON."""

    noun: type[Noun]
    table: Table
    columns: Mapping[str, str]
    links: Mapping[str, Table]
    """The tables of references, by the kind that is referred to."""

    @property
    def is_shown(self) -> bool:
        """Whether names are kept as they were typed besides."""
        return SHOWN in self.table.c


def column_name(key: str) -> str:
    """Return the name of a field's column, or of a kind's table: pathPrefix is path_prefix."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)


def member_column(kind: str, target: str) -> str:
    """Return the name of the column of what is referred to, in a table of references."""
    return column_name(target) if target != kind else "member"


def is_direct(each: Field) -> bool:
    """Tell whether a field is one reference, which is a column with a foreign key."""
    return isinstance(each.type, Reference)


def _targets(noun: type[Noun]) -> Iterator[str]:
    """Give the kinds to which lists of references, or references within, lead."""
    for each in noun.fields.values():
        if not is_direct(each):
            yield from each.type.kinds()


def _type_of(type_: Type) -> TypeEngine[Any]:
    if isinstance(type_, Flag):
        return Boolean()
    return Integer() if isinstance(type_, Whole) else String()


def _column(key: str, each: Field) -> Column[Any]:
    name = column_name(key)
    if isinstance(each.type, Reference):
        # Null for what another provider of the edge has: that is no object of ours.
        where = ForeignKey(f"{column_name(each.type.kind)}.{NAME}", ondelete="RESTRICT")
        return Column(name, String(), where, index=True, nullable=True)
    return Column(name, _type_of(each.type), nullable=each.is_nullable)


def _table(noun: type[Noun], metadata: MetaData) -> tuple[Table, dict[str, str]]:
    parts: list[Column[Any] | CheckConstraint | ForeignKeyConstraint | PrimaryKeyConstraint] = []
    keys = [NAME]
    if noun.within:
        parts.append(Column(noun.within, String(), nullable=False))
        parts.append(ForeignKeyConstraint([noun.within], [f"{noun.within}.{NAME}"], ondelete="CASCADE"))
        keys = [noun.within, NAME]
    parts.append(Column(NAME, String(), nullable=False))
    if noun.is_renamed:
        parts.append(Column(SHOWN, String(), nullable=False))
    columns = {}
    for key, each in noun.fields.items():
        if key not in {NAME, LABELS} and (each.is_column or is_direct(each)):
            columns[key] = column_name(key)
            parts.append(_column(key, each))
            if isinstance(each.type, Choice):
                words = ", ".join(f"'{word.value}'" for word in each.type.words)
                parts.append(CheckConstraint(f"{column_name(key)} IN ({words})", name=column_name(key)))
    parts.append(Column(LABELS, JSON(), nullable=False, server_default="{}"))
    parts.append(Column(FIELDS, JSON(), nullable=False, server_default="{}"))
    parts.append(PrimaryKeyConstraint(*keys))
    return Table(column_name(noun.kind), metadata, *parts), columns


def _link(noun: type[Noun], target: str, metadata: MetaData) -> Table:
    owner, member = column_name(noun.kind), member_column(noun.kind, target)
    return Table(
        f"{owner}_{column_name(target)}",
        metadata,
        Column(owner, String(), nullable=False),
        Column(POSITION, Integer(), nullable=False),
        Column(member, String(), nullable=False, index=True),
        ForeignKeyConstraint([owner], [f"{owner}.{NAME}"], ondelete="CASCADE"),
        ForeignKeyConstraint([member], [f"{column_name(target)}.{NAME}"], ondelete="RESTRICT"),
        PrimaryKeyConstraint(owner, POSITION),
    )


def make(nouns: Mapping[str, type[Noun]], metadata: MetaData) -> dict[str, NounTable]:
    """Return the tables of nouns, by kind."""
    made = {}
    for noun in nouns.values():
        table, columns = _table(noun, metadata)
        links = {target: _link(noun, target, metadata) for target in dict.fromkeys(_targets(noun))}
        made[noun.kind] = NounTable(noun, table, columns, links)
    return made


TABLES: Final[Mapping[str, NounTable]] = make(NOUNS, SQLModel.metadata)
"""The tables of all nouns, by kind."""

LINKS: Final = [link for each in TABLES.values() for link in each.links.values()]
"""The tables that only refer to others."""

STATE: Final = [*(each.table for each in TABLES.values()), *LINKS]
"""All tables that a change of the desired state writes: a row refers to rows of tables before it, or of its own."""
