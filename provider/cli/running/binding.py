"""Where the service may listen: on loopback, or where it is known who comes, and nobody can listen in."""

from provider.cli import direct
from provider.errors import SettingsError
from provider.settings import Settings
from provider.store import accounts


def find_dangers(settings: Settings) -> list[str]:
    """Say what is dangerous about where the service listens. Raises `Unavailable` without a database."""
    if settings.is_loopback:
        return []
    dangers = []
    with direct.reading(settings.location) as session:
        has_admin = accounts.count_admins(session) > 0
    if not has_admin:
        dangers.append(
            "no admin can log in yet, and the first to open the one-time link becomes admin: run it on loopback and "
            "set a password, or run `wayshub-provider user add NAME --role admin` and "
            "`wayshub-provider user password NAME`"
        )
    if settings.tls_certificate is None and not settings.trusted_proxies:
        dangers.append(
            "passwords and tokens would cross the network unencrypted: set PROVIDER_TLS_CERTIFICATE and "
            "PROVIDER_TLS_KEY, or put a reverse proxy with TLS in front and name it in PROVIDER_TRUSTED_PROXIES"
        )
    return dangers


def check_binding(settings: Settings) -> list[str]:
    """Return warnings about where the service listens.

    Raises `SettingsError`, with what to do, where it is dangerous and nobody said that it shall be so.
    """
    dangers = find_dangers(settings)
    if dangers and not settings.allow_insecure:
        listed = "; ".join(dangers)
        raise SettingsError(
            f"{settings.host} can be reached from other machines, and {listed}. To listen there anyway, "
            "pass --allow-insecure (or PROVIDER_ALLOW_INSECURE=true)"
        )
    return [f"Listening on {settings.host} is insecure: {danger}" for danger in dangers]
