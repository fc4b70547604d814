"""Conditional requests (RFC 9110): `If-Match` and `If-None-Match`."""

import re
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import Depends, Header

from provider.errors import FieldError, Meanwhile, PreconditionFailed
from provider.tags import find_revision

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


class Conditions:
    """What a request demands of the object that it is about."""

    def __init__(self, if_match: str | None, if_none_match: str | None) -> None:
        self._if_match = if_match
        self._if_none_match = if_none_match

    @property
    def are_given(self) -> bool:
        return self._if_match is not None or self._if_none_match is not None

    def check(self, current: str | None) -> None:
        """Raise `PreconditionFailed` unless the current tag (None: there is no object) is what is demanded."""
        _check_readable("/If-Match", self._if_match)
        _check_readable("/If-None-Match", self._if_none_match)
        if self._if_match is not None and not _matches(self._if_match, current, weak=False):
            told = f"the object is at {current} now, not at {self._if_match}: read it again"
            raise _failed("/If-Match", told if current else "there is no such object any more")
        if self._if_none_match is not None and _matches(self._if_none_match, current, weak=True):
            raise _failed("/If-None-Match", "`If-None-Match: *` only creates, but the object already exists")

    def check_whole(self, current: str, since: Callable[[int], Sequence[Meanwhile]]) -> None:
        """Do the same for the state as a whole: who is late is told what was done `since` the revision demanded."""
        try:
            self.check(current)
        except PreconditionFailed as error:
            number = find_revision(self._if_match or "")
            raise PreconditionFailed(error.detail, error.fields, () if number is None else since(number)) from None

    def not_modified(self, current: str) -> bool:
        """Tell whether the client has this version already."""
        return self._if_none_match is not None and _matches(self._if_none_match, current, weak=True)


def _matches(header: str, current: str | None, *, weak: bool) -> bool:
    if header.strip() == "*":
        return current is not None
    tags = _TAG.findall(header)
    return current is not None and current in (tag.removeprefix("W/") if weak else tag for tag in tags)


def _check_readable(where: str, header: str | None) -> None:
    # A condition that cannot be read is not met: the client did not mean to write at any rate.
    if header is not None and header.strip() != "*" and _TAG.sub("", header).strip(" \t,"):
        detail = "this is not a list of entity tags: write each as the header ETag gave it, in double quotes"
        raise _failed(where, detail)


def _failed(where: str, detail: str) -> PreconditionFailed:
    return PreconditionFailed(detail, [FieldError(where, "precondition.failed", detail, "header")])


WantedTag = Annotated[
    str | None,
    Header(alias="If-Match", description="Change only if the object still has this ETag; `*`: only if it exists."),
]
NewTag = Annotated[str | None, Header(alias="If-None-Match", description="`*`: create only, if it does not exist yet.")]
KnownTag = Annotated[
    str | None, Header(alias="If-None-Match", description="The ETag you have: 304 if nothing has changed since.")
]


async def read_conditions(if_match: WantedTag = None, if_none_match: NewTag = None) -> Conditions:
    return Conditions(if_match, if_none_match)


async def read_known(if_none_match: KnownTag = None) -> Conditions:
    return Conditions(None, if_none_match)


WriteConditions = Annotated[Conditions, Depends(read_conditions)]
ReadConditions = Annotated[Conditions, Depends(read_known)]
