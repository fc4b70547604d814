"""Exposing an application with a form: in a browser without JavaScript, and what htmx asks for."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest

from tests.running import Service, http_client
from tests.web.test_rendering import HOSTILE, Outline

NO_SHARE = "\u2013"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def pages(service: Service) -> Iterator[httpx.Client]:
    """A browser without JavaScript, at the shared service with nothing in it."""
    with http_client(service.url, headers={"Accept": "text/html"}) as made:
        yield made


def fields(markup: str) -> dict[str, str]:
    """Return what stands in the form's fields, as a browser would send it."""
    return {
        attributes["name"] or "": attributes.get("value") or ""
        for tag, attributes in Outline(markup).elements
        if tag == "input"
        and attributes.get("name")
        and (attributes.get("type") not in {"checkbox", "radio"} or "checked" in attributes)
        and attributes["name"] != "next"
    }


def wrong(markup: str, name: str) -> str:
    """Return what is said to be wrong with a field."""
    identifier = f'id="field-{name.replace("/", "-")}-wrong"'
    found = re.search(rf"{identifier}[^>]*>(.*?)</div>", markup, re.DOTALL)
    assert found, f"{name} has no place for what is wrong with it"
    return unescape(re.sub(r"<[^>]+>", "", found[1])).strip()


def share(markup: str, index: int) -> str:
    found = re.search(rf'<output id="share-{index}"[^>]*>([^<]*)<', markup)
    assert found
    return found[1].strip()


def check(client: httpx.Client, **texts: str) -> str:
    answer = client.post("/expose/check", data=texts, headers=HTMX)
    assert answer.status_code == 200, answer.text
    assert "<html" not in answer.text
    return answer.text


def typed(*urls: str, **texts: str) -> dict[str, str]:
    rows = {f"servers/{index}/url": url for index, url in enumerate(urls)}
    return {"domain": "alvin.xyz", **rows, **texts}


def revision(client: httpx.Client) -> int:
    number: int = client.get("/readyz").json()["revision"]
    return number


# From the first page to the application


def test_an_application_is_exposed_without_javascript(pages: httpx.Client) -> None:
    form = fields(pages.get("/expose").text)
    assert form["servers/0/weight"] == "1"
    more = pages.post(
        "/expose", data={**form, "domain": "alvin.xyz", "servers/0/url": "http://10.0.0.1:80", "do": "add"}
    )
    form = fields(more.text)
    assert form["domain"] == "alvin.xyz"
    form |= {"servers/1/url": "http://10.0.0.2:80", "servers/1/weight": "3", "name": "wayshub", "checked": "true"}
    seen = pages.post("/expose", data={**form, "do": "check"})
    assert "Host(`alvin.xyz`)" in seen.text
    assert (share(seen.text, 0), share(seen.text, 1)) == ("25%", "75%")
    assert pages.get("/api/v1/routers").json()["items"] == []
    made = pages.post("/expose", data={**fields(seen.text), "do": "expose"})
    assert (made.status_code, made.headers["Location"]) == (303, "/applications/wayshub")
    assert "alvin.xyz is exposed as wayshub." in pages.get(made.headers["Location"]).text
    service = pages.get("/api/v1/services/wayshub").json()
    assert service["healthCheck"] == {"path": "/", "interval": "5s", "timeout": "2s"}
    pool = pages.get("/api/v1/services/wayshub/servers").json()["items"]
    assert {server["url"]: server["weight"] for server in pool} == {"http://10.0.0.1:80": 1, "http://10.0.0.2:80": 3}


def test_what_an_edge_does_when_a_server_fails_is_chosen(pages: httpx.Client) -> None:
    first = pages.get("/expose")
    assert "Try another server" in first.text
    assert fields(first.text)["onFailure"] == ""
    chosen = typed("http://10.0.0.1:80", name="wayshub", onFailure="hold-back")
    seen = pages.post("/expose", data={**chosen, "do": "check"})
    assert "Ready to expose." in seen.text
    assert fields(seen.text)["onFailure"] == "hold-back"
    refused = pages.post("/expose", data={**chosen, "onFailure": "pray", "do": "expose"})
    assert refused.status_code == 422
    assert "This has to be 'none', 'retry' or 'hold-back'." in wrong(refused.text, "onFailure")
    pages.post("/expose", data={**chosen, "do": "expose"})
    assert pages.get("/api/v1/services/wayshub").json()["onFailure"] == "hold-back"


def test_rows_are_added_and_removed_and_what_was_typed_stays(pages: httpx.Client) -> None:
    form: dict[str, str] = typed("http://a:1", "http://b:1", "http://c:1", name="x")
    form["servers/2/weight"] = "abc"
    found = fields(pages.post("/expose", data={**form, "do": "remove/1"}).text)
    assert {name: text for name, text in found.items() if name.startswith("servers/")} == {
        "servers/0/url": "http://a:1",
        "servers/0/weight": "1",
        "servers/2/url": "http://c:1",
        "servers/2/weight": "abc",
    }
    assert (found["name"], found["domain"]) == ("x", "alvin.xyz")
    only = fields(pages.post("/expose", data={"servers/5/url": "http://a:1", "do": "remove/5"}).text)
    assert only["servers/0/url"] == ""
    for odd in ("remove/", "remove/-1", "remove/x", "remove/99999999", "remove/7"):
        kept = fields(pages.post("/expose", data={**typed("http://a:1"), "do": odd}).text)
        assert kept["servers/0/url"] == "http://a:1"


def test_errors_stand_at_their_fields_and_what_was_typed_stays(pages: httpx.Client) -> None:
    form = typed("", "http://10.0.0.1:80", "htp://x", domain="no domain", name="Not a name", pathPrefix="api")
    form |= {"servers/1/weight": "0", "checked": "true", "healthCheck/interval": "1s", "healthCheck/timeout": "5s"}
    answer = pages.post("/expose", data=form)
    assert answer.status_code == 422
    found = fields(answer.text)
    assert {name: found[name] for name in form} == form
    assert "weight of 0" in wrong(answer.text, "servers/1/weight")
    assert "does not begin with http://" in wrong(answer.text, "servers/2/url")
    assert wrong(answer.text, "servers/0/url") == ""
    assert wrong(answer.text, "name")
    assert wrong(answer.text, "pathPrefix")
    assert wrong(answer.text, "domain")
    assert "longer than the interval" in wrong(answer.text, "healthCheck/timeout")
    invalid = {a["name"] for tag, a in Outline(answer.text).elements if tag == "input" and a.get("aria-invalid")}
    assert invalid == {
        *("domain", "name", "pathPrefix", "servers/1/weight", "servers/2/url", "healthCheck/timeout"),
    }
    assert pages.get("/api/v1/domains").json()["items"] == []


def test_a_domain_that_is_exposed_already_is_said_to_be(pages: httpx.Client) -> None:
    assert pages.post("/expose", data=typed("http://10.0.0.1:80")).status_code == 303
    answer = pages.post("/expose", data=typed("http://10.0.0.1:80"))
    assert answer.status_code == 422
    assert "already exposed by router alvin" in wrong(answer.text, "domain")
    assert "Service alvin already exists" in wrong(answer.text, "name")


def test_nothing_typed_is_told_what_is_needed(pages: httpx.Client) -> None:
    answer = pages.post("/expose", data={})
    assert answer.status_code == 422
    assert wrong(answer.text, "domain")
    assert wrong(answer.text, "servers/0/url")


# While one types


def test_what_would_come_of_it_is_shown_and_changes_nothing(pages: httpx.Client) -> None:
    before = revision(pages)
    found = check(
        pages, **typed("http://10.0.0.1:80", "http://10.0.0.2:80", pathPrefix="/api"), **{"servers/0/weight": "3"}
    )
    assert "Host(`alvin.xyz`) &amp;&amp; PathPrefix(`/api`)" in found
    assert (share(found, 0), share(found, 1)) == ("75%", "25%")
    assert 'class="drawing"' in found
    assert 'href="/routers' not in found  # there is none yet
    assert "Empty: alvin." in found
    assert revision(pages) == before


def test_a_field_in_which_nothing_stands_yet_is_not_wrong_while_one_types(pages: httpx.Client) -> None:
    found = check(pages, domain="", **{"servers/0/url": ""})
    assert wrong(found, "domain") == wrong(found, "servers/0/url") == ""
    assert "Enter a domain and a server's URL." not in check(pages, domain="a..b")
    assert wrong(check(pages, domain="a..b"), "domain")


def test_shares_are_shown_whatever_else_is_wrong(pages: httpx.Client) -> None:
    found = check(pages, **typed("http://10.0.0.1:80", "nonsense", "", domain="?"), **{"servers/1/weight": "10"})
    assert (share(found, 0), share(found, 1), share(found, 2)) == ("9.1%", "90.9%", NO_SHARE)
    assert share(check(pages, **typed("http://a:1"), **{"servers/0/weight": "²"}), 0) == NO_SHARE


def test_what_is_taken_is_told_while_one_types(pages: httpx.Client) -> None:
    pages.post("/expose", data=typed("http://10.0.0.1:80"))
    found = check(pages, **typed("http://10.0.0.1:80"))
    assert "already exposed" in wrong(found, "domain")
    assert 'class="drawing"' not in found


def test_where_no_server_may_be_is_told_while_one_types(start_service: Any) -> None:
    service = start_service(server_networks="10.0.0.0/8")
    with http_client(service.url, headers={"Accept": "text/html"}) as pages:
        found = check(pages, **typed("http://10.0.0.1:80", "http://192.168.0.1:80"))
        assert wrong(found, "servers/0/url") == ""
        assert "192.168.0.1" in wrong(found, "servers/1/url")
        answer = pages.post("/expose", data=typed("http://10.0.0.1:80", "http://192.168.0.1:80"))
        assert answer.status_code == 422
        assert "192.168.0.1" in wrong(answer.text, "servers/1/url")


def test_htmx_gets_the_rows_alone(pages: httpx.Client) -> None:
    answer = pages.post("/expose/check", data={**typed("http://a:1"), "do": "add"}, headers=HTMX)
    assert answer.text.strip().startswith('<fieldset id="servers"')
    assert set(fields(answer.text)) == {f"servers/{index}/{name}" for index in (0, 1) for name in ("url", "weight")}


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_typed_is_text(pages: httpx.Client, text: str) -> None:
    names = (
        "domain",
        "name",
        "pathPrefix",
        "servers/0/url",
        "servers/0/weight",
        "healthCheck/path",
        "healthCheck/interval",
    )
    plain = Outline(pages.post("/expose", data=dict.fromkeys(names, "!!") | {"checked": "true"}).text)
    answer = pages.post("/expose", data=dict.fromkeys(names, text) | {"checked": "true"})
    assert answer.status_code == 422
    found = Outline(answer.text)
    assert {tag for tag, _attributes in found.elements} <= {tag for tag, _attributes in plain.elements}
    assert found.open == []
    assert fields(answer.text)["domain"].replace("\ufffd", "\0") == text.replace("\ufffd", "\0")
    assert not [a for _tag, a in found.elements if any(name.startswith("on") for name in a)]


def test_odd_fields_are_no_servers(pages: httpx.Client) -> None:
    odd = {
        "servers/x/url": "a",
        "servers/-1/url": "a",
        "servers/0/0/url": "a",
        "servers/99999/url": "a",
        "servers/1/name": "a",
    }
    answer = pages.post("/expose", data={**typed("http://10.0.0.1:80"), **odd})
    assert answer.status_code == 303
    assert len(pages.get("/api/v1/services/alvin/servers").json()["items"]) == 1


def test_many_servers_are_exposed_at_once(pages: httpx.Client) -> None:
    urls = [f"http://10.0.{index // 200}.{index % 200 + 1}:80" for index in range(400)]
    assert pages.post("/expose", data=typed(*urls)).status_code == 303
    assert len(pages.get("/api/v1/services/alvin/servers?limit=1000").json()["items"]) == 400


def test_a_default_name_that_is_taken_is_not_proposed_but_a_free_one(pages: httpx.Client) -> None:
    pages.post("/api/v1/services", json={"name": "alvin"}).raise_for_status()
    pages.post("/api/v1/services", json={"name": "alvin-2"}).raise_for_status()
    told = check(pages, **typed("http://10.0.0.1:80"))
    assert "Empty: alvin-3." in told
    assert "Ready to expose" in told
    answer = pages.post("/expose", data=typed("http://10.0.0.1:80"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/applications/alvin-3")


def test_what_was_wrong_when_it_was_sent_goes_when_it_is_mended(pages: httpx.Client) -> None:
    refused = pages.post("/expose", data=typed("ftp://x"))
    assert re.search(r'id="summary">\s*<div class="notice bad"', refused.text)
    told = check(pages, **typed("http://10.0.0.1:80"))
    assert '<div id="summary" hx-swap-oob="true"></div>' in told


def test_what_few_need_is_folded_away_until_something_stands_in_it_or_is_wrong(pages: httpx.Client) -> None:
    folded = '<details class="rare">'
    assert folded in pages.get("/expose").text
    form = typed("http://10.0.0.1:80", domain="alvin.xyz")
    assert folded in pages.post("/expose", data={**form, "do": "check"}).text
    for more in ({"pathPrefix": "/api"}, {"allow": "no network"}, {"securityHeaders": "true"}):
        assert folded not in pages.post("/expose", data={**form, **more, "do": "check"}).text
