"""What Traefik makes of files is known: which it refuses as a whole, what it ignores, and where that stands."""

from typing import Any

import pytest

from provider.imports import files
from provider.imports.files import Effect, Folder, SourceText

GOOD = """\
http:
  routers:
    shop: {entryPoints: [web], service: shop, rule: "Host(`shop.test`)"}
  services:
    shop: {loadBalancer: {servers: [{url: "http://10.0.0.1:80"}]}}
"""


def read(*texts: str, **environment: str) -> Folder:
    return files.read([SourceText(f"{number}.yml", text) for number, text in enumerate(texts)], environment)


def told(folder: Folder) -> list[tuple[str, str, str]]:
    return [(each.effect.value, each.code, each.place) for each in folder.findings]


def below(text: str) -> str:
    """Return a good file with more of HTTP in it, from line 6 on."""
    return GOOD + text


def headers(*lines: str) -> str:
    """Return a good file with a middleware that sets headers, from line 10 on."""
    above = "  middlewares:\n    m:\n      headers:\n        customResponseHeaders:\n"
    return below(above + "".join(f"          {line}\n" for line in lines))


REFUSED = [
    ("http: {}\n", "field.empty", "0.yml:1:1"),
    (below("  middlewares: {m: {stripPrefixRegex: ['^/x']}}\n"), "field.empty", "0.yml:6:21"),
    ("http:\n  routers:\n", "field.empty", "0.yml:1:1"),
    (below("  middlewares: {}\n"), "field.empty", "0.yml:6:3"),
    (GOOD.replace("loadBalancer: {", "loadBalancer: {tls: {}, "), "field.unknown", "0.yml:5:27"),
    (GOOD.replace("[web]", "[web, ~]"), "item.null", "0.yml:3:31"),
    (GOOD.replace("[web]", "[web, [x]]"), "item.list", "0.yml:3:31"),
    (GOOD.replace("service: shop", "priority: high, service: shop"), "type.int", "0.yml:3:32"),
    (GOOD.replace("service: shop", "priority: 1.5, service: shop"), "type.int", "0.yml:3:32"),
    (GOOD.replace("service: shop", "tls: {domains: [{b: 1}]}, service: shop"), "field.unknown", "0.yml:3:49"),
    (GOOD.replace("service: shop", "service: {x: y}"), "type.scalar", "0.yml:3:32"),
    (GOOD.replace("servers:", "passHostHeader: yes, servers:"), "type.bool", "0.yml:5:27"),
    (GOOD.replace("servers:", "healthCheck: {interval: 1d}, servers:"), "type.duration", "0.yml:5:41"),
    (below("  services: {}\n"), "document.unreadable", "0.yml:6:3"),
    (headers("X: 2001-02-03"), "type.date", "0.yml:10:11"),
    (GOOD.replace("    shop: {entry", "    more: [{x: y}]\n    shop: {entry"), "type.object", "0.yml:3:5"),
    ("- http\n", "document.object", "0.yml:1:1"),
    ("http:\n\trouters:\n", "document.unreadable", "0.yml:2:1"),
    ("%YAML 1.2\n---\n" + GOOD, "document.unreadable", "0.yml:1:1"),
    (GOOD.replace("service: shop,", "<<: {}, <<: {}, service: shop,"), "document.unreadable", "0.yml:3:40"),
    (below("    more: *shop\n"), "document.unreadable", "0.yml:6:11"),
    ("http:\n  x: {{ nothing }}\n", "template.bad", "0.yml:2:9"),
    ("http:\n  x: {{ .Name }}\n", "template.bad", "0.yml:2:6"),
    ("http:\n  x: {{ if true }}\n", "template.bad", "0.yml:3:1"),
]
"""Files that Traefik refuses, with the code of why, and where."""


@pytest.mark.parametrize(("text", "code", "place"), REFUSED)
def test_what_makes_traefik_refuse_a_file_is_found_where_it_stands(text: str, code: str, place: str) -> None:
    folder = read(text)
    assert told(folder) == [("refused", code, place)]
    assert folder.is_refused


def test_places_for_variables_that_traefik_does_not_fill_in_are_told() -> None:
    text = GOOD.replace("shop.test", "${NAME:-shop}.${DOMAIN}").replace("10.0.0.1", "${1}${path}$$")
    detail = "Traefik does not fill in ${NAME:-shop}: it is taken literally"
    (finding,) = read(text).findings
    assert (finding.effect, finding.code, finding.detail) == (Effect.IGNORED, "text.placeholder", detail)
    assert finding.place == "0.yml:3:47"


TAKEN = [
    "%YAML 1.1\n---\n" + GOOD,
    GOOD.replace("service: shop,", "<<: {}, service: shop,"),
    "",
    "# nothing yet\n",
    "---\n",
    GOOD,
    "\ufeff" + GOOD,
    GOOD.replace("\n", "\r\n"),
    GOOD.replace("service: shop", "tls: {}, service: shop"),
    GOOD.replace("service: shop", "tls: true, PRIORITY: '1', service: shop"),
    GOOD.replace("service: shop", "tls: , middlewares: [], service: shop"),
    GOOD.replace("[web]", '"web, other"'),
    below("    empty: {}\n    nothing:\n"),
    below("  middlewares: {m: {compress: {}}, p: {plugin: {x: {y: [1, {z: 2}]}}}}\n"),
]


@pytest.mark.parametrize("text", TAKEN)
def test_what_traefik_takes_is_not_found_fault_with(text: str) -> None:
    folder = read(text)
    assert told(folder) == []
    assert not folder.is_refused


IGNORED = [
    (below("entryPoints: {web: {}}\n"), "section.static", "0.yml:6:1"),
    (below("x-common: {}\n"), "section.unknown", "0.yml:6:1"),
    (below("---\nhttp: [}\n"), "document.second", "0.yml:6:1"),
    (below("    404: {loadBalancer: {servers: [{url: 'http://10.0.0.1'}]}}\n"), "key.type", "0.yml:6:5"),
    (GOOD.replace('[{url: "http://10.0.0.1:80"}]', "{url: x}"), "type.list", "0.yml:5:27"),
    (GOOD.replace("url:", "scheme: http, url:"), "field.ignored", "0.yml:5:38"),
    (GOOD.replace("service: shop", "tls: 'no', service: shop"), "field.off", "0.yml:3:32"),
    (GOOD.replace("service: shop", "Service: x, service: shop"), "field.twice", "0.yml:3:44"),
    (below("    text: shop\n"), "member.object", "0.yml:6:5"),
    (below("  models: [{middlewares: [x]}]\n"), "type.map", "0.yml:6:3"),
]
"""Files of which Traefik ignores a part."""


@pytest.mark.parametrize(("text", "code", "place"), IGNORED)
def test_what_traefik_takes_no_notice_of_is_told_and_refuses_nothing(text: str, code: str, place: str) -> None:
    folder = read(text)
    assert told(folder) == [("ignored", code, place)]


def test_values_are_what_go_takes_them_for() -> None:
    lines = ["A: 010", "B: 0x1F", "C: 1_000", "D: 0b11", "E: 0o17", "F: .inf", "G: 1e3", "H: 1.50", "I: yes", "J: 1:30"]
    lines += [
        "K: !!str 5",
        "L: !mine x",
        "M: 18446744073709551615",
        "N: 08",
        "O: -0x10",
        "P: .5",
        "Q: '010'",
        "R: 1.2.3",
    ]
    folder = read(headers(*lines))
    assert told(folder) == []
    values = folder.document["http"]["middlewares"]["m"]["headers"]["customResponseHeaders"]
    assert list(values.values())[:10] == [8, 31, 1000, 3, 15, "+Inf", 1000.0, 1.5, "yes", "1:30"]
    assert list(values.values())[10:] == ["5", "x", 2**64 - 1, 8.0, -16, 0.5, "010", "1.2.3"]


@pytest.mark.parametrize("number", ["9" * 5000, "1_" * 5000 + "0", "-" + "9" * 5000, "0o", "1e999"])
def test_a_number_that_go_does_not_take_for_one_is_no_trouble(number: str) -> None:
    folder = read(headers(f"A: {number}"))
    value = folder.document["http"]["middlewares"]["m"]["headers"]["customResponseHeaders"]["A"]
    assert value == number


def test_a_map_takes_members_over_from_others_but_those_that_it_has() -> None:
    text = """\
http:
  services:
    base: &base {loadBalancer: &pool {passHostHeader: false, strategy: hrw, servers: [{url: "http://10.0.0.1"}]}}
    one: {loadBalancer: {strategy: p2c, <<: *pool}}
    two: {loadBalancer: {<<: [{strategy: wrr}, *pool], passHostHeader: true}}
    three: {<<: *base}
"""
    folder = read(text)
    services = folder.document["http"]["services"]
    assert services["one"]["loadBalancer"] == {**services["base"]["loadBalancer"], "strategy": "p2c"}
    assert services["two"]["loadBalancer"]["strategy"] == "wrr"
    assert services["two"]["loadBalancer"]["passHostHeader"] is True
    assert services["three"] == services["base"]
    assert told(folder) == []


def test_files_are_put_together_and_of_two_of_one_name_the_first_counts() -> None:
    other = 'HTTP:\n  Services:\n    shop: {loadBalancer: {}}\n    more: {weighted: {services: [{name: "shop"}]}}\n'
    other = other.replace("loadBalancer: {}", "loadBalancer: {strategy: p2c}")
    folder = read(GOOD, "", other, "tls: {certificates: [{certFile: a}]}\n", "tls: {certificates: [{certFile: b}]}\n")
    assert told(folder) == [("ignored", "member.twice", "2.yml:3:5")]
    assert list(folder.document["http"]["services"]) == ["shop", "more"]
    assert "strategy" not in folder.document["http"]["services"]["shop"]["loadBalancer"]
    assert folder.document["tls"]["certificates"] == [{"certFile": "a"}, {"certFile": "b"}]
    assert str(folder.place("/http/services/more/weighted/services/0/name")) == "2.yml:4:35"
    assert str(folder.place("/tls/certificates/1/certFile")) == "4.yml:1:23"
    assert str(folder.place("/http/services/shop/loadBalancer/servers/0/url")) == "0.yml:5:38"


def test_an_object_that_is_the_same_in_two_files_is_told_apart_from_one_that_is_not() -> None:
    folder = read(GOOD, GOOD.replace("10.0.0.1", "10.0.0.2"))
    assert [each.code for each in folder.findings] == ["member.same", "member.twice"]


def test_one_file_that_traefik_refuses_is_enough() -> None:
    folder = read(GOOD, "http: {}\n")
    assert folder.is_refused
    assert [each.is_read for each in folder.files] == [True, False]
    assert list(folder.document["http"]["routers"]) == ["shop"]


TOML = """\
# all of it
[http.routers."a.b"]
  rule = "Host(`a.test`)"
  service = 'pool'
  entryPoints = [
    "web", # the plain one
    "other",
  ]
[http.services.pool.loadBalancer]
healthCheck.interval = "x"
[[http.services.pool.loadBalancer.servers]]
url = "http://10.0.0.1"
[[http.services.pool.loadBalancer.servers]]
url = \"\"\"http://10.0.0.2\"\"\"
weight = 1.5
[tls]
options = { strict = { minVersion = "VersionTLS12", sniStrict = 1979-05-27 } }
"""


TOML_ROUTER = "[http.routers.r]\nrule = 'Host(`a.test`)'\nservice = 's@file'\n"
TOML_TAKEN = [
    TOML_ROUTER,
    TOML_ROUTER.replace("\n", "\r\n"),
    "[http.routers]\nr = { # of the shop\n  rule = 'Path(`/`)',\n  service = 's@file', # kept\n}\n",
    TOML_ROUTER + '[http.middlewares.m.addPrefix]\nprefix = "/\\x41"\n',
]
TOML_REFUSED = [
    TOML_ROUTER + "[http.routers.r]\npriority = 3\n",
    TOML_ROUTER + "priority = 010\n",
    TOML_ROUTER + "[http.middlewares.m.headers.customResponseHeaders]\nX = 07:32\n",
    TOML_ROUTER.replace("'s@file'", "s"),
    "[http.routers]\nr = {rule = 'Path(`/`)'\n service = 's@file'}\n",
]


@pytest.mark.parametrize("text", TOML_TAKEN)
def test_toml_that_traefik_takes_is_read(text: str) -> None:
    folder = files.read([SourceText("a.toml", text)])
    assert folder.findings == []
    assert folder.document["http"]["routers"]["r"]["service"] == "s@file"
    assert str(folder.place("/http/routers/r/service")).startswith(
        f"a.toml:{text[: text.index('service')].count(chr(10)) + 1}:"
    )


@pytest.mark.parametrize("text", TOML_REFUSED)
def test_toml_that_traefik_refuses_is_refused(text: str) -> None:
    assert files.read([SourceText("a.toml", text)]).is_refused


def test_toml_is_read_with_the_place_of_everything() -> None:
    folder = files.read([SourceText("a.TOML", TOML)])
    assert {(each.code, each.place) for each in folder.findings} == {
        ("type.duration", "a.TOML:10:13"),
        ("type.int", "a.TOML:15:1"),
        ("type.date", "a.TOML:17:53"),
    }
    assert str(folder.place("/http/routers/a.b/entryPoints/1")) == "a.TOML:7:5"
    assert str(folder.place("/http/services/pool/loadBalancer/servers/1/url")) == "a.TOML:14:1"
    bad = files.read([SourceText("a.toml", "[http\n")])
    assert [(each.effect, each.code) for each in bad.findings] == [(Effect.REFUSED, "document.unreadable")]


def test_what_is_wrong_in_json_and_in_a_value_alone_is_told_with_its_place() -> None:
    for name, text, place in (("a.json", '{"http": {,}}', "1:11"), ("a.yml", "!!int x\n", "1:1")):
        (found,) = files.read([SourceText(name, text)]).findings
        assert (found.code, found.place) == ("document.unreadable", f"{name}:{place}")
        assert name not in found.detail


def test_a_template_is_filled_in_before_the_file_is_read_and_places_are_those_of_the_file() -> None:
    text = """\
http:
  routers:
{{- if eq (env "MODE") "live" }}
    shop:
      rule: "Host(`shop.{{ env "DOMAIN" }}`)"
      service: {{ env "SERVICE" | default "pool" | quote }}
      priority: {{ env "RANK" }}
{{- end }}
  services:
    pool: {loadBalancer: {oops: 1}}
"""
    folder = read(text, MODE="live", DOMAIN="a.test", RANK="x")
    assert folder.document["http"]["routers"]["shop"] == {
        "rule": "Host(`shop.a.test`)",
        "service": "pool",
        "priority": "x",
    }
    assert told(folder) == [
        ("assumed", "env.default", "0.yml:6:19"),
        ("refused", "type.int", "0.yml:7:7"),
        ("refused", "field.unknown", "0.yml:10:27"),
    ]
    assert str(folder.place("/http/routers/shop/rule")) == "0.yml:5:7"


def test_all_variables_that_are_missing_are_told_at_once_also_those_that_depend_on_others() -> None:
    text = '{{ if env "A" }}\nx: {{ env "B" }}\n{{ else }}\ny: {{ env "C" | upper }}\n{{ end }}\n'
    folder = read(text, 'z: {{ env "D" }}{{ env "E" | default "e" }}\n', E="")
    assert sorted(folder.missing) == ["A", "B", "C", "D"]
    assert str(folder.missing["C"]) == "0.yml:4:7"
    assert not folder.is_known
    assert not folder.is_refused
    given: dict[str, Any] = dict.fromkeys("ABCD", "")
    assert read(text, **given).is_known


def test_what_has_no_key_is_left_out_and_may_leave_nothing() -> None:
    beside = read("http: {services: {null: {loadBalancer: {servers: []}}, s: {loadBalancer: {servers: []}}}}")
    assert list(beside.document["http"]["services"]) == ["s"]
    assert [each.detail for each in beside.findings] == [
        "the key null is not a string: put it in quotes, or Traefik leaves this out"
    ]
    alone = read("http:\n  services:\n    ~: {loadBalancer: {servers: []}}\n")
    assert [each.code for each in alone.findings] == ["key.type", "field.empty"]
    assert alone.is_refused


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('http: {services: {"a\\/b": {loadBalancer: {servers: []}}}}', ["document.unreadable"]),
        (
            '# \u00e4 \\/\nhttp: {services: {s: {loadBalancer: {servers: [{url: "http:\\/\\/a"}]}}}}',
            ["document.unreadable"],
        ),
        ('http: {services: {s: {loadBalancer: {servers: [{url: "http://a\\\\/"}]}}}}', []),
        ("http: {services: {s: {loadBalancer: {servers: [{url: 'http:\\/a'}]}}}}", []),
    ],
)
def test_an_escaped_slash_is_refused_as_traefik_does(text: str, codes: list[str]) -> None:
    assert [each.code for each in read(text).findings] == codes


def test_a_table_of_toml_that_is_there_twice_is_named() -> None:
    text = "[http.routers.a]\nrule = 'x'\n[http.routers.a]\n"
    (finding,) = files.read([SourceText("a.toml", text)]).findings
    assert finding.detail == "Cannot declare http.routers.a twice"
