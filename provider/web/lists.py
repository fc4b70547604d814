"""Lists on pages: which part is asked for, and where the next one begins."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Generic, TypeVar

from fastapi import Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, Field

from provider.cursors import read_cursor, write_cursor
from provider.values import check_text

T = TypeVar("T")

LENGTH: Final = 50
"""The most rows of a page."""

SearchQuery = Annotated[str, Query(), Field(max_length=200), AfterValidator(check_text)]


@dataclass(frozen=True, slots=True)
class ListPart(Generic[T]):
    """Some rows of a list. `next` is the cursor of what follows, or None on the last page."""

    rows: Sequence[T]
    next: str | None
    is_first: bool
    q: str


@dataclass(frozen=True, slots=True)
class PartRequest:
    """Which part of a list is asked for: what has `q` in it, after the name `after`."""

    q: str
    after: str | None
    limit: int = LENGTH + 1
    """How many rows to look for: one more than are shown tells that there are more."""

    def part(self, found: Sequence[T], name: Callable[[T], str], length: int = LENGTH) -> ListPart[T]:
        """Make a part of at most `length` rows that were found."""
        rows = found[:length]
        following = write_cursor(name(rows[-1])) if len(found) > length else None
        return ListPart(rows, following, self.after is None, self.q)


async def read_part(q: SearchQuery = "", cursor: Annotated[str | None, Query(max_length=500)] = None) -> PartRequest:
    """Read which part of a list is asked for. Raises `Invalid` for a cursor that was not given here."""
    return PartRequest(q.strip(), read_cursor(cursor) if cursor else None)


PartDependency = Annotated[PartRequest, Depends(read_part)]


def wants_names(request: Request) -> bool:
    """Tell whether only names are wanted, for a field that proposes some: see `choices.js`."""
    return request.headers.get("accept") == "application/json"


def names(found: Iterable[str]) -> JSONResponse:
    return JSONResponse(list(found))
