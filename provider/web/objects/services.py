"""What pages show of services alone: their servers with the weights, and the routers that lead to them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from fastapi import APIRouter, Request, Response

from provider import configuration
from provider.database.sessions import Session
from provider.dependencies import RevisionsDependency
from provider.messages import Message
from provider.nouns import Noun, Router, Service
from provider.observations import show_services
from provider.store import nouns, referrers, rollouts, routers, servers, services
from provider.web import lists
from provider.web.inputs import Texts
from provider.web.notices import Notice
from provider.web.nouns import pages
from provider.web.nouns.edits import DO
from provider.web.nouns.places import Place
from provider.web.nouns.removals import Loss
from provider.web.nouns.views import View
from provider.web.objects import trees, weights
from provider.web.scenes import Sight, SightDependency
from provider.web.writing import PageWriteDependency, done

_SHOW: Final = "show"
"""What the button sends that wants to see the shares of other weights, and nothing kept yet."""


class Services(View):
    """The pages of services."""

    list_template = "services/list.html"
    show_template = "services/show.html"

    def proposed(self, item: Noun) -> Texts:
        """Propose the service's name for the cookie."""
        return {"sticky/cookie/name": item.name} if cast("Service", item).sticky is None else {}

    def listed(self, session: Session, sight: Sight, items: Sequence[Noun]) -> Mapping[str, Any]:
        """Show how many servers each can rely on, and how many refer to it."""
        shown = show_services(session, cast("Sequence[Service]", items), sight.health)
        return {**super().listed(session, sight, items), "services": {service.name: service for service in shown}}

    def shown(self, session: Session, sight: Sight, place: Place, item: Noun, typed: Texts) -> Mapping[str, Any]:
        """Show its servers with what they get, and the routers that lead to it."""
        [service] = show_services(session, [cast("Service", item)], sight.health)
        made_of = () if service.composition is None else trees.read(session, service, sight.health)
        table = weights.read(session, service, sight, typed)
        found = routers.of_service(session, item.name, limit=lists.LENGTH)
        count = services.count_routers(session, [item.name]).get(item.name, 0)
        states = sight.states(found)
        users = _others(referrers.users(session, Service, item.name, limit=lists.LENGTH))
        taking = [each for each in found if each.enabled and not states[each.name].is_out]
        return {
            "service": service,
            "tree": made_of,
            "users": users,
            "told": self.told(sight, item),
            "table": table,
            "form": table.form,
            "routers": found,
            "rule": configuration.rule,
            "listening": sight.listening,
            "states": states,
            "is_reached": bool(taking or users) or count > len(found),
            "count": count,
            "rollout": rollouts.find_active(session, item.name),
        }

    def belonging(self, session: Session, item: Noun) -> Sequence[tuple[Place, Sequence[Noun]]]:
        """Return nothing: its servers are in a table of their own."""
        return ()

    def losses(self, session: Session, place: Place, item: Noun) -> Sequence[Loss]:
        """Say which routers and servers go too."""
        leading = routers.of_service(session, item.name)
        pool = servers.pool(session, item.name)
        return [
            *(Loss(Message("router {router}, which points to it", router=each.name), each) for each in leading),
            *(self._loss(user, item) for user in _others(referrers.users(session, Service, item.name))),
            *(Loss(Message("server {server} at {url}", server=each.name, url=each.url), each) for each in pool),
        ]

    def added(self, place: Place, item: Noun) -> Message:
        """Say what it needs now."""
        return Message("Service {name} was added. Now add its first server.", name=item.name)

    def extend(self, router: APIRouter) -> None:
        """Add the form for the weights of its servers, which stands on its page."""

        @router.post("/{name}")
        @router.post("/{name}/")
        def set_weights(
            request: Request,
            revisions: RevisionsDependency,
            sight: SightDependency,
            write: PageWriteDependency,
            name: str,
        ) -> Response:
            """Change the weights of a service's servers, all or none; or show what shares they would give."""
            place, sent = Place(Service), write.sent
            if sent.get(DO) == _SHOW:
                return pages.show(request, revisions, self, sight, place, name, sent)
            try:
                outcome = weights.change(write, name)
            except weights.WeightsRefused as refused:
                with revisions.reading() as session:
                    service = nouns.get(session, Service, name)
                    table = weights.read(session, service, sight, sent, refused.errors)
                more = {"table": table, "form": table.form}
                return pages.show(request, revisions, self, sight, place, name, sent, status=refused.status, **more)
            told = Message("The weights of {name} were saved.", name=name)
            return done(request, place.path(name), Notice(told), outcome)


def _others(users: Sequence[Noun]) -> list[Noun]:
    """Return what uses a service besides routers."""
    return [user for user in users if user.kind != Router.kind]
