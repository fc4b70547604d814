"""Middlewares that let some clients in, and others not."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from ipaddress import ip_network
from typing import Any, ClassVar, Final

from provider.messages import Message, template
from provider.nouns.containers import ListOf
from provider.nouns.fields import field, flag
from provider.nouns.middlewares import Kind, Purpose
from provider.nouns.middlewares.sources import IPStrategy
from provider.nouns.middlewares.underway import StopEffect, Underway, answers, depends, passes
from provider.nouns.middlewares.words import counted, joined, named
from provider.nouns.nested import Nested
from provider.nouns.passwords import check_user, keep_user, mask_user, user_name
from provider.nouns.protocol import NETWORKS_NEEDED, OPTIONAL_HEADER_NAME, check_header_value
from provider.nouns.texts import Secrecy, Text
from provider.nouns.together import GIVEN, either, has
from provider.nouns.types import Schema, Whole
from provider.rules.networks import read_network
from provider.values import Refusal, check_text, in_schema, shown_text, trimmed

_QUOTES: Final = r"\"\\"
_SUCCESS: Final = range(200, 400)
_STATUSES: Final = [status for status in HTTPStatus if 200 <= status <= 599]
_STATUS: Final = {"enum": [status.value for status in _STATUSES]}


def _check_status(status: int) -> int:
    """Check a status: Traefik disables what answers with one that has no name (measured)."""
    if status not in _STATUSES:
        raise Refusal(
            "status.format", Message("{text} is not an HTTP status, such as 403", text=shown_text(str(status)))
        )
    return status


@in_schema({"pattern": f"^({trimmed(_QUOTES)})?$"})
def check_realm(text: str) -> str:
    """Check a realm, which stands between quotes in a header."""
    if '"' in text or "\\" in text:
        raise Refusal("realm.format", Message('leave out " and \\'))
    return check_header_value(text)


def words_of_users(users: Sequence[str], file: str) -> str:
    """Say who may come in, without names: those are half of what one has to know."""
    told: list[str] = []
    if users or not file:
        told.append(counted(len(users), template("{number} user"), template("{number} users")))
    if file:
        told.append(Message("the users in the file {file}", file=file))
    return joined(told)


def meet_password(request: Underway, scheme: str) -> StopEffect:
    """Turn away a request without credentials of a scheme."""
    if request.header("Authorization").partition(" ")[0].lower() == scheme.lower():
        return depends(request, Message("whether the name and the password are right: otherwise 401"))
    why = Message("the header Authorization has no name and password")
    return answers(request, HTTPStatus.UNAUTHORIZED, why)


def meet_client(
    request: Underway, networks: Sequence[str], strategy: IPStrategy | None, status: int = HTTPStatus.FORBIDDEN
) -> StopEffect:
    """Turn away a client that is in none of some networks."""
    told = {"networks": named(networks), "status": status}
    if strategy is not None and (strategy.depth or strategy.excluded_ips):
        return depends(
            request, Message("the addresses in X-Forwarded-For: those not in {networks} get {status}", **told)
        )
    if request.client is None:
        return depends(request, Message("the client's address: those not in {networks} get {status}", **told))
    client = request.client
    if strategy is not None and strategy.ipv6_subnet and client.version == 6:
        client = ip_network((client, strategy.ipv6_subnet), strict=False).network_address
    if any(client in read_network(network) for network in networks):
        return passes(request, Message("{client} is in {networks}", client=str(client), **told))
    why = Message("{client} is not in {networks}", client=str(client), **told)
    return answers(request, status, why)


class BasicAuth(Kind):
    """Users with passwords."""

    title = "Ask for a password"
    purpose = Purpose.ACCESS
    about = "Lets in only clients that know a name and a password; browsers ask for them."
    example: ClassVar = {"users": ["alvin:secret"]}

    users: list[str] = field(
        ListOf(
            Text(check_user, most=300, secret=Secrecy(mask_user, keep_user, is_slow=True)),
            most=1_000,
            duplicate=("user.duplicate", template("a user is listed twice")),
            same=user_name,
        ),
        "Users",
        "NAME:PASSWORD. Only a hash is stored. You can also give a hash: bcrypt, apr1 or SHA.",
        default=[],
    )
    users_file: str = field(
        Text(check_text, most=1_000),
        "File of users",
        "A file on the edge. If it is missing, Traefik disables the routers.",
        default="",
        rare=True,
    )
    realm: str = field(
        Text(check_realm, most=200), "Realm", "The name that browsers show. Empty: traefik.", default="", rare=True
    )
    remove_header: bool = flag("Remove the header", "Servers do not get the password.", rare=True)
    header_field: str = field(
        OPTIONAL_HEADER_NAME,
        "Header for the user",
        "A request header in which servers get the user's name, such as X-User.",
        default="",
        rare=True,
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse one without users, which lets nobody in."""
        if given.get("users") == [] and given.get("usersFile") == "":
            yield "users", Refusal("user.none", Message("add a user, or name a file of users"))

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield either(has(users=GIVEN), has(usersFile=GIVEN))

    def does(self) -> Message:
        """Say that it asks for a password."""
        return Message("Asks for a password ({who})", who=words_of_users(self.users, self.users_file))

    def meet(self, request: Underway) -> StopEffect:
        """Turn away who brings no password; whether one is right is not told here."""
        return meet_password(request, "Basic")


class IpWhiteList(Kind):
    """An allow list of client addresses, under its Traefik 2 name."""

    title = "Allow only some addresses (old)"
    purpose = Purpose.ACCESS
    about = "Deprecated in Traefik 3: use ipAllowList, which does the same."
    example: ClassVar = {"sourceRange": ["10.0.0.0/8"]}

    source_range: list[str] = field(
        NETWORKS_NEEDED, "Addresses", "Allowed IP addresses and networks, such as 10.0.0.0/8.", option="--ip-white-list"
    )
    ip_strategy: IPStrategy | None = field(
        Nested(IPStrategy),
        "Client's address",
        "Empty: the connecting address, which may be a proxy's.",
        default=None,
        switch="Choose which address counts",
        rare=True,
    )

    def does(self) -> Message:
        """Say whom it lets in."""
        return Message("Allows only {networks}", networks=named(self.source_range))

    def meet(self, request: Underway) -> StopEffect:
        """Turn away all others."""
        return meet_client(request, self.source_range, self.ip_strategy)


class IpAllowList(IpWhiteList):
    """An allow list of client addresses."""

    title = "Allow only some addresses"
    about = "Answers 403 to clients whose IP address is not listed."

    source_range: list[str] = field(
        NETWORKS_NEEDED, "Addresses", "Allowed IP addresses and networks, such as 10.0.0.0/8.", option="--ip-allow-list"
    )
    reject_status_code: int = field(
        Whole(200, 599, check=_check_status, said=_STATUS),
        "Status",
        "Status for all other clients.",
        default=403,
        rare=True,
    )

    def meet(self, request: Underway) -> StopEffect:
        """Turn away all others."""
        return meet_client(request, self.source_range, self.ip_strategy, self.reject_status_code)

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of a refusal that looks like none."""
        if self.reject_status_code in _SUCCESS:
            detail = Message(
                "rejected clients get {status}, which is not an error status", status=self.reject_status_code
            )
            yield "rejectStatusCode", detail
