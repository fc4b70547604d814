"""Rules in the syntax of Traefik 2, written in that of Traefik 3. Pure.

Traefik 3 refuses some of them (several arguments, `Headers`), and reads others without their meaning: in
HostRegexp(`{sub:[a-z]+}.a.test`) the braces are letters for it, so that nothing ever matches. Facts from the source
of Traefik 2 and of gorilla/mux, by which it matched: `{name}` is one label of a host or one part of a path, and an
expression for a host or a whole path holds from the beginning to the end.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from provider.rules import quote

_TEXT: Final = r"`[^`]*`|\"(?:[^\"\\]|\\.)*\""
_CALL: Final = re.compile(rf"(?P<name>[A-Za-z]+)\s*\(\s*(?P<arguments>(?:{_TEXT})(?:\s*,\s*(?:{_TEXT}))*)\s*,?\s*\)")
_ARGUMENT: Final = re.compile(_TEXT)
_VARIABLE: Final = re.compile(r"(?<!\\[pPx])\{[A-Za-z_]\w*(?::|\})")

_Rewrite = Callable[[str], str]


def rewritten(rule: str, *, is_old: bool = False) -> str:
    """Return a rule in the syntax of Traefik 3; as it is where nothing in it is of Traefik 2.

    With `is_old` all of it is in the syntax of Traefik 2: every expression for hosts holds for whole hosts.
    """
    found = list(_CALL.finditer(rule))
    written, at = "", 0
    for call in found:
        written += rule[at : call.start()]
        written += _call(call, is_old=is_old, is_alone=call[0] == rule.strip())
        at = call.end()
    return written + rule[at:]


def _call(call: re.Match[str], *, is_old: bool, is_alone: bool) -> str:
    """Write one matcher."""
    name = call["name"].lower()
    arguments = [_plain(each) for each in _ARGUMENT.findall(call["arguments"])]
    if name in _PAIRS:
        return _PAIRS[name](arguments) or call[0]
    if name == "query" and "=" in arguments[0]:
        return _joined(" && ", list(_queries(arguments)), is_alone=is_alone) or call[0]
    writer = _SINGLE.get(name)
    if writer is None:
        return call[0]
    is_template = any(_VARIABLE.search(each) for each in arguments)
    if len(arguments) == 1 and not is_template and not (is_old and name == "hostregexp") and name != "hostheader":
        return call[0]
    return _joined(" || ", [writer(each) for each in arguments], is_alone=is_alone)


def _plain(text: str) -> str:
    return text[1:-1] if text[0] == "`" else text[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def _joined(sign: str, parts: Sequence[str], *, is_alone: bool) -> str:
    whole = sign.join(parts)
    return f"({whole})" if len(parts) > 1 and not is_alone else whole


def _matcher(name: str, *arguments: str) -> str:
    return f"{name}({', '.join(map(quote, arguments))})"


def _one(name: str) -> _Rewrite:
    return lambda text: _matcher(name, text)


def _expression(name: str, plain: str, default: str, end: str) -> _Rewrite:
    """Write a matcher whose text may have variables; without any it is `plain`."""

    def write(text: str) -> str:
        if not _VARIABLE.search(text):
            return _matcher(plain, text)
        return _matcher(name, f"^{_pattern(text, default)}{end}")

    return write


def _host_expression(name: str) -> _Rewrite:
    return lambda text: _matcher(name, f"^{_pattern(text, '[^.]+')}$")


def _pattern(text: str, default: str) -> str:
    """Write what stands around variables so that it matches itself, and variables as their expressions."""
    written, at = "", 0
    for start, end, pattern in _variables(text):
        written += _escaped(text[at:start])
        own = pattern or default
        written += f"(?:{own})" if "|" in own else own
        at = end
    return written + _escaped(text[at:])


def _variables(text: str) -> Iterator[tuple[int, int, str]]:
    """Give the variables, `{name}` and `{name:expression}`; an expression may have braces itself."""
    at = 0
    while (found := _VARIABLE.search(text, at)) is not None:
        depth, end = 1, found.end()
        if found[0].endswith("}"):
            yield found.start(), end, ""
        else:
            while end < len(text) and depth:
                depth += (text[end] == "{") - (text[end] == "}")
                end += 1
            yield found.start(), end, text[found.end() : end - 1]
        at = end


def _escaped(text: str) -> str:
    return re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", text)


def _queries(arguments: Sequence[str]) -> Iterator[str]:
    """Write what a query has to have: all of it."""
    for each in arguments:
        key, _sign, value = each.partition("=")
        if not value:
            yield _matcher("QueryRegexp", key, ".*")
        elif _VARIABLE.search(value):
            yield _matcher("QueryRegexp", key, f"^{_pattern(value, '.*')}$")
        else:
            yield _matcher("Query", key, value)


def _renamed(name: str) -> Callable[[Sequence[str]], str]:
    return lambda arguments: _matcher(name, *arguments) if len(arguments) == 2 else ""


_PAIRS: Final[Mapping[str, Callable[[Sequence[str]], str]]] = {
    "headers": _renamed("Header"),
    "headersregexp": _renamed("HeaderRegexp"),
}
_SINGLE: Final[Mapping[str, _Rewrite]] = {
    "host": _one("Host"),
    "hostheader": _one("Host"),
    "hostregexp": _host_expression("HostRegexp"),
    "hostsni": _one("HostSNI"),
    "hostsniregexp": _host_expression("HostSNIRegexp"),
    "path": _expression("PathRegexp", "Path", "[^/]+", "$"),
    "pathprefix": _expression("PathRegexp", "PathPrefix", "[^/]+", ""),
    "method": _one("Method"),
    "clientip": _one("ClientIP"),
}
"""The matchers that took several arguments, of which one had to match."""
