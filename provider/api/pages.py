"""Lists, a page at a time."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Response
from pydantic import AfterValidator, Field

from provider.api.answers import written
from provider.cursors import read_cursor, read_number, write_cursor
from provider.nouns import Object
from provider.values import LABEL_SCHEMA, TEXT_SCHEMA, check_label, check_text, read_label

Shown = TypeVar("Shown", bound=Object)
Item = TypeVar("Item")

LONGEST_PAGE = 1000

SearchText = Annotated[str, Field(max_length=200, json_schema_extra=dict(TEXT_SCHEMA)), AfterValidator(check_text)]
LabelText = Annotated[str, AfterValidator(check_label), Field(max_length=127, json_schema_extra=dict(LABEL_SCHEMA))]
Cursor = Annotated[str, Field(max_length=500, json_schema_extra={"format": "cursor"})]


class PageRequest:
    """Which part of a list is asked for."""

    def __init__(self, limit: int, after: str | None, q: str | None) -> None:
        self.limit = limit
        self.after = after
        self.q = q

    def after_number(self) -> int | None:
        """Return after which number the page begins, in a list of numbers. Raises `Invalid`."""
        return None if self.after is None else read_number(self.after)

    def answer(self, found: Sequence[Shown], name: Callable[[Shown], str]) -> Response:
        """Answer with a page of at most `limit + 1` items that were found, the last of which tells of more."""
        items, following = self.part(found, name)
        return written({"items": [item.json() for item in items], "next": following})

    def part(self, found: Sequence[Item], name: Callable[[Item], str]) -> tuple[list[Item], str | None]:
        """Return the items of a page, and the cursor of the next."""
        items = list(found[: self.limit])
        return items, write_cursor(name(items[-1])) if len(found) > self.limit else None


async def read_page(
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="Maximum number of items per page.")] = 100,
    cursor: Annotated[Cursor | None, Query(description="The `next` of the previous page.")] = None,
    q: Annotated[SearchText | None, Query(description="Only items that contain this text, ignoring case.")] = None,
) -> PageRequest:
    return PageRequest(limit, read_cursor(cursor) if cursor is not None else None, q)


async def read_labels(
    label: Annotated[
        list[LabelText],
        Query(
            description="Only items with this label, written KEY=VALUE. Repeat it to require several.", max_length=20
        ),
    ] = [],  # noqa: B006  # FastAPI copies it
) -> Sequence[tuple[str, str]]:
    return [read_label(text) for text in label]


LabelParameters = Annotated[Sequence[tuple[str, str]], Depends(read_labels)]
PageParameters = Annotated[PageRequest, Depends(read_page)]
