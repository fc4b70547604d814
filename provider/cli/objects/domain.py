"""`domain`."""

from typing import Final

from provider.cli.nouns.extras import Extras

EXTRAS: Final = Extras(
    summaries={"add": "It does nothing until a router uses it."},
    notes={
        "remove": "--cascade also removes routers that have no other domain. Other routers only lose this one.",
    },
    examples={
        "add": ["wayshub-provider domain add '*.alvin.xyz' --description 'One for each class' --label team=video"]
    },
    empty=", or a whole application with `expose`",
)
