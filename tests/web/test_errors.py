"""What went wrong, as people see it: words in their language, and what to do next."""

import httpx
import pytest

from provider.errors import FieldError, Invalid
from provider.messages import Message
from provider.models import ExposeInput
from provider.nouns import Object, Router, Server, Service
from provider.web import languages
from tests.api.checks import problem

INDONESIAN = languages.load()["id"]
PAGE = "text/html; charset=utf-8"


def test_a_browser_gets_a_page_and_a_program_a_problem(browser: httpx.Client) -> None:
    page = browser.get("/nothing")
    assert (page.status_code, page.headers["Content-Type"], page.headers["Cache-Control"]) == (404, PAGE, "no-store")
    assert page.headers["Content-Security-Policy"]
    assert "Not found" in page.text
    assert "There is nothing at this path." in page.text
    problem(browser.get("/nothing", headers={"Accept": "*/*"}), "not-found")
    problem(browser.get("/nothing", headers={"Accept": "application/json"}), "not-found")


@pytest.mark.parametrize("path", ["/api/v1/domains/missing.test", "/api/v1/nothing", "/traefik/nothing"])
def test_what_is_for_programs_answers_with_problems_whoever_asks(browser: httpx.Client, path: str) -> None:
    problem(browser.get(path), "not-found")


@pytest.mark.parametrize(
    ("language", "title", "detail"),
    [
        ("en", "Not found", "There is nothing at this path."),
        ("id", "Tidak ditemukan", "Tidak ada apa-apa di path ini."),
    ],
)
def test_an_error_is_told_in_the_language(browser: httpx.Client, language: str, title: str, detail: str) -> None:
    page = browser.get("/nothing", headers={"Accept-Language": language}).text
    assert f'<html lang="{language}">' in page
    assert title in page
    assert detail in page


FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (FORM, b"a=&" * 30_000),
        (MULTIPART, b"--x"),
        (f"{MULTIPART}; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n" * 11_000 + b"--x--"),
        (f"{MULTIPART}; boundary=x", b"nothing"),
        (f"{MULTIPART}; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n\r\n--x--"),
    ],
    ids=["very many fields", "no boundary", "very many parts", "no parts", "a file"],
)
@pytest.mark.parametrize("path", ["/login", "/expose"])
def test_what_is_no_form_is_refused_in_our_words(browser: httpx.Client, path: str, kind: str, content: bytes) -> None:
    answer = browser.post(path, content=content, headers={"Content-Type": kind, "Accept": "*/*"})
    assert answer.status_code in {400, 401, 422}
    for word in ("boundary", "Maximum", "multipart", "Too many fields"):
        assert word not in answer.text


def test_what_another_site_sends_is_refused_in_words(browser: httpx.Client) -> None:
    page = browser.post("/preferences/theme", data={"theme": "dark"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (page.status_code, page.headers["Content-Type"]) == (403, PAGE)
    assert "Another site&#39;s page cannot change anything here." in page.text
    assert "Set-Cookie" not in page.headers


def test_a_name_that_is_not_its_own_is_refused_in_words_and_not_taken_for_markup(browser: httpx.Client) -> None:
    page = browser.get("/", headers={"Host": "<script>alert(1)</script>"})
    assert page.status_code == 403
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>alert" not in page.text


def test_a_wrong_field_is_named(browser: httpx.Client) -> None:
    page = browser.post("/preferences/theme", data={"theme": "blue"})
    assert (page.status_code, page.headers["Content-Type"]) == (422, PAGE)
    assert "<code>theme</code>: this has to be one of light, dark, auto" in page.text


@pytest.mark.parametrize(("kind", "status"), [("in-use", 409), ("changed", 412), ("unavailable", 503), ("fault", 500)])
def test_every_kind_of_error_has_a_page(browser: httpx.Client, kind: str, status: int) -> None:
    page = browser.get(f"/samples/failure/{kind}", params={"text": "<b>{name}"})
    assert (page.status_code, page.headers["Content-Type"]) == (status, PAGE)
    assert ("&lt;b&gt;{name}" in page.text) == (status != 500)
    assert "<b>{name}" not in page.text
    assert (f"<code>{page.headers['X-Request-ID']}</code>" in page.text) == (status >= 500)
    assert page.headers.get("Retry-After") == ("1" if status == 503 else None)


def test_a_part_of_a_page_that_cannot_be_had_is_told_as_a_notice(browser: httpx.Client) -> None:
    answer = browser.get(
        "/samples/failure/in-use", params={"text": "a"}, headers={"HX-Request": "true", "Accept": "*/*"}
    )
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (409, "#notices")
    assert answer.text.strip().startswith('<div class="notice bad">')
    assert "<html" not in answer.text


def test_head_of_a_page_that_is_not_there_has_no_body(browser: httpx.Client) -> None:
    answer = browser.head("/nothing")
    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (404, PAGE, b"")


@pytest.mark.parametrize(
    ("model", "given", "english", "indonesian"),
    [
        (Server, {"name": "a"}, "this field is required", "field ini wajib diisi"),
        (
            Server,
            {"name": "a", "url": "ftp://{detail}"},
            "'ftp://{detail}' does not begin with http://, https:// or h2c://",
            "'ftp://{detail}' tidak diawali http://, https://, atau h2c://",
        ),
        (
            Server,
            {"name": "a", "url": "http://169.254.169.254"},
            "'169.254.169.254' is in the network 169.254.0.0/16, which is link-local: servers are not allowed there",
            "'169.254.169.254' ada di jaringan 169.254.0.0/16 (link-local): server tidak boleh ditaruh di sana",
        ),
        (
            Server,
            {"name": "a", "url": "http://\u00e9*"},
            "'\u00e9*': '*' is allowed once, as the whole first label (*.example.com)",
            "'\u00e9*': '*' hanya boleh satu kali, sebagai seluruh label pertama (*.example.com)",
        ),
        (
            Service,
            {"name": "a", "healthCheck": {"interval": "1s", "timeout": "5s"}},
            "the timeout is longer than the interval",
            "timeout lebih lama dari interval",
        ),
        (
            Router,
            {"name": "a", "service": "a"},
            "a router needs a domain, a path prefix or both, or a rule",
            "router perlu domain, prefix path, atau keduanya; bisa juga rule",
        ),
        (ExposeInput, {"domain": "a.test", "servers": []}, "this needs at least 1", "minimal 1"),
    ],
)
def test_what_is_wrong_with_a_field_is_told_in_both_languages(
    model: type[Object], given: dict[str, object], english: str, indonesian: str
) -> None:
    with pytest.raises(Invalid) as caught:
        model.read(given)
    (field,) = caught.value.fields
    assert field.detail == english
    assert INDONESIAN.say(field.detail) == indonesian


def test_what_is_told_of_a_field_is_a_message_or_stays_as_it_is() -> None:
    error = FieldError("/a", "test", Message("there is no {kind} {name}", kind="service", name="{name}"))
    assert INDONESIAN.say(error.detail) == "tidak ada service {name}"
    assert INDONESIAN.say(error.detail + "!") == "there is no service {name}!"
