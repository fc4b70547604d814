"""The pages of domains."""

import httpx
import pytest

from provider.nouns.certificate import Certificate
from tests.running import Service, http_client
from tests.web.filling import find_form, revision, send, words
from tests.web.test_rendering import HOSTILE, Outline


def add(client: httpx.Client, name: str, **fields: str) -> None:
    client.post("/domains", json={"name": name, **fields}).raise_for_status()


def test_a_domain_is_added_by_a_form(console: httpx.Client, client: httpx.Client) -> None:
    page = console.get("/domains")
    assert "No domains yet" in page.text
    assert 'href="/domains/new"' in page.text
    page = console.get("/domains/new")
    answer = send(console, page, "/domains/new", {"name": " alvin.xyz ", "description": "the class's"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/domains/alvin.xyz")
    page = console.get("/domains/alvin.xyz")
    assert "Domain alvin.xyz was added." in page.text
    assert "No router matches it" in page.text
    kept = client.get("/domains/alvin.xyz").json()
    assert (kept["name"], kept["description"], kept["tls"], kept["labels"]) == ("alvin.xyz", "the class's", None, {})
    assert 'href="/domains/alvin.xyz"' in console.get("/domains").text


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_is_kept(console: httpx.Client) -> None:
    page = console.get("/domains/new")
    answer = send(console, page, "/domains/new", {"name": "not a host", "description": "x" * 1001})
    assert answer.status_code == 422
    fields = {a["name"]: a for _tag, a in Outline(answer.text).elements if "name" in a}
    assert fields["name"]["aria-invalid"] == fields["description"]["aria-invalid"] == "true"
    assert (fields["name"]["value"], fields["description"]["value"]) == ("not a host", "x" * 1001)
    assert "is longer than 1000 characters" in answer.text
    assert console.get("/domains/not%20a%20host").status_code == 404


def test_a_name_that_is_taken_is_refused_at_its_field(console: httpx.Client, client: httpx.Client) -> None:
    add(client, "alvin.xyz")
    answer = send(console, console.get("/domains/new"), "/domains/new", {"name": "ALVIN.xyz"})
    assert answer.status_code == 409
    assert 'id="field-name-wrong"' in answer.text
    assert "already exists" in answer.text


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("*.alvin.xyz", "/domains/%2A.alvin.xyz"),
        ("b\u00fccher.example", "/domains/xn--bcher-kva.example"),
        ("new", "/domains/new/"),
        ("edit", "/domains/edit"),
    ],
)
def test_every_domain_has_a_page(console: httpx.Client, name: str, path: str) -> None:
    answer = send(console, console.get("/domains/new"), "/domains/new", {"name": name})
    assert answer.headers["Location"] == path
    assert f'href="{path}"' in console.get("/domains").text
    assert f"<h1>{name}</h1>" in console.get(path).text
    for action in ("edit", "remove"):
        assert name in words(console.get(f"{path.rstrip('/')}/{action}").raise_for_status())


def test_the_list_is_searched_and_paged(console: httpx.Client, client: httpx.Client) -> None:
    for number in range(53):
        add(client, f"d{number:02}.test", description="odd" if number % 2 else "")
    page = console.get("/domains")
    assert page.text.count('<th scope="row"') == 50
    [link] = [a["href"] or "" for tag, a in Outline(page.text).elements if tag == "a" and a.get("rel") == "next"]
    page = console.get(link)
    assert [f"d{number}.test" in page.text for number in (49, 50, 51, 52)] == [False, True, True, True]
    assert 'rel="next"' not in page.text
    page = console.get("/domains", params={"q": "ODD"})
    assert page.text.count('<th scope="row"') == 26
    assert 'value="ODD"' in page.text
    assert "No domains match" in console.get("/domains", params={"q": "nowhere"}).text


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"q": "x" * 201}, {"q": "\u0000"}])
def test_a_list_that_cannot_be_asked_for_is_refused(console: httpx.Client, query: dict[str, str]) -> None:
    assert console.get("/domains", params=query).status_code == 422


def test_names_are_proposed(console: httpx.Client, client: httpx.Client) -> None:
    for name in ("alvin.xyz", "belajar.xyz"):
        add(client, name)
    answer = console.get("/domains", params={"q": "bel"}, headers={"Accept": "application/json"})
    assert answer.json() == ["belajar.xyz"]


def test_a_form_that_is_sent_as_it_is_changes_nothing(
    console: httpx.Client, client: httpx.Client, service: Service
) -> None:
    add(client, "alvin.xyz", description=" a &amp; <b> ")
    before = revision(service)
    page = console.get("/domains/alvin.xyz/edit")
    assert send(console, page, "/domains/alvin.xyz/edit").status_code == 303
    assert revision(service) == before
    assert client.get("/domains/alvin.xyz").json()["description"] == " a &amp; <b> "


class TestTwoPeople:
    """Both have the form open; one saves first."""

    PATH = "/domains/alvin.xyz/edit"

    def test_the_second_sees_the_change_of_the_first_and_loses_nothing(
        self, console: httpx.Client, client: httpx.Client
    ) -> None:
        add(client, "alvin.xyz", description="before")
        page = console.get(self.PATH)
        client.patch("/domains/alvin.xyz", json={"description": "theirs"}).raise_for_status()
        late = send(console, page, self.PATH, {"description": "mine"})
        assert late.status_code == 412
        assert client.get("/domains/alvin.xyz").json()["description"] == "theirs"
        text = words(late)
        assert "Somebody else changed this" in text
        assert "Description before theirs mine" in text
        form = find_form(late, self.PATH)
        assert form.fields["description"] == "mine"
        assert form.fields["take/description"] == "mine"

    @pytest.mark.parametrize(("choice", "kept"), [("mine", "mine"), ("now", "theirs")])
    def test_the_second_chooses(self, console: httpx.Client, client: httpx.Client, choice: str, kept: str) -> None:
        add(client, "alvin.xyz", description="before")
        page = console.get(self.PATH)
        client.patch("/domains/alvin.xyz", json={"description": "theirs"}).raise_for_status()
        late = send(console, page, self.PATH, {"description": "mine"})
        assert send(console, late, self.PATH, {"take/description": choice}).status_code == 303
        assert client.get("/domains/alvin.xyz").json()["description"] == kept

    def test_what_only_the_first_changed_is_taken_over(self, console: httpx.Client, client: httpx.Client) -> None:
        add(client, "alvin.xyz", description="before")
        page = console.get(self.PATH)
        client.patch("/domains/alvin.xyz", json={"description": "theirs"}).raise_for_status()
        late = send(console, page, self.PATH)
        assert late.status_code == 412
        assert find_form(late, self.PATH).fields["description"] == "theirs"
        assert "take/description" not in late.text
        assert send(console, late, self.PATH).status_code == 303
        assert client.get("/domains/alvin.xyz").json()["description"] == "theirs"

    def test_who_is_late_twice_is_told_twice(self, console: httpx.Client, client: httpx.Client) -> None:
        add(client, "alvin.xyz", description="before")
        page = console.get(self.PATH)
        for text in ("first", "second"):
            client.patch("/domains/alvin.xyz", json={"description": text}).raise_for_status()
            page = send(console, page, self.PATH, {"description": "mine"})
            assert page.status_code == 412
            assert text in words(page)
        assert "before" not in words(page)

    def test_what_was_removed_meanwhile_is_not_made_again(self, console: httpx.Client, client: httpx.Client) -> None:
        add(client, "alvin.xyz")
        page = console.get(self.PATH)
        client.delete("/domains/alvin.xyz").raise_for_status()
        assert send(console, page, self.PATH, {"description": "mine"}).status_code == 404
        assert client.get("/domains/alvin.xyz").status_code == 404

    @pytest.mark.parametrize("seen", ["", "{", "[]", '{"description": 1}', "[" * 20_000, "{}"])
    def test_a_form_that_does_not_say_what_was_seen_overwrites_nothing(
        self, console: httpx.Client, client: httpx.Client, seen: str
    ) -> None:
        add(client, "alvin.xyz", description="theirs")
        answer = console.post(self.PATH, data={"etag": "x", "seen": seen, "description": "mine"})
        assert answer.status_code == 412
        assert client.get("/domains/alvin.xyz").json()["description"] == "theirs"
        assert find_form(answer, self.PATH).fields["take/description"] == "mine"


class TestRemoving:
    """A domain goes with the routers that have no other."""

    PATH = "/domains/alvin.xyz/remove"

    @pytest.fixture(autouse=True)
    def routers(self, client: httpx.Client) -> None:
        add(client, "alvin.xyz")
        add(client, "belajar.xyz")
        client.post("/services", json={"name": "wayshub"}).raise_for_status()
        for name, domains in {"alone": ["alvin.xyz"], "both": ["alvin.xyz", "belajar.xyz"]}.items():
            body = {"name": name, "domains": domains, "service": "wayshub"}
            client.post("/routers", json=body).raise_for_status()

    def test_the_page_names_what_else_goes_and_then_that_goes(
        self, console: httpx.Client, client: httpx.Client
    ) -> None:
        page = console.get(self.PATH)
        assert "router alone, which has no other domain" in page.text
        assert "router both, which keeps its other domains" in page.text
        assert client.get("/domains/alvin.xyz").status_code == 200
        answer = send(console, page, self.PATH)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/domains")
        assert client.get("/domains/alvin.xyz").status_code == 404
        assert client.get("/routers/alone").status_code == 404
        assert client.get("/routers/both").json()["domains"] == ["belajar.xyz"]
        assert "Domain alvin.xyz was removed." in console.get("/domains").text

    def test_nothing_goes_that_was_not_named(self, console: httpx.Client, client: httpx.Client) -> None:
        page = console.get(self.PATH)
        client.patch("/routers/both", json={"domains": ["alvin.xyz"]}).raise_for_status()
        again = send(console, page, self.PATH)
        assert again.status_code == 412
        assert "router both, which has no other domain" in again.text
        assert client.get("/domains/alvin.xyz").status_code == 200
        assert send(console, again, self.PATH).status_code == 303
        assert client.get("/routers/both").status_code == 404


def test_who_may_only_read_is_offered_nothing_to_change(service: Service, client: httpx.Client) -> None:
    add(client, "alvin.xyz")
    made = client.post("/tokens", json={"name": "reader", "scopes": ["read"]}).raise_for_status().json()
    headers = {"Authorization": f"Bearer {made['token']}", "Accept": "text/html"}
    with http_client(service.url, headers=headers) as reader:
        for path in ("/domains", "/domains/alvin.xyz"):
            page = reader.get(path).raise_for_status()
            assert "/domains/new" not in page.text
            assert "/edit" not in page.text
            assert "/remove" not in page.text
        for path in ("/domains/new", "/domains/alvin.xyz/edit", "/domains/alvin.xyz/remove"):
            assert reader.get(path).status_code == 403


@pytest.mark.parametrize("text", [text for text in HOSTILE if "\u0000" not in text])
def test_the_text_of_anybody_is_shown_as_text(console: httpx.Client, text: str) -> None:
    send(console, console.get("/domains/new"), "/domains/new", {"name": "plain.test", "description": "plain"})
    send(console, console.get("/domains/new"), "/domains/new", {"name": "hostile.test", "description": text})
    assert "was added" in console.get("/").text
    for path in ("/domains/{}", "/domains/{}/edit"):
        plain, hostile = console.get(path.format("plain.test")), console.get(path.format("hostile.test"))
        assert Outline(plain.text).shape == Outline(hostile.text).shape
    wrong = send(console, console.get("/domains/new"), "/domains/new", {"name": text, "description": text})
    assert wrong.status_code == 422
    assert Outline(wrong.text).open == []


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"name=a.test&name=b.test", "application/x-www-form-urlencoded"),
        (b"&".join(b"f%d=" % number for number in range(10_001)), "application/x-www-form-urlencoded"),
        (
            b'--x\r\nContent-Disposition: form-data; name="name"; filename="a"\r\n\r\na\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\nnothing of a form", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b'{"name": "a.test"}', "application/json"),
        (b"name=%ff%fe%00", "application/x-www-form-urlencoded"),
        (b"%" * 1000, "application/x-www-form-urlencoded"),
        (b"", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_form_of_ours_makes_nothing(
    console: httpx.Client, client: httpx.Client, content: bytes, kind: str
) -> None:
    answer = console.post("/domains/new", content=content, headers={"Content-Type": kind})
    assert 400 <= answer.status_code < 500
    assert client.get("/domains").json()["items"] == []


def test_the_page_says_which_certificate_fits(console: httpx.Client, client: httpx.Client) -> None:
    client.put("/domains/alvin.xyz", json={"tls": {"from": "stored"}}).raise_for_status()
    assert "No certificate stored here fits" in words(console.get("/domains/alvin.xyz"))
    client.post("/certificates", json=dict(Certificate.example)).raise_for_status()
    assert 'href="/certificates/alvin"' in console.get("/domains/alvin.xyz").text
    assert 'href="/domains/alvin.xyz"' in console.get("/certificates/alvin").text
    client.put("/domains/alvin.xyz", json={"tls": None}).raise_for_status()
    assert "/certificates/alvin" not in console.get("/domains/alvin.xyz").text


def test_a_router_whose_rule_names_a_domain_is_among_those_that_match_it(
    console: httpx.Client, client: httpx.Client
) -> None:
    add(client, "alvin.xyz")
    client.put("/services/blue", json={}).raise_for_status()
    rule = {"rule": "Host(`alvin.xyz`) && PathPrefix(`/admin`)", "service": "blue"}
    client.put("/routers/by-rule", json=rule).raise_for_status()
    said = words(console.get("/domains/alvin.xyz"))
    assert "No router matches it" not in said
    assert "by-rule" in said
    assert "alvin.xyz 1" in words(console.get("/domains"))
