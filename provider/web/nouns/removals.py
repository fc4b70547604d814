"""Removing one object: a page that names what else goes, and then exactly that, in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse

from provider.database.sessions import Session
from provider.errors import Invalid
from provider.messages import Message
from provider.nouns import Noun, called
from provider.revisions import Outcome
from provider.store import writes
from provider.web import reasons
from provider.web.forms import Form
from provider.web.inputs import Texts
from provider.web.notices import Notice, Tone
from provider.web.nouns.edits import TAG
from provider.web.rendering import render, say
from provider.web.writing import PageWrite

_NAMED: Final = 20
"""How many objects are named that go too; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that goes with an object: the sentence that says so, and what it is now."""

    words: Message
    item: Noun


@dataclass(frozen=True, slots=True)
class RemovalPage:
    """What is to be removed, and what goes with it. `action` is where the form is sent, `back` where Cancel leads.

    `tag` says what was agreed to: it is another text as soon as anything of it is different.
    """

    question: Message
    item: Noun
    action: str
    back: str
    tag: str
    losses: Sequence[Loss]

    @property
    def consequences(self) -> list[Message]:
        """What goes too, in words."""
        words = [loss.words for loss in self.losses[:_NAMED]]
        if len(self.losses) > _NAMED:
            words.append(Message("and {count} more", count=len(self.losses) - _NAMED))
        return words


def with_following(session: Session, losses: Sequence[Loss], item: Noun, owner: str | None) -> list[Loss]:
    """Return what goes with an object, followed by what goes because of that: each with what it cannot be without."""
    gone = writes.going(session, item, owner)
    told = {(item.kind, item.key), *((loss.item.kind, loss.item.key) for loss in losses)}
    following = []
    for each, whose in gone.values():
        if whose is None and (each.kind, each.key) not in told:
            need = next(use for use in each.uses() if (use.kind, use.name) in gone)
            facts = {"kind": called(each.kind), "name": each.name, "needed": need.name}
            following.append(Loss(Message("{kind} {name}, which needs {needed}", **facts), each))
    return [*losses, *following]


class RemovalRefused(Exception):
    """Something else would go than what was agreed to (412), or what was typed is wrong (422)."""

    def __init__(self, removal: RemovalPage, form: Form, status: int) -> None:
        super().__init__()
        self.removal = removal
        self.form = form
        self.status = status


def ask(request: Request, removal: RemovalPage, form: Form, status: int = 200) -> HTMLResponse:
    """Ask whether an object shall go, with what goes too; again, where that has changed meanwhile."""
    values = {}
    if status == 412:
        detail = Message("This has changed since you opened it. Check again what would be removed.")
        values["notice"] = Notice(say(request, detail), Tone.WARNING)
    return render(
        request,
        "nouns/remove.html",
        status=status,
        question=say(request, removal.question),
        consequences=removal.consequences,
        action=removal.action,
        fields={TAG: removal.tag},
        label=say(request, Message("Remove")),
        back=removal.back,
        form=form,
        **values,
    )


def remove(
    write: PageWrite, describe: Callable[[Session], RemovalPage], apply: Callable[[Session], None]
) -> tuple[RemovalPage, Outcome[None]]:
    """Remove what was agreed to, and return it. Raises `NotFound`, `Braked`, and `RemovalRefused`."""
    agreed: list[RemovalPage] = []

    def checked(session: Session) -> None:
        removal = describe(session)
        if removal.tag != write.sent.get(TAG):
            raise RemovalRefused(removal, form_of(write.sent), 412)
        agreed.append(removal)
        apply(session)

    try:
        outcome = write.change(checked)
    except Invalid as error:
        with write.revisions.reading() as session:
            raise RemovalRefused(describe(session), Form(form_of(write.sent).values, error.fields), 422) from None
    return agreed[0], outcome


def form_of(sent: Texts) -> Form:
    """Return the form: why it shall go."""
    return Form(reasons.typed(sent))
