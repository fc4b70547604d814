"""Why a text is no YAML, in our words: those of the parser are for who writes one. Pure."""

from typing import Final

import yaml

_WORDS: Final = {
    "mapping values are not allowed in this context": (
        "no colon stands here: put a text that has one into quotes, and indent alike what belongs together"
    ),
    "found character that cannot start any token": (
        "nothing begins with this character: indent with spaces, and put a text that begins with it into quotes"
    ),
    "did not find expected node content": "a value is missing here",
    "did not find expected key": "this belongs to nothing: indent alike what belongs together",
    "did not find expected '-' indicator": "this belongs to no list: indent alike what belongs together",
    "did not find expected ',' or ']'": "a comma or the closing bracket ] is missing here",
    "did not find expected ',' or '}'": "a comma or the closing brace } is missing here",
    "could not find expected ':'": "a colon is missing behind the key",
    "found unexpected end of stream": "the text in quotes does not end",
    "found unknown escape character": "the backslash means nothing here: write \\\\, or use single quotes",
    "found unexpected ':'": "no colon stands here: put a text that has one into quotes",
    "block sequence entries are not allowed in this context": "no list begins here: put it on a line of its own",
    "found invalid Unicode character escape code": "the escape stands for no character",
    "did not find expected hexdecimal number": "the escape needs hexadecimal digits",
    "did not find expected alphabetic or numeric character": "a name is missing behind & or *",
    "did not find expected comment or line break": "only a comment may follow in this line",
    "did not find expected <document start>": "a second document needs a line --- before it",
}


def words(error: yaml.YAMLError) -> str:
    """Say what is wrong, without its place. What no word of ours stands for is told as the parser tells it."""
    if isinstance(error, yaml.MarkedYAMLError):
        problem = error.problem or error.context or "it cannot be read"
        return _WORDS.get(problem, problem)
    return "it has a character that no YAML may have"
