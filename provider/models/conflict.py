"""Conflicts: routers that stand in one another's way, and what nobody uses."""

from enum import StrEnum

from provider.models.shown import Shown, described


class Conflict(StrEnum):
    """Kind of a conflict. The values never change their meaning."""

    SAME_RULE = "same-rule"
    SAME_RANK = "same-rank"
    HIDDEN = "hidden"
    MIXED_RANKS = "mixed-ranks"
    SHARED_COOKIE = "shared-cookie"
    TLS_OPTIONS = "tls-options"
    """Routers want different TLS options for one host: Traefik leaves all of them aside."""

    DISABLED_SERVICE = "disabled-service"
    """Traefik disables a service, since those of which it is made do not tell whether they are up."""

    TAKEN_ENTRY_POINT = "taken-entry-point"
    """A router takes all of an entry point, or all for a host there, for which others listen too."""

    UNUSED_DOMAIN = "unused-domain"
    UNREACHED_SERVICE = "unreached-service"
    MISSING_ENTRY_POINT = "missing-entry-point"
    MISSING_REFERENCE = "missing-reference"
    """An object refers to what an edge has not from any other provider."""

    OTHER_GONE = "other-gone"
    """No edge has the router of another provider any more beside which one stands."""

    OTHER_HIGHER = "other-higher"
    """The router of another provider ranks above the one that was adopted from it."""

    OTHER_RULE = "other-rule"
    """A router stands beside one of another provider that has another rule."""

    DOUBTFUL_VALUE = "doubtful-value"
    """Traefik takes it, and it may not do what was meant."""

    EXPIRED_CERTIFICATE = "expired-certificate"
    EXPIRING_CERTIFICATE = "expiring-certificate"
    EARLY_CERTIFICATE = "early-certificate"
    """It is not good yet."""

    MISSING_CERTIFICATE = "missing-certificate"
    """This service has no certificate for a domain, or could not renew it."""

    SHARED_NAME = "shared-name"
    """Two certificates are for one name: edges show one of them."""

    NOT_COMPARED = "not-compared"
    """The rules are too long to compare all of them: there may be more."""


class ObjectOutput(Shown):
    """An object that is involved in a conflict."""

    kind: str = described("Its kind: `router`, `domain`, `service` and so on.")
    name: str = described("Its name; the A-label for a domain.")


class ConflictOutput(Shown):
    """One conflict."""

    conflict: Conflict = described("Kind of the conflict.")
    objects: list[ObjectOutput] = described("The objects involved.")
    detail: str = described("The conflict, as a sentence.")
