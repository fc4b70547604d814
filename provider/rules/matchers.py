"""The matchers of a rule: what each takes, and which requests it matches.

From the source of Traefik 3.7, and held by tests against a real Traefik 3.7.15.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from provider.hosts import to_ascii
from provider.messages import Message, shown
from provider.patterns import pattern
from provider.rules.build import quote
from provider.rules.expressions import BadExpression, Expression
from provider.rules.matcher import BadArgument, Matcher
from provider.rules.networks import read_network
from provider.rules.requests import Request, canonical
from provider.values import Refusal

_SHOWN: Final = 60
_NO_HOST: Final = pattern(r"/|^[^:]*:[0-9]*$")
"""What no request has as its host: Traefik cuts the port off, but for an address of IPv6."""

_HEADER: Final = pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Host(Matcher):
    name = "Host"
    form = "Host(`alvin.xyz`)"

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(arguments)
        host = arguments[0]
        if not host.isascii():
            raise BadArgument("rule.host", _why_not_ascii(host))
        self.host = host.lower()

    def matches(self, request: Request) -> bool:
        if self.host == "*":
            return True
        asked = request.host
        return bool(asked) and (
            _is_host(asked, self.host)
            or (self.host.endswith(".") and _is_host(asked, self.host[:-1]))
            or (asked.endswith(".") and _is_host(asked[:-1], self.host))
        )

    @property
    def vain(self) -> str | None:
        if _NO_HOST.search(self.host):
            return Message("only the host name is compared: write it without scheme, port and path")
        return None

    @property
    def wanted(self) -> str:
        return Message("the host {host}", host=self.host)

    def got(self, request: Request) -> str:
        return request.host or Message("no host")


class HostRegexp(Matcher):
    name = "HostRegexp"
    form = r"HostRegexp(`^[^.]+\.example\.com$`)"

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(arguments)
        if not arguments[0].isascii():
            raise BadArgument(
                "rule.host", "a host's regular expression can only have ASCII characters: write A-labels (xn--…)"
            )
        self._expression = _expression(arguments[0])
        # Traefik also looks into the flattened CNAME, an empty text unless it is told to look that up.
        self._matches_nothing = self._expression.found_in("")

    def matches(self, request: Request) -> bool:
        return self._matches_nothing or self._expression.found_in(request.host)

    @property
    def wanted(self) -> str:
        return Message("a host that matches {pattern}", pattern=self.arguments[0])

    def got(self, request: Request) -> str:
        return request.host or Message("no host")


class _PathMatcher(Matcher):
    def got(self, request: Request) -> str:
        return _shown(request.path)


class _LiteralPath(_PathMatcher):
    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(arguments)
        self.path = arguments[0]
        if not self.path.startswith("/"):
            raise BadArgument("rule.path", f"a path begins with '/': write {self.name}({quote('/' + self.path)})")


class Path(_LiteralPath):
    name = "Path"
    form = "Path(`/about`)"

    def matches(self, request: Request) -> bool:
        return request.path == self.path

    @property
    def wanted(self) -> str:
        return Message("the path {path}", path=self.path)


class PathPrefix(_LiteralPath):
    name = "PathPrefix"
    form = "PathPrefix(`/api`)"

    def matches(self, request: Request) -> bool:
        return request.path.startswith(self.path)

    @property
    def wanted(self) -> str:
        return Message("a path that begins with {path}", path=self.path)


class PathRegexp(_PathMatcher):
    name = "PathRegexp"
    form = "PathRegexp(`^/v[0-9]+/`)"

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(arguments)
        self._expression = _expression(arguments[0])

    def matches(self, request: Request) -> bool:
        return self._expression.found_in(request.path)

    @property
    def wanted(self) -> str:
        return Message("a path that matches {pattern}", pattern=self.arguments[0])


class Method(Matcher):
    name = "Method"
    form = "Method(`POST`)"

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(arguments)
        # Letter by letter, as Go does it: a sharp s stays one, and is in no method.
        self.method = "".join(c.upper() if len(c.upper()) == 1 else c for c in arguments[0])

    def matches(self, request: Request) -> bool:
        return request.method == self.method

    @property
    def wanted(self) -> str:
        return Message("the method {method}", method=self.method)

    def got(self, request: Request) -> str:
        return request.method


class _HeaderMatcher(Matcher):
    counts = (2,)

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(arguments)
        self.header = canonical(arguments[0])

    @property
    def vain(self) -> str | None:
        if self.header == "Host":
            return Message("Traefik has no header Host: use the matcher Host")
        if not _HEADER.fullmatch(self.header):
            return Message("this is not the name of a header: write it without colon and spaces")
        return None

    def got(self, request: Request) -> str:
        return _listed(request.headers.get(self.header), Message("no header {header}", header=self.header))


class Header(_HeaderMatcher):
    name = "Header"
    form = "Header(`X-Team`, `video`)"

    def matches(self, request: Request) -> bool:
        return self.arguments[1] in request.headers.get(self.header, ())

    @property
    def wanted(self) -> str:
        return Message("the header {header}: {value}", header=self.header, value=self.arguments[1])


class HeaderRegexp(_HeaderMatcher):
    name = "HeaderRegexp"
    form = "HeaderRegexp(`User-Agent`, `Firefox`)"

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(arguments)
        self._expression = _expression(arguments[1], 1)

    def matches(self, request: Request) -> bool:
        return any(self._expression.found_in(value) for value in request.headers.get(self.header, ()))

    @property
    def wanted(self) -> str:
        return Message("a header {header} that matches {pattern}", header=self.header, pattern=self.arguments[1])


class _QueryMatcher(Matcher):
    counts = (1, 2)

    def got(self, request: Request) -> str:
        return _listed(request.query.get(self.arguments[0]), Message("no {name} in the query", name=self.arguments[0]))


class Query(_QueryMatcher):
    name = "Query"
    form = "Query(`page`, `2`)"

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(arguments)
        # Without a value, the name has to be there with an empty one.
        self.value = arguments[1] if len(arguments) == 2 else ""

    def matches(self, request: Request) -> bool:
        return self.value in request.query.get(self.arguments[0], ())

    @property
    def wanted(self) -> str:
        return Message("{name}={value} in the query", name=self.arguments[0], value=self.value)


class QueryRegexp(_QueryMatcher):
    name = "QueryRegexp"
    form = "QueryRegexp(`page`, `^[0-9]+$`)"

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(arguments)
        self._expression = _expression(arguments[1], 1) if len(arguments) == 2 else None

    def matches(self, request: Request) -> bool:
        if self._expression is None:
            return "" in request.query.get(self.arguments[0], ())
        return any(map(self._expression.found_in, request.query.get(self.arguments[0], ())))

    @property
    def wanted(self) -> str:
        if self._expression is None:
            return Message("{name}={value} in the query", name=self.arguments[0], value="")
        return Message(
            "{name} in the query with a value that matches {pattern}", name=self.arguments[0], pattern=self.arguments[1]
        )


class ClientIP(Matcher):
    name = "ClientIP"
    form = "ClientIP(`10.0.0.0/8`)"

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(arguments)
        try:
            self.network = read_network(arguments[0])
        except ValueError:
            reason = f"{_shown(arguments[0])} is not an IP address or a network: write 10.0.0.7, 10.0.0.0/8 or fd00::/8"
            raise BadArgument("rule.network", reason) from None

    def matches(self, request: Request) -> bool:
        return request.client is not None and request.client in self.network

    @property
    def wanted(self) -> str:
        return Message("a client in {network}", network=str(self.network))

    def got(self, request: Request) -> str:
        return Message("an unknown client") if request.client is None else str(request.client)


MATCHERS: Final[Mapping[str, type[Matcher]]] = {
    matcher.name: matcher
    for matcher in (
        *(ClientIP, Method, Host, HostRegexp, Path, PathRegexp, PathPrefix),
        *(Header, HeaderRegexp, Query, QueryRegexp),
    )
}
"""All that Traefik knows in the rule of an HTTP router, by the name as it is documented."""

_SPELLINGS: Final[tuple[Callable[[str], str], ...]] = (str, str.lower, str.upper, str.capitalize)


def spelled(matchers: Mapping[str, type[Matcher]]) -> dict[str, type[Matcher]]:
    """Return matchers by all spellings of their names that Traefik takes."""
    return {spell(name): matcher for name, matcher in matchers.items() for spell in _SPELLINGS}


NAMES: Final[Mapping[str, type[Matcher]]] = spelled(MATCHERS)
"""All spellings of the names that Traefik takes: as documented, in lower case, in capitals, or capitalized."""


def _is_host(asked: str, host: str) -> bool:
    """Compare a host with that of a rule; a first label `*` stands for any one label."""
    if not host.startswith("*"):
        return asked == host
    _label, dot, rest = asked.partition(".")
    return host == f"*{dot}{rest}"


def _expression(pattern: str, index: int = 0) -> Expression:
    try:
        return Expression(pattern)
    except BadExpression as error:
        reason = f"{_shown(pattern)} is not an RE2 regular expression: {error}"
        raise BadArgument("rule.expression", reason, index) from None


def _why_not_ascii(host: str) -> str:
    try:
        return f"Traefik accepts only hosts in ASCII: write it as {quote(to_ascii(host))}"
    except Refusal:
        return "Traefik takes no host that is not ASCII: write its A-label (xn--…)"


def _shown(text: str) -> str:
    cut = shown(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
    return cut if cut.isprintable() else ascii(cut)


def _listed(values: Sequence[str] | None, nothing: str) -> str:
    return nothing if not values else ", ".join(_shown(value) or "an empty value" for value in values)
