"""Why a text is no JSON, in our words: those of Python's decoder are for who writes one. Pure."""

import json
from typing import Final

_WORDS: Final = {
    "Expecting value": "a value is missing here",
    "Expecting property name enclosed in double quotes": "a field's name in double quotes belongs here",
    "Expecting ':' delimiter": "a colon is missing here",
    "Expecting ',' delimiter": "a comma or a closing bracket is missing here",
    "Illegal trailing comma before end of object": "leave out the comma before the closing bracket",
    "Illegal trailing comma before end of array": "leave out the comma before the closing bracket",
    "Extra data": "something follows the end of the document",
    "Unterminated string starting at": "the string that begins here does not end",
    "Invalid control character at": "write a control character in a string as an escape, such as \\n",
    "Invalid \\escape": "JSON has no such escape: write a backslash as two backslashes",
    "Invalid \\uXXXX escape": "\\u needs four hexadecimal digits after it",
}


def words(error: json.JSONDecodeError) -> str:
    """Say what is wrong, without its place."""
    if not error.doc.strip():
        return "it is empty"
    return _WORDS.get(error.msg.removesuffix(" at"), _WORDS.get(error.msg, "it cannot be read"))
