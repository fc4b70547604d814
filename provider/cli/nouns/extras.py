"""What the commands of one noun have beside those of all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from provider.cli.client import Client
from provider.cli.output import Output
from provider.cli.replies import Item
from provider.cli.tables import Columns


@dataclass(frozen=True, slots=True)
class Extras:
    """What is added, each by the verb where it differs by that: `list`, `show`, `add`, `set` or `remove`.

    `columns` makes the columns of those that follow from the declaration. `summaries` are sentences beside the first
    of a help, `notes` paragraphs below it, `examples` more of them. `empty` goes on with the advice for an empty list.
    `completed` makes a change of what was given for it. `advice` is told beside some errors, given the verb, the
    owner and the name. `show_more` prints what stands below an object. `commands` are more of them, by their verbs.
    """

    columns: Callable[[Columns], Columns] = dict
    summaries: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    empty: str = ""
    completed: Callable[[Item], Item] = dict
    advice: Callable[[str, str, str], str] = lambda _verb, _owner, _name: ""
    show_more: Callable[[Client, Output, str], None] = lambda _client, _output, _name: None
    commands: Mapping[str, Callable[..., None]] = field(default_factory=dict)
