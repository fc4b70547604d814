"""Rules that were written for Traefik 2 are written as Traefik 3 has them, and mean what they meant."""

import pytest

from provider import rules
from provider.imports.old_rules import rewritten


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Host(`a.test`, `b.test`)", "Host(`a.test`) || Host(`b.test`)"),
        ("Host(`a.test`,`b.test`) && !Path(`/x`)", "(Host(`a.test`) || Host(`b.test`)) && !Path(`/x`)"),
        ("!Method(`GET`, `PUT`)", "!(Method(`GET`) || Method(`PUT`))"),
        ('HostHeader("a.test")', "Host(`a.test`)"),
        ("HostRegexp(`{sub:[a-z]+}.a.test`)", r"HostRegexp(`^[a-z]+\.a\.test$`)"),
        ("HostRegexp(`{any}.a.test`, `a.test`)", r"HostRegexp(`^[^.]+\.a\.test$`) || HostRegexp(`^a\.test$`)"),
        ("HostRegexp(`{n:[0-9]{2,3}}x.test`)", r"HostRegexp(`^[0-9]{2,3}x\.test$`)"),
        ("HostRegexp(`{n:a|b}.test`)", r"HostRegexp(`^(?:a|b)\.test$`)"),
        ("PathPrefix(`/api/{id:[0-9]+}`)", "PathRegexp(`^/api/[0-9]+`)"),
        ("PathPrefix(`/api`, `/v2/{v}/x`)", "PathPrefix(`/api`) || PathRegexp(`^/v2/[^/]+/x`)"),
        ("Path(`/api/{id}`)", "PathRegexp(`^/api/[^/]+$`)"),
        ("Headers(`X-A`, `b`)", "Header(`X-A`, `b`)"),
        ("headersRegexp(`X-A`, `^b`)", "HeaderRegexp(`X-A`, `^b`)"),
        ("Query(`a=b`)", "Query(`a`, `b`)"),
        ("Query(`a=b`, `c=`)", "Query(`a`, `b`) && QueryRegexp(`c`, `.*`)"),
        ("Query(`a={n:[0-9]+}`)", "QueryRegexp(`a`, `^[0-9]+$`)"),
        ("ClientIP(`10.0.0.1`, `10.1.0.0/16`)", "ClientIP(`10.0.0.1`) || ClientIP(`10.1.0.0/16`)"),
    ],
)
def test_what_traefik_3_refuses_or_never_matches_is_written_otherwise(old: str, new: str) -> None:
    assert rewritten(old) == new
    rules.read(new)
    assert rewritten(new) == new


@pytest.mark.parametrize(
    "rule",
    [
        "Host(`a.test`) && PathPrefix(`/x`)",
        r"HostRegexp(`^[a-z]{2,3}\.\p{Greek}+\.test$`)",
        "Header(`X`, `{id}`)",
        "Query(`a`, `b`)",
        "Query(`a`)",
        "Query(`a`, `b=c`)",
        "Hots(`a`, `b`)",
        "not a rule",
    ],
)
def test_what_traefik_3_has_as_well_stays(rule: str) -> None:
    assert rewritten(rule) == rule


def test_where_all_is_said_to_be_of_traefik_2_an_expression_holds_for_whole_hosts() -> None:
    assert rewritten("HostRegexp(`a.test`)") == "HostRegexp(`a.test`)"
    assert rewritten("HostRegexp(`a.test`)", is_old=True) == r"HostRegexp(`^a\.test$`)"
