"""TXT records at DNS providers, by dns-lexicon, which knows a hundred of them."""

from collections.abc import Mapping
from typing import Final, Literal

import dns.resolver
import requests
from lexicon.client import Client
from lexicon.config import ConfigResolver

from provider.issuing.failures import not_led
from provider.issuing.lookups import make_resolver
from provider.issuing.means import Means
from provider.messages import Message
from provider.unreached import reason

_LONGEST_WORDS: Final = 200
_TTL_SECONDS: Final = 120


def change(
    what: Literal["add", "remove"], record: str, content: str, provider: str, options: Mapping[str, str], means: Means
) -> None:
    """Set or remove a record. Raises `NoCertificateError` with what the provider said."""
    dns.resolver.default_resolver = make_resolver(means)  # by this one the library finds the zone of a record
    try:
        zone = dns.resolver.zone_for_name(record).to_text(omit_final_dot=True)
        settings = {
            "provider_name": provider,
            "domain": record,
            "resolve_zone_name": True,
            "ttl": _TTL_SECONDS,
            provider: {"domain": zone, **options},  # its `ddns` looks for the zone there, where it does not put it
        }
        resolver = ConfigResolver()  # type: ignore[no-untyped-call]  # it says nothing of what it takes
        with Client(resolver.with_dict(settings)) as operations:
            if what == "add":
                operations.create_record("TXT", record, content)
            else:
                operations.delete_record(None, "TXT", record, content)
    except requests.RequestException as error:
        raise not_led(_words(provider, reason(error), options)) from error
    except Exception as error:  # each provider has errors of its own
        raise not_led(_words(provider, str(error) or type(error).__name__, options)) from error


def _words(provider: str, why: str, options: Mapping[str, str]) -> Message:
    """Say what a provider said, without what is secret: some repeat what they were asked."""
    for secret in filter(None, options.values()):
        why = why.replace(secret, "…")
    return Message("the DNS provider {provider}: {why}", provider=provider, why=why[:_LONGEST_WORDS])
