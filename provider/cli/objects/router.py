"""`router`: a rule takes the place of domains and a path prefix, and they that of a rule."""

from typing import Final

from provider.cli.nouns.extras import Extras
from provider.cli.objects.beside import beside_column
from provider.cli.replies import Item
from provider.cli.tables import Columns, Rare, field

_MIDDLEWARES: Final = "Middlewares"


def _columns(columns: Columns) -> Columns:
    middlewares = {_MIDDLEWARES: Rare(columns[_MIDDLEWARES], field("middlewares"))} if _MIDDLEWARES in columns else {}
    return {
        **columns,
        **middlewares,
        "Entry points": lambda router: ", ".join(router.get("entryPoints") or ()) or "by its domains",
        "Priority": lambda router: router.get("priority") or "by rule",
        **beside_column(columns),
    }


def _completed(patch: Item) -> Item:
    if patch.get("rule") is not None:
        return {"domains": None, "pathPrefix": None} | patch
    if patch.get("domains") is not None or patch.get("pathPrefix") is not None:
        return {"rule": None} | patch
    return patch


EXTRAS: Final = Extras(
    columns=_columns,
    summaries={
        "add": "It matches domains and a path prefix, or a rule.",
        "remove": "Its domains and its service stay.",
    },
    notes={"set": "Setting a rule clears domains and path prefix, and vice versa."},
    examples={
        "add": [
            "wayshub-provider router add api --domain alvin.xyz --path-prefix /api --service wayshub",
            "wayshub-provider router add upload --rule 'Host(`alvin.xyz`) && Method(`POST`)' --service wayshub",
        ],
        "set": [
            "wayshub-provider router set wayshub --path-prefix /app --priority 100",
            "wayshub-provider router set wayshub --no-path-prefix --no-priority",
            "wayshub-provider router set wayshub --rule 'HostRegexp(`^alvin[.]`)'",
            "wayshub-provider router set wayshub --disabled",
        ],
    },
    empty=", or a whole application with `expose`",
    completed=_completed,
)
