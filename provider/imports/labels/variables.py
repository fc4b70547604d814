"""Variables in Compose files: `$X`, `${X}`, `${X:-y}` and the others of the Compose specification. Pure."""

import re
from collections.abc import Mapping
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE: Final = re.compile(r"\s*(?:export\s+)?([A-Za-z_][][A-Za-z0-9_.-]*)\s*=\s*(.*?)\s*")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}
_OPERATORS: Final = (":-", ":?", ":+", "-", "?", "+")

Variables = Mapping[str, str] | None


class VariableError(Exception):
    """A text cannot be told, for a reason in words."""


class UnsetVariable(VariableError):
    """A variable has no value that is known here."""


def substitute(text: str, variables: Mapping[str, str]) -> str:
    """Return a text with the values of its variables. Raises `VariableError` for one without a value."""
    if "$" not in text:
        return text
    found, _end = _read(text, 0, variables, is_within=False)
    return found


def _read(text: str, at: int, variables: Variables, *, is_within: bool) -> tuple[str, int]:
    """Read up to the end, or to the brace that closes what it is within. Returns what was read, and where it ended.

    Without variables only the end is looked for.
    """
    parts = []
    while at < len(text) and not (is_within and text[at] == "}"):
        if text[at] != "$":
            parts.append(text[at])
            at += 1
        elif text[at + 1 : at + 2] == "$":
            parts.append("$")
            at += 2
        elif named := _NAME.match(text, at + 1):
            parts.append(_value(named[0], variables))
            at = named.end()
        elif text[at + 1 : at + 2] == "{":
            value, at = _braced(text, at + 2, variables)
            parts.append(value)
        else:
            raise VariableError("Compose refuses this $: write $$ for a dollar sign")
    return "".join(parts), at


def _braced(text: str, at: int, variables: Variables) -> tuple[str, int]:
    """Read what stands between braces, from behind the first one."""
    named = _NAME.match(text, at)
    if named is None:
        raise VariableError("Compose refuses ${ without a name after it: write $$ for a dollar sign")
    name, at = named[0], named.end()
    operator = next((each for each in _OPERATORS if text.startswith(each, at)), "")
    at += len(operator)
    end = text.find("}", at) if operator[-1:] == "?" else _read(text, at, None, is_within=True)[1]
    if not at <= end < len(text) or (not operator and end != at):
        raise VariableError(f"Compose cannot read what follows ${{{name}")
    if variables is None:
        return "", end + 1
    is_set = bool(variables.get(name)) if operator[:1] == ":" else name in variables
    if operator[-1:] == "?" and not is_set:
        raise VariableError(f"the variable {name} has to be set: {text[at:end] or 'Compose does not start without it'}")
    if operator[-1:] == ("+" if is_set else "-"):
        return _read(text, at, variables, is_within=True)[0], end + 1
    return "" if operator[-1:] == "+" else _value(name, variables), end + 1


def _value(name: str, variables: Variables) -> str:
    if variables is None:
        return ""
    if name not in variables:
        raise UnsetVariable(
            f"the variable {name} is not set, so Compose leaves it empty: set it in .env next to the file, or in "
            "the file given with --env-file; a dollar sign itself is written $$"
        )
    return variables[name]


def read_file(text: str) -> dict[str, str]:
    """Read a file of variables, as `.env` is one: a line each, in quotes or without. What is no line of one is nothing.

    A value without quotes, or in double ones, may have variables of lines before it.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        if (read := _LINE.fullmatch(line)) is not None:
            name, value = read.groups()
            try:
                found[name] = _unquoted(value, found)
            except VariableError:
                found[name] = value
    return found


def _unquoted(value: str, before: Mapping[str, str]) -> str:
    if value[:1] == "'" and (end := value.find("'", 1)) > 0:
        return value[1:end]
    if value[:1] == '"' and (quoted := re.match(r'"((?:[^"\\]|\\.)*)"', value)):
        written = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), quoted[1])
        return substitute(written, before)
    return substitute(re.sub(r"\s+#.*", "", value) if not value.startswith("#") else "", before)
