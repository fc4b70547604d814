"""Middlewares made of others."""

from collections.abc import Sequence
from typing import ClassVar

from provider.messages import Message
from provider.nouns.common import MIDDLEWARES_NEEDED
from provider.nouns.fields import field
from provider.nouns.middlewares import Kind
from provider.nouns.middlewares.words import named


class Chain(Kind):
    """Several middlewares under one name."""

    title = "Chain"
    about = "Several middlewares under one name, for routers that share them."
    example: ClassVar = {"middlewares": ["login", "limit"]}

    middlewares: list[str] = field(
        MIDDLEWARES_NEEDED, "Middlewares", "In the order in which requests pass through them.", option="--chain"
    )

    @property
    def members(self) -> Sequence[str]:
        """What it is made of."""
        return self.middlewares

    def does(self) -> Message:
        """Name what it is made of."""
        return Message("Passes requests through {names}", names=named(self.middlewares))
