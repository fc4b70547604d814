"""How the tree of commands is listed, and what is wrong with how one was called, in our words."""

from typing import Any

import typer
from typer.core import TyperGroup

from provider.cli.nouns.words import kebab
from provider.nouns import NOUNS
from provider.validation import detail_of


class CommandTree(TyperGroup):
    """The tree of commands. Typer lets pydantic read what was typed, and would tell its own sentences."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            if (found := getattr(error.__cause__, "errors", None)) is not None:
                error.message = "; ".join(dict.fromkeys(detail_of(item) for item in found()))
            raise

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands, then those of the nouns: apart, so that long names leave the others room."""
        names = self.list_commands(ctx)
        of_nouns = {kebab(kind) for kind in NOUNS}
        parts = {
            "Commands": [name for name in names if name not in of_nouns],
            "Objects": [name for name in names if name in of_nouns],
        }
        for heading, listed in parts.items():
            limit = formatter.width - 6 - max(map(len, listed))
            lines = [(name, self.commands[name].get_short_help_str(limit)) for name in listed]
            with formatter.section(heading):
                formatter.write_dl(lines)
