"""What Traefik makes itself, `…@internal`: whoever may write such a name may expose Traefik itself. Pure.

Measured on Traefik 3.7.15: its API shows the hashes of passwords, the keys of `forwardAuth` and the passwords of Redis
as they are.
"""

from collections.abc import Mapping
from typing import Final

from provider.messages import Message, template
from provider.values import Refusal, shown_text

PROVIDER: Final = "internal"
END: Final = f"@{PROVIDER}"
"""How references to what Traefik makes itself end."""

_EXPOSED: Final[Mapping[str, Mapping[str, str]]] = {
    "service": {
        "api": template(
            "this is Traefik's own API: anyone who can reach it can read the whole configuration, with "
            "password hashes and keys. Let a middleware ask for a password"
        ),
        "dashboard": template(
            "these are the pages of Traefik's dashboard: anyone who can reach them knows that Traefik runs "
            "here, and sees everything that api@internal shows, if that can be reached too"
        ),
        "ping": template("this tells anyone who can reach it that Traefik runs here"),
        "prometheus": template(
            "these are Traefik's metrics: anyone who can reach them can read the names of all services and how "
            "much each is used"
        ),
        "rest": template(
            "this is Traefik's REST provider: anyone who can reach it can add routers and services to the edge"
        ),
        "noop": template("this answers 418 to every request"),
        "acme-http": template("this answers the challenges for certificates that Traefik orders itself"),
    },
    "middleware": {
        "dashboard_redirect": template("this is made for Traefik's dashboard: it redirects / to /dashboard/"),
        "dashboard_stripprefix": template("this is made for Traefik's dashboard: it removes /dashboard/ from the path"),
    },
}
"""What each of them exposes, by the kind of object that it is."""

KINDS: Final = frozenset(_EXPOSED)
"""The kinds of objects of which Traefik makes some itself."""


def names(kind: str) -> list[str]:
    """Return all references to what Traefik makes itself of a kind."""
    return [f"{name}{END}" for name in _EXPOSED.get(kind, {})]


def is_internal(reference: str) -> bool:
    """Tell whether a reference names what Traefik makes itself."""
    return reference.endswith(END)


def check(kind: str, reference: str) -> str:
    """Check that Traefik makes such an object itself. Whether somebody may name it is for others to say."""
    known = _EXPOSED.get(kind, {})
    if reference.removesuffix(END) not in known:
        text, made = shown_text(reference), ", ".join(names(kind))
        detail = Message("Traefik has no {text} of its own", text=text)
        if known:
            detail = Message("Traefik has no {text} of its own: it has {known}", text=text, known=made)
        raise Refusal("reference.internal", detail)
    return reference


def find_exposed(kind: str, reference: str) -> Message | None:
    """Say what somebody exposes who leads to what Traefik makes itself; None for any other reference."""
    if not is_internal(reference):
        return None
    found = _EXPOSED.get(kind, {}).get(reference.removesuffix(END))
    return None if found is None else Message(found)
