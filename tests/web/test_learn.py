"""Learn: chapters with one's own servers in them, and a pool to play with that changes nothing real."""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import httpx
import pytest

from provider.models import ObservedState
from provider.values import ServerState
from provider.web import languages
from provider.web.drawings import encrypted, exchange, front, pool, tallies, turns
from provider.web.drawings.canvas import DrawingWidth
from provider.web.drawings.scene import DrawnRouter, DrawnServer, DrawnService
from provider.web.examples import INVENTED, shared
from provider.web.glossary import TERMS
from provider.web.learn import CHAPTERS
from provider.web.practices import practise
from provider.web.replays import replay
from tests.running import Service as RunningService
from tests.running import http_client
from tests.web.test_rendering import HOSTILE, Outline

SERVERS = [
    {"name": "a", "url": "http://10.0.0.11:3000", "weight": 3},
    {"name": "b", "url": "http://10.0.0.12:3000", "weight": 1},
]
PATHS = ["/learn", "/learn/glossary", *(chapter.path for chapter in CHAPTERS)]
ENGLISH = languages.load()["en"]


@pytest.fixture
def pages(service: RunningService) -> Iterator[httpx.Client]:
    """A client that wishes pages, of a service with nothing in it."""
    with http_client(service.url, headers={"Accept": "text/html"}) as made:
        yield made


def expose(client: httpx.Client, domain: str, *servers: dict[str, object]) -> None:
    client.post("/expose", json={"domain": domain, "servers": list(servers or SERVERS)}).raise_for_status()


def text_of(page: str) -> str:
    return " ".join(Outline(page).text.split())


def rows_of(page: str) -> list[list[str]]:
    """Return what the table of a pool says, without what can be chosen."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    return [
        [" ".join(Outline(cell).text.split()) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in rows
    ]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", ["en", "id"])
def test_every_page_is_whole_in_both_languages(pages: httpx.Client, path: str, language: str) -> None:
    page = pages.get(path, headers={"Accept-Language": language}).raise_for_status().text
    outline = Outline(page)
    assert outline.open == []
    assert [attributes["lang"] for tag, attributes in outline.elements if tag == "html"] == [language]
    assert [tag for tag, _attributes in outline.elements].count("h1") == 1
    assert not [attributes for _tag, attributes in outline.elements if "style" in attributes]
    ids = [attributes["id"] for _tag, attributes in outline.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", [chapter.path for chapter in CHAPTERS])
def test_every_chapter_has_a_drawing_in_words_too_and_questions_and_something_to_try(
    pages: httpx.Client, path: str
) -> None:
    _before, begin, rest = pages.get(path).text.partition("<main")
    elements = Outline(begin + rest.partition("</main>")[0] + "</main>").elements
    drawings = [attributes for tag, attributes in elements if tag == "svg" and attributes.get("role") == "img"]
    assert len(drawings) >= 2  # for a phone, and for more room
    assert all(attributes["aria-label"] for attributes in drawings)
    assert 2 <= [tag for tag, _attributes in elements].count("details") <= 3
    assert [attributes for tag, attributes in elements if tag == "a" and attributes["href"] == "/expose"]


def test_the_chapters_follow_one_another(pages: httpx.Client) -> None:
    contents = pages.get("/learn").text
    for before, after in pairwise(CHAPTERS):
        assert f'href="{before.path}"' in contents
        assert f'href="{after.path}" rel="next"' in pages.get(before.path).text
        assert f'href="{before.path}" rel="prev"' in pages.get(after.path).text
    assert 'href="/learn/glossary"' in pages.get(CHAPTERS[-1].path).text


def test_the_glossary_explains_each_word_once(pages: httpx.Client) -> None:
    page = pages.get("/learn/glossary").text
    assert page.count("<dt>") == len(TERMS) == len({term.name for term in TERMS})
    for term in TERMS:
        assert f'<div id="{term.name}">' in page


def test_while_nothing_is_exposed_the_example_says_that_it_is_one(pages: httpx.Client) -> None:
    for chapter in CHAPTERS:
        said = text_of(pages.get(chapter.path).text)
        assert "Nothing is exposed yet, so this page uses a made-up example: alvin.xyz." in said


def test_ones_own_domain_rule_and_servers_are_in_the_chapters(client: httpx.Client, pages: httpx.Client) -> None:
    expose(client, "belajar.xyz")
    for chapter in CHAPTERS:
        assert "The example on this page is your own belajar.xyz, as it is now." in text_of(
            pages.get(chapter.path).text
        )
    assert "GET / HTTP/1.1 Host: belajar.xyz" in text_of(pages.get("/learn/web-server").text)
    assert "http://10.0.0.11:3000" in pages.get("/learn/web-server").text
    assert "The router belajar has the rule Host(`belajar.xyz`)" in text_of(pages.get("/learn/reverse-proxy").text)
    assert rows_of(pages.get("/learn/load-balancing").text) == [
        ["a", "", "75%", "0", "1\u20443"],
        ["b", "", "25%", "0", "1"],
    ]
    client.patch("/services/belajar/servers/a", json={"state": "drain"}).raise_for_status()
    said = text_of(pages.get("/learn/when-a-server-dies").text)
    assert "One of your servers gets nothing now: a." in said
    assert "The service has no health check" in said


def test_any_of_several_applications_can_be_the_example(client: httpx.Client, pages: httpx.Client) -> None:
    expose(client, "belajar.xyz")
    expose(client, "alvin.xyz", SERVERS[0])
    assert "your own belajar.xyz" in text_of(pages.get("/learn/web-server").text)  # it has something to balance
    assert "your own alvin.xyz" in text_of(pages.get("/learn/web-server", params={"router": "alvin"}).text)
    assert "your own belajar.xyz" in text_of(pages.get("/learn/web-server", params={"router": "nothing"}).text)
    said = text_of(pages.get("/learn/load-balancing", params={"router": "alvin"}).text)
    assert "only one server, so there is nothing to share" in said


def test_what_is_off_is_no_example(client: httpx.Client, pages: httpx.Client) -> None:
    expose(client, "belajar.xyz")
    client.patch("/routers/belajar", json={"enabled": False}).raise_for_status()
    assert "a made-up example" in text_of(pages.get("/learn/web-server", params={"router": "belajar"}).text)


def test_round_robin_is_stepped_through_by_links_of_a_form(client: httpx.Client, pages: httpx.Client) -> None:
    expose(client, "belajar.xyz")
    answers, page = [], pages.get("/learn/load-balancing").text
    for _ in range(8):
        answers.append(re.findall(r"will go to <strong>(\w+)</strong>", page)[0])
        step = re.findall(r'id="practice-next" name="step" value="(\d+)"', page)[0]
        since = re.findall(r'name="since" value="([^"]+)"', page)[0]
        page = pages.get(
            "/learn/load-balancing", params={"step": step, "since": since, "weight0": 3, "weight1": 1}
        ).text
    assert "".join(answers) == "aabaaaab"  # as Traefik does it: tests/test_balancing.py
    assert rows_of(page) == [["a", "", "75%", "6", "2 1\u20443"], ["b", "", "25%", "2", "3"]]


def test_a_part_of_the_page_is_enough_for_a_step(client: httpx.Client, pages: httpx.Client) -> None:
    expose(client, "belajar.xyz")
    part = pages.get("/learn/load-balancing", params={"step": 3}, headers={"HX-Request": "true"}).text
    assert part.strip().startswith('<form id="practice"')
    assert "Request 4 will go to" in text_of(part)


def test_weights_are_changed_in_the_chapter_alone(client: httpx.Client, pages: httpx.Client) -> None:
    expose(client, "belajar.xyz")
    before = client.get("/services/belajar/servers").json()
    page = pages.get("/learn/load-balancing", params={"step": 4, "weight0": 1, "weight1": 1, "since": "3ready-1ready"})
    assert [row[2:4] for row in rows_of(page.text)] == [["50%", "0"], ["50%", "0"]]
    assert "You changed something" in text_of(page.text)
    assert client.get("/services/belajar/servers").json() == before


@pytest.mark.parametrize(
    ("weight", "told"),
    [
        ("0", "A weight of 0 is not allowed: drain the server instead"),
        ("1001", "The weight is a whole number from 1 to 1000, not 1001."),
        ("", "This has to be a whole number."),
        ("-1", "This has to be a whole number."),
        ("1.5", "This has to be a whole number."),
        ("9" * 400, "This has to be a whole number."),
        *((text, "This has to be a whole number.") for text in HOSTILE),
    ],
)
def test_a_wrong_weight_is_told_at_its_field_and_stays_there(pages: httpx.Client, weight: str, told: str) -> None:
    answer = pages.get("/learn/load-balancing", params={"weight0": weight})
    assert answer.status_code == 422
    outline = Outline(answer.text)
    assert told in " ".join(outline.text.split())
    field = next(attributes for _tag, attributes in outline.elements if attributes.get("name") == "weight0")
    assert (field["aria-invalid"], field["aria-describedby"]) == ("true", "field-weight0-wrong")
    assert field["value"] == weight.strip()
    assert rows_of(answer.text)[0][2] == "75%"  # what it was


@pytest.mark.parametrize("parameters", [{"step": -1}, {"step": 501}, {"step": "x"}, {"state0": "gone"}])
def test_what_nobody_can_choose_is_refused(pages: httpx.Client, parameters: dict[str, object]) -> None:
    answer = pages.get("/learn/when-a-server-dies", params=parameters)  # type: ignore[arg-type]  # of httpx
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("state", "share", "due"), [("down", "0%", "1 2\u20443"), ("drain", "0%", "\u2013"), ("maint", "0%", "\u2013")]
)
def test_a_server_that_gets_nothing_leaves_its_share_to_the_others(
    pages: httpx.Client, state: str, share: str, due: str
) -> None:
    page = pages.get("/learn/when-a-server-dies", params={"step": 2, "state0": state}).text
    [one, other] = rows_of(page)
    assert (one[3], one[5]) == (share, due if state != "down" else one[5])
    assert other[3:5] == ["100%", "2"]
    assert "Request 3 will go to b." in text_of(page)


def test_without_a_server_requests_are_answered_with_503(pages: httpx.Client) -> None:
    page = pages.get("/learn/when-a-server-dies", params={"step": 3, "state0": "down", "state1": "drain"}).text
    assert "No server is left: the next request gets 503." in text_of(page)
    assert page.count(">503</li>") == 3


# Behind the pages


def test_a_replay_tells_when_each_server_was_due_and_is_next() -> None:
    servers = shared([DrawnServer("a", "http://a", 3), DrawnServer("b", "http://b", 1, health=ObservedState.DOWN)])
    a, b = replay(servers, 3).lanes
    assert [(mark.at, mark.request) for mark in a.marks] == [(Fraction(1, 3), 1), (Fraction(2, 3), 2), (Fraction(1), 3)]
    assert [(mark.at, mark.request) for mark in b.marks] == [(Fraction(1), None)]
    assert (a.due, b.due) == (Fraction(4, 3), Fraction(2))
    assert (a.taken, b.taken, a.is_next, b.is_next) == (3, 0, True, False)


def test_a_server_that_is_not_in_the_configuration_is_never_due() -> None:
    servers = shared([DrawnServer("a", "http://a", 3), DrawnServer("b", "http://b", 1, state=ServerState.MAINT)])
    _a, b = replay(servers, 3).lanes
    assert (b.due, b.taken, b.marks) == (None, 0, ())


def test_what_is_chosen_anew_begins_from_the_beginning() -> None:
    first = practise(INVENTED.service, {}, 5, None)
    assert (first.step, first.is_new) == (5, False)
    same = practise(INVENTED.service, {"weight0": "3"}, 6, first.since)
    assert (same.step, same.is_new) == (6, False)
    other = practise(INVENTED.service, {"weight0": "2"}, 6, first.since)
    assert (other.step, other.is_new) == (0, True)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("layout", DrawingWidth)
def test_in_a_drawing_every_text_is_text(text: str, layout: DrawingWidth) -> None:
    def draw(name: str) -> list[Outline]:
        servers = shared([DrawnServer(name, f"http://{name}", 3), DrawnServer("b", "http://b", 1)])
        router = DrawnRouter(name, f"Host(`{name}`)", name, [name], entry_points=[name])
        drawings = [
            encrypted.draw(name, name, name, ENGLISH, layout),
            exchange.draw(name, name, ENGLISH, layout),
            front.draw(name, router, servers, ENGLISH, layout),
            pool.draw(DrawnService(name, servers), ENGLISH, layout),
            turns.draw(replay(servers, 5), ENGLISH, layout),
            tallies.draw([name, "b"], {name: 3, "b": 1}, {name: 3.0, "b": 1.0}, ENGLISH, layout),
        ]
        return [Outline(drawing.__html__()) for drawing in drawings]

    for plain, hostile in zip(draw("wayshub"), draw(text), strict=True):
        drawn = [shape for shape in hostile.shape if shape[0] != "title"]  # which a text that is cut has
        assert drawn == [shape for shape in plain.shape if shape[0] != "title"]
        assert hostile.open == []


@pytest.mark.parametrize("layout", DrawingWidth)
def test_a_stream_is_as_wide_as_its_share(layout: DrawingWidth) -> None:
    servers = shared(
        [
            DrawnServer("a", "http://a", 3),
            DrawnServer("b", "http://b", 1),
            DrawnServer("c", "http://c", 4, state=ServerState.DRAIN),
        ]
    )
    outline = Outline(pool.draw(DrawnService("s", servers), ENGLISH, layout).__html__())
    streams = [attributes for tag, attributes in outline.elements if "stream" in (attributes.get("class") or "")]
    widths = [float(str(attributes["stroke-width"])) for attributes in streams]
    assert widths[0] == pytest.approx(3 * widths[1])
    assert streams[2]["class"] == "stream nothing"


@pytest.mark.parametrize("weights", [(1000, 1), (1, 1), (1000, 999, 998), (7, 1, 1, 1, 1)])
@pytest.mark.parametrize("step", [0, 1, 60, 500])
@pytest.mark.parametrize("layout", DrawingWidth)
def test_however_many_turns_there_were_a_drawing_stays_within_its_frame(
    weights: tuple[int, ...], step: int, layout: DrawingWidth
) -> None:
    servers = shared([DrawnServer(f"server-{number}", "http://a", weight) for number, weight in enumerate(weights)])
    markup = turns.draw(replay(servers, step), ENGLISH, layout).__html__()
    elements = Outline(markup).elements
    width = float(str(elements[0][1]["width"]))
    places = [float(str(attributes["cx"])) for tag, attributes in elements if tag == "circle"]
    assert all(0 <= place <= width for place in places)
    assert len(elements) < 800
