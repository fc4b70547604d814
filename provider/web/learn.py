"""Learn: what web servers, reverse proxies and load balancers do, with one's own servers in the pictures."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from provider.dependencies import EdgesDependency, HealthDependency, RevisionsDependency
from provider.listening import Listening
from provider.messages import template
from provider.security import needs
from provider.web import examples
from provider.web.drawings import encrypted, exchange, front, pool, turns
from provider.web.drawings.canvas import DrawingWidth
from provider.web.drawings.pool import CONDITIONS
from provider.web.examples import Example
from provider.web.glossary import TERMS
from provider.web.practices import MOST_STEPS, Practice, practise
from provider.web.rendering import is_part, language_of, render

router = APIRouter(prefix="/learn", include_in_schema=False, dependencies=[Depends(needs.PAGE)])


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter: its page, its title and what it tells, and about how long it takes to read."""

    name: str
    title: str
    summary: str
    minutes: int

    @property
    def path(self) -> str:
        """Where its page is."""
        return f"/learn/{self.name}"


DYING: Final = "when-a-server-dies"
"""The chapter in which one chooses how servers are."""

CHAPTERS: Final = (
    Chapter(
        "web-server",
        template("What a web server is"),
        template("What happens between typing an address and seeing a page."),
        4,
    ),
    Chapter(
        "reverse-proxy",
        template("What a reverse proxy does"),
        template("One door for many applications, and what happens behind it."),
        4,
    ),
    Chapter(
        "load-balancing",
        template("What load balancing is"),
        template("How requests are shared among servers by weight, one request at a time."),
        5,
    ),
    Chapter(
        DYING,
        template("When a server dies"),
        template("What visitors notice when a server dies, is drained, and comes back."),
        4,
    ),
    Chapter(
        "https",
        template("What HTTPS adds"),
        template("How a browser knows that it talks to the right server, and why nobody on the way can eavesdrop."),
        5,
    ),
)

RouterName = Annotated[str | None, Query(max_length=63)]
Step = Annotated[int, Query(ge=0, le=MOST_STEPS)]
SinceQuery = Annotated[str | None, Query(max_length=200)]


@router.get("")
async def contents(request: Request) -> Response:
    return render(request, "learn/contents.html", chapters=CHAPTERS)


@router.get("/glossary")
async def glossary(request: Request) -> Response:
    """Explain each word in a sentence or two."""
    return render(request, "learn/glossary.html", chapters=CHAPTERS, terms=TERMS)


@router.get("/web-server")
def web_server(
    request: Request, revisions: RevisionsDependency, health: HealthDependency, router: RouterName = None
) -> Response:
    """Explain what a web server is, and how a request is served."""
    example = _find(revisions, health, router)
    address = example.server.url.partition("://")[2]
    drawings = [exchange.draw(example.host, address, language_of(request), layout) for layout in DrawingWidth]
    return _chapter(request, 0, example, drawings=drawings, address=address)


@router.get("/reverse-proxy")
def reverse_proxy(
    request: Request, revisions: RevisionsDependency, health: HealthDependency, router: RouterName = None
) -> Response:
    """Explain what a reverse proxy does, and why."""
    example = _find(revisions, health, router)
    draw = partial(front.draw, example.host, example.router, example.service.servers, language_of(request))
    return _chapter(request, 1, example, drawings=[draw(layout) for layout in DrawingWidth])


@router.get("/https")
def https(
    request: Request,
    revisions: RevisionsDependency,
    health: HealthDependency,
    edges: EdgesDependency,
    router: RouterName = None,
) -> Response:
    """Explain what HTTPS adds to the path of a request, with the certificates that edges really show."""
    example = _find(revisions, health, router)
    secure = (Listening() if revisions.current is None else revisions.current.listening).points.secure
    address = example.server.url.partition("://")[2]
    draw = partial(encrypted.draw, example.host, secure, address, language_of(request))
    return _chapter(
        request,
        4,
        example,
        drawings=[draw(layout) for layout in DrawingWidth],
        secure=secure,
        over_tls=example.router.over_tls,
        shown=edges.sightings.of_domain(example.domain) if example.router.over_tls else [],
    )


@router.get("/load-balancing")
@router.get("/when-a-server-dies")
def show_practice(
    request: Request,
    revisions: RevisionsDependency,
    health: HealthDependency,
    router: RouterName = None,
    step: Step = 0,
    since: SinceQuery = None,
) -> Response:
    """Explain load balancing, or what happens when a server dies and comes back: with turns to step through."""
    number = next(place for place, chapter in enumerate(CHAPTERS) if chapter.path == request.url.path)
    own = _find(revisions, health, router)
    example = examples.with_pool(own)
    practice = practise(example.service, request.query_params, step, since)
    return _practice(request, number, example, practice, has_own=own.is_own, asks_states=CHAPTERS[number].name == DYING)


def _find(revisions: RevisionsDependency, health: HealthDependency, wanted: str | None) -> Example:
    current = revisions.current
    listening = Listening() if current is None else current.listening
    with revisions.reading() as session:
        return examples.find(session, health, listening, wanted)


def _chapter(request: Request, number: int, example: Example, *, status: int = 200, **values: Any) -> Response:
    return render(
        request,
        f"learn/{CHAPTERS[number].name}.html",
        status=status,
        chapters=CHAPTERS,
        chapter=CHAPTERS[number],
        number=number,
        example=example,
        **values,
    )


def _practice(
    request: Request, number: int, example: Example, practice: Practice, *, has_own: bool, asks_states: bool
) -> Response:
    language = language_of(request)
    values: dict[str, Any] = {
        "practice": practice,
        "asks_states": asks_states,
        "states": CONDITIONS,
        "most_steps": MOST_STEPS,
        "turns": [turns.draw(practice.replay, language, layout) for layout in DrawingWidth],
        "pool": [pool.draw(practice.service, language, layout) for layout in DrawingWidth],
        "action": CHAPTERS[number].path,
        "tones": [pool.tone(index) for index in range(len(practice.service.servers))],
    }
    status = 422 if practice.form.errors else 200
    if is_part(request):
        return render(request, "learn/practice.html", status=status, example=example, **values)
    away = [server for server in example.service.servers if pool.condition(server) != "ready"]
    values["shares"] = [pool.draw(example.service, language, layout) for layout in DrawingWidth]
    return _chapter(request, number, example, status=status, has_own=has_own, away=away, **values)
