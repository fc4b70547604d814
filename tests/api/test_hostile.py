"""Hostile input at the routes of every noun: nothing of it is an error of ours, and what is refused is named."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from provider.nouns import NOUNS, Noun, within
from tests.nouns.hostile import HOSTILE

QUERIES: Final = {
    "q": [
        "%",
        "_",
        "\\",
        "' OR 1=1 --",
        "ﬀ",
        "ß",
        "SS",
        "İ",
        "\u017f",
        "x" * 5_000,
        "\x00",
        "\U0001f600",
        "a\nb",
        "[a-z]",
    ],
    "cursor": [
        "",
        "x",
        "%",
        "e30",
        "W10",
        "bnVsbA",
        "LTE",
        "x" * 5_000,
        "\x00",
        "é",
        "//8",
        "W1tbW1tb",
        "InhcdWQ4MDAi",
    ],
    "limit": ["0", "-1", "1001", "1e3", "\uff19", "", "9" * 30, "0x10", " 1", "1_0", "+1", "true"],
    "label": ["a", "=", "a=", "=b", "a=b=c", "A=b", "a=%", "a=é", "x" * 5_000, "\x00=\x00"],
    "bogus": ["1"],
    "": ["1"],
}
TAGS: Final = ['"x"', "x", "*", 'W/"x"', '"', '""', '"a", "b"', "," * 1_000, '"é"', '*, "x"', "W/", '"a""b"']
HEADERS: Final = {
    "If-Match": TAGS,
    "If-None-Match": TAGS,
    "Prefer": ["wait=x", "wait=-1", "wait=" + "9" * 30, "wait", ";;;=,,"],
    "Config-Message": ["x" * 5_000, "é", "=?utf-8?q?=00?="],
}
NAMES: Final = ["%00", "%2e%2e", "%ff", "é", "x" * 300, "a%2fb", "A", "..", "a b", "a@file", "%f0%9f%98%80"]
OPTIONS: Final = [{"dryRun": "x"}, {"confirm": "x"}, {"confirm": "-1"}, {"confirm": "9" * 40}, {"cascade": "x"}]


@pytest.fixture
def asked(client: httpx.Client) -> Iterator[Counter[int]]:
    """Count the answers of a client by their statuses, and look at each."""
    found: Counter[int] = Counter()

    def look(answer: httpx.Response) -> None:
        found[answer.status_code] += 1
        answer.read()
        assert answer.status_code < 500, (answer.request.method, str(answer.request.url)[:200], answer.text[:500])
        if answer.status_code in {400, 422}:
            errors = answer.json()["errors"]
            assert errors, answer.text
            assert all(error["pointer"] for error in errors if error["in"] != "body"), answer.text
            assert len(answer.content) < 100_000

    client.event_hooks = {"response": [look]}
    yield found
    client.event_hooks = {}


def made(client: httpx.Client, noun: type[Noun]) -> tuple[str, dict[str, Any]]:
    """Return the path of an object of a noun, and what it is: that of its example."""
    client.put("/domains/alvin.xyz", json={})
    for each in (NOUNS[kind] for kind in ("service", "tcpService", "udpService") if kind in noun.kinds()):
        client.put(f"/{each.plural}/{each.example['name']}", json=dict(each.example))
    path, example = f"/{noun.plural}/{noun.example['name']}", dict(noun.example)
    assert client.put(path, json=example).is_success
    return path, example


def bodies(noun: type[Noun]) -> Iterator[bytes]:
    """Give bodies that are JSON, and hardly anything else."""
    for value in (None, {"a": None}, {"a": {"b": {"c": None}}}, -(2**63), [None] * 1_000):
        yield json.dumps(dict.fromkeys(noun.fields, value)).encode()
    yield b'{"labels":{"a":"b","a":"c"}}'
    yield json.dumps({"labels": {f"k{number}": "v" for number in range(900)}}).encode()
    yield json.dumps({"x" * 100_000: 1}).encode()
    for value in HOSTILE[:: len(HOSTILE) // 10]:
        yield json.dumps({**noun.example, list(noun.fields)[-1]: value}).encode()


@pytest.mark.parametrize("noun", within(""), ids=lambda noun: noun.kind)
def test_nothing_that_is_sent_breaks_the_routes_of_a_noun(
    client: httpx.Client, asked: Counter[int], noun: type[Noun]
) -> None:
    path, example = made(client, noun)
    for name, values in QUERIES.items():
        for value in values:
            client.get(f"/{noun.plural}", params={name: value})
    for query in ("q=a&q=b", "limit=%ff&q=%c0%80", "&".join(["label=a=b"] * 500)):
        client.get(f"/{noun.plural}?{query}")
    tried = {"dryRun": "true"}
    for header, values in HEADERS.items():
        for value in values:
            sent = httpx.Headers({header.encode(): value.encode()})
            client.get(path, headers=sent)
            client.patch(path, json={}, headers=sent, params=tried)
            client.put(path, json=example, headers=sent, params=tried)
            client.delete(path, headers=sent, params=tried)
    for options in OPTIONS:
        client.put(path, json=example, params=options)
        client.delete(path, params={**options, **tried})
    for body in bodies(noun):
        for method in ("PUT", "PATCH"):
            client.request(method, path, content=body, headers={"Content-Type": "application/json"}, params=tried)
    for name in NAMES:
        client.get(f"/{noun.plural}/{name}")
        client.patch(f"/{noun.plural}/{name}", json={})
        client.put(f"/{noun.plural}/{name}", json=example)
    assert {200, 404, 412, 422} <= asked.keys()
