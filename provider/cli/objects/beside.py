"""What tables show of the routers of other providers beside which routers here stand."""

from typing import Final

from provider.cli.nouns.extras import Extras
from provider.cli.replies import Item
from provider.cli.tables import Columns, Rare
from provider.nouns import Router

_TITLE: Final = Router.fields["beside"].title


def beside_column(columns: Columns) -> Columns:
    """Return the column that says who takes the requests, if the table has one of that."""
    return {_TITLE: Rare(_told, lambda router: router.get("beside"))} if _TITLE in columns else {}


def _told(router: Item) -> str:
    beside = router.get("beside")
    if beside is None:
        return ""
    return f"{beside['router']}, adopted" if beside.get("adopted") else str(beside["router"])


TCP_ROUTER: Final = Extras(columns=lambda columns: {**columns, **beside_column(columns)})
