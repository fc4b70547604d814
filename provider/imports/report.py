"""What is told of a document that is imported: what of it is held, under which names, and what is not. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from provider.errors import pointer
from provider.imports import names
from provider.imports.findings import ImportFinding, ImportOutcome, Reason, Renamed
from provider.imports.objects import ReadObject
from provider.imports.pieces import Ledger, Piece
from provider.imports.services import Pool
from provider.nouns import NOUNS, Server, Service

PART: Final = "part"
"""What is no object is called."""

_STORE: Final = "TLS store"
_FIRST: Final = (*(noun.called() for noun in NOUNS.values() if noun.takes_in()), Service.called())


@dataclass
class Report:
    """What is told of a document, as it is gone through. `held` and `origins` are as in `Imported`."""

    findings: list[ImportFinding]
    renamed: list[Renamed] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    origins: dict[str, str] = field(default_factory=dict)

    def add(
        self,
        kind: str,
        given: str,
        outcome: ImportOutcome,
        reasons: Sequence[Reason],
        at: str,
        others: Sequence[Reason] = (),
    ) -> None:
        """Make a finding about the part `at` a pointer; `others` do not matter for what becomes of it here."""
        told = dict.fromkeys(reason.text for reason in reasons)
        place = reasons[0].place if reasons else at
        before, after = (reasons[0].before, reasons[0].after) if reasons else ("", "")
        causes = (*reasons, *others)
        made = ImportFinding(kind, given, outcome, "; ".join(told), at, place, before, after, causes)
        self.findings.append(made)

    def take(self, read: ReadObject) -> None:
        """List an object that is held: its name, and what of it is not as it was."""
        ledger, word = read.ledger, NOUNS[read.kind].called()
        self.held |= ledger.held - {reason.place for reason in ledger.changed}
        self._each(word, read.given, ImportOutcome.REWRITTEN, ledger.rewritten)
        self._each(word, read.given, ImportOutcome.CHANGED, ledger.changed)
        where = pointer(NOUNS[read.kind].plural, read.name)
        self.origins[where] = read.part.place
        if isinstance(read.item, Pool):
            below = where + pointer(Server.plural)
            self.origins |= {below + pointer(server): place for server, place in read.item.places.items()}
        if names.split(read.full)[0] != read.name:
            self.renamed.append(Renamed(word, read.given, read.name))

    def leave(self, read: ReadObject, gone: Sequence[Reason]) -> None:
        """List an object that is left out: for what is wrong with it, and for what is gone that it refers to."""
        ledger, word = read.ledger, NOUNS[read.kind].called()
        reasons = [*ledger.refused, *gone]
        self.add(word, read.given, ImportOutcome.LEFT_OUT, reasons, read.part.place, ledger.changed)

    def stores(self, stores: Iterable[tuple[str, Piece]]) -> None:
        """List what is not held of TLS stores."""
        for given, each in stores:
            self.held |= each.ledger.held
            self._each(_STORE, given, ImportOutcome.LEFT_OUT, (*each.ledger.refused, *each.ledger.changed))

    def around(self, ledger: Ledger) -> None:
        """List what is wrong around the objects: unknown sections, sections that are no objects."""
        self.held |= ledger.held
        for reason in ledger.refused:
            self._each(PART, reason.place.lstrip("/") or "the document", ImportOutcome.LEFT_OUT, [reason])

    def ordered(self) -> tuple[ImportFinding, ...]:
        """Return the findings, those of routers first: who reads them asks what becomes of the traffic."""
        return tuple(sorted(self.findings, key=_rank))

    def _each(self, kind: str, given: str, outcome: ImportOutcome, reasons: Iterable[Reason]) -> None:
        """Make a finding of each reason, about the part where it stands."""
        for reason in reasons:
            self.add(kind, given, outcome, [reason], reason.place)


def _rank(finding: ImportFinding) -> int:
    return _FIRST.index(finding.kind) if finding.kind in _FIRST else len(_FIRST)
