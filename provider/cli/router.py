"""What the commands of routers have beside those of other nouns."""

from typing import Final

from provider.cli import nouns
from provider.cli.client import Item
from provider.cli.groups import Special


def _exchanged(patch: Item) -> Item:
    """Let a rule take the place of domains and path prefix, and them that of a rule."""
    if patch.get("rule") is not None:
        return {"domains": None, "pathPrefix": None} | patch
    if patch.get("domains") is not None or patch.get("pathPrefix") is not None:
        return patch | {"rule": None}
    return patch


ROUTER: Final = Special(
    notes={
        "add": "Add a router from domains and a path prefix, or from a rule.",
        "set": "The domains that are given replace those that it has, all of them, and so\n"
        "do the entry points. A rule takes the place of domains and path prefix, and\nthey that of a rule.",
        "remove": "Remove a router. Its domains and its service stay.",
    },
    examples={
        "list": ["wayshub-provider router list", "wayshub-provider router list -q alvin.xyz -o json"],
        "show": ["wayshub-provider router show wayshub"],
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
        "remove": ["wayshub-provider router remove wayshub"],
    },
    patches=_exchanged,
    columns={
        "Name": nouns.field("name"),
        "Domains": nouns.field("domains"),
        "Path prefix": nouns.field("pathPrefix"),
        "Rule": nouns.field("rule"),
        "Service": nouns.field("service"),
        "Middlewares": nouns.optional("middlewares"),
        "Entry points": nouns.field("entryPoints"),
        "Priority": lambda router: router.get("priority") or "by rule",
        "Enabled": nouns.field("enabled"),
        "Labels": nouns.words_of_labels,
    },
)
