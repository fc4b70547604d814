"""Domains: the host names that are ours."""

from typing import ClassVar

from provider.nouns.common import HOSTNAME, TEXT, labels_field
from provider.nouns.noun import Noun
from provider.nouns.objects import field
from provider.values import Refusal, to_ascii


class Domain(Noun):
    """A host name that routers may match."""

    kind = "domain"
    plural = "domains"
    is_renamed = True
    title = "Domain"
    titles = "Domains"
    about = "your host names"
    listing = "Host names that are ours, as typed or as A-labels."
    cascade = "Also remove routers that have no other domain; other routers only lose this one."
    texts = ("name", "shown", "description")
    example: ClassVar = {"name": "alvin.xyz", "description": "The class's own name", "labels": {"team": "video"}}

    name: str = field(
        HOSTNAME,
        title="Domain",
        help="A host name such as alvin.xyz, or *.alvin.xyz for all names one level below it.",
    )
    description: str = field(
        TEXT,
        default="",
        title="Description",
        help="A note for people, such as what it is for or who owns it. Not sent to Traefik.",
        column=True,
    )
    labels: dict[str, str] = labels_field()

    @property
    def ascii_name(self) -> str:
        """The name as Traefik needs it, an A-label in lower case."""
        return to_ascii(self.name)

    @property
    def key(self) -> str:
        """The name under which it is kept: the A-label."""
        return self.ascii_name

    @classmethod
    def find_key(cls, name: str) -> str | None:
        """Return a name as an A-label, or None for what is no host name."""
        try:
            return to_ascii(name)
        except Refusal:
            return None
