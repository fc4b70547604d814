"""What is to be traced, as somebody typed it, and what was found: for the pages of `trace`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

from provider import lost, passages, rules
from provider.database.sessions import Session
from provider.edges.forecasts import Forecast
from provider.edges.forecasts import forecast as find_answer
from provider.edges.trials import TrialPlan
from provider.errors import FieldError, Invalid
from provider.explanations import Explanation
from provider.listening import DefaultEntryPoints
from provider.messages import Message
from provider.models import LostOutput, ServerOutput
from provider.names import in_order
from provider.nouns import Domain, Router, Service
from provider.nouns.middlewares.underway import Underway
from provider.observations import Answering, follow
from provider.passages import Encounter, Passage
from provider.ranking import Route
from provider.rules import Request
from provider.store import nouns
from provider.values import Strategy
from provider.views import EdgeView
from provider.web.drawings.scene import Scene
from provider.web.scenes import Sight, scene_of

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HARMLESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing where they are sent (RFC 9110), as often as one likes."""

_LONGEST: Final = 4_000
_MOST_HEADERS: Final = 50
_DRAWN: Final = 6
"""How many routers are drawn at most."""

# Those that are about the connection (RFC 9110) are not the client's to choose here, and nothing is handed in.
_NOT_SENT: Final = frozenset(
    {
        *("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
        *("content-length", "expect", "http2-settings"),
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it was typed, by the names of the form's fields."""

    url: str = ""
    method: str = "GET"
    headers: str = ""
    client: str = ""
    entry_point: str = ""
    """Where it comes in: the one that its address leads to, if none is named."""

    @property
    def full_url(self) -> str:
        """The URL, with the scheme that a browser would add."""
        return self.url if "://" in self.url else f"http://{self.url}"

    def settled(self, points: DefaultEntryPoints) -> "Asked":
        """Return it with the entry point at which it comes in."""
        if self.entry_point == points.secure and "://" not in self.url:
            return replace(self, url=f"https://{self.url}")
        return replace(self, entry_point=self.entry_point or points.of(self.full_url))

    def lines(self) -> list[tuple[str, str]]:
        """Return the headers, one a line: `Name: value`. Raises `Invalid`."""
        listed = [line for line in self.headers.splitlines() if line.strip()]
        if len(listed) > _MOST_HEADERS:
            raise _wrong("headers", Message("this has more than {count} headers", count=_MOST_HEADERS))
        pairs = []
        for line in listed:
            name, colon, value = line.partition(":")
            if not colon:
                raise _wrong("headers", Message("write each header as “Name: value”, on its own line"))
            pairs.append((name.strip(), value.strip(" \t")))
        return pairs

    def request(self) -> Request:
        """Return what Traefik's matchers see of it. Raises `Invalid`."""
        for name in ("url", "headers"):
            if len(getattr(self, name)) > _LONGEST:
                raise _wrong(name, Message("this is longer than {max_length} characters", max_length=_LONGEST))
        try:
            return rules.asked(self.full_url, self.method, self.lines(), self.client or None)
        except rules.BadRequest as error:
            part = {"header": "headers"}.get(error.part, error.part)
            raise _wrong(part, error.reason) from None

    def begin(self) -> Underway:
        """Return it as it sets out. Raises what `request` does not."""
        return passages.begin(self.full_url, self.method, self.lines(), self.client or None)

    def values(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Trace:
    """What was found: who takes the request, and the service to which it goes, with its servers."""

    asked: Asked
    request: Request
    answer: Forecast
    service: Service | None
    answering: Answering
    is_ours: bool
    """Whether it is for a domain that is ours."""
    drawn: Scene
    passage: Passage | None = None
    """What becomes of it at the middlewares on its way, where a router takes it."""
    lost: LostOutput | None = None
    """Who took it before, where nobody does."""

    @property
    def explanation(self) -> Explanation:
        """Who takes it and why, and what became of the others."""
        return self.answer.explanation

    @property
    def winner(self) -> Route | None:
        return self.explanation.route

    @property
    def servers(self) -> Sequence[tuple[str, Service, ServerOutput]]:
        """The servers that may answer, each as it is called here and with its service, in order."""
        shown = [
            (
                server.name
                if self.service is not None and service.name == self.service.name
                else f"{service.name}/{server.name}",
                service,
                server,
            )
            for service, server in self.answering.servers
        ]
        return sorted(shown, key=lambda each: in_order(each[0]))

    @property
    def steps(self) -> Sequence[Encounter]:
        """What the middlewares on its way do to it."""
        return () if self.passage is None else self.passage.steps

    @property
    def end(self) -> Encounter | None:
        """The step at which it ends before it comes to a server, if it does."""
        return None if self.passage is None else self.passage.end

    @property
    def is_certain(self) -> bool:
        """Whether every edge that polls is known to do what is told."""
        return self.answer.is_polled and not self.answer.edges and not self.answer.unknown

    @property
    def is_everywhere(self) -> bool:
        """Whether the same router takes it on every edge that polls, as far as is known."""
        return all(self.winner is not None and each.router == self.winner.taker for each in self.answer.edges)

    def sent_to(self, url: str) -> str:
        """Return the URL of an entry point as it is asked, with TLS if the request is."""
        return url.replace("http:", "https:", 1) if self.request.secure else url

    def refusal(self) -> Message | None:
        """Say why this request is not sent for real, or return None if it can be."""
        if self.winner is None:
            return Message("No router takes this request, so Traefik would answer each with 404.")
        if not self.winner.takes:
            return Message(
                "This request goes to {other}, a router that wayshub-provider does not have.", other=self.winner.taker
            )
        if self.service is None:
            is_elsewhere = bool(self.answering.elsewhere)
            gone = Message("The service of this router is gone.")
            return Message("Requests are only sent to services that are managed here.") if is_elsewhere else gone
        if self.end is not None:
            told = {"name": self.end.stop.name, "status": self.end.effect.status}
            return Message("The middleware {name} answers each with {status}, so no server would be counted.", **told)
        return self._refusal_of_request()

    def _refusal_of_request(self) -> Message | None:
        if not self.is_ours:
            return Message("Requests are only sent for your domains.")
        if self.asked.method not in HARMLESS:
            return Message("Only GET, HEAD and OPTIONS are sent, because they change nothing.")
        for name, _value in self.asked.lines():
            if name.lower() in _NOT_SENT:
                return Message(
                    "The header {name} is about the connection itself and cannot be sent from here.", name=name
                )
        return None


def trace(session: Session, sight: Sight, views: Sequence[EdgeView], asked: Asked) -> Trace:
    """Find who takes a request. Raises `Invalid` with the fields that are wrong."""
    request = asked.request()
    answer = find_answer(views, request, asked.entry_point, sight.standings)
    explanation = answer.explanation
    service, answering, passage = None, Answering(), None
    if (route := explanation.route) is not None and route.takes:
        passage, service, answering = follow(session, route, asked.begin(), sight.health, sight.listening.points)
    drawn = _scene(session, sight, explanation)
    is_lost = explanation.route is None and not explanation.refused
    gone = lost.find(session, request, asked.entry_point, sight.listening) if is_lost else None
    is_ours = _is_ours(session, request.host)
    return Trace(asked, request, answer, service, answering, is_ours, drawn, passage, gone)


def plan(traced: Trace, base: str, edge: str) -> TrialPlan:
    """Return what is to be sent where. Raises `Invalid` for a request that is not sent for real."""
    asked, winner, service = traced.asked, traced.winner, traced.service
    refusal = traced.refusal()
    if winner is None or service is None or refusal is not None:
        raise Invalid([FieldError("", "trial.refused", refusal or "")])
    lines = [(name, value) for name, value in asked.lines() if name.lower() not in {"host", "user-agent"}]
    host, target, _secure = rules.sent(asked.full_url, asked.lines())
    agents = [value for name, value in asked.lines() if name.lower() == "user-agent"]
    return TrialPlan(
        base=traced.sent_to(base),
        method=asked.method,
        target=target,
        headers=[("Host", host), ("User-Agent", agents[-1] if agents else "wayshub-provider"), *lines],
        servers={title: server.url for title, _service, server in traced.servers},
        shares={title: server.share for title, _service, server in traced.servers},
        cookie=service.sticky.cookie.name if service.sticky else None,
        url=asked.full_url,
        entry_point=asked.entry_point,
        edge=edge,
        router=winner.name,
        service=service.name,
        strategy=traced.answering.strategy,
    )


def is_by_weight(strategy: str) -> bool:
    """Tell whether the weights promise how many requests each server gets."""
    return strategy == Strategy.WRR


def _is_ours(session: Session, host: str) -> bool:
    name = host.rstrip(".")
    wildcard = "*." + name.partition(".")[2]
    return nouns.find(session, Domain, name) is not None or nouns.find(session, Domain, wildcard) is not None


def _scene(session: Session, sight: Sight, explanation: Explanation) -> Scene:
    """Return what is drawn: the router that takes the request, and those that came near."""
    names = [candidate.route.name for candidate in explanation.candidates[:_DRAWN]]
    rows = [router for name in names if (router := nouns.find(session, Router, name)) is not None]
    return scene_of(session, rows, sight)


def _wrong(field: str, detail: str) -> Invalid:
    return Invalid([FieldError(f"/{field}", "request.refused", detail)])
