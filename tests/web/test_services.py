"""The pages of services, with the weights of their servers."""

from html.parser import HTMLParser

import httpx
import pytest

from tests.running import Service
from tests.web.filling import find_form, revision, send, words

FULL = {
    "name": "wayshub",
    "strategy": "leasttime",
    "healthCheck": {"path": "/up", "interval": "7s", "timeout": "3s"},
    "sticky": {"cookie": {"name": "lane"}},
    "passHostHeader": False,
}
PAGE = "/services/wayshub"


class Shares(HTMLParser):
    """The shares that stand in a page's table."""

    def __init__(self, page: httpx.Response) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._open = False
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag == "output"

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found.append(data)
            self._open = False


@pytest.fixture
def pool(client: httpx.Client) -> None:
    """A service with the servers a, b and c; c is drained."""
    client.post("/services", json={"name": "wayshub"}).raise_for_status()
    for name, weight, state in (("a", 3, "ready"), ("b", 1, "ready"), ("c", 5, "drain")):
        body = {"url": f"http://10.0.0.1{weight}:80", "weight": weight, "state": state}
        client.put(f"/services/wayshub/servers/{name}", json=body).raise_for_status()


def weights(client: httpx.Client) -> dict[str, int]:
    items = client.get("/services/wayshub/servers").raise_for_status().json()["items"]
    return {item["name"]: item["weight"] for item in items}


def test_a_service_is_added_by_a_form(console: httpx.Client, client: httpx.Client) -> None:
    assert "No services yet" in console.get("/services").text
    answer = send(console, console.get("/services/new"), "/services/new", {"name": "wayshub"})
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert client.get("/services/wayshub").json()["strategy"] == "wrr"
    page = console.get(PAGE)
    assert "Service wayshub was added." in page.text
    assert "No servers yet" in page.text
    assert "No router points to it" in page.text
    assert 'href="/services/wayshub/servers/new"' in page.text


def test_a_health_check_and_a_cookie_are_switched_on_and_off(console: httpx.Client, client: httpx.Client) -> None:
    path = "/services/wayshub/edit"
    client.post("/services", json={"name": "wayshub"}).raise_for_status()
    on: dict[str, str | None] = {
        "healthCheck": "true",
        "healthCheck/path": "/up",
        "healthCheck/interval": "7s",
        "healthCheck/timeout": "3s",
        "sticky": "true",
        "sticky/cookie/name": "lane",
        "strategy": "leasttime",
        "passHostHeader": None,
    }
    assert send(console, console.get(path), path, on).status_code == 303
    kept = client.get("/services/wayshub").json()
    assert {name: kept[name] for name in FULL} == FULL
    text = words(console.get(PAGE))
    assert "/up every 7s, timeout 3s" in text
    assert "by the cookie lane" in text
    assert send(console, console.get(path), path, {"healthCheck": None, "sticky": None}).status_code == 303
    kept = client.get("/services/wayshub").json()
    assert (kept["healthCheck"], kept["sticky"]) == (None, None)


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_is_kept(console: httpx.Client) -> None:
    wrong: dict[str, str | None] = {
        "name": "-",
        "strategy": "best",
        "healthCheck": "true",
        "healthCheck/path": "up",
        "healthCheck/interval": "1s",
        "healthCheck/timeout": "2s",
        "sticky": "true",
        "sticky/cookie/name": "a b",
    }
    answer = send(console, console.get("/services/new"), "/services/new", wrong)
    assert answer.status_code == 422
    for name in ("name", "healthCheck-path", "healthCheck-timeout", "sticky-cookie-name"):
        assert f'id="field-{name}-wrong"' in answer.text, name
        assert f'href="#field-{name}"' in answer.text, name
    assert 'href="#field-strategy"' in answer.text
    form = find_form(answer, "/services/new")
    assert {name: form.fields.get(name) for name in wrong} == {**wrong, "strategy": None}


def test_what_is_wrong_with_a_check_that_is_off_hinders_nobody(console: httpx.Client, client: httpx.Client) -> None:
    fields: dict[str, str | None] = {"name": "wayshub", "healthCheck/path": "x", "sticky/cookie/name": ""}
    assert send(console, console.get("/services/new"), "/services/new", fields).status_code == 303
    assert client.get("/services/wayshub").json()["healthCheck"] is None


def test_a_form_that_is_sent_as_it_is_changes_nothing(
    console: httpx.Client, client: httpx.Client, service: Service
) -> None:
    client.post("/services", json=FULL).raise_for_status()
    before, path = revision(service), "/services/wayshub/edit"
    assert send(console, console.get(path), path).status_code == 303
    kept = client.get("/services/wayshub").json()
    assert ({name: kept[name] for name in FULL}, revision(service)) == (FULL, before)


def test_two_people_who_edit_a_service_choose_field_by_field(console: httpx.Client, client: httpx.Client) -> None:
    client.post("/services", json=FULL).raise_for_status()
    path = "/services/wayshub/edit"
    page = console.get(path)
    theirs = {"healthCheck": {"path": "/theirs", "interval": "9s"}, "strategy": "wrr"}
    client.patch("/services/wayshub", json=theirs).raise_for_status()
    late = send(console, page, path, {"healthCheck/path": "/mine", "healthCheck/timeout": "1s"})
    assert late.status_code == 412
    text = words(late)
    assert "Path /up /theirs /mine" in text
    assert "Interval 7s 9s" in text
    assert "Strategy Least response time Weighted round-robin" in text
    assert send(console, late, path, {"take/healthCheck/path": "now"}).status_code == 303
    kept = client.get("/services/wayshub").json()
    assert kept["healthCheck"] == {"path": "/theirs", "interval": "9s", "timeout": "1s"}
    assert kept["strategy"] == "wrr"


def test_a_server_that_rises_to_its_weight_has_the_share_that_it_gets_now(
    console: httpx.Client, client: httpx.Client
) -> None:
    client.post("/services", json={"name": "wayshub"}).raise_for_status()
    client.put(f"{PAGE}/servers/a", json={"url": "http://a.test"}).raise_for_status()
    client.patch(PAGE, json={"slowStart": "1h"}).raise_for_status()
    client.put(f"{PAGE}/servers/b", json={"url": "http://b.test"}).raise_for_status()
    given = client.get(f"{PAGE}/servers/b").json()
    assert given["rising"]["part"] < 0.5
    page = console.get(PAGE)
    assert float(Shares(page).found[1].removesuffix("%")) == pytest.approx(given["share"] * 100, abs=0.1)
    assert words(page).count("ramping up:") == 1


@pytest.mark.usefixtures("pool")
class TestWeights:
    """All weights of a service stand on its page, and are saved together."""

    def test_the_page_shows_each_server_with_its_share(self, console: httpx.Client) -> None:
        page = console.get(PAGE)
        assert Shares(page).found == ["75%", "25%", "0%"]
        assert "2 of 3, not checked No health check: it is unknown whether they answer." in words(page)
        assert "Add a health check" in page.text
        for name in "abc":
            assert f'href="/services/wayshub/servers/{name}"' in page.text

    def test_all_are_saved_as_one_revision(self, console: httpx.Client, client: httpx.Client, service: Service) -> None:
        before = revision(service)
        changed: dict[str, str | None] = {"weights/a": "1", "weights/b": " 2 ", "weights/c": "7"}
        assert send(console, console.get(PAGE), PAGE, changed).headers["Location"] == PAGE
        assert weights(client) == {"a": 1, "b": 2, "c": 7}
        assert revision(service) == before + 1
        assert Shares(console.get(PAGE)).found == ["33.3%", "66.7%", "0%"]

    def test_shares_are_shown_without_a_script_and_nothing_is_kept_yet(
        self, console: httpx.Client, client: httpx.Client
    ) -> None:
        page = send(console, console.get(PAGE), PAGE, {"weights/a": "1"}, "Show the shares")
        assert page.status_code == 200
        assert Shares(page).found == ["50%", "50%", "0%"]
        assert find_form(page, PAGE).fields["weights/a"] == "1"
        assert weights(client) == {"a": 3, "b": 1, "c": 5}
        assert send(console, page, PAGE).status_code == 303
        assert weights(client) == {"a": 1, "b": 1, "c": 5}

    def test_of_wrong_weights_none_is_kept(self, console: httpx.Client, client: httpx.Client) -> None:
        wrong: dict[str, str | None] = {"weights/a": "0", "weights/b": "9", "weights/c": "many"}
        page = send(console, console.get(PAGE), PAGE, wrong)
        assert page.status_code == 422
        assert weights(client) == {"a": 3, "b": 1, "c": 5}
        assert 'id="field-weights-a-wrong"' in page.text
        assert 'id="field-weights-c-wrong"' in page.text
        assert 'id="field-weights-b-wrong"' not in page.text
        fields = find_form(page, PAGE).fields
        assert {name: fields[name] for name in wrong} == wrong

    def test_nothing_is_overwritten_that_somebody_else_changed(
        self, console: httpx.Client, client: httpx.Client
    ) -> None:
        page = console.get(PAGE)
        client.patch("/services/wayshub/servers/a", json={"weight": 8}).raise_for_status()
        client.patch("/services/wayshub/servers/b", json={"weight": 9}).raise_for_status()
        client.delete("/services/wayshub/servers/c").raise_for_status()
        late = send(console, page, PAGE, {"weights/a": "4"})
        assert late.status_code == 412
        assert weights(client) == {"a": 8, "b": 9}
        fields = find_form(late, PAGE).fields
        assert (fields["weights/a"], fields["weights/b"]) == ("4", "9")
        assert "its weight is now 8, it was 3" in late.text
        assert "Server c no longer exists." in late.text
        assert Shares(late).found == ["30.8%", "69.2%"]
        assert send(console, late, PAGE).status_code == 303
        assert weights(client) == {"a": 4, "b": 9}

    def test_a_server_that_came_meanwhile_keeps_its_weight(self, console: httpx.Client, client: httpx.Client) -> None:
        page = console.get(PAGE)
        client.put("/services/wayshub/servers/d", json={"url": "http://10.0.0.9:80", "weight": 2}).raise_for_status()
        assert send(console, page, PAGE, {"weights/a": "4"}).status_code == 303
        assert weights(client) == {"a": 4, "b": 1, "c": 5, "d": 2}

    def test_weights_without_versions_are_refused(self, console: httpx.Client, client: httpx.Client) -> None:
        answer = console.post(PAGE, data={"weights/a": "9", "weights/nobody": "1"})
        assert answer.status_code == 412
        assert weights(client) == {"a": 3, "b": 1, "c": 5}

    def test_removing_names_the_servers_and_the_routers(self, console: httpx.Client, client: httpx.Client) -> None:
        client.post("/routers", json={"name": "way", "pathPrefix": "/a", "service": "wayshub"}).raise_for_status()
        path = f"{PAGE}/remove"
        page = console.get(path)
        assert "router way, which points to it" in page.text
        assert "server b at http://10.0.0.11:80" in page.text
        client.patch("/services/wayshub/servers/b", json={"url": "http://10.0.0.99:80"}).raise_for_status()
        again = send(console, page, path)
        assert again.status_code == 412
        assert "server b at http://10.0.0.99:80" in again.text
        assert send(console, again, path).headers["Location"] == "/services"
        for gone in ("/services/wayshub", "/routers/way"):
            assert client.get(gone).status_code == 404


def test_the_list_says_how_many_servers_a_service_can_rely_on(console: httpx.Client, client: httpx.Client) -> None:
    for name in ("empty", "full", "gone"):
        client.post("/services", json={"name": name}).raise_for_status()
    for name in ("a", "b"):
        client.put(f"/services/full/servers/{name}", json={"url": f"http://{name}.test"}).raise_for_status()
    client.put("/services/gone/servers/a", json={"url": "http://a.test", "state": "maint"}).raise_for_status()
    client.post("/routers", json={"name": "r", "pathPrefix": "/a", "service": "full"}).raise_for_status()
    text = words(console.get("/services"))
    assert "empty no servers yet Weighted round-robin none none" in text
    assert "full 2 of 2, not checked Weighted round-robin none 1" in text
    assert "gone none available" in text


def test_a_service_that_is_called_new_can_be_seen_and_changed(console: httpx.Client, client: httpx.Client) -> None:
    answer = send(console, console.get("/services/new"), "/services/new", {"name": "new"})
    path = answer.headers["Location"]
    assert path == "/services/new/"
    client.put("/services/new/servers/new", json={"url": "http://a.test"}).raise_for_status()
    page = console.get(path)
    assert send(console, page, path, {"weights/new": "4"}).headers["Location"] == path
    assert client.get("/services/new/servers/new").json()["weight"] == 4
    assert "http://a.test" in console.get("/services/new/servers/new/").text
