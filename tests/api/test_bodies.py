"""Bad input: always refused with a problem that names the field, never an error of ours, never a change."""

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.api.bodies import LONGEST_BYTES
from provider.api.strict_json import DEEPEST, MOST_MEMBERS, read_json
from provider.errors import Unreadable
from tests.api.checks import TITLES, problem, state
from tests.running import AUTHORIZED, Service, wait_until

JSON = {"Content-Type": "application/json"}
SERVERS = "/services/wayshub/servers"

WRITES = [
    ("POST", "/domains"),
    ("PUT", "/domains/alvin.xyz"),
    ("PATCH", "/domains/alvin.xyz"),
    ("POST", "/services"),
    ("PUT", "/services/wayshub"),
    ("PATCH", "/services/wayshub"),
    ("POST", SERVERS),
    ("PUT", f"{SERVERS}/a"),
    ("PATCH", f"{SERVERS}/a"),
    ("POST", "/routers"),
    ("PUT", "/routers/wayshub"),
    ("PATCH", "/routers/wayshub"),
    ("POST", "/expose"),
]
APPLICATION = {"domain": "alvin.xyz", "name": "wayshub", "servers": [{"name": "a", "url": "http://a"}]}


@pytest.fixture
def client(client: httpx.Client, service: Service) -> Iterator[httpx.Client]:
    """A client of a service that has an application, in which nothing may change."""
    client.post("/expose", json=APPLICATION).raise_for_status()
    before = state(service)
    yield client
    assert state(service) == before


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ('\ufeff{"name":"a.test"}'.encode(), "json.syntax", "byte order mark"),
        ('{"name":"a.test"}'.encode("utf-16"), "json.utf8", "UTF-16"),
        ('{"name":"a.test"}'.encode("utf-16-be"), "json.utf8", "UTF-16"),
        ('{"name":"a.test"}'.encode("utf-16-le"), "json.utf8", "UTF-16"),
        ('{"name":"a.test"}'.encode("utf-32"), "json.utf8", "UTF-32"),
        (gzip.compress(b'{"name":"a.test"}', mtime=0), "json.utf8", "gzip"),
    ],
)
def test_a_body_in_another_encoding_is_told_what_it_is(
    client: httpx.Client, body: bytes, code: str, words: str
) -> None:
    for method, path in WRITES:
        found = problem(client.request(method, path, content=body, headers=JSON), "unreadable", ("", code))
        assert words in found["detail"]


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "deflate", "zstd", "gzip, identity"])
def test_a_compressed_body_is_told_to_come_as_it_is(client: httpx.Client, service: Service, coding: str) -> None:
    for method, path in [*WRITES, ("POST", "/apply")]:
        answer = client.request(method, path, content=b"x", headers={**JSON, "Content-Encoding": coding})
        assert "without a Content-Encoding" in problem(answer, "unsupported-media-type")["detail"]
        assert answer.headers["Accept-Encoding"] == "identity"
    form = httpx.post(f"{service.url}/login", content=b"x", headers={"Content-Encoding": coding})
    assert form.status_code == 415
    assert client.post("/domains", json={}, headers={"Content-Encoding": "identity"}).status_code == 422


def nested(opening: bytes, closing: bytes, levels: int) -> bytes:
    return b'{"name":' + opening * levels + b"1" + closing * levels + b"}"


UNREADABLE: list[tuple[bytes, str, str]] = [
    (b"", "", "json.syntax"),
    (b" \n", "", "json.syntax"),
    (b"{", "", "json.syntax"),
    (b"}", "", "json.syntax"),
    (b"name=a", "", "json.syntax"),
    (b'{"name":"a"', "", "json.syntax"),
    (b'{"name":"a"} x', "", "json.syntax"),
    (b'{"name":"a"}{"name":"b"}', "", "json.syntax"),
    (b'{"name":"a",}', "", "json.syntax"),
    (b"{'name':'a'}", "", "json.syntax"),
    (b'{name:"a"}', "", "json.syntax"),
    (b'{"name":"a"} // comment', "", "json.syntax"),
    (b'{"name":"a\nb"}', "", "json.syntax"),
    (b'{"name":"a\x00b"}', "", "json.syntax"),
    (b'{"weight":01}', "", "json.syntax"),
    (b'{"weight":+1}', "", "json.syntax"),
    (b'{"weight":.5}', "", "json.syntax"),
    (b'{"weight":0x10}', "", "json.syntax"),
    (b'{"name":"\\x00"}', "", "json.syntax"),
    (b'\xef\xbb\xbf{"name":"a"}', "", "json.syntax"),
    (b'{"name":"\xff"}', "", "json.utf8"),
    (b'{"name":"\xc0\x80"}', "", "json.utf8"),
    (b'{"name":"\xed\xa0\x80"}', "", "json.utf8"),
    ('{"name":"a"}'.encode("utf-16"), "", "json.utf8"),
    ('{"name":"a"}'.encode("utf-32"), "", "json.utf8"),
    (b'{"name":"\\ud800"}', "/name", "text.surrogate"),
    (b'{"name":"a\\udfffb"}', "/name", "text.surrogate"),
    (b'{"name":"\\udc00\\ud800"}', "/name", "text.surrogate"),
    (b'{"x":{"y":["\\ud800"]}}', "/x/y/0", "text.surrogate"),
    (b'{"\\ud800":1}', "", "text.surrogate"),
    (b'{"x":{"\\ud800":1}}', "/x", "text.surrogate"),
    (b'{"weight":NaN}', "/weight", "json.number"),
    (b'{"weight":Infinity}', "/weight", "json.number"),
    (b'{"weight":-Infinity}', "/weight", "json.number"),
    (b'{"servers":[{"weight":NaN}]}', "/servers/0/weight", "json.number"),
    (b"NaN", "", "json.number"),
    (b'{"weight":1e400}', "/weight", "json.number"),
    (b'{"weight":-1e400}', "/weight", "json.number"),
    (b'{"weight":9223372036854775808}', "/weight", "json.number"),
    (b'{"weight":-9223372036854775809}', "/weight", "json.number"),
    (b'{"weight":' + b"9" * 100_000 + b"}", "/weight", "json.number"),
    (b'{"weight":1' + b"0" * 100_000 + b".5}", "/weight", "json.number"),
    (b'{"name":"a","name":"b"}', "/name", "json.duplicate"),
    (b'{"name":"a","n\\u0061me":"a"}', "/name", "json.duplicate"),
    (b'{"x":{"y":1,"y":1}}', "/x/y", "json.duplicate"),
    (b'{"a/b~c":1,"a/b~c":1}', "/a~1b~0c", "json.duplicate"),
    (nested(b"[", b"]", DEEPEST + 1), "/name", "json.depth"),
    (nested(b'{"a":', b"}", DEEPEST + 1), "/name", "json.depth"),
    (nested(b"[", b"]", 5_000), "", "json.depth"),
    (nested(b'{"a":', b"}", 5_000), "", "json.depth"),
    (b"[" * 500_000, "", "json.depth"),
    (b'{"a":' * 150_000, "", "json.depth"),
    (b"[" * 500_000 + b"]" * 500_000, "", "json.depth"),
    (json.dumps({f"f{n}": 0 for n in range(MOST_MEMBERS + 1)}).encode(), "", "json.members"),
    (json.dumps({f"f{n}": 0 for n in range(70_000)}).encode(), "", "json.members"),
]


@pytest.mark.parametrize(("body", "pointer", "code"), UNREADABLE, ids=lambda value: repr(value)[:40])
def test_a_body_that_cannot_be_read_is_refused_at_every_door(
    client: httpx.Client, body: bytes, pointer: str, code: str
) -> None:
    for method, path in WRITES if len(body) < 100 else WRITES[:2]:
        answer = client.request(method, path, content=body, headers=JSON)
        found = problem(answer, "unreadable", (pointer, code))
        assert len(answer.content) < 1000
        assert found["errors"][0]["in"] == "body"


@pytest.mark.parametrize("body", [b"null", b"true", b"1", b"1.5", b'"text"', b"[]", b'[{"name":"a"}]'])
def test_a_body_is_an_object(client: httpx.Client, body: bytes) -> None:
    for method, path in WRITES:
        problem(client.request(method, path, content=body, headers=JSON), "invalid", ("", "type.object"))


INVALID: list[tuple[dict[str, Any], str, str]] = [
    ({"weight": True}, "/weight", "type.integer"),
    ({"weight": False}, "/weight", "type.integer"),
    ({"weight": "3"}, "/weight", "type.integer"),
    ({"weight": 3.0}, "/weight", "type.integer"),
    ({"weight": 1e300}, "/weight", "type.integer"),
    ({"weight": 2**63 - 1}, "/weight", "weight.range"),
    ({"weight": -(2**63)}, "/weight", "weight.range"),
    ({"weight": None}, "/weight", "type.integer"),
    ({"weight": {}}, "/weight", "type.integer"),
    ({"name": 1}, "/name", "type.string"),
    ({"name": True}, "/name", "type.string"),
    ({"name": ["b"]}, "/name", "type.string"),
    ({"name": {"b": 1}}, "/name", "type.string"),
    ({"name": ""}, "/name", "name.format"),
    ({"name": "b@file"}, "/name", "name.format"),
    ({"name": "provider.beacon"}, "/name", "name.format"),
    ({"name": "b`"}, "/name", "name.format"),
    ({"name": "b||c"}, "/name", "name.format"),
    ({"name": "b\x00"}, "/name", "name.format"),
    ({"name": "b\n"}, "/name", "name.format"),
    ({"name": "b\x7f"}, "/name", "name.format"),
    ({"name": "b c"}, "/name", "name.format"),
    ({"name": "../b"}, "/name", "name.format"),
    ({"name": "<script>"}, "/name", "name.format"),
    ({"name": "b" * 64}, "/name", "name.format"),
    ({"name": "b" * 1_000_000}, "/name", "name.format"),
    ({"name": "ü" * 150_000}, "/name", "name.format"),
    ({"url": "http://b`"}, "/url", "url.host"),
    ({"url": "http://b\x00"}, "/url", "url.host"),
    ({"url": "http://b\r\nX: y"}, "/url", "url.host"),
    ({"url": "http://" + "b" * 1_000_000}, "/url", "url.length"),
    ({"url": 1}, "/url", "type.string"),
    ({"state": "b" * 1_000_000}, "/state", "value.choice"),
    ({"x": 1}, "/x", "field.unknown"),
    ({"": 1}, "/", "field.unknown"),
    ({"a/b~c": 1}, "/a~1b~0c", "field.unknown"),
    ({"\x00": 1}, "/\x00", "field.unknown"),
    ({"Weight": 1}, "/Weight", "field.unknown"),
    ({"__proto__": {}}, "/__proto__", "field.unknown"),
]


@pytest.mark.parametrize(("change", "pointer", "code"), INVALID, ids=lambda value: repr(value)[:40])
def test_a_value_of_the_wrong_kind_is_never_taken_for_one_of_the_right(
    client: httpx.Client, change: dict[str, Any], pointer: str, code: str
) -> None:
    body = {"name": "b", "url": "http://b"} | change
    answer = client.post(SERVERS, json=body)
    problem(answer, "invalid", (pointer, code))
    assert len(answer.content) < 10_000


@pytest.mark.parametrize(
    ("description", "code"),
    [
        ("a\x00b", "text.control"),
        ("a\nb", "text.control"),
        ("\x1b[31m", "text.control"),
        ("\u2028", "text.control"),
        ("x" * 1001, "value.long"),
        ("x" * 1_000_000, "value.long"),
        (1, "type.string"),
        (None, "type.string"),
    ],
)
def test_a_free_text_is_one_line_of_text(client: httpx.Client, description: object, code: str) -> None:
    answer = client.post("/domains", json={"name": "b.test", "description": description})
    problem(answer, "invalid", ("/description", code))


def test_only_the_first_of_very_many_errors_are_told(client: httpx.Client) -> None:
    answer = client.post("/domains", json={"name": "b.test"} | {f"f{number}": 0 for number in range(900)})
    assert answer.status_code == 422
    found = answer.json()
    assert len(found["errors"]) == 100
    assert found["detail"].endswith("and 890 more")
    long = client.post("/domains", json={"name": "b.test", "x" * 900_000: 0})
    assert long.status_code == 422
    assert len(long.content) < 10_000


# Content types


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonx",
        "application/vnd.api+json",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        'application/json; charset="utf-8',
        "application/json/x",
        "*/*",
        "json",
        b"\xff\xfe",
    ],
)
def test_only_json_is_taken(client: httpx.Client, content_type: str | bytes | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    for method, path in WRITES:
        answer = client.request(method, path, content=b"{}", headers=headers)  # type: ignore[arg-type]  # httpx takes bytes
        found = problem(answer, "unsupported-media-type")
        assert ("application/merge-patch+json" in found["detail"]) == (method == "PATCH")


def test_a_merge_patch_is_for_patch_alone(client: httpx.Client) -> None:
    headers = {"Content-Type": "application/merge-patch+json"}
    answer = client.request("PUT", "/services/wayshub", content=b"{}", headers=headers)
    problem(answer, "unsupported-media-type")
    assert client.request("PATCH", "/services/wayshub", content=b"{}", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "APPLICATION/JSON", "application/json;charset=UTF-8", 'application/json; charset="utf-8"'],
)
def test_json_is_taken_however_its_type_is_written(client: httpx.Client, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    assert client.request("PATCH", "/services/wayshub", content=b" {} ", headers=headers).status_code == 200


# Length


def padded(length_bytes: int) -> bytes:
    body = b'{"description":""}'
    return body + b" " * (length_bytes - len(body))


def in_chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


def test_a_body_has_at_most_a_mebibyte(client: httpx.Client) -> None:
    for method, path in WRITES[:2]:
        for body in (padded(LONGEST_BYTES + 1), padded(3 * LONGEST_BYTES)):
            problem(client.request(method, path, content=body, headers=JSON), "too-large")
            problem(client.request(method, path, content=in_chunks(body), headers=JSON), "too-large")
            problem(client.request(method, path, content=body, headers={"Content-Type": "text/plain"}), "too-large")
    body = padded(LONGEST_BYTES)
    assert client.request("PATCH", "/domains/alvin.xyz", content=body, headers=JSON).status_code == 200
    assert client.request("PATCH", "/domains/alvin.xyz", content=in_chunks(body), headers=JSON).status_code == 200


POST_HEAD = (
    "POST /api/v1/domains HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    f"Authorization: {AUTHORIZED['Authorization']}\r\n"
).encode()


@contextmanager
def raw_connection(service: Service) -> Iterator[socket.socket]:
    url = httpx.URL(service.url)
    assert url.port
    with socket.create_connection((url.host, url.port), timeout=20) as connection:
        yield connection


def exchange(service: Service, request: bytes) -> bytes:
    """Send bytes, and return all that comes back until the other side closes."""
    received = b""
    with raw_connection(service) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(65_536):
            received += part
    return received


@pytest.mark.usefixtures("client")
def test_a_body_that_is_announced_as_too_long_is_not_waited_for(service: Service) -> None:
    with raw_connection(service) as connection:
        connection.sendall(POST_HEAD + b"Content-Length: 10000000000\r\n\r\n{")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_ends_early_harms_nobody(
    client: httpx.Client, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    exchange(service, POST_HEAD + b'Content-Length: 100\r\n\r\n{"name":"b.test"}')
    exchange(service, POST_HEAD + b'Transfer-Encoding: chunked\r\n\r\n11\r\n{"name":"b.test"}\r\n')
    exchange(service, POST_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
    assert client.get("/domains/b.test").status_code == 404
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize(
    "request_head",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT a:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /api/v1/domains HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"POST /api/v1/domains HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/domains HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"POST /api/v1/domains HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"GET /api/v1/domains HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
    ],
)
def test_what_is_not_http_gets_400_and_the_service_goes_on(
    client: httpx.Client, service: Service, request_head: bytes
) -> None:
    assert exchange(service, request_head).startswith(b"HTTP/1.1 400 ")
    assert client.get("/domains").status_code == 200


def test_many_and_long_headers_are_passed_over(client: httpx.Client) -> None:
    headers = [(f"X-{number}", "x" * 100) for number in range(80)] + [("X-Long", "x" * 50_000)]
    assert client.get("/domains/alvin.xyz", headers=headers).status_code == 200


# Paths and queries


@pytest.mark.parametrize(
    "path",
    [
        "/domains/%00",
        "/domains/%ff",
        "/domains/%ed%a0%80",
        "/domains/%zz",
        "/domains/a%0d%0aX:y",
        "/domains/" + "%f0%9f%9a%a2" * 1000,
        "/domains/" + "a" * 50_000,
        "/services/%60%7c%7c",
        "/services/a%40file",
        "/services/%00/servers/%00",
        "/routers/%27%3b%20DROP%20TABLE%20router%3b--",
        "/routers/a%2fb",
        "/routers/..%2f..%2fetc%2fpasswd",
        "/%00",
        "/domains;x=y",
        "//domains",
    ],
)
def test_junk_in_a_path_is_not_found(client: httpx.Client, service: Service, path: str) -> None:
    for method, body in (("GET", None), ("PATCH", b"{}"), ("DELETE", None), ("PUT", b"{}")):
        target = httpx.URL(client.base_url, raw_path=b"/api/v1" + path.encode())
        answer = client.request(method, target, content=body, headers=JSON if body else {})
        assert answer.status_code in ({422, 404} if method == "PUT" else {404})
        assert answer.json()["type"] in {f"urn:wayshub-provider:{kind}" for kind in TITLES}
        assert len(answer.content) < 10_000
    assert service.digest()


def test_a_huge_query_is_refused(client: httpx.Client) -> None:
    answer = client.get("/domains?" + "&".join(f"x{number}={number}" for number in range(5_000)))
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 100
    answer = client.get("/domains?q=" + "%41" * 20_000)
    problem(answer, "invalid", ("/q", "value.long"))


def test_while_long_bodies_are_read_others_are_answered(client: httpx.Client, service: Service) -> None:
    body = b"[" + b"1," * 500_000 + b"1]"
    with raw_connection(service) as connection:
        connection.sendall(POST_HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        wait_until(lambda: client.get("/domains").status_code == 200, "others are answered", seconds=5)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 422 ")


# The reader itself

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_what_is_json_is_read_as_it_is(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary() | st.text().map(str.encode) | json_values.map(lambda value: json.dumps(value).encode()[:-1]))
def test_what_is_not_json_is_refused_and_nothing_else_happens(body: bytes) -> None:
    try:
        value = read_json(body)
    except Unreadable:
        return
    assert value == json.loads(body)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "it is empty, line 1, column 1"),
        (b"name=a.test", "a value is missing here, line 1, column 1"),
        (b"{'name': 'a.test'}", "a field's name in double quotes belongs here, line 1, column 2"),
        (b'{"name" 1}', "a colon is missing here, line 1, column 9"),
        (b'{"name": 1 2}', "a comma or a closing bracket is missing here, line 1, column 12"),
        (b'{"name": "a', "the string that begins here does not end, line 1, column 10"),
        (b'{"name": "a\n"}', "write a control character in a string as an escape, such as \\n, line 1, column 12"),
        (b'{"name": "\\q"}', "JSON has no such escape: write a backslash as two backslashes, line 1, column 11"),
        (b'{"name": "\\uq"}', "\\u needs four hexadecimal digits after it, line 1, column 12"),
        (b"{} {}", "something follows the end of the document, line 1, column 4"),
    ],
)
def test_what_is_no_json_is_told_in_our_words(client: httpx.Client, body: bytes, told: str) -> None:
    answer = client.post("/domains", content=body, headers=JSON)
    assert answer.json()["detail"] == f"the body is not JSON: {told}"
