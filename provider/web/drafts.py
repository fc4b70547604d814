"""A draft of an application: what stands in the form that exposes one, as far as it can be understood. Pure.

A row of the form is a server. Rows keep their numbers while one types, and empty ones are no servers, so
an error of the third server belongs to the row in which that one stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from provider.errors import FieldError, pointer
from provider.hosts import check_hostname, to_ascii
from provider.models import ExposeInput
from provider.nouns import Middleware, Router
from provider.store.applications import default_name
from provider.typed_hosts import meant
from provider.values import Refusal, check_weight
from provider.web.inputs import TICKED, Texts, is_ticked
from provider.web.reasons import FIELDS

FIRST: Final[Mapping[str, str]] = {
    "domain": "",
    "name": "",
    "pathPrefix": "",
    "servers": "",
    "servers/0/url": "",
    "servers/0/weight": "1",
    "checked": TICKED,
    "healthCheck/path": "/",
    "healthCheck/interval": "5s",
    "healthCheck/timeout": "2s",
    "onFailure": "",
    "https": "",
    "tls/certResolver": "",
    "redirectWww": "",
    "users": "",
    "user": "",
    "password": "",
    "allow": "",
    "stripPrefix": "",
    "securityHeaders": "",
    **dict.fromkeys(FIELDS, ""),
}
"""What stands in the form at first. `servers` is where it is told what is wrong with all of them together."""

MOST_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A row of the form, and the share that its server would get, where that can be told."""

    index: int
    share: float | None


def complete(sent: Texts) -> dict[str, str]:
    """Return the texts of the form: those that were sent, and what stands at first where nothing was."""
    known = {name: sent.get(name, "" if sent else first) for name, first in FIRST.items() if "/0/" not in name}
    rows = list_rows(sent)
    for index in rows or [0]:
        known[f"servers/{index}/url"] = sent.get(f"servers/{index}/url", "")
        known[f"servers/{index}/weight"] = sent.get(f"servers/{index}/weight", "1")
    return known


def list_rows(texts: Texts) -> list[int]:
    found = set()
    for name in texts:
        parts = name.split("/")
        if len(parts) == 3 and parts[0] == "servers" and parts[2] in {"url", "weight"} and _is_index(parts[1]):
            found.add(int(parts[1]))
    return sorted(found)[:MOST_ROWS]


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 5


def with_row(texts: Texts) -> dict[str, str]:
    index = max(list_rows(texts), default=-1) + 1
    return {**texts, f"servers/{index}/url": "", f"servers/{index}/weight": "1"}


def without_row(texts: Texts, index: str) -> dict[str, str]:
    """Return the texts without the row of a number. One stays, and be it empty."""
    kept = {name: text for name, text in texts.items() if not name.startswith(f"servers/{index}/")}
    return kept if list_rows(kept) else with_row(kept)


def list_used(texts: Texts) -> list[int]:
    """Return the numbers of the rows that are servers: those with a URL, or the first one if there is none."""
    rows = list_rows(texts)
    return [index for index in rows if texts[f"servers/{index}/url"].strip()] or rows[:1]


def document(texts: Texts) -> dict[str, Any]:
    """Return what the form says as `ExposeInput` reads it. What stands empty is left out."""
    servers = []
    for index in list_used(texts):
        weight = texts[f"servers/{index}/weight"].strip()
        servers.append({"url": texts[f"servers/{index}/url"].strip(), **({"weight": weight} if weight else {})})
    check = {name: texts[f"healthCheck/{name}"].strip() for name in ("path", "interval", "timeout")}
    given = {"domain": meant(texts["domain"])}
    given |= {name: texts[name].strip() for name in ("name", "pathPrefix", "onFailure")}
    return {
        **{name: text for name, text in given.items() if text or name == "domain"},
        "servers": servers,
        **_switched(texts),
        **(
            {"healthCheck": {name: text for name, text in check.items() if text}} if is_ticked(texts, "checked") else {}
        ),
    }


def _switched(texts: Texts) -> dict[str, Any]:
    """Return what is turned on, as `ExposeInput` reads it."""
    found: dict[str, Any] = {
        name: True for name in ("redirectWww", "stripPrefix", "securityHeaders") if is_ticked(texts, name)
    }
    if is_ticked(texts, "https"):
        resolver = texts["tls/certResolver"].strip()
        found["tls"] = {"from": "resolver", "certResolver": resolver} if resolver else {"from": "stored"}
    if texts["user"].strip() or texts["password"]:
        found["users"] = [f"{texts['user'].strip()}:{texts['password']}"]
    if networks := texts["allow"].replace(",", " ").split():
        found["allow"] = networks
    return found


def at_rows(errors: Sequence[FieldError], texts: Texts) -> list[FieldError]:
    """Return errors with the numbers of the form's rows in the place of those of the servers."""
    used = list_used(texts)
    return [replace(error, pointer=_at_row(error.pointer, used)) for error in errors]


def _at_row(place: str, used: Sequence[int]) -> str:
    parts = place.split("/")[1:]
    if len(parts) < 2 or parts[0] != "servers" or not _is_index(parts[1]) or int(parts[1]) >= len(used):
        return place
    return pointer("servers", used[int(parts[1])], *(parts[2:] or ["url"]))


def typed(errors: Sequence[FieldError], texts: Texts) -> list[FieldError]:
    """Return the errors of what was typed, without those of fields in which nothing stands yet."""
    return [error for error in errors if texts.get(error.pointer.removeprefix("/"), "?").strip()]


def rows(texts: Texts) -> list[DraftRow]:
    """Return the rows with the shares that their weights give, whatever else is wrong."""
    listed = list_rows(texts)
    weights = {index: weight for index in listed if (weight := _weight(texts, index)) is not None}
    total = sum(weights.values())
    return [DraftRow(index, weights[index] / total if index in weights else None) for index in listed]


def _weight(texts: Texts, index: int) -> int | None:
    if not texts[f"servers/{index}/url"].strip():
        return None
    text = texts[f"servers/{index}/weight"].strip() or "1"
    try:
        return check_weight(int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else None
    except Refusal:
        return None


def find_host(texts: Texts) -> str | None:
    """Return the domain as an A-label, or None while it is none."""
    try:
        return to_ascii(check_hostname(meant(texts["domain"])))
    except Refusal:
        return None


def router_of(wanted: ExposeInput) -> Router:
    """Return the router that an application would have."""
    name = _name_of(wanted)
    return Router(
        name=name,
        domains=[wanted.domain],
        path_prefix=wanted.path_prefix,
        service=name,
        middlewares=list(middlewares_of(wanted)),
    )


def middlewares_of(wanted: ExposeInput) -> dict[str, Middleware]:
    """Return the middlewares that an application would have, by name and in order."""
    named = ((f"{_name_of(wanted)[:50]}-{end}", kind) for end, kind in wanted.middlewares())
    return {name: Middleware.read({"name": name, **kind}) for name, kind in named}


def _name_of(wanted: ExposeInput) -> str:
    return wanted.name or default_name(to_ascii(wanted.domain))
