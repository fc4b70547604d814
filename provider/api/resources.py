"""What the nouns' handlers share: reading, creating, replacing, merging and removing one object."""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Final, Generic, TypeVar

from fastapi import Depends, Response
from pydantic import BaseModel, ValidationError
from sqlmodel import Session

from provider import validation
from provider.api.conditions import Conditions, ReadConditions, WriteConditions
from provider.api.writing import PREFIX, Write, WriteDependency, done, encoded, removed
from provider.dependencies import HealthDependency, RevisionsDependency
from provider.edges.health import Health
from provider.errors import AlreadyExists, FieldError, Invalid, NotFound
from provider.messages import Message
from provider.revisions import Revisions
from provider.store.records import as_json
from provider.tags import etag

T = TypeVar("T", bound=BaseModel)

_MAPS: Final = frozenset({"labels"})
"""Fields whose members people name."""


class Resource(ABC, Generic[T]):
    """One object at one path, that may exist or not."""

    kind: ClassVar[str]
    model: ClassVar[type[BaseModel]]
    observed: ClassVar[bool] = False
    """Whether it is shown with what is observed, so that an old copy of it is never good enough."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name, as its input has it."""

    @property
    @abstractmethod
    def path(self) -> str:
        """Its path below the API's prefix."""

    @abstractmethod
    def find(self, session: Session) -> T | None:
        """Find it as it is wanted."""

    @abstractmethod
    def put(self, session: Session, item: T) -> None:
        """Create or replace it."""

    @abstractmethod
    def remove(self, session: Session, *, cascade: bool) -> None:
        """Remove it."""

    def show(self, session: Session, item: T, health: Health) -> BaseModel:
        """Return it as it is shown, with what is observed of it."""
        return item

    def is_name(self, name: str) -> bool:
        """Tell whether a name in a body is the one in the path."""
        return name == self.name

    def read(self, document: dict[str, Any]) -> T:
        """Validate an object whose name may be left out, since it is in the path. Raises `Invalid`."""
        named = document.get("name") is not None
        try:
            item: T = self.model.model_validate(  # type: ignore[assignment]  # model is of T
                document if named else {**document, "name": self.name}
            )
        except ValidationError as error:
            found = validation.invalid(error, "body")
            if named:
                raise found from None
            path = [replace(field, place="path") if field.pointer == "/name" else field for field in found.fields]
            raise Invalid(path) from None
        name: str = item.name  # type: ignore[attr-defined]  # every noun has one
        if not self.is_name(name):
            detail = Message(
                "the name is {name}, as in the path: make another {kind} to have another name",
                name=self.name,
                kind=self.kind,
            )
            raise Invalid([FieldError("/name", "name.immutable", detail)])
        return item

    def tag(self, item: T | None) -> str | None:
        """Return its entity tag, or None if it does not exist."""
        return None if item is None else etag(self.kind, as_json(item))


class Reads:
    """Answers to GET of one object."""

    def __init__(self, revisions: Revisions, health: Health, conditions: Conditions) -> None:
        self._revisions = revisions
        self._health = health
        self._conditions = conditions

    def get(self, resource: Resource[T]) -> Response:
        """Answer with the object, 200 or 304. Raises `NotFound`."""
        with self._revisions.reading() as session:
            item = resource.find(session)
            if item is None:
                raise NotFound(Message("there is no {kind} {name}", kind=resource.kind, name=resource.name))
            shown = resource.show(session, item, self._health)
        tag = etag(resource.kind, as_json(item))
        if not resource.observed and self._conditions.not_modified(tag):
            return Response(status_code=304, headers={"ETag": tag})
        return Response(encoded(shown), 200, {"ETag": tag}, media_type="application/json")


class Writes:
    """Answers to the verbs that change one object, each in one transaction."""

    def __init__(self, write: Write, health: Health, conditions: Conditions) -> None:
        self._write = write
        self._health = health
        self._conditions = conditions

    def create(self, resource: Resource[T], item: T) -> Response:
        """Create an object: 201. Raises `AlreadyExists`."""

        def apply(session: Session) -> tuple[BaseModel, str, bool]:
            current = resource.find(session)
            self._conditions.check(resource.tag(current))
            if current is not None:
                detail = Message("{kind} {name} exists already", kind=resource.kind, name=resource.name)
                raise AlreadyExists(detail, [FieldError("/name", "name.taken", detail)])
            return self._put(session, resource, item, created=True)

        return self._answer(resource, apply)

    def replace(self, resource: Resource[T], document: BaseModel) -> Response:
        """Create an object, 201, or replace it as a whole, 200."""
        item = resource.read(document.model_dump(exclude_unset=True, by_alias=True))

        def apply(session: Session) -> tuple[BaseModel, str, bool]:
            current = resource.find(session)
            self._conditions.check(resource.tag(current))
            return self._put(session, resource, item, created=current is None)

        return self._answer(resource, apply)

    def merge(self, resource: Resource[T], patch: dict[str, Any]) -> Response:
        """Change an object by a JSON merge patch (RFC 7396): 200. Raises `NotFound`."""

        def apply(session: Session) -> tuple[BaseModel, str, bool]:
            current = self._existing(session, resource)
            item = resource.read(merged(as_json(current), patch))
            return self._put(session, resource, item, created=False)

        return self._answer(resource, apply)

    def remove(self, resource: Resource[T], *, cascade: bool = False) -> Response:
        """Remove an object: 204. Raises `NotFound`, and `InUse` without `cascade`."""

        def apply(session: Session) -> None:
            self._existing(session, resource)
            resource.remove(session, cascade=cascade)

        return removed(self._write.change(apply))

    def _existing(self, session: Session, resource: Resource[T]) -> T:
        current = resource.find(session)
        if current is None:
            raise NotFound(Message("there is no {kind} {name}", kind=resource.kind, name=resource.name))
        self._conditions.check(resource.tag(current))
        return current

    def _put(self, session: Session, resource: Resource[T], item: T, *, created: bool) -> tuple[BaseModel, str, bool]:
        resource.put(session, item)
        kept = resource.find(session) or item
        return resource.show(session, kept, self._health), etag(resource.kind, as_json(kept)), created

    def _answer(self, resource: Resource[T], apply: Any) -> Response:
        outcome = self._write.change(apply)
        shown, tag, created = outcome.result
        headers = {"ETag": tag}
        if created:
            headers["Location"] = PREFIX + resource.path
        return done(outcome, shown, 201 if created else 200, headers)


def merged(target: Any, patch: Any, *, is_map: bool = False) -> Any:
    """Return what a JSON merge patch (RFC 7396) makes of a value.

    Null for a field that an object does not have is kept, to be refused like any field that is not known:
    our objects have all their fields, but for those whose keys are people's own.
    """
    if not isinstance(patch, dict):
        return patch
    known = target if isinstance(target, dict) else {}
    result = dict(known)
    for key, value in patch.items():
        if value is None and (key in known or not known or is_map):
            result.pop(key, None)
        else:
            result[key] = merged(known.get(key), value, is_map=key in _MAPS)
    return result


async def reads(revisions: RevisionsDependency, health: HealthDependency, conditions: ReadConditions) -> Reads:
    """Give a handler what it answers a read with."""
    return Reads(revisions, health, conditions)


async def writes(write: WriteDependency, health: HealthDependency, conditions: WriteConditions) -> Writes:
    """Give a handler what it answers a write with."""
    return Writes(write, health, conditions)


ReadsDependency = Annotated[Reads, Depends(reads)]
WritesDependency = Annotated[Writes, Depends(writes)]
