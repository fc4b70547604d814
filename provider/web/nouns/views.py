"""What pages show and say of a noun beside its declaration: nothing, unless a module of `objects` says otherwise."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from fastapi import APIRouter

from provider.database.sessions import Session
from provider.messages import Message
from provider.models import Conflict
from provider.nouns import Noun, called, is_used, within
from provider.store import nouns as store
from provider.store import referrers
from provider.web.inputs import Texts
from provider.web.lists import LENGTH
from provider.web.nouns.places import Place
from provider.web.nouns.removals import Loss
from provider.web.scenes import Sight

_MOST_TOLD: Final = 5


class View:
    """The pages of a noun. Whoever has more to show of one overrides what it takes, and the blocks of a template."""

    list_template: ClassVar[str] = "nouns/list.html"
    show_template: ClassVar[str] = "nouns/show.html"
    edit_template: ClassVar[str] = "nouns/edit.html"

    def __init__(self, noun: type[Noun]) -> None:
        self.noun = noun

    def first(self, session: Session, place: Place) -> Texts:
        """Return what stands in the form of a new object in place of what is declared. Raises `NotFound`."""
        store.check_owner(session, self.noun, place.owner)
        return {}

    def proposed(self, item: Noun) -> Texts:
        """Return what stands in the form of an object in fields of what is switched off."""
        return {}

    def listed(self, session: Session, sight: Sight, items: Sequence[Noun]) -> Mapping[str, Any]:
        """Return what the list has besides the objects: values of its template.

        Without any of its own: how many refer to each, where others can.
        """
        keys = [item.key for item in items]
        return {"used": referrers.count_all_users(session, self.noun, keys)} if is_used(self.noun.kind) else {}

    def shown(self, session: Session, sight: Sight, place: Place, item: Noun, typed: Texts) -> Mapping[str, Any]:
        """Return what the page of an object has besides it: values of its template. `typed`: what was typed into it.

        Without any of its own: what refers to it, and what is to be told of it.
        """
        return {"users": referrers.users(session, self.noun, item.key, limit=LENGTH), "told": self.told(sight, item)}

    def belonging(self, session: Session, item: Noun) -> Sequence[tuple[Place, Sequence[Noun]]]:
        """Return what belongs to an object, by noun, for its page."""
        return [(Place(noun, item.key), store.of_one(session, noun, item.key)) for noun in within(self.noun.kind)]

    def told(self, sight: Sight, item: Noun) -> Sequence[str]:
        """Return the conflicts of an object; of services not that nothing leads there, which their pages show."""
        found = sight.routing.about(self.noun.kind, item.key)
        return [each.detail for each in found if each.conflict is not Conflict.UNREACHED_SERVICE][:_MOST_TOLD]

    def losses(self, session: Session, place: Place, item: Noun) -> Sequence[Loss]:
        """Return what goes with an object: what cannot be without it, and its place in what can."""
        return [self._loss(user, item) for user in referrers.users(session, self.noun, item.key)]

    def _loss(self, user: Noun, item: Noun) -> Loss:
        told = {"kind": called(user.kind), "name": user.name}
        if user.without(self.noun.kind, item.key) is None:
            return Loss(Message("{kind} {name}, which needs it", **told), user)
        return Loss(Message("its place in {kind} {name}", **told), user)

    def added(self, place: Place, item: Noun) -> Message:
        return Message("{noun} {name} was added.", noun=Message(self.noun.title), name=item.name)

    def removed(self, place: Place, item: Noun) -> Message:
        return Message("{noun} {name} was removed.", noun=Message(self.noun.title), name=item.name)

    def question(self, place: Place, item: Noun) -> Message:
        return Message("Remove the {kind} {name}?", kind=called(self.noun.kind), name=item.name)

    def next_path(self, place: Place, item: Noun) -> str:
        """Return the path of the page to which one is led after an object was added."""
        return place.path(item.key)

    def extend(self, router: APIRouter) -> None:
        """Add what one does with the noun's objects alone."""
