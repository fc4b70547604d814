"""Every field that Traefik can be given acts in a test on real requests, or it is said why it cannot."""

import re
from importlib import import_module
from pathlib import Path
from typing import Final

from tests.e2e.acting import ACTED
from tests.nouns.test_fields import FIELDS, is_left_out

_NOTHING: Final = "Traefik 3 does nothing with it"
_ORDERED: Final = "it needs a CA from which Traefik itself orders certificates"

NOT_ACTING: Final = {
    "http.middlewares.*.forwardAuth.tls.caOptional": _NOTHING,
    "http.middlewares.*.headers.featurePolicy": _NOTHING,
    "http.middlewares.*.headers.sslForceHost": _NOTHING,
    "http.middlewares.*.headers.sslHost": _NOTHING,
    "http.middlewares.*.headers.sslRedirect": _NOTHING,
    "http.middlewares.*.headers.sslTemporaryRedirect": _NOTHING,
    "http.middlewares.*.rateLimit.redis.writeTimeout": "what is sent to Redis fits into any buffer: nothing waits",
    "http.routers.*.tls.certResolver": _ORDERED,
    "http.routers.*.tls.domains[].main": _ORDERED,
    "http.routers.*.tls.domains[].sans": _ORDERED,
    "tcp.routers.*.tls.certResolver": _ORDERED,
    "tcp.routers.*.tls.domains[].main": _ORDERED,
    "tcp.routers.*.tls.domains[].sans": _ORDERED,
    "tcp.serversTransports.*.dialKeepAlive": "the kernel asks, and neither side of a connection sees that",
    "tls.options.*.preferServerCipherSuites": _NOTHING,
}
"""The fields that do not act in any test, and why."""

LEAVES: Final = {
    path
    for path in FIELDS
    if not is_left_out(path) and not any(other.startswith((f"{path}.", f"{path}[]")) for other in FIELDS)
}
"""The fields that have no fields of their own."""

MODULES: Final = sorted(file for file in Path(__file__).parent.glob("test_*.py") if "@acts(" in file.read_text())


def test_every_field_acts_in_a_test_or_it_is_said_why_not() -> None:
    for file in MODULES:
        import_module(f"tests.e2e.{file.stem}")
    assert ACTED.keys() - LEAVES == set()
    assert LEAVES - ACTED.keys() - NOT_ACTING.keys() == set()
    assert NOT_ACTING.keys() & ACTED.keys() == set()
    assert NOT_ACTING.keys() - LEAVES == set()


def test_what_acts_in_a_test_stands_in_it() -> None:
    for file in MODULES:
        import_module(f"tests.e2e.{file.stem}")
    texts = re.sub(r"^@acts\(.*?\)$", "", "".join(file.read_text() for file in MODULES), flags=re.DOTALL | re.MULTILINE)
    assert {path for path in ACTED if path.rpartition(".")[2] not in texts} == set()
