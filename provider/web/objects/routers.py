"""What pages show of routers alone: what Traefik gets of each, and what becomes of it on the edges."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from fastapi import APIRouter, Request, Response

from provider import configuration, passages
from provider.database.sessions import Session
from provider.listening import Listening
from provider.messages import Message
from provider.models import Conflict
from provider.nouns import Domain, Noun, Router, Service
from provider.observations import show_services
from provider.store import middlewares, nouns
from provider.store.tags import tag
from provider.web.inputs import Texts, is_ticked
from provider.web.notices import Notice, Tone
from provider.web.nouns import edits
from provider.web.nouns.places import Place
from provider.web.objects.adopting import BesideView
from provider.web.rendering import redirect
from provider.web.scenes import Sight
from provider.web.writing import PageWriteDependency, done

_MOST_WARNED: Final = 20


class Routers(BesideView):
    """The pages of routers."""

    list_template = "routers/list.html"
    show_template = "routers/show.html"

    def listed(self, session: Session, sight: Sight, items: Sequence[Noun]) -> Mapping[str, Any]:
        """Find what becomes of each."""
        return {
            "rule": configuration.rule,
            "listening": sight.listening,
            "states": sight.states(cast("Sequence[Router]", items)),
        }

    def shown(self, session: Session, sight: Sight, place: Place, item: Noun, typed: Texts) -> Mapping[str, Any]:
        """Show its rule as Traefik gets it, where its requests go, and what is in its way."""
        router = cast("Router", item)
        about = sight.routing.about("router", router.name)
        told = [each for each in about if each.conflict is not Conflict.HIDDEN or each.objects[0][1] != router.name]
        found = nouns.find(session, Service, router.service)
        service = None if found is None else show_services(session, [found], sight.health)[0]
        return {
            "rule": configuration.rule(router),
            "listening": sight.listening,
            "ranks": _ranks(router),
            "domains": [nouns.get(session, Domain, host) for host in router.ascii_domains],
            "service": service,
            "passage": passages.stops(router.middlewares, middlewares.of_routers(session, [router])),
            "state": sight.states([router])[router.name],
            "tag": tag(session, router),
            "conflicts": [each.detail for each in told[:_MOST_WARNED]],
            **self.beside(sight, item),
        }

    def extend(self, router: APIRouter) -> None:
        """Add the button that disables one, or enables it again."""
        super().extend(router)

        @router.post("/{name}/enabled")
        def set_enabled(request: Request, write: PageWriteDependency, name: str) -> Response:
            """Disable a router or enable it, if it is still as it was seen; and lead back to its page."""
            place, enabled = Place(Router), is_ticked(write.sent, "enabled")
            try:
                outcome = edits.change_seen(write, place, name, lambda found: found.copy(enabled=enabled))
            except edits.Outdated:
                detail = Message(
                    "Router {name} was not changed: somebody else changed it after you opened the page. "
                    "Check its current state, then try again.",
                    name=name,
                )
                return redirect(request, place.path(name), Notice(detail, Tone.WARNING))
            told = Message("Router {name} is disabled.", name=name)
            if enabled:
                told = Message("Router {name} is enabled.", name=name)
            return done(request, place.path(name), Notice(told), outcome)


def _ranks(router: Router) -> list[int]:
    """Return the ranks of a router in Traefik: one, or that of its exact domains and that of its wildcards."""
    described = configuration.describe_router(router, Listening()).values()
    return [part.priority or len(part.rule.encode()) for part in described]
