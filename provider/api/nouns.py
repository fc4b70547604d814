"""The routes of all nouns: listing, creating, showing, replacing, merging and removing, from their declarations."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from starlette.routing import BaseRoute

from provider import control_plane
from provider.api import documentation
from provider.api.answers import written
from provider.api.outcomes import done, removed
from provider.api.pages import LabelParameters, PageParameters
from provider.api.preconditions import Conditions, KnownTag, NewTag, WantedTag
from provider.api.routers import PREFIX, router_for
from provider.api.writing import WriteDependency
from provider.control_plane import ControlPlane
from provider.database.sessions import Session
from provider.dependencies import RevisionsDependency
from provider.errors import AlreadyExists, FieldError, NotFound
from provider.messages import Message
from provider.noun_paths import noun_of, part_for
from provider.nouns import NOUNS, Noun, Object, called, is_used, masked
from provider.observations import OBSERVED, Observers
from provider.security import needs
from provider.security.access import Principal
from provider.store import draining, servers, tags, writes
from provider.store import nouns as store


class ObjectPlace:
    """Where one object is, that may exist or not: `owner` is the object to which it belongs, if it belongs to one."""

    def __init__(self, noun: type[Noun], owner: str | None, name: str) -> None:
        self.noun = noun
        self.owner = owner
        self.name = name
        self._key = noun.find_key(name)

    @property
    def path(self) -> str:
        """Its path below the API's prefix."""
        return collection(self.noun).format(**{self.noun.within: self.owner}) + f"/{self._key}"

    def find(self, session: Session) -> Noun | None:
        return None if self._key is None else store.find(session, self.noun, self._key, self.owner)

    def get(self, session: Session) -> Noun:
        """Return the object. Raises `NotFound`."""
        found = self.find(session)
        if found is None:
            raise NotFound(Message("there is no {kind} {name}", kind=called(self.noun.kind), name=self.name))
        return found

    def show(self, session: Session, item: Noun, observers: Observers) -> Object:
        """Return an object as it is shown, with what is observed of it."""
        found: Object = shown(session, self.noun, self.owner, [item], observers)[0]
        return found


def shown(session: Session, noun: type[Noun], owner: str | None, listed: list[Noun], observers: Observers) -> list[Any]:
    observed = OBSERVED.get(noun.kind)
    return listed if observed is None else observed.show(session, owner, listed, observers)


def hidden(noun: type[Noun], item: Object) -> dict[str, Any]:
    """Write an object as it is shown: with masks in place of its secrets."""
    return masked(noun.kind, item.json())


def collection(noun: type[Noun]) -> str:
    """Return the path of a noun's objects below the API's prefix, with the name of what they belong to left open."""
    above = f"{collection(NOUNS[noun.within])}/{{{noun.within}}}" if noun.within else ""
    return f"{above}/{noun.plural}"


_REGISTERED: Final[Mapping[str, Callable[[ControlPlane, str, str], None]]] = {
    "server": lambda plane, service, name: plane.leasing.registered(service, name)
}
"""What is told of an object that was put, whether that changed anything or not: a server that registers is there."""


class Answers:
    """Answers to the verbs, each of which is one transaction."""

    def __init__(self, conditions: Conditions, plane: ControlPlane, *, only_registers: bool = False) -> None:
        """`only_registers` tells that who asks may not write anything else than the servers of a service."""
        self._conditions = conditions
        self._plane = plane
        self._only_registers = only_registers
        self._observers = observers(plane)

    def get(self, revisions: RevisionsDependency, place: ObjectPlace) -> Response:
        """Answer with an object, 200 or 304. Raises `NotFound`."""
        with revisions.reading() as session:
            item = place.get(session)
            answer, tag = place.show(session, item, self._observers), tags.tag(session, item)
        # What is shown with what is observed changes by itself: an old copy of it is never good enough.
        if place.noun.kind not in OBSERVED and self._conditions.not_modified(tag):
            return Response(status_code=304, headers={"ETag": tag})
        return written(hidden(place.noun, answer), headers={"ETag": tag})

    def create(self, write: WriteDependency, place: ObjectPlace, item: Noun, given: Collection[str]) -> Response:
        """Create an object, of which these fields were given: 201. Raises `AlreadyExists`."""

        def apply(session: Session) -> tuple[Object, str, bool]:
            current = place.find(session)
            self._conditions.check(_tag(session, current))
            if current is not None:
                detail = Message("{kind} {name} already exists", kind=called(place.noun.kind), name=place.name)
                raise AlreadyExists(detail, [FieldError("/name", "name.taken", detail)])
            return self._put(session, place, None, item, given)

        return self._answer(write, place, apply)

    def replace(self, write: WriteDependency, place: ObjectPlace, document: dict[str, Any]) -> Response:
        """Create an object, 201, or replace it as a whole, 200."""
        item = place.noun.read_named(place.name, document, place="path")

        def apply(session: Session) -> tuple[Object, str, bool]:
            current = place.find(session)
            self._conditions.check(_tag(session, current))
            return self._put(session, place, current, item, document)

        answer = self._answer(write, place, apply)
        if not write.is_tried and (note := _REGISTERED.get(place.noun.kind)) is not None:
            note(self._plane, place.owner or "", place.name)
        return answer

    def merge(self, write: WriteDependency, place: ObjectPlace, patch: dict[str, Any]) -> Response:
        """Change an object by a JSON merge patch (RFC 7396): 200. Raises `NotFound`."""

        def apply(session: Session) -> tuple[Object, str, bool]:
            current = place.get(session)
            self._conditions.check(tags.tag(session, current))
            document = place.noun.following(place.noun.merged(current.json(), patch), patch)
            item = place.noun.read_named(place.name, document, place="path")
            return self._put(session, place, current, item, patch)

        return self._answer(write, place, apply)

    def remove(self, write: WriteDependency, place: ObjectPlace, *, cascade: bool) -> Response:
        """Remove an object: 204. Raises `NotFound`, and `InUse` without `cascade`."""

        def apply(session: Session) -> None:
            current = place.get(session)
            self._conditions.check(tags.tag(session, current))
            writes.discard(session, current, place.owner, cascade=cascade)

        return removed(write.change(apply))

    def _put(
        self, session: Session, place: ObjectPlace, current: Noun | None, item: Noun, given: Collection[str]
    ) -> tuple[Object, str, bool]:
        if current is None and self._only_registers:
            servers.check_room(session, place.owner or "")
        settled = draining.settled(session, current, item, place.owner, given, datetime.now(UTC))
        kept = writes.replace(session, current, settled, place.owner)
        return place.show(session, kept, self._observers), tags.tag(session, kept), current is None

    def _answer(
        self, write: WriteDependency, place: ObjectPlace, apply: Callable[[Session], tuple[Object, str, bool]]
    ) -> Response:
        outcome = write.change(apply)
        item, tag, created = outcome.result
        headers = {"ETag": tag}
        if created:
            headers["Location"] = PREFIX + place.path
        return done(outcome, hidden(place.noun, item), 201 if created else 200, headers)


def _tag(session: Session, item: Noun | None) -> str | None:
    return None if item is None else tags.tag(session, item)


def observers(plane: ControlPlane) -> Observers:
    """Return who knows more of objects than what was given for them."""
    return Observers(plane.edges, plane.issuing, plane.leasing)


# One dependency each: one more costs a request as much as a question to the database.
async def reading(request: Request, if_none_match: KnownTag = None) -> Answers:
    """Give a handler what it answers a read with."""
    return Answers(Conditions(None, if_none_match), control_plane.find(request))


async def writing(request: Request, if_match: WantedTag = None, if_none_match: NewTag = None) -> Answers:
    """Give a handler what it answers a write with."""
    principal: Principal = request.state.principal
    conditions = Conditions(if_match, if_none_match)
    return Answers(conditions, control_plane.find(request), only_registers=not principal.grant.allows("write"))


_ReadAnswers = Annotated[Answers, Depends(reading)]
_WriteAnswers = Annotated[Answers, Depends(writing)]
_Body = Annotated[dict[str, Any], Body()]


async def _no_owner() -> None:
    return None


async def _no_cascade() -> bool:
    return False


def _routes(noun: type[Noun], path: str, *, is_described: bool) -> APIRouter:
    """Return the routes of a noun at a path, which may be that of several nouns that take the same."""
    described = documentation.Described(noun)
    needed = needs.SERVERS if noun.within else needs.STATE
    router = router_for(noun.plural, path, needs=needed, is_described=is_described)
    owner = Annotated[str | None, _owner(NOUNS[noun.within]) if noun.within else Depends(_no_owner)]
    name = Annotated[str, documentation.name(noun)]
    cascade = Annotated[bool, Depends(_cascade(noun.cascade) if is_used(noun.kind) else _no_cascade)]

    @router.get("", **described.listing())
    def list_all(
        request: Request,
        revisions: RevisionsDependency,
        page: PageParameters,
        labels: LabelParameters,
        owner: owner,
    ) -> Response:
        noun, known = noun_of(request), observers(control_plane.find(request))
        with revisions.reading() as session:
            found = store.page(session, noun, owner, limit=page.limit + 1, after=page.after, q=page.q, labels=labels)
            part, following = page.part(found, lambda item: item.key)
            listed = shown(session, noun, owner, part, known)
        return written({"items": [hidden(noun, item) for item in listed], "next": following})

    @router.post("", **described.creation())
    def add(request: Request, write: WriteDependency, answers: _WriteAnswers, body: _Body, owner: owner) -> Response:
        noun = noun_of(request)
        item = noun.read(body)
        return answers.create(write, ObjectPlace(noun, owner, item.name), item, body)

    @router.get("/{name}", **described.showing())
    def show(
        request: Request, revisions: RevisionsDependency, answers: _ReadAnswers, owner: owner, name: name
    ) -> Response:
        return answers.get(revisions, ObjectPlace(noun_of(request), owner, name))

    @router.put("/{name}", **described.replacement())
    def put(
        request: Request, write: WriteDependency, answers: _WriteAnswers, body: _Body, owner: owner, name: name
    ) -> Response:
        return answers.replace(write, ObjectPlace(noun_of(request), owner, name), body)

    @router.patch("/{name}", **described.merging())
    def patch(
        request: Request, write: WriteDependency, answers: _WriteAnswers, body: _Body, owner: owner, name: name
    ) -> Response:
        return answers.merge(write, ObjectPlace(noun_of(request), owner, name), body)

    @router.delete("/{name}", **described.removal())
    def remove(
        request: Request, write: WriteDependency, answers: _WriteAnswers, owner: owner, name: name, cascade: cascade
    ) -> Response:
        return answers.remove(write, ObjectPlace(noun_of(request), owner, name), cascade=cascade)

    return router


def _owner(noun: type[Noun]) -> Any:
    """Describe the name of the object to which others belong, which has its kind's name in the path."""
    return documentation.name(noun, alias=noun.kind)


def _cascade(description: str) -> Callable[..., Any]:
    described = Annotated[bool, Query(description=description)]

    async def read_cascade(cascade: described = False) -> bool:
        return bool(cascade)

    return read_cascade


def _share() -> Iterator[APIRouter]:
    """Make the routes of all nouns, for those that take the same once: FastAPI keeps a lot for each route."""
    groups: dict[object, list[type[Noun]]] = {}
    for noun in NOUNS.values():
        groups.setdefault((noun.within, is_used(noun.kind)), []).append(noun)
    for nouns in groups.values():
        above = collection(nouns[0]).removesuffix(nouns[0].plural)
        yield _routes(nouns[0], above + part_for(nouns), is_described=False)


ROUTERS: Final = list(_share())
"""The routes of all nouns, as they are served."""


def describe() -> list[BaseRoute]:
    """Make the routes of all nouns as they are described: each noun has its own."""
    return [route for noun in NOUNS.values() for route in _routes(noun, collection(noun), is_described=True).routes]
