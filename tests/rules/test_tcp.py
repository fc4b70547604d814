"""The rules of TCP routers."""

import pytest

from provider.rules.mistakes import BadRule
from provider.rules.tcp import parse_tcp

TAKEN = ["*", "*.a.test", "a_b", "a:80", "a.", "-a", ".", "A.B", "*.a_b", "a..b", "*..a", "xn--a"]
REFUSED = ["a*", "*.", "**", "*a", "a.*.b", "a b", "[::1]", "a/b", "a,b", "a$", "*.*.a", "é"]


@pytest.mark.parametrize("name", TAKEN)
def test_a_name_that_traefik_takes_is_taken(name: str) -> None:
    assert str(parse_tcp(f"HostSNI(`{name}`)").condition) == f"HostSNI(`{name}`)"


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_for_which_traefik_disables_a_router_is_refused(name: str) -> None:
    with pytest.raises(BadRule) as found:
        parse_tcp(f"HostSNI(`{name}`) && ALPN(`h2`)")
    assert found.value.code == "rule.host"
