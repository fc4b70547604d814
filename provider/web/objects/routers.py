"""What pages show of routers alone: what Traefik gets of each, and what becomes of it on the edges."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from provider import configuration, passages
from provider.database.sessions import Session
from provider.models import Conflict
from provider.nouns import Domain, Noun, Router, Service
from provider.observations import show_services
from provider.store import middlewares, nouns
from provider.web.inputs import Texts
from provider.web.nouns.places import Place
from provider.web.nouns.views import View
from provider.web.objects.observed import ranks_of
from provider.web.scenes import Sight

_MOST_WARNED: Final = 20


class Routers(View):
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
            "ranks": ranks_of(router),
            "domains": [nouns.get(session, Domain, host) for host in router.ascii_domains],
            "service": service,
            "passage": passages.stops(router.middlewares, middlewares.of_routers(session, [router])),
            "state": sight.states([router])[router.name],
            "conflicts": [each.detail for each in told[:_MOST_WARNED]],
        }
