"""Middlewares made of others."""

from typing import ClassVar

from provider.nouns.common import MIDDLEWARES_NEEDED
from provider.nouns.middlewares import Kind
from provider.nouns.objects import field


class Chain(Kind):
    """Several middlewares under one name."""

    title = "Chain"
    about = "Several middlewares under one name, for routers that share them."
    example: ClassVar = {"middlewares": ["login", "limit"]}

    middlewares: list[str] = field(
        MIDDLEWARES_NEEDED,
        title="Middlewares",
        help="In the order in which requests pass through them.",
        option="--chain",
    )
