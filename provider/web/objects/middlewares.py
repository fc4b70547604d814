"""What pages show of middlewares alone: what each does, in words."""

from collections.abc import Mapping
from typing import Any, cast

from provider import passages
from provider.database.sessions import Session
from provider.nouns import Middleware, Noun
from provider.store import nouns
from provider.web.inputs import Texts
from provider.web.nouns.places import Place
from provider.web.nouns.views import View
from provider.web.scenes import Sight


class Middlewares(View):
    """The pages of middlewares."""

    list_template = "middlewares/list.html"
    show_template = "middlewares/show.html"

    def shown(self, session: Session, sight: Sight, place: Place, item: Noun, typed: Texts) -> Mapping[str, Any]:
        """Show what one made of others comes to."""
        found = cast("Middleware", item)
        known = nouns.with_members(session, Middleware, [found])
        members = passages.stops([found.name], known) if found.members else []
        return {**super().shown(session, sight, place, item, typed), "members": members}
