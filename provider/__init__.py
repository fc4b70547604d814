"""The control plane of a Traefik edge."""
