"""What pages show of domains alone: the routers that match them, and the certificate that fits."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from fastapi import APIRouter, Request, Response

from provider import certificates, configuration
from provider.database.sessions import Session
from provider.dependencies import ActorDependency, IssuingDependency, RevisionsDependency
from provider.edges.sightings import Sighting
from provider.errors import Invalid, TooMany
from provider.messages import Message
from provider.models import ShownState
from provider.names import in_order
from provider.nouns import Domain, Noun, Router
from provider.nouns.certificate import Certificate
from provider.nouns.domain import CertificateSource
from provider.security import issuances
from provider.store import nouns, routers
from provider.web import lists
from provider.web.inputs import Texts
from provider.web.notices import Notice, Tone
from provider.web.nouns.places import Place
from provider.web.nouns.removals import Loss
from provider.web.nouns.views import View
from provider.web.rendering import redirect
from provider.web.scenes import Sight

_WORST_FIRST: Final = [
    *(ShownState.EXPIRED, ShownState.OTHER, ShownState.NONE, ShownState.EARLY),
    *(ShownState.EXPIRING, ShownState.UNKNOWN, ShownState.GOOD),
]


class Domains(View):
    """The pages of domains."""

    list_template = "domains/list.html"
    show_template = "domains/show.html"

    def listed(self, session: Session, sight: Sight, items: Sequence[Noun]) -> Mapping[str, Any]:
        """Count the routers that match each, and tell what the edges show to its visitors."""
        shown = {each.key: _worst(sight.sightings.of_domain(each.key)) for each in items if cast("Domain", each).tls}
        counts = {item.key: count for item in items if (count := len(_matching(sight, item.key)))}
        return {"counts": counts, "certificates": shown}

    def shown(self, session: Session, sight: Sight, place: Place, item: Noun, typed: Texts) -> Mapping[str, Any]:
        """Find the routers that match it, and what the edges show to its visitors."""
        matching = _matching(sight, item.key)
        found = nouns.find_all(session, Router, matching[: lists.LENGTH])
        return {
            **_certificate(session, cast("Domain", item)),
            "shown": sight.sightings.of_domain(item.key) if cast("Domain", item).tls else [],
            "trouble": sight.routing.find_unissued(item.key),
            "standing": sight.issuing.stand(item.key),
            "routers": found,
            "rule": configuration.rule,
            "listening": sight.listening,
            "states": sight.states(found),
            "count": len(matching),
        }

    def losses(self, session: Session, place: Place, item: Noun) -> Sequence[Loss]:
        """Say which routers go too, and which keep their other domains."""
        losses = []
        for each in routers.of_domain(session, item.key):
            words = Message("router {router}, which has no other domain", router=each.name)
            if each.without(self.noun.kind, item.key) is not None:
                words = Message("its place in router {router}, which keeps its other domains", router=each.name)
            losses.append(Loss(words, each))
        return losses

    def added(self, place: Place, item: Noun) -> Message:
        """Say what it needs now."""
        return Message(
            "Domain {name} was added. Now it needs a router that sends its requests to a service.", name=item.name
        )

    def extend(self, router: APIRouter) -> None:
        """Add the button that tries at once to get a certificate."""
        noun = self.noun

        @router.post("/{name}/retry")
        def retry(
            request: Request,
            revisions: RevisionsDependency,
            issuing: IssuingDependency,
            actor: ActorDependency,
            name: str,
        ) -> Response:
            """Try, and lead back to the page of the domain."""
            back = Place(noun, None).path(Domain.find_key(name) or name)
            try:
                outcome = issuances.retry(issuing, revisions, name, actor)
            except Invalid as error:
                return redirect(request, back, Notice(error.fields[0].detail, Tone.WARNING))
            except TooMany as error:
                return redirect(request, back, Notice(error.detail, Tone.WARNING))
            told = Message("wayshub-provider is trying to get a certificate for {name}.", name=outcome.result.name)
            return redirect(request, back, Notice(told, Tone.INFO))


def _matching(sight: Sight, host: str) -> list[str]:
    """Return the names of the routers that name a domain: in their domains, or in a rule of their own."""
    return sorted({route.name for route in sight.routing.routes().of_key(host)}, key=in_order)


def _worst(shown: Sequence[tuple[str, Sighting]]) -> Sighting | None:
    """Return what is shown by the edge with the least good certificate; None where nobody has looked."""
    return min((sighting for _edge, sighting in shown), key=lambda each: _WORST_FIRST.index(each.state), default=None)


def _certificate(session: Session, domain: Domain) -> Mapping[str, Any]:
    """Find which of the certificates here edges show for a domain that has to have one of these."""
    if domain.tls is None or domain.tls.source is not CertificateSource.STORED:
        return {"is_stored": False}
    facts = {name: certificates.read(item.cert_file) for name, item in nouns.read_all(session, Certificate)}
    return {"is_stored": True, "certificate": certificates.find_served(facts, domain.key)}
