"""`acme` chooses the CA that certificates are ordered from."""

import io
import sys

import httpx
import pytest

from tests.cli.running import Run


def test_the_options_of_a_dns_provider_stay_unless_others_are_given(
    cli: Run, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose = ("acme", "choose", "https://127.0.0.1:9/dir", "--accept-terms", "--dns-provider", "cloudflare")
    monkeypatch.setattr(sys, "stdin", io.StringIO("secret\n"))
    cli(*choose, "--dns-option", "auth_token").check()
    assert "cloudflare (auth_token)" in cli(*choose, "--contact", "admin@alvin.test").check().out
    client.delete("/acme").raise_for_status()


def test_who_exposes_a_name_that_the_ca_cannot_check_is_told_why_there_is_no_certificate(
    cli: Run, client: httpx.Client
) -> None:
    cli("acme", "choose", "https://127.0.0.1:9/dir", "--accept-terms").check()
    told = cli("expose", "*.unset.test", "http://10.0.0.11:3000", "--https").check().out
    assert (
        "Warning: edges show a certificate of their own for *.unset.test: the CA 127.0.0.1 requires a TXT rec" in told
    )
    client.delete("/acme").raise_for_status()
