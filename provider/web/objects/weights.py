"""The weights of a service's servers on its page: what they give, and changing them all at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from provider import configuration
from provider.database.sessions import Session
from provider.errors import FieldError, Invalid, pointer
from provider.models import HealthOutput, LeaseState, ServerOutput
from provider.models.observed import LeaseOutput, RisingOutput
from provider.names import in_order
from provider.nouns import Server, Service
from provider.observations import show_servers
from provider.revisions import Outcome
from provider.store import rollouts, servers, writes
from provider.tags import etag
from provider.values import ServerState
from provider.web import inputs, reasons
from provider.web.forms import Form
from provider.web.inputs import Texts
from provider.web.scenes import Sight
from provider.web.writing import PageWrite

WEIGHT: Final = "weights"
TAG: Final = "etags"
SEEN: Final = "seen"
"""What a form sends for each server, each as `weights/NAME`: the weight, the version, the weight that stood there."""


@dataclass(frozen=True, slots=True)
class WeightRow:
    """A server in the table.

    `share` is what it gets with the weights that stand in the form, which are those that are kept unless
    somebody typed others. `rising` is how far it has risen to its weight, if it has not all of it yet. `takes`
    says whether it gets anything at all now. `changed_from` is the weight that the person saw, where somebody
    else has changed the server since.
    """

    server: Server
    health: HealthOutput
    lease: LeaseOutput | None
    rising: RisingOutput | None
    tag: str
    share: float
    takes: bool
    changed_from: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """All servers of a service, with the form for their weights."""

    rows: Sequence[WeightRow]
    form: Form
    gone: Sequence[str]
    """Servers that the form had, and that somebody else has removed since."""

    left: float
    """Which part of the requests the servers share: less than all of them while a rollout takes some elsewhere."""

    @property
    def is_kept(self) -> bool:
        """Whether the form shows what is kept, and nothing that somebody has typed: then it may be shown anew."""
        typed = any(self.form.values.get(name) for name in reasons.FIELDS) or self.form.errors or self.is_outdated
        weights = {f"{WEIGHT}/{row.server.name}": str(row.server.weight) for row in self.rows}
        return not typed and all(self.form.values.get(name) == text for name, text in weights.items())

    @property
    def held(self) -> Sequence[str]:
        """Servers whose heartbeats stopped, and that are not drained all the same."""
        return [row.server.name for row in self.rows if row.lease is not None and row.lease.state is LeaseState.HELD]

    @property
    def is_outdated(self) -> bool:
        """Whether somebody else has changed a server since the form was opened."""
        return bool(self.gone) or any(row.changed_from is not None for row in self.rows)


class WeightsRefused(Exception):
    """The weights were not kept, none of them."""

    def __init__(self, status: int, errors: Sequence[FieldError] = ()) -> None:
        super().__init__()
        self.status = status
        self.errors = errors


def read(
    session: Session,
    service: Service,
    sight: Sight,
    sent: Texts | None = None,
    errors: Sequence[FieldError] = (),
) -> Table:
    """Return the table: with the weights that are kept, or those that were sent."""
    pool = sorted(servers.pool(session, service.name), key=lambda server: in_order(server.name))
    observed = {
        server.name: server for server in show_servers(session, service, pool, sight.health, sight.leasing.find)
    }
    kept = {server.name: _shown_weight(server, sent or {}) for server in pool}
    weighed = [_weighed(server, kept[server.name]) for server in pool]
    without = [name for name, server in observed.items() if not _takes(server)]
    risen = {name: server.rising.part for name, server in observed.items() if server.rising is not None}
    shares, rollout = configuration.shares(weighed, without, risen), rollouts.find_active(session, service.name)
    left = 1.0 if rollout is None else 1 - rollout.percent / 100
    rows = [
        WeightRow(
            server,
            observed[server.name].health,
            observed[server.name].lease,
            observed[server.name].rising,
            tag_of(server),
            shares[server.name] * left,
            takes=_takes(observed[server.name]),
            changed_from=_changed_from(server, sent or {}),
        )
        for server in pool
    ]
    texts = {f"{WEIGHT}/{name}": text for name, text in kept.items()}
    texts |= reasons.typed(sent or {})
    gone = sorted(_sent_names(sent or {}) - kept.keys())
    return Table(rows, Form(texts, errors), gone, left)


def change(write: PageWrite, service: str) -> Outcome[None]:
    """Change the weights that were sent, in one transaction, if each server is still as the form shows it.

    Raises `NotFound` for a service that does not exist, `Braked` and `WeightsRefused`.
    """
    sent = write.sent
    names = _sent_names(sent)

    def apply(session: Session) -> None:
        pool = {server.name: server for server in servers.pool(session, service)}
        if names - pool.keys() or any(_changed_from(pool[name], sent) is not None for name in names):
            raise WeightsRefused(412)
        wanted, wrong = _read_weights(pool, names, sent)
        if wrong:
            raise WeightsRefused(422, wrong)
        for server in wanted:
            writes.replace(session, pool[server.name], server, service)

    try:
        return write.change(apply)
    except Invalid as error:
        raise WeightsRefused(422, error.fields) from None


def tag_of(server: Server) -> str:
    """Return the entity tag of a server: the one that REST gives."""
    return etag("server", server.json())


def _read_weights(pool: Mapping[str, Server], names: set[str], sent: Texts) -> tuple[list[Server], list[FieldError]]:
    wanted, wrong = [], []
    for name in sorted(names):
        text = sent[f"{WEIGHT}/{name}"].strip()
        try:
            wanted.append(inputs.parse(Server, {**pool[name].json(), "weight": text}))
        except Invalid as error:
            wrong += [replace(field, pointer=pointer(WEIGHT, name)) for field in error.fields]
    return wanted, wrong


def _sent_names(sent: Texts) -> set[str]:
    return {name.removeprefix(f"{WEIGHT}/") for name in sent if name.startswith(f"{WEIGHT}/")}


def _changed_from(server: Server, sent: Texts) -> str | None:
    """Return the weight that was seen of a server that is not any more as it was seen."""
    if f"{WEIGHT}/{server.name}" not in sent or sent.get(f"{TAG}/{server.name}") == tag_of(server):
        return None
    return sent.get(f"{SEEN}/{server.name}", "")


def _shown_weight(server: Server, sent: Texts) -> str:
    """Return what stands in the form: what was typed, and what is kept where nothing was."""
    typed = sent.get(f"{WEIGHT}/{server.name}")
    if typed is None or (_changed_from(server, sent) is not None and typed == sent.get(f"{SEEN}/{server.name}")):
        return str(server.weight)
    return typed


def _weighed(server: Server, text: str) -> Server:
    """Return a server with the weight that was typed, or its own where that is none."""
    try:
        return inputs.parse(Server, {**server.json(), "weight": text.strip()})
    except Invalid:
        return server


def _takes(server: ServerOutput) -> bool:
    """Tell whether a server gets requests. One that is down on some edges gets some from the others."""
    return server.state is ServerState.READY and (server.health.state != "down" or server.share > 0)
