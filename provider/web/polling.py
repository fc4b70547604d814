"""How a Traefik comes to poll: the part of its static configuration that says where, and with which token. Pure."""

from typing import Final

from provider.values import Refusal, check_name

PLACEHOLDER: Final = "TOKEN"
"""Stands where the token has to be."""

_PATH: Final = "traefik/configuration"


def static_configuration(base_url: str, edge: str, token: str = PLACEHOLDER) -> str:
    """Return the YAML with which a Traefik polls the service at `base_url` as an edge.

    The answer is held while nothing changes, so the next poll may follow at once: see `traefik/traefik.yml`.
    """
    return f"""\
providers:
  providersThrottleDuration: 0s
  http:
    endpoint: {base_url.rstrip("/")}/{_PATH}?edge={edge}&wait=5
    pollInterval: 10ms
    pollTimeout: 15s
    headers:
      Authorization: Bearer {token}
"""


def find_refusal(name: str) -> str | None:
    """Say what is wrong with the name of an edge, if anything is."""
    try:
        check_name(name)
    except Refusal as error:
        return error.detail
    return None
