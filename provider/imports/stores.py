"""Where certificates are kept besides Traefik's files: its own `acme.json`, and the folder of Let's Encrypt. Pure.

Both become a document as Traefik's files have it. Of several certificates for the same names the one that is good for
longest stands first, and counts. One that has expired is left out: nobody wants it served.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import AwareDatetime

from provider.certificates import CertificateFacts
from provider.documents import Position
from provider.imports import pem
from provider.imports.files import Effect, FileFinding, ReadFile
from provider.nouns.certificate import facts, is_pair
from provider.values import Refusal

_EXPIRED: Final = "certificate.expired"
_OLDER: Final = "certificate.older"
_UNREADABLE: Final = "certificate.format"


@dataclass(frozen=True, slots=True)
class StoredPair:
    """A certificate in a store: where it stands, both texts, and what Traefik would be given for them.

    A text that cannot be read is empty; `why` says why there is no certificate.
    """

    place: Position
    text: str
    key: str
    cert_file: str
    key_file: str
    why: str = ""


def as_file(name: str, pairs: Iterable[StoredPair], now: AwareDatetime) -> ReadFile:
    """Return what a store has as a file of Traefik's."""
    good: list[tuple[CertificateFacts, StoredPair]] = []
    unfit: list[StoredPair] = []
    """Those whose keys are missing or wrong take the place of no other: why is told of them later."""

    findings: list[FileFinding] = []
    for pair in pairs:
        try:
            said = facts(pem.certificates(pair.text))
        except Refusal as refusal:
            findings.append(FileFinding(Effect.LEFT_OUT, _UNREADABLE, pair.why or str(refusal.detail), pair.place))
            continue
        if said.not_after <= now:
            told = f"the certificate for {', '.join(said.names)} expired on {said.not_after:%Y-%m-%d}"
            findings.append(FileFinding(Effect.LEFT_OUT, _EXPIRED, told, pair.place))
        elif is_pair(pair.text, pair.key):
            good.append((said, pair))
        else:
            unfit.append(pair)
    kept: dict[tuple[str, ...], StoredPair] = {}
    for said, pair in sorted(good, key=lambda each: each[0].not_after, reverse=True):
        if said.sought in kept:
            told = f"another certificate for {', '.join(said.names)} is valid for longer"
            findings.append(FileFinding(Effect.LEFT_OUT, _OLDER, told, pair.place))
        else:
            kept[said.sought] = pair
    taken = [*kept.values(), *unfit]
    listed = [{"certFile": pair.cert_file, "keyFile": pair.key_file} for pair in taken]
    places = {f"/tls/certificates/{number}": pair.place for number, pair in enumerate(taken)}
    return ReadFile(name, {"tls": {"certificates": listed}} if listed else {}, places, findings)


def read_acme(name: str, text: str, now: AwareDatetime) -> ReadFile | None:
    """Read the certificates of Traefik's `acme.json`; None for any other file."""
    document = _json(text) if '"Certificates"' in text else None
    if not isinstance(document, dict) or not document or not all(map(_is_resolver, document.values())):
        return None
    pairs = []
    for resolver, kept in document.items():
        for number, each in enumerate(kept.get("Certificates") or (), start=1):
            place = Position(1, 1, f"{name}, {resolver}, certificate {number}")
            chain, key = (_decoded(each.get(part)) for part in ("certificate", "key"))
            pairs.append(StoredPair(place, chain, key, chain, key))
    return as_file(name, pairs, now)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_resolver(value: Any) -> bool:
    """Tell whether something is what Traefik keeps of one resolver."""
    if not isinstance(value, dict) or "Certificates" not in value:
        return False
    kept = value["Certificates"]
    return kept is None or (isinstance(kept, list) and all(isinstance(each, dict) for each in kept))


def _decoded(value: Any) -> str:
    try:
        return base64.b64decode(value, validate=True).decode() if isinstance(value, str) else ""
    except (binascii.Error, ValueError):
        return ""
