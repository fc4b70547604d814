"""Certificates in Traefik's files, with what is in the files that they name, as certificates of ours. Pure.

Tried on Traefik 3.7.15: a path counts from the directory in which Traefik runs, and what no file is there for is taken
for the PEM text itself. A pair that cannot be read is left out, and of several with the same names the first counts;
a default one that cannot be read takes the store with it: whoever asks for a name of no other certificate is hung up
on. Of the stores only `default` is ever used.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from provider import names
from provider.errors import Invalid
from provider.imports import pem
from provider.imports.contents import ELSEWHERE, Contents
from provider.imports.findings import Cause
from provider.imports.objects import ReadObject
from provider.imports.pieces import Ledger, Piece
from provider.nouns.certificate import Certificate, facts

_CHAIN: Final = "certFile"
_KEY: Final = "keyFile"
_STORE: Final = "default"
_DEFAULT: Final = "defaultCertificate"
_GENERATED: Final = "defaultGeneratedCert"
_SKIPS: Final = "leaves this certificate out"
_HANGS_UP: Final = "closes all connections for names that no other certificate has"
_SERVED: Final = frozenset({"certificate.chain", "certificate.ca", "value.long", "key.kind"})
"""The codes of what is refused here, and shown to clients by Traefik."""


def named_files(document: Any) -> Iterator[str]:
    """Give the files that the certificates of a document name."""
    if isinstance(document, dict):
        yield from _named(document.get("tls"))


def _named(value: Any, key: str = "") -> Iterator[str]:
    match value:
        case dict():
            for name, member in value.items():
                yield from _named(member, str(name).lower())
        case list():
            for item in value:
                yield from _named(item, key)
        case str() if key in {_CHAIN.lower(), _KEY.lower()} and value and "\n" not in value and pem.MARK not in value:
            yield value


@dataclass
class CertificateReader:
    """Reads what a document says of certificates. `objects` are those that were found, in its order."""

    contents: Contents
    provider: str
    objects: list[ReadObject] = field(default_factory=list)
    others: list[tuple[str, Piece]] = field(default_factory=list)
    """Stores, by name, and why something of them is not held: each has a ledger of its own."""

    _sought: dict[tuple[str, ...], ReadObject] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def listed(self, part: Piece) -> None:
        """Read the list of certificates."""
        for number, item in enumerate(part.items(), start=1):
            own = item.under(Ledger())
            fields = own.fields((_CHAIN, _KEY, "stores"))
            stores = fields.find("stores")
            named = stores.texts() if stores else []
            if named and _STORE not in named:
                own.refuse(f"it is for the store {named[0]}, but Traefik uses only {_STORE}", Cause.IGNORED)
            self._add(own, fields.parts, str(number))

    def stores(self, part: Piece) -> None:
        """Read the stores: the default certificate is in one of them."""
        for name, each in part.members().items():
            own = each.under(Ledger())
            self.others.append((name, own))
            if name != _STORE:
                own.refuse(f"Traefik uses only the store {_STORE}", Cause.IGNORED)
                continue
            if not isinstance(own.value, dict):
                own.hold()  # Traefik reads it as an empty one
                continue
            fields = own.fields((_DEFAULT, _GENERATED))
            default, generated = fields.find(_DEFAULT), fields.find(_GENERATED)
            if default is not None:
                pair = default.under(Ledger())
                self._add(pair, pair.fields((_CHAIN, _KEY)).parts, _DEFAULT, is_default=True)
            if generated is not None and default is not None:
                generated.change("Traefik takes the default certificate instead", Cause.IGNORED)
            elif generated is not None:
                told = "a default certificate that Traefik orders itself cannot be imported: give one as PEM"
                generated.change(told)

    def _add(self, part: Piece, fields: Mapping[str, Piece], given: str, *, is_default: bool = False) -> None:
        read = ReadObject(Certificate.kind, given, "", "", part)
        found = None if part.ledger.refused else self._pair(part, fields, is_default=is_default)
        chain = fields.get(_CHAIN)
        if found is not None:
            said = facts(found.cert_file)
            known = self._sought.get(said.sought)
            if known is not None and self._is_known(known, read, found, is_default=is_default):
                return
            self._sought.setdefault(said.sought, read)
            read.given = ", ".join(said.names) or given
        elif chain is not None and isinstance(chain.value, str) and chain.value in self.contents:
            read.given = chain.value
        read.name = names.free(_name(read.given), self._taken)
        read.full = f"{read.name}@{self.provider}"
        if found is not None:
            read.item = found.copy(name=read.name)
        self._taken.add(read.name)
        self.objects.append(read)

    def _is_known(self, known: ReadObject, read: ReadObject, found: Certificate, *, is_default: bool) -> bool:
        """Take note of a certificate whose names another one has. Tells whether it is the same, and the default one."""
        first = known.item
        same = first if isinstance(first, Certificate) and first.cert_file == found.cert_file else None
        if is_default and same is not None:
            known.item = same.copy(default=True)
            known.ledger.held |= read.ledger.held
            return True
        if not is_default:
            told, code = "another certificate with the same names comes before it", "certificate.names"
            if same is not None:
                told, code = "it is here twice", "member.same"
            read.part.refuse(f"{told}: Traefik {_SKIPS}", Cause.IGNORED, code)
        return False

    def _pair(self, part: Piece, fields: Mapping[str, Piece], *, is_default: bool) -> Certificate | None:
        """Return a certificate that Traefik would serve, or refuse it. Nothing that is told has any of a key in it."""
        effect, cause = (_HANGS_UP, Cause.BREAKS) if is_default else (_SKIPS, Cause.IGNORED)
        texts = {}
        for key in (_CHAIN, _KEY):
            given = fields.get(key)
            text = self._text(given, effect, cause) if given else ""
            if text is None:
                continue
            texts[key] = pem.certificates(text) if key == _CHAIN else pem.private_key(text)
            if not texts[key]:
                what = "certificate" if key == _CHAIN else "private key"
                (given or part).refuse(
                    f"there is no {what} as PEM text in {key}: Traefik {effect}", cause, "pem.format"
                )
        if part.ledger.refused:
            return None
        try:
            return Certificate.read({"name": Certificate.kind, **texts, "default": is_default})
        except Invalid as error:
            for each in error.fields:
                at = fields.get(each.pointer.lstrip("/"), part)
                if each.code in _SERVED:
                    at.refuse(str(each.detail), Cause.BREAKS, each.code)
                else:
                    at.refuse(f"{each.detail}: Traefik {effect}", cause, each.code)
            return None

    def _text(self, part: Piece, effect: str, cause: Cause) -> str | None:
        """Return what a certificate says where it stands, or in the file that it names."""
        written = part.text()
        if written is None:
            return None
        found = self.contents.get(written)
        if found is None:
            return written
        if found.problem:
            # A path of a key is not told: it may be the key itself, without what marks it as one.
            is_shown = part.place.rpartition("/")[2].lower() == _CHAIN.lower()
            where = f"{written}: " if is_shown else "its private key: "
            told = f"{where}{found.problem}: Traefik {effect}"
            if found.code == ELSEWHERE:
                told = f"{where}{found.problem}; if Traefik cannot read it either, it {effect}"
            part.refuse(told, Cause.UNKNOWN if found.code == ELSEWHERE else cause, found.code)
            return None
        return found.text


def _name(given: str) -> str:
    """Name a certificate by its first name, or by its file."""
    first = given.partition(",")[0].rpartition("/")[2]
    return names.fitted(first) or Certificate.kind
