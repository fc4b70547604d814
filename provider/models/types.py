"""Values as pydantic reads them, for what is no noun: tokens, parameters, questions."""

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from provider.directories import CONTACT_SCHEMA, DIRECTORY_SCHEMA, check_contact, check_directory
from provider.values import (
    ENTRY_POINT_SCHEMA,
    NAME_SCHEMA,
    SCOPE_SCHEMA,
    check_entry_point,
    check_name,
    check_scope,
    check_time,
)

EntryPointName = Annotated[
    str,
    AfterValidator(check_entry_point),
    Field(description="Name of an entry point, spelled as in Traefik.", json_schema_extra=dict(ENTRY_POINT_SCHEMA)),
]

Name = Annotated[
    str,
    AfterValidator(check_name),
    Field(
        description="Unique name: 1 to 63 of a-z, 0-9 and hyphens, beginning and ending with a letter or a digit.",
        json_schema_extra=dict(NAME_SCHEMA),
    ),
]
Scope = Annotated[
    str,
    AfterValidator(check_scope),
    Field(description="read, write, admin, register:SERVICE or edge:NAME.", json_schema_extra=dict(SCOPE_SCHEMA)),
]
AcmeDirectory = Annotated[str, AfterValidator(check_directory), Field(json_schema_extra=dict(DIRECTORY_SCHEMA))]
Contact = Annotated[str, AfterValidator(check_contact), Field(json_schema_extra=dict(CONTACT_SCHEMA))]
TimeInput = Annotated[AwareDatetime, BeforeValidator(check_time), Field(strict=False)]
