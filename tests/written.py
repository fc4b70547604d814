"""What is written for people: the README in two languages, and the pages of `docs/`. Tests read them through this."""

import re
from pathlib import Path
from typing import Final

from tests.running import ROOT

README: Final = ROOT / "README.md"
INDONESIAN: Final = ROOT / "README.id.md"
DOCS: Final = sorted((ROOT / "docs").glob("*.md"))
PAGES: Final = [README, *DOCS, *sorted(set(ROOT.glob("*.md")) - {README})]
"""All pages. A reader follows the README first: its commands leave behind what those of the others need."""


def name(page: Path) -> str:
    """Return what a page is called in the project, such as `docs/rest.md`."""
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[str]:
    """Return the blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def spans(page: Path) -> list[str]:
    """Return what stands as code within sentences and tables."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def table(wanted: str) -> list[list[str]]:
    """Return the rows of the table behind a `<!-- table: NAME -->`, without its head and without marks of code."""
    mark = f"<!-- table: {wanted} -->\n"
    (text,) = (text for text in (page.read_text() for page in PAGES) if mark in text)
    rows = re.match(r"(?:\|.*\n)+", text.partition(mark)[2])
    assert rows
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows[0].splitlines()[2:]]
    return [[re.sub(r"^`([^`]*)`$", r"\1", cell) for cell in row] for row in cells]


def static_configuration() -> str:
    """Return the part of Traefik's static configuration that users are shown: the one block that has providers."""
    (shown,) = (block for page in PAGES for block in blocks(page, "yaml") if block.startswith("providers:"))
    return shown


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+?) *$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """Return where the links and pictures of a page lead."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))
