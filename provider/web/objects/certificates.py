"""What pages show of certificates alone: what each says of itself, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from provider import certificates, validity
from provider.database.sessions import Session
from provider.models import CertificateOutput
from provider.nouns import Domain, Noun
from provider.nouns.certificate import Certificate
from provider.observations import show_certificates
from provider.store import nouns
from provider.web.inputs import Texts
from provider.web.nouns.places import Place
from provider.web.nouns.views import View
from provider.web.scenes import Sight


class Certificates(View):
    """The pages of certificates."""

    list_template = "certificates/list.html"
    show_template = "certificates/show.html"

    def listed(self, session: Session, sight: Sight, items: Sequence[Noun]) -> Mapping[str, Any]:
        """Show for which names each is, and until when."""
        shown = show_certificates(cast("Sequence[Certificate]", items))
        return {"certificates": {each.name: each for each in shown}, "ends": {each.name: _end(each) for each in shown}}

    def shown(self, session: Session, sight: Sight, place: Place, item: Noun, typed: Texts) -> Mapping[str, Any]:
        """Show what it says, and what is to be told of it."""
        [shown] = show_certificates([cast("Certificate", item)])
        found = sight.routing.about(Certificate.kind, item.name)
        return {
            "certificate": shown,
            "end": _end(shown),
            "kept": {domain.key for domain in nouns.find_all(session, Domain, shown.names)},
            "doubts": [message for _where, message in item.warnings()],
            "conflicts": [each.detail for each in found],
        }


def _end(certificate: CertificateOutput) -> str:
    """Return what a certificate's end is a matter of: `expired`, `expiring`, `early`, or nothing."""
    found = validity.find_time(certificate.name, certificates.read(certificate.cert_file), datetime.now(UTC))
    return "" if found is None else found.conflict.value.removesuffix("-certificate")
