"""Why a text is no YAML, in our words: those of the parser are for who writes one. Pure."""

from typing import Final

import yaml

_WORDS: Final = {
    "mapping values are not allowed in this context": (
        "unexpected colon: put text with a colon in quotes, and indent lines of one level equally"
    ),
    "found character that cannot start any token": (
        "a value cannot begin with this character: indent with spaces, and put such text in quotes"
    ),
    "did not find expected node content": "a value is missing here",
    "did not find expected key": "the indentation is wrong here: indent lines of one level equally",
    "did not find expected '-' indicator": "this is not part of the list: indent its items equally",
    "did not find expected ',' or ']'": "a comma or the closing bracket ] is missing here",
    "did not find expected ',' or '}'": "a comma or the closing brace } is missing here",
    "could not find expected ':'": "a colon is missing after the key",
    "found unexpected end of stream": "the quoted text does not end",
    "found unknown escape character": "unknown escape after the backslash: write \\\\, or use single quotes",
    "found unexpected ':'": "a colon is not allowed here: put text with a colon in quotes",
    "block sequence entries are not allowed in this context": "a list cannot begin here: put it on its own line",
    "found invalid Unicode character escape code": "this escape is not a character",
    "did not find expected hexdecimal number": "the escape needs hexadecimal digits",
    "did not find expected alphabetic or numeric character": "a name is missing after & or *",
    "did not find expected comment or line break": "only a comment may follow on this line",
    "did not find expected <document start>": "a second document needs a line --- before it",
}


def words(error: yaml.YAMLError) -> str:
    """Say what is wrong, without its place. What no word of ours stands for is told as the parser tells it."""
    if isinstance(error, yaml.MarkedYAMLError):
        problem = error.problem or error.context or "it cannot be read"
        return _WORDS.get(problem, problem)
    return "it has a character that YAML does not allow"
