"""Where a document comes from that is imported: a Traefik that runs, or one of its providers. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from provider.declarations import Declaration
from provider.imports import names
from provider.imports.contents import Contents
from provider.imports.findings import ImportFinding, Reason


@dataclass(frozen=True, slots=True)
class Running:
    """That the document is what a running Traefik's API tells, and what shall be made of it here.

    `beside` is the state here, if routers shall stand beside those of the other providers, without their requests. They
    lead to what is there, or `with_services` to services and middlewares that are taken over.
    """

    beside: Declaration | None = None
    with_services: bool = False


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a document comes from: one of Traefik's providers, and which of its objects cannot be told from there.

    `refused` are those by their pointers. `findings` tell what else of it is not in the document. Without a
    `provider`, the names of objects have theirs behind an @.
    """

    provider: str = names.FILE
    refused: Mapping[str, Reason] = field(default_factory=dict)
    findings: Sequence[ImportFinding] = ()
    contents: Contents = field(default_factory=dict, repr=False)
    """What is in the files that certificates name; those that are not among them are the text itself."""

    @property
    def has_several(self) -> bool:
        """Whether the document comes from several providers."""
        return not self.provider
