"""Rules are read as Traefik reads them, and an error says where and what to write instead."""

import pytest

from provider import rules
from provider.rules import BadRule


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Host(`a.test`)", "Host(`a.test`)"),
        ('host("a.test")', "Host(`a.test`)"),
        ("HOSTREGEXP(`a`)", "HostRegexp(`a`)"),
        ("Clientip(`10.0.0.0/8`)", "ClientIP(`10.0.0.0/8`)"),
        ("Host (\n`a`\n,\n)".replace("`\n", "`"), "Host(`a`)"),
        ("Host(`a`...)", "Host(`a`)"),
        ("Host(`a`) || Path(`/`) && Path(`/x`)", "Host(`a`) || Path(`/`) && Path(`/x`)"),
        ("(Host(`a`) || Path(`/`)) && Path(`/x`)", "(Host(`a`) || Path(`/`)) && Path(`/x`)"),
        ("Host(`a`) && (Host(`b`) && Host(`c`))", "Host(`a`) && Host(`b`) && Host(`c`)"),
        ("!!Host(`a`)", "Host(`a`)"),
        ("!(Host(`a`) || !Path(`/`))", "!Host(`a`) && Path(`/`)"),
        ("!(Host(`a`) && Path(`/`))", "!Host(`a`) || !Path(`/`)"),
        ("!Host(`a`) && Path(`/`)", "!Host(`a`) && Path(`/`)"),
        ("Host(`a`) &&\nPath(`/`) // the rest\n", "Host(`a`) && Path(`/`)"),
        ("\ufeffHost(`a`) /* one */ && /* two\nlines */ Path(`/`)", "Host(`a`) && Path(`/`)"),
        (r'Path("/\u00e9\x41\101\"\\\t")', 'Path(`/éAA"\\\t`)'),
        ("Path(`/a\rb`)", "Path(`/ab`)"),
        ("Query(`a`)", "Query(`a`)"),
        ("QueryRegexp(`a`, `b`)", "QueryRegexp(`a`, `b`)"),
    ],
)
def test_a_rule_means_what_traefik_takes_it_for(text: str, meaning: str) -> None:
    rule = rules.parse(text)
    assert str(rule.condition) == meaning
    assert rule.text == text


@pytest.mark.parametrize(
    ("text", "code", "character", "reason"),
    [
        ("PathPrefixx(`/a`)", "rule.matcher", 1, "there is no matcher PathPrefixx: did you mean PathPrefix?"),
        ("Host(`a`) && hOst(`a`)", "rule.matcher", 14, "there is no matcher hOst: did you mean Host?"),
        ("HeadersRegexp(`a`,`b`)", "rule.matcher", 1, "did you mean HeaderRegexp?"),
        ("HostSNI(`a`)", "rule.matcher", 1, "did you mean Host?"),
        ("Nothing(`a`)", "rule.matcher", 1, "use ClientIP, Header, HeaderRegexp, Host, "),
        ("Host(`a`, `b`)", "rule.arguments", 11, "Host takes 1 argument, this has 2: write Host(`a`) || Host(`b`)"),
        ("Host()", "rule.arguments", 1, "Host takes 1 argument, this has 0: Host(`alvin.xyz`)"),
        ("Header(`a`)", "rule.arguments", 1, "Header takes 2 arguments, this has 1: Header(`X-Team`, `video`)"),
        ("Query(`a`,`b`,`c`)", "rule.arguments", 15, "Query takes 1 or 2 arguments, this has 3"),
        ("Header(``, `b`)", "rule.arguments", 8, "Header takes no empty argument"),
        ("Host(`é.test`)", "rule.host", 6, "write it as `xn--9ca.test`"),
        ("Host(`é é`)", "rule.host", 6, "write its A-label"),
        ("HostRegexp(`é`)", "rule.host", 12, "write A-labels"),
        ("Path(`a`)", "rule.path", 6, "a path begins with '/': write Path(`/a`)"),
        ("PathPrefix(`a`)", "rule.path", 12, "write PathPrefix(`/a`)"),
        ("Header(`a`, `b`) && ClientIP(`127.1`)", "rule.network", 30, "127.1 is not an IP address or a network"),
        ("HeaderRegexp(`a`, `(`)", "rule.expression", 19, "( is not an RE2 regular expression: missing )"),
        ("PathRegexp(`a(?!b)`)", "rule.expression", 12, "RE2 has no look-ahead and no look-behind"),
        (r"PathRegexp(`\C`)", "rule.expression", 12, r"invalid escape sequence: \C"),
        (r'PathRegexp("\xff")', "rule.expression", 12, "not UTF-8"),
        (r"PathRegexp(`\p{Old_Italic}`)", "rule.expression", 12, r"\p{Old_Italic}"),
        ("Host(`a`) and Path(`/`)", "rule.syntax", 11, "write && for 'and'"),
        ("Host(`a`) & Path(`/`)", "rule.syntax", 11, "write && for 'and'"),
        ("Host(`a`) | Path(`/`)", "rule.syntax", 11, "write || for 'or'"),
        ("not Host(`a`)", "rule.matcher", 1, "write ! for 'not'"),
        ("Host('a')", "rule.syntax", 6, "put text in backticks"),
        ("Host(\u201ca\u201d)", "rule.syntax", 6, "put text in backticks"),
        ("Host(a)", "rule.syntax", 6, "an argument in backticks belongs here, not a: Host(`alvin.xyz`)"),
        ("Host(1)", "rule.syntax", 6, "put a number in backticks"),
        ("Host(`a)", "rule.syntax", 6, "no closing backtick"),
        ('Host("a)', "rule.syntax", 6, 'no closing "'),
        (r'Path("/\q")', "rule.syntax", 8, r"\q means nothing in double quotes"),
        (r'Path("/\400")', "rule.syntax", 8, r"\400 means nothing"),
        (r'Path("/\ud800")', "rule.syntax", 8, r"\ud800 means nothing"),
        ("(Host(`a`)", "rule.syntax", 11, "')' belongs here, not the end of the rule, for the '(' at character 1"),
        ("Host(`a`))", "rule.syntax", 10, "there is no '(' for this ')'"),
        ("Host(`a`) Path(`/`)", "rule.syntax", 11, "&& or || belongs here, not Path"),
        ("Host(`a`)\n&& Path(`/`)", "rule.syntax", 10, "put && or || before it"),
        ("Host(`a`\n)", "rule.syntax", 9, "',' or ')' belongs here, not a line break"),
        (
            "Host(`a`) &&",
            "rule.syntax",
            13,
            "a matcher such as Host(`alvin.xyz`) belongs here, not the end of the rule",
        ),
        ("`a`", "rule.syntax", 1, "a matcher such as Host(`alvin.xyz`) belongs here, not text alone"),
        ("Host", "rule.syntax", 5, "Host needs its arguments in parentheses"),
        ("Host(`a`) == Host(`b`)", "rule.syntax", 11, "there is no '=' here"),
        ("Host(`a`);", "rule.syntax", 10, "leave out the ';'"),
        ("Host(`a`) /* b", "rule.syntax", 11, "has no end"),
        ("Host(`a`) /", "rule.syntax", 11, "put a path in backticks"),
        ("Host(`a`)\x00", "rule.syntax", 10, "NUL cannot be in a rule"),
        ("Host(`\ufeff`)", "rule.syntax", 7, "a byte order mark cannot be in a rule"),
        ("Host\xa0(`a`)", "rule.syntax", 5, "U+00A0 is not allowed here"),
        ("", "rule.syntax", 1, "the rule is empty"),
        (" \n", "rule.syntax", 1, "the rule is empty"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_write(text: str, code: str, character: int, reason: str) -> None:
    with pytest.raises(BadRule) as caught:
        rules.parse(text)
    mistake = caught.value
    assert (mistake.code, mistake.position + 1) == (code, character)
    assert reason in mistake.reason
    assert str(mistake) == f"at character {character}: {mistake.reason}"


def test_the_priority_is_the_length_of_the_text_in_bytes() -> None:
    assert rules.parse("Path(`/é`)").priority == len("Path(`/_`)") + 1
    assert rules.parse(" Path(`/`) // why").priority == len(" Path(`/`) // why")


def test_a_rule_as_it_is_built_is_read_back() -> None:
    rule = rules.parse(rules.build(["*.a.test", "b.test"], "/x"))
    assert str(rule.condition) == r"(HostRegexp(`^[^.]+\.a\.test\.?$`) || Host(`b.test`)) && PathPrefix(`/x`)"


def test_no_rule_is_too_deep_to_be_read() -> None:
    rule = rules.parse("!" * 5_000 + " || ".join(["Host(`a`)"] * 300))
    assert rule.matches(rules.received("a", "/"))
    with pytest.raises(BadRule, match="more than 50 deep"):
        rules.parse("(" * 5_000 + "Host(`a`)" + ")" * 4_000)
