"""Markup of drawings: elements of SVG, with all that is put into them escaped."""

from collections.abc import Iterable

from markupsafe import Markup, escape


def element(name: str, *inside: str, **attributes: object) -> Markup:
    """Return an element. An attribute that is None is left out; `_` in its name is `-`, and nothing at its end.

    `inside` is escaped, unless it is markup. There is no `style`: the pages' policy forbids it.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(number(value) if isinstance(value, float) else value)}"'
        for key, value in attributes.items()
        if value is not None and key != "style"
    )
    return Markup(f"<{name}{written}>{''.join(map(escape, inside))}</{name}>")  # noqa: S704  # all of it is escaped


def joined(parts: Iterable[Markup]) -> Markup:
    return Markup("\n").join(parts)


def classes(*names: str | None) -> str | None:
    """Return the value of a `class`, or None if there is none."""
    return " ".join(name for name in names if name) or None


def number(value: float) -> str:
    """Write a length with one decimal place at most."""
    return f"{value:.1f}".removesuffix(".0")
