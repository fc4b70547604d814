"""What this service has at CAs that speak ACME: an account at each, and orders. Times are UTC, ISO 8601."""

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AwareDatetime, BaseModel
from pydantic import Field as Described
from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from provider.models.base import input_config
from provider.models.shown import Shown, described
from provider.models.types import AcmeDirectory, Contact

_JSON: Final = JSON(none_as_null=True)


class AcmeAccount(SQLModel, table=True):
    """The account at one CA, and who accepted its terms. Keys and credentials are sealed."""

    __tablename__ = "acme_account"

    directory: str = Field(primary_key=True, max_length=2_048)
    chosen: bool
    """Whether certificates are ordered there: of one at most."""

    contact: str = Field(default="", max_length=320)
    told_contact: str | None = Field(default=None, max_length=320)
    """The contact that the CA has, as far as is known."""

    problem: Any = Field(default=None, sa_type=_JSON, nullable=True)
    """A message as JSON: why the CA does not have the contact."""

    profile: str | None = Field(default=None, max_length=64)
    preferred_chain: str | None = Field(default=None, max_length=255)
    roots: Any = Field(default=None, sa_type=_JSON, nullable=True)
    """The names of the roots up to which the CA offered chains last: a list, once there is a certificate."""

    eab_kid: str | None = Field(default=None, max_length=1_024)
    eab_key: Any = Field(default=None, sa_type=_JSON, nullable=True)
    terms: str | None = Field(default=None, max_length=2_048)
    """Which terms were accepted: a URL, where the CA names one."""

    accepted_by: str = Field(max_length=255)
    accepted: str = Field(max_length=32)
    key: Any = Field(default=None, sa_type=_JSON, nullable=True)
    url: str | None = Field(default=None, max_length=2_048)
    """Where the CA has the account, once it is made."""

    challenge: str = Field(default="http-01", max_length=10)
    """How it is shown that exact names are ours. Of wildcards it is always `dns-01`."""

    dns_provider: str | None = Field(default=None, max_length=63)
    dns_credentials: Any = Field(default=None, sa_type=_JSON, nullable=True)


class AcmeOrder(SQLModel, table=True):
    """One order. It is stored before it is made, so that none is made twice; its key is in it until it has ended."""

    __tablename__ = "acme_order"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=255, index=True)
    directory: str = Field(max_length=2_048)
    created: str = Field(max_length=32)
    key: Any = Field(default=None, sa_type=_JSON, nullable=True)
    url: str | None = Field(default=None, max_length=2_048)
    ended: str | None = Field(default=None, max_length=32)
    is_kept: bool = Field(default=False)
    """Whether a certificate came of it."""


class AcmeChallenge(SQLModel, table=True):
    """What is answered to one token of a CA, for as long as its order goes on, by whichever service is asked."""

    __tablename__ = "acme_challenge"

    token: str = Field(primary_key=True, max_length=255)
    content: str = Field(max_length=1_024)
    created: str = Field(max_length=32)


class BindingInput(BaseModel):
    """An external account at the CA, with the credentials that the CA gave you (EAB)."""

    model_config = input_config({"kid": "k3v9x0ab", "key": "c2VjcmV0"})

    kid: Annotated[str, Described(min_length=1, max_length=1_024, description="The key ID.")]
    key: Annotated[
        str | None,
        Described(
            max_length=1_024,
            pattern="^[A-Za-z0-9_-]+=*$",
            description="The key, in URL-safe Base64. Never shown again; leave it out to keep the stored one.",
        ),
    ] = None


class DnsInput(BaseModel):
    """The DNS provider of your domains, and the credentials to change records there."""

    model_config = input_config({"provider": "cloudflare", "options": {"auth_token": "secret"}})

    provider: Annotated[
        str, Described(pattern="^[a-z0-9]{1,63}$", description="Name of the DNS provider, as in dns-lexicon.")
    ]
    options: Annotated[
        dict[str, str] | None,
        Described(
            max_length=20,
            description="Its options, such as `auth_token`. Never shown again; leave them out to keep the stored ones.",
        ),
    ] = None


_CHOSEN: Final = {
    "directory": "https://acme-v02.api.letsencrypt.org/directory",
    "contact": "admin@alvin.xyz",
    "challenge": "http-01",
}


def _only_true(described: dict[str, Any]) -> None:
    described.pop("default", None)
    described["const"] = True


class AcmeInput(BaseModel):
    """The CA to order certificates from."""

    model_config = input_config(
        {
            **_CHOSEN,
            "eab": {"kid": "k3v9x0ab", "key": "c2VjcmV0"},
            "dns": {"provider": "cloudflare", "options": {"auth_token": "secret"}},
            "preferredChain": "ISRG Root X1",
            "termsAccepted": True,
        },
        required=["directory", "termsAccepted"],  # who leaves it out is refused, and told where the terms are
    )

    directory: Annotated[
        AcmeDirectory,
        Described(description="URL of its directory, or `letsencrypt`, or `letsencrypt-staging` for trying it out."),
    ]
    contact: Annotated[Contact, Described(description="Your e-mail address, for the CA; may be empty.")] = ""
    eab: Annotated[BindingInput | None, Described(description="For CAs that require an external account.")] = None
    challenge: Annotated[
        Literal["http-01", "dns-01"],
        Described(
            description="How the CA checks exact names: over HTTP, or in DNS. Wildcards are always checked in DNS."
        ),
    ] = "http-01"
    dns: Annotated[DnsInput | None, Described(description="How TXT records are set, unless a hook sets them.")] = None
    profile: Annotated[
        str | None,
        Described(pattern="^[!-~]{1,64}$", description="Certificate profile: one of those that the CA offers."),
    ] = None
    preferred_chain: Annotated[
        str | None,
        Described(
            min_length=1,
            max_length=255,
            description="Name of the root that chains lead to, if the CA offers more than one chain.",
        ),
    ] = None
    terms_accepted: Annotated[
        bool,
        Described(description="Whether you accept the CA's terms of service.", json_schema_extra=_only_true),
    ] = False


class BindingOutput(Shown):
    """An external account at the CA (EAB)."""

    kid: str = described("The key ID.")


class DnsOutput(Shown):
    """The DNS provider of your domains."""

    provider: str = described("Name of the DNS provider.")
    options: list[str] = described("Names of its options.")


class AcmeOutput(Shown):
    """The CA that certificates are ordered from, and who accepted its terms."""

    example: ClassVar = {
        **_CHOSEN,
        "eab": {"kid": "k3v9x0ab"},
        "dns": {"provider": "cloudflare", "options": ["auth_token"]},
        "profile": "tlsserver",
        "preferredChain": "ISRG Root X1",
        "chains": ["ISRG Root X1", "ISRG Root X2"],
        "terms": "https://letsencrypt.org/documents/LE-SA-v1.6-August-18-2025.pdf",
        "acceptedBy": "alvin",
        "accepted": "2026-01-01T12:00:00Z",
        "account": "https://acme-v02.api.letsencrypt.org/acme/acct/1",
    }

    directory: str | None = described("URL of its directory; null if none is chosen.", default=None)
    contact: str = described("Your e-mail address, for the CA; may be empty.", default="")
    eab: BindingOutput | None = described("For CAs that require an external account.", default=None)
    challenge: str = described("How the CA checks exact names.", default="http-01")
    dns: DnsOutput | None = described("How TXT records are set, unless a hook sets them.", default=None)
    profile: str | None = described("Profile of the certificates; null for the CA's default.", default=None)
    preferred_chain: str | None = described(
        "Name of the root that chains lead to; null for the CA's default.", default=None
    )
    chains: list[str] | None = described(
        "Names of the roots of the chains that the CA offered last; null before the first.", default=None
    )
    problem: str | None = described("What the CA does not accept of these settings, or does not offer.", default=None)
    terms: str | None = described("URL of the accepted terms, if the CA gives one.", default=None)
    accepted_by: str | None = described("Who accepted the terms.", default=None)
    accepted: AwareDatetime | None = described("When the terms were accepted.", default=None)
    account: str | None = described("URL of your account at the CA; null until it is created.", default=None)
