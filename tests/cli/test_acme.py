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
