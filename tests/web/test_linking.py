"""Addresses within texts are links, and all else is text."""

import pytest

from provider.web.linking import linked


def link(address: str) -> str:
    return f'<a href="{address}" target="_blank" rel="noopener noreferrer">{address}</a>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("open https://ca.test/terms-2, then retry", f"open {link('https://ca.test/terms-2')}, then retry"),
        (
            "Please visit: https://ca.test/unpause?jwt=a-b.c.",
            f"Please visit: {link('https://ca.test/unpause?jwt=a-b.c')}.",
        ),
        ("(https://ca.test:14000/a) https://b.test…", f"({link('https://ca.test:14000/a')}) {link('https://b.test')}…"),
        ("http://ca.test/ javascript:alert(1) //ca.test", "http://ca.test/ javascript:alert(1) //ca.test"),
        ("<b>https://ca.test/?a=1&b=2<b>", f"&lt;b&gt;{link('https://ca.test/?a=1&amp;b=2')}&lt;b&gt;"),
        ("https://ca.test/\"onclick='x'", f"{link('https://ca.test/')}&#34;onclick=&#39;x&#39;"),
        ("https://", "https://"),
    ],
)
def test_what_a_ca_wants_to_be_opened_is_a_link_and_nothing_else_is(text: str, shown: str) -> None:
    assert linked(text) == shown
