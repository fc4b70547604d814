"""Random rules: as people write them, as nobody would, and broken in some place."""

from collections.abc import Callable
from random import Random

from provider.rules.matchers import MATCHERS

HOSTS = [
    *("a.test", "b.test", "x.a.test", "y.x.a.test", "a.test.", "A.Test", "*.a.test", "*.test", "*", "*a.test"),
    *("localhost", "127.0.0.1", "::1", "[::1]", "a_b.test", "-.test", "a", ".", "a b", "xn--9ca.test"),
]
PATHS = [
    *("/", "/a", "/a/", "/a/b", "/A", "/api", "/api/v1", "/a b", "/a%2Fb", "/é", "/%C3%A9", "/a+b", "/a;b"),
    *("/a//b", "/..", "/a.b", "/a%20b", "/ü/ö", "/[a]", '/"', "/a%25b", "/$&", "/*"),
]
METHODS = ["GET", "get", "POST", "Put", "DELETE", "PURGE", "*", "ß", "a b"]
HEADERS = [
    *("X-Team", "x-team", "X_Team", "User-Agent", "Host", "Accept", "X-Real-Ip", "X-Forwarded-Proto"),
    *("X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-For", "Connection", "Upgrade", "Cookie", "é", "a b"),
    *("Cache-Control", "Pragma", "Content-Length"),
]
VALUES = [
    *("video", "Video", "a, b", "1", "http", "ws", "80", "127.0.0.1", "a.test", "é", " ", "no-cache", "upgrade"),
    *("Upgrade", "websocket", "keep-alive", "0", "b"),
]
NAMES = ["q", "Q", "page", "a b", "é", "a+b", "[]", "%", "a=b"]
NETWORKS = [
    *("127.0.0.1", "127.0.0.2", "127.0.0.0/8", "127.0.0.2/31", "0.0.0.0/0", "10.0.0.0/8", "::1", "::/0"),
    "127.0.0.1/32",
    *("::ffff:127.0.0.1", "::ffff:127.0.0.0/127", "::ffff:0:0/96", "::ffff:0:0/95", "127.1", "127.0.0.1/33", "/8"),
    *("127.0.0.01", "fe80::1%lo", "127.0.0.1/08", "::ffff:7f00:2/128", "127.0.0.1/", "1.2.3.4.5"),
]
PATTERNS = [
    *(
        r"^a\.test$",
        r"\.test",
        "a",
        "^$",
        r"^[^.]+\.a\.test$",
        r"^[^.]+\.a\.test\.?$",
        "^/a",
        "/b$",
        "[0-9]+",
        "^(a|b)",
        "(?i)VIDEO",
    ),
    *("a*", "."),
    *("^.$", r"\x{e9}", "é", r"\pL", r"^\w+$", r"\bvideo\b", "^[^a]*$", r"(?s)^.*$", r"\d{1,3}", "x|", "()", "^é$"),
]

_PIECES = [
    *("a", "b", ".", "*", "+", "?", "|", "(", ")", "[", "]", "^", "$", "-", "{", "}", ",", "1", "2", "{2}"),
    *("{1,2}", "é"),
    *("[a-z]", "[^a]", "(?:", "(?i)", "(?P<n>", "(?<n>", "(?=", "(?#", r"\d", r"\w", r"\b", r"\B", r"\A", r"\z", r"\Z"),
    *(r"\Q", r"\E", r"\x41", r"\x{e9}", r"\pL", r"\PN", r"\p{Greek}", r"\p{^Greek}", r"\1", r"\0", r"\07"),
    *(r"\a", r"\-", r"\p{Old_Italic}"),
    *(r"\C", r"\X", r"\_", r"\é", "[[:alpha:]]", "[[:no:]]", "(?P=n)", "(?<é>", "(?s-i:", "(?U)", "(?z)"),
    *("{1001}", "{2,1}"),
    *("\\", "[]a]", "[a-", "[z-a]", r"[\d-z]", "(?", "(?P", "*?", "**", "{,2}", "{2,}", " ", "\n"),
]
_INSERTED = [
    *"`\"'()!&|,.;:/*\\ \n\t\r\x00\x01\ufeff\xa0=<>[]{}#$aH1é",
    *("&&", "||", "...", "/*", "*/", "//", "Host(`a`)", "(", ")", "``", '""', "and", "true", "0x1", ".x", "(`a`)"),
    *(r"\x41", r"\xff", r"\u00e9", r"\ud800", r"\U0010ffff", r"\U00110000", r"\377", r"\400", r"\8", r"\n"),
    *(r"\'", r"\""),
]
_GAPS = ["", "", "", " ", "  ", "\t", "\n", "\r\n", " /* c */ ", " // c\n", "/* a\nb */"]
_SPELLINGS: list[Callable[[str], str]] = [
    *([str] * 4),
    *(str.lower, str.upper, str.capitalize, str.swapcase, lambda name: name + "s"),
]


def pattern(random: Random) -> str:
    """Return a text that looks like a regular expression, and often is one."""
    if random.random() < 0.3:
        return random.choice(PATTERNS)
    return "".join(random.choices(_PIECES, k=random.randint(1, 6)))


def arguments(random: Random, name: str, *, wild: bool) -> list[str]:
    """Return arguments for a matcher; wild ones may be what it does not take."""

    def expression(random: Random) -> str:
        return pattern(random) if wild else random.choice(PATTERNS)

    made = {
        "Host": lambda: [random.choice(HOSTS)],
        "HostRegexp": lambda: [expression(random)],
        "Path": lambda: [random.choice(PATHS)],
        "PathPrefix": lambda: [random.choice(PATHS)],
        "PathRegexp": lambda: [expression(random)],
        "Method": lambda: [random.choice(METHODS)],
        "Header": lambda: [random.choice(HEADERS), random.choice(VALUES)],
        "HeaderRegexp": lambda: [random.choice(HEADERS), expression(random)],
        "Query": lambda: [random.choice(NAMES), random.choice(VALUES)][: random.randint(1, 2)],
        "QueryRegexp": lambda: [random.choice(NAMES), expression(random)][: random.randint(1, 2)],
        "ClientIP": lambda: [random.choice(NETWORKS)],
    }[name]()
    if wild and random.random() < 0.1:
        made.insert(random.randrange(len(made) + 1), random.choice(["", "a", "é", "/x"]))
    return made


def quoted(random: Random, text: str) -> str:
    """Write a text as a rule's argument, in one of the ways that there are."""
    if "`" not in text and random.random() < 0.8:
        return f"`{text}`"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    if random.random() < 0.3:
        escaped = escaped.replace("é", random.choice([r"\u00e9", r"\xc3\xa9", r"\303\251", r"\U000000e9"]))
    return f'"{escaped}"'


def rule(random: Random, *, wild: bool, depth: int = 3) -> str:
    """Return a rule; a wild one has odd spellings, gaps and arguments."""

    def gap() -> str:
        return random.choice(_GAPS) if wild and random.random() < 0.15 else ""

    def matcher() -> str:
        name = random.choice(list(MATCHERS))
        given = [quoted(random, argument) for argument in arguments(random, name, wild=wild)]
        if wild and random.random() < 0.05:
            given.append(random.choice(["", "...", "1", "x", "'a'", "(`a`)", "Host(`a`)"]))
        spelled = random.choice(_SPELLINGS)(name) if wild and random.random() < 0.2 else name
        return f"{spelled}{gap()}({gap()}{f'{gap()},{gap()} '.join(given)}{gap()})"

    def part(depth: int) -> str:
        chosen = random.random()
        if depth == 0 or chosen < 0.4:
            return matcher()
        if chosen < 0.55:
            return f"!{gap()}{part(depth - 1)}"
        if chosen < 0.7:
            return f"({gap()}{part(depth - 1)}{gap()})"
        sign = random.choice(["&&", "||"])
        return f"{part(depth - 1)} {gap()}{sign}{gap()} {part(depth - 1)}"

    return f"{gap()}{part(depth)}{gap()}"


def mutated(random: Random, text: str) -> str:
    """Break a text in one place, or a few."""
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        start = random.randrange(len(text) + 1)
        end = min(len(text), start + random.choice([0, 1, 1, 2, 5]))
        change = random.random()
        if change < 0.4:
            text = text[:start] + random.choice(_INSERTED) + text[start:]
        elif change < 0.7:
            text = text[:start] + text[end:]
        elif change < 0.8:
            text = text[:start]
        elif change < 0.9:
            text = text[:end] + text[start:]
        else:
            text = text[:start] + random.choice(_INSERTED) + text[end:]
    return text


def any_text(random: Random) -> str:
    """Return what somebody may give for a rule."""
    chosen = random.random()
    made = rule(random, wild=chosen > 0.2, depth=random.randint(0, 3))
    return mutated(random, made) if chosen > 0.5 else made
