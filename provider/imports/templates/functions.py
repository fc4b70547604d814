"""The functions of templates: those of Go and of sprig that do the same everywhere. Pure."""

import base64
import json
import math
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

from provider.imports.templates.parsing import Refused, Unknown
from provider.rules.expressions import Expression


class Unset(str):
    """A variable of the environment that is not given: an empty text. `at` is where it is asked for."""

    __slots__ = ("at", "name")
    name: str
    at: int


def unset(name: str, at: int) -> Unset:
    """Return what a variable of this name is."""
    made = Unset()
    made.name, made.at = name, at
    return made


class TextMap(dict[str, str]):
    """Texts by name. Go takes what is not among them for an empty text."""

    def __missing__(self, key: str) -> str:
        """Return what stands for a text that is not there."""
        return ""


def normalize(name: str) -> str:
    """Return a name as Traefik makes those of objects: letters and digits, and hyphens for all that is between."""
    return "-".join("".join(each if each.isalpha() or each.isnumeric() else " " for each in name).split())


def is_true(value: Any) -> bool:
    """Tell whether Go takes a value for true: one that is neither empty nor zero."""
    return bool(value)


def printed(value: Any) -> str:
    """Write a value as Go does."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}"
        case list():
            return f"[{' '.join(map(printed, value))}]"
        case dict():
            return f"map[{' '.join(f'{key}:{printed(each)}' for key, each in sorted(value.items()))}]"
    return str(value)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _formatted(text: str, *values: Any) -> str:
    given = list(values)

    def one(found: re.Match[str]) -> str:
        flags, verb = found[1], found[2]
        if verb == "%":
            return "%"
        value = given.pop(0)
        if verb == "q":
            return _quoted(str(value))
        if verb in "vt":
            return f"%{flags}s" % printed(value)
        if (verb == "s") is not isinstance(value, str) or (verb == "d") is not isinstance(value, int):
            raise ValueError(verb)
        return str(f"%{flags}{verb}" % value)

    written = re.sub(r"%([-+0 ]*\d*(?:\.\d+)?)([a-zA-Z%])", one, text)
    if given:
        raise ValueError(text)
    return written


def _whole(value: Any) -> int:
    if not isinstance(value, str):
        return int(value or 0)
    if re.fullmatch(r"[-+]?0[0-7]+", value):
        return int(value, 8)
    return int(value, 0) if re.fullmatch(r"[-+]?(?:0|[1-9]\d*|0[xX][0-9A-Fa-f]+)", value) else 0


def _decimal(value: str) -> int:
    return int(value) if re.fullmatch(r"[-+]?\d+", value) else 0


def _divided(one: Any, other: Any) -> tuple[int, int]:
    """Divide as Go does: what is left has the sign of what is divided."""
    dividend, divisor = _whole(one), _whole(other)
    found = abs(dividend) // abs(divisor) * (1 if (dividend < 0) is (divisor < 0) else -1)
    return found, dividend - found * divisor


def _put_together(*values: Any) -> str:
    """Write values one after the other, with a blank between two of which neither is a text."""
    parts = [printed(each) for each in values[:1]]
    for before, each in pairwise(values):
        is_apart = not isinstance(before, str) and not isinstance(each, str)
        parts.append(" " * is_apart + printed(each))
    return "".join(parts)


def _counting(count: Any) -> list[int]:
    end = max(min(int(count), 10_000), -10_000)
    return list(range(0, end, 1 if end > 0 else -1))


def _substring(start: int, end: int, text: str) -> str:
    return text[max(start, 0) : end if end >= 0 else None]


def _indexed(value: Any, *keys: Any) -> Any:
    for key in keys:
        is_open = isinstance(value, dict) and not isinstance(value, TextMap)
        value = value.get(key) if is_open else value[key]
    return value


def _compared(one: Any, other: Any) -> int:
    if not any(isinstance(one, each) and isinstance(other, each) for each in (bool, str)) and type(one) is not type(
        other
    ):
        raise ValueError
    return int(one > other) - int(one < other)


def _sliced(value: Any, *ends: Any) -> Any:
    if not isinstance(value, list):
        raise TypeError
    start, end = [*map(_whole, ends), *(0, len(value))[len(ends) :]]
    return value[start:end]


def _set(value: dict[str, Any], key: str, item: Any) -> dict[str, Any]:
    value[key] = item
    return value


def _titled(text: str) -> str:
    return re.sub(r"(?<!\w)\w", lambda found: found[0].upper(), text)


def _replaced(old: str, new: str, text: str) -> str:
    return text.replace(old, new)


def _texts(value: Any) -> list[str]:
    return [printed(each) for each in value if each is not None] if isinstance(value, list) else [printed(value)]


def _pairs(*values: Any) -> dict[str, Any]:
    return {str(key): value for key, value in zip(values[::2], values[1::2], strict=True)}


def _equal(one: Any, *others: Any) -> bool:
    return any(_compared(one, other) == 0 for other in others)


def _counted(value: Any) -> int:
    return len(value.encode()) if isinstance(value, str) else len(value)


_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "and": lambda *values: next((each for each in values if not is_true(each)), values[-1]),
    "or": lambda *values: next(filter(is_true, values), values[-1]),
    "not": lambda value: not is_true(value),
    "eq": _equal,
    "ne": lambda one, other: _compared(one, other) != 0,
    "lt": lambda one, other: _compared(one, other) < 0,
    "le": lambda one, other: _compared(one, other) <= 0,
    "gt": lambda one, other: _compared(one, other) > 0,
    "ge": lambda one, other: _compared(one, other) >= 0,
    "len": _counted,
    "index": _indexed,
    "print": _put_together,
    "println": lambda *values: " ".join(map(printed, values)) + "\n",
    "printf": _formatted,
    "default": lambda default, *given: given[0] if given and is_true(given[0]) else default,
    "coalesce": lambda *values: next(filter(is_true, values), None),
    "empty": lambda value: not is_true(value),
    "ternary": lambda one, other, value: one if value else other,
    "all": lambda *values: all(map(is_true, values)),
    "any": lambda *values: any(map(is_true, values)),
    "quote": lambda *values: " ".join(_quoted(printed(each)) for each in values if each is not None),
    "squote": lambda *values: " ".join(f"'{printed(each)}'" for each in values if each is not None),
    "lower": str.lower,
    "upper": str.upper,
    "title": _titled,
    "trim": str.strip,
    "trimAll": lambda cut, text: text.strip(cut),
    "trimall": lambda cut, text: text.strip(cut),
    "trimPrefix": lambda cut, text: text.removeprefix(cut),
    "trimSuffix": lambda cut, text: text.removesuffix(cut),
    "replace": _replaced,
    "repeat": lambda count, text: text * min(int(count), 10_000),
    "normalize": normalize,
    "nospace": lambda text: re.sub(r"\s", "", text),
    "contains": lambda part, text: part in text,
    "hasPrefix": lambda part, text: text.startswith(part),
    "hasSuffix": lambda part, text: text.endswith(part),
    "substr": _substring,
    "trunc": lambda count, text: text[:count] if count >= 0 else text[count:],
    "cat": lambda *values: " ".join(map(printed, (each for each in values if each is not None))),
    "indent": lambda count, text: " " * count + text.replace("\n", "\n" + " " * count),
    "nindent": lambda count, text: "\n" + " " * count + text.replace("\n", "\n" + " " * count),
    "split": lambda text, sign: text.split(sign),
    "splitList": lambda sign, text: text.split(sign),
    "join": lambda sign, value: str(sign).join(_texts(value)),
    "list": lambda *values: list(values),
    "tuple": lambda *values: list(values),
    "dict": _pairs,
    "get": lambda value, key: value.get(key, ""),
    "set": _set,
    "pick": lambda value, *keys: {key: value[key] for key in keys if key in value},
    "omit": lambda value, *keys: {key: each for key, each in value.items() if key not in keys},
    "hasKey": lambda value, key: key in value,
    "first": lambda value: value[0] if value else None,
    "last": lambda value: value[-1] if value else None,
    "rest": lambda value: value[1:],
    "slice": _sliced,
    "initial": lambda value: value[:-1],
    "append": lambda value, item: [*value, item],
    "prepend": lambda value, item: [item, *value],
    "has": lambda item, value: item in value,
    "without": lambda value, *items: [each for each in value if each not in items],
    "uniq": lambda value: list(dict.fromkeys(value)),
    "compact": lambda value: [each for each in value if is_true(each)],
    "reverse": lambda value: value[::-1],
    "sortAlpha": lambda value: sorted(_texts(value)),
    "until": _counting,
    "untilStep": lambda start, stop, step: list(range(start, stop, step))[:10_000],
    "toString": printed,
    "toStrings": _texts,
    "int": _whole,
    "int64": _whole,
    "atoi": _decimal,
    "add": lambda *values: sum(map(_whole, values)),
    "add1": lambda value: _whole(value) + 1,
    "sub": lambda one, other: _whole(one) - _whole(other),
    "mul": lambda *values: math.prod(map(_whole, values)),
    "div": lambda one, other: _divided(one, other)[0],
    "mod": lambda one, other: _divided(one, other)[1],
    "concat": lambda *values: [each for value in values for each in value],
    "regexMatch": lambda pattern, text: Expression(pattern).found_in(text),
    "regexFind": lambda pattern, text: Expression(pattern).find(text) or "",
    "regexReplaceAll": lambda pattern, text, new: Expression(pattern).replaced(text, new),
    "plural": lambda one, many, count: one if count == 1 else many,
    "max": lambda *values: max(map(_whole, values)),
    "min": lambda *values: min(map(_whole, values)),
    "b64enc": lambda text: base64.b64encode(text.encode()).decode(),
    "b64dec": lambda text: base64.b64decode(text, validate=True).decode(),
}
"""What is run here, in sprig's order of arguments: what is worked on comes last."""


_OTHERS: Final = """
abbrev abbrevboth add1f addf adler32sum ago b32dec b32enc base bcrypt biggest buildCustomCert call camelcase ceil
chunk clean date dateInZone dateModify date_in_zone date_modify decryptAES deepCopy deepEqual derivePassword dig dir
divf duration durationRound encryptAES env expandenv ext fail float64 floor fromJson genCA genCAWithKey
genPrivateKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey getHostByName hello html
htmlDate htmlDateInZone htpasswd initials isAbs js kebabcase keys kindIs kindOf maxf merge mergeOverwrite minf mulf
mustAppend mustChunk mustCompact mustDateModify mustDeepCopy mustFirst mustFromJson mustHas mustInitial mustLast
mustMerge mustMergeOverwrite mustPrepend mustPush mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll
mustRegexReplaceAllLiteral mustRegexSplit mustRest mustReverse mustSlice mustToDate mustToJson mustToPrettyJson
mustToRawJson mustUniq mustWithout must_date_modify now osBase osClean osDir osExt osIsAbs pluck push randAlpha
randAlphaNum randAscii randBytes randInt randNumeric regexFindAll regexQuoteMeta regexReplaceAllLiteral regexSplit
round semver semverCompare seq sha1sum sha256sum shuffle snakecase splitn subf swapcase toDate toDecimal toJson
toPrettyJson toRawJson typeIs typeIsLike typeOf unixEpoch unset untitle urlJoin urlParse urlquery uuidv4 values wrap
wrapWith
"""
_WITHOUT_MUST: Final = {f"must{name[0].upper()}{name[1:]}": name for name in _FUNCTIONS}
"""What fails where others give nothing: these here raise `Unknown` for that anyway."""

KNOWN: Final = frozenset({*_FUNCTIONS, *_OTHERS.split()})
"""All functions that Traefik knows. A template with any other is refused."""


def call(name: str, arguments: list[Any], at: int) -> Any:
    """Call a function. Raises `Unknown` for one that cannot be called here, and `Refused` for what Go refuses."""
    function = _FUNCTIONS.get(name) or _FUNCTIONS.get(_WITHOUT_MUST.get(name, ""))
    if name == "fail":
        raise Refused(at, f"the template itself fails: {' '.join(map(printed, arguments))}")
    if function is None:
        raise Unknown(at, f"only Traefik knows what {name} gives")
    try:
        found = function(*arguments)
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError):
        raise Unknown(at, f"{name} is used in a way that is not supported here") from None
    return found
