"""What pydantic found, as our error: pointers, stable codes and plain words."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from provider.errors import FieldError, Invalid, pointer
from provider.messages import Message, template
from provider.values import TIME_WORDS, Refusal

# Pydantic's names of what can be wrong, as codes of ours that outlive its versions.
_CODES: Final = {
    "missing": "field.required",
    "extra_forbidden": "field.unknown",
    "string_type": "type.string",
    "string_sub_type": "type.string",
    "string_unicode": "text.surrogate",
    "int_type": "type.integer",
    "int_parsing": "type.integer",
    "int_parsing_size": "type.integer",
    "int_from_float": "type.integer",
    "float_type": "type.number",
    "float_parsing": "type.number",
    "finite_number": "type.number",
    "bool_type": "type.boolean",
    "bool_parsing": "type.boolean",
    "dict_type": "type.object",
    "model_type": "type.object",
    "model_attributes_type": "type.object",
    "list_type": "type.array",
    "enum": "value.choice",
    "literal_error": "value.choice",
    "string_too_short": "value.short",
    "string_too_long": "value.long",
    "string_pattern_mismatch": "value.format",
    "too_short": "value.few",
    "too_long": "value.many",
    "greater_than_equal": "value.small",
    "greater_than": "value.small",
    "less_than_equal": "value.large",
    "less_than": "value.large",
    "datetime_type": "time.format",
    "datetime_parsing": "time.format",
    "datetime_from_date_parsing": "time.format",
    "timezone_aware": "time.format",
}
_DETAILS: Final = {
    "missing": template("this field is required"),
    "extra_forbidden": template("there is no such field"),
    "string_type": template("this has to be a string"),
    "int_type": template("this has to be a whole number, neither in quotes nor true or false"),
    "int_parsing": template("this has to be a whole number"),
    "int_parsing_size": template("this number is too large"),
    "bool_type": template("this has to be true or false"),
    "bool_parsing": template("this has to be true or false"),
    "dict_type": template("this has to be an object"),
    "model_type": template("this has to be an object"),
    "model_attributes_type": template("this has to be an object"),
    "list_type": template("this has to be an array"),
    "enum": template("this has to be {expected}"),
    "literal_error": template("this has to be {expected}"),
    "int_from_float": template("this has to be a whole number"),
    "string_too_long": template("this is longer than {max_length} characters"),
    "string_pattern_mismatch": template("this has to match the pattern {pattern}"),
    "too_long": template("this has more than {max_length} items"),
    "datetime_type": TIME_WORDS,
    "datetime_parsing": TIME_WORDS,
    "datetime_from_date_parsing": TIME_WORDS,
    "timezone_aware": TIME_WORDS,
    "too_short": template("this needs at least {min_length}"),
    "greater_than_equal": template("this has to be at least {ge}"),
    "less_than_equal": template("this has to be at most {le}"),
}


class Validated(Protocol):
    """What pydantic or FastAPI found."""

    def errors(self) -> Sequence[Any]:
        """Return what is wrong, with pydantic's names."""


def invalid(error: Validated, place: str | None = None) -> Invalid:
    """Turn what pydantic or FastAPI found into our error: pointers, stable codes and plain words.

    FastAPI puts the place (`body`, `query`, `path`) before a field's location, pydantic does not: then
    it is given as `place`.
    """
    fields = []
    for item in error.errors():
        location = tuple(item["loc"])
        where, location = (str(location[0]), location[1:]) if place is None else (place, location)
        fields.append(
            FieldError(
                pointer(*location),
                _code_of(item),
                detail_of(item),
                where,
            )
        )
    return Invalid(fields)


def detail_of(item: Mapping[str, Any]) -> str:
    """Say in our words what one of pydantic's errors says.

    That is a message of ours, as a validator of ours raised it or for what pydantic found, or pydantic's own.
    """
    kind, context = item["type"], item.get("ctx", {})
    if kind in _DETAILS:
        return Message(_DETAILS[kind], **context)
    if kind == "value_error":
        error = context["error"]
        return error.detail if isinstance(error, Refusal) else str(error)
    message: str = item["msg"]
    return message[:1].lower() + message[1:]


def _code_of(item: Mapping[str, Any]) -> str:
    kind: str = item["type"]
    error = item.get("ctx", {}).get("error")
    return error.code if isinstance(error, Refusal) else _CODES.get(kind, kind)
