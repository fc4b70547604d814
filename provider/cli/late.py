"""Commands that are imported when they are asked for.

`serve`, `migrate`, `up`, `backup` and `restore` need FastAPI and SQLAlchemy, whose import takes 0.8 s; the commands
that speak REST, and the shell's completion, start in 0.2 s without them.
"""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from provider.cli.options import read_help


class LateCommand(TyperCommand):
    """Stands in lists for the command `NAME`, the function of that name in `provider.cli.NAME`."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Import the command, and let it read its arguments: from here on it stands for itself."""
        command = getattr(import_module(f"provider.cli.{self.name}"), str(self.name))
        alone = typer.Typer(add_completion=False, rich_markup_mode=self.rich_markup_mode)
        alone.command(self.name, help=read_help(command))(command)
        return get_command(alone).make_context(info_name, args, parent, **extra)
