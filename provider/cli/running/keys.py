"""The tokens that `up` makes for itself at each start: they are in no setting, and on no command line."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from provider.cli import direct
from provider.database.locations import Location
from provider.models import TokenInput
from provider.security import tokens

_OWN: Final = "up."
"""What its tokens' names begin with: with a dot, which names that people choose do not have."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The token with which `up` asks the service, and the one with which its Traefik polls."""

    service: str
    edge: str


def make_keys(location: Location, edge: str) -> Keys:
    """Make both, in place of those of an earlier start."""
    now, actor = datetime.now(UTC), direct.actor()
    service = TokenInput.model_construct(name=f"{_OWN}service", scopes=["write"])
    polling = TokenInput.model_construct(name=f"{_OWN}edge", scopes=[f"edge:{edge}"])
    with direct.writing(location) as session:
        made = [tokens.replace(session, actor, wanted, now).token for wanted in (service, polling)]
    return Keys(*made)
