"""`domain`."""

from typing import Final

from provider.cli.nouns.extras import Extras

EXTRAS: Final = Extras(
    summaries={"add": "It does nothing until a router matches it."},
    notes={
        "remove": "With --cascade, routers that have no other domain go too, and the others lose just this one.",
    },
    examples={
        "add": ["wayshub-provider domain add '*.alvin.xyz' --description 'One for each class' --label team=video"]
    },
    empty=", or a whole application with `expose`",
)
