"""The control plane of a Traefik edge."""

from importlib.metadata import version

__version__ = version("wayshub-provider")
