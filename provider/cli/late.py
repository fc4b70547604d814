"""Commands that are imported when they are asked for.

`serve`, `migrate`, `up`, `backup`, `restore`, `token` and `user` need FastAPI or SQLAlchemy, whose import takes
0.8 s; the commands that speak REST, and the shell's completion, start in 0.2 s without them.
"""

from collections.abc import Callable, Mapping, MutableMapping
from functools import cached_property
from importlib import import_module
from keyword import iskeyword
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from provider.cli.options import read_help

TELLING: Final = {"plan", "lint"}
"""Commands whose exit status 2 says what they found: who calls them in a wrong way gets 1."""

_WRONG_USAGE: Final = 2


class LateCommand(TyperCommand):
    """Stands in lists for the command `NAME`, or for `NAME` of a `GROUP`: see `find`."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Import the command, and let it read its arguments: from here on it stands for itself."""
        group = parent.info_name if parent is not None and parent.parent is not None else None
        command = find(group, str(self.name))
        alone = typer.Typer(add_completion=False, rich_markup_mode=self.rich_markup_mode)
        alone.command(self.name, help=read_help(command))(command)
        try:
            return get_command(alone).make_context(info_name, args, parent, **extra)
        except TyperException as error:
            if self.name in TELLING and getattr(error, "exit_code", None) == _WRONG_USAGE:
                error.exit_code = 1  # with which typer exits
            raise


class LateGroup(TyperGroup):
    """Stands in lists for a group whose commands are made when one of them is asked for.

    The options of all nouns take 10 MB, which a service would hold for as long as it runs.
    """

    make: Callable[[], typer.Typer]

    @cached_property
    def _made(self) -> MutableMapping[str, Any]:
        command = get_command(self.make())
        assert isinstance(command, TyperGroup)  # noqa: S101  # for the type checker
        return command.commands

    @property
    def commands(self) -> MutableMapping[str, Any]:
        return self._made

    @commands.setter
    def commands(self, _none: object) -> None:
        """Ignore that typer finds none."""


def find(group: str | None, name: str) -> Callable[..., None]:
    """Import a command: the function `NAME` of `provider.cli.NAME`, or what `provider.cli.GROUP` has as `COMMANDS`.

    For a name that is a word of Python's it is `NAME_`. A group that has no such COMMANDS has commands that are found
    as those without a group are.
    """
    command: Callable[..., None]
    commands = None if group is None else getattr(import_module(f"provider.cli.{group}"), "COMMANDS", None)
    if commands is None:
        word = f"{name}_" if iskeyword(name) else name
        command = getattr(import_module(f"provider.cli.{word}"), word)
    else:
        command = commands[name]
    return command


def add(app: typer.Typer, commands: Mapping[str, str]) -> None:
    """Add commands to be imported later, with the first lines of their help."""
    for name, summary in commands.items():
        app.command(name, help=summary, cls=LateCommand)(_run_later)


def add_group(app: typer.Typer, name: str, summary: str, commands: Mapping[str, str]) -> None:
    group = typer.Typer(name=name, no_args_is_help=True, help=summary)
    add(group, commands)
    app.add_typer(group)


def add_made(app: typer.Typer, name: str, summary: str, short: str, make: Callable[[], typer.Typer]) -> None:
    """Add a group that `make` makes when it is asked for, with its help, and what lists say of it."""
    late = type("LateGroup", (LateGroup,), {"make": staticmethod(make)})
    app.add_typer(typer.Typer(name=name, no_args_is_help=True, help=summary, short_help=short, cls=late))


def _run_later() -> None:
    """Stand for a command that is not imported yet."""
