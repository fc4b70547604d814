"""Removing one object: a page that names what else goes, and then exactly that, in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from provider.messages import Message
from provider.models import Actor
from provider.nouns import Noun
from provider.revisions import Revisions
from provider.store.records import as_json
from provider.tags import etag
from provider.web import brakes
from provider.web.edits import TAG
from provider.web.inputs import Texts
from provider.web.notices import Notice, Tone
from provider.web.rendering import render, say

_NAMED: Final = 20
"""How many objects are named that go too; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that goes with an object: the sentence that says so, and what it is now."""

    words: Message
    item: Noun


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to be removed, and what goes with it."""

    question: Message
    item: Noun
    losses: Sequence[Loss] = field(default_factory=list)

    @property
    def tag(self) -> str:
        """What was agreed to: another text as soon as anything of it is different."""
        return etag("removal", {"item": as_json(self.item), "losses": [as_json(loss.item) for loss in self.losses]})

    @property
    def consequences(self) -> list[Message]:
        """What goes too, in words."""
        words = [loss.words for loss in self.losses[:_NAMED]]
        if len(self.losses) > _NAMED:
            words.append(Message("and {count} more", count=len(self.losses) - _NAMED))
        return words


class Refused(Exception):
    """Something else would go than what was agreed to."""

    def __init__(self, removal: Removal) -> None:
        super().__init__()
        self.removal = removal


def ask(request: Request, removal: Removal, action: str, back: str, *, again: bool = False) -> HTMLResponse:
    """Ask whether an object shall go, with what goes too; `again`, because that has changed meanwhile."""
    values = {}
    if again:
        detail = Message("This has changed since you opened it. Check again what would be removed.")
        values["notice"] = Notice(say(request, detail), Tone.WARNING)
    return render(
        request,
        "confirm.html",
        status=412 if again else 200,
        question=say(request, removal.question),
        consequences=removal.consequences,
        action=action,
        fields={TAG: removal.tag},
        label=say(request, Message("Remove")),
        back=back,
        **values,
    )


def remove(
    revisions: Revisions,
    actor: Actor,
    sent: Texts,
    describe: Callable[[Session], Removal],
    apply: Callable[[Session], None],
) -> None:
    """Remove what was agreed to. Raises `NotFound`, `Braked`, and `Refused` where something else would go."""

    def checked(session: Session) -> None:
        removal = describe(session)
        if removal.tag != sent.get(TAG):
            raise Refused(removal)
        apply(session)

    brakes.change(revisions, actor, sent, checked)
