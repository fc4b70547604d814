"""What is wrong with how a command was called, in our words where it was pydantic that found it."""

from typing import Any

import typer
from typer.core import TyperGroup

from provider.validation import detail_of


class CommandTree(TyperGroup):
    """The tree of commands. Typer lets pydantic read what was typed, and would tell its own sentences."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that is asked for."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            if (found := getattr(error.__cause__, "errors", None)) is not None:
                error.message = "; ".join(dict.fromkeys(detail_of(item) for item in found()))
            raise
