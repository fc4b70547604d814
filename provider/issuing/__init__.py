"""Certificates that this service gets for domains, keeps, and has renewed in time."""
