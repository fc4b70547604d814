"""What an entry point really shows: a handshake with a name, and the certificate that it gave."""

import socket
import ssl

from cryptography import x509


def shown(host: str, port: int, address: str = "127.0.0.1") -> x509.Certificate:
    """Return the certificate that clients of a name are shown at a port of an address, whoever signed it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((address, port), timeout=30) as connection,
        context.wrap_socket(connection, server_hostname=host) as made,
    ):
        content = made.getpeercert(binary_form=True)
    assert content is not None
    return x509.load_der_x509_certificate(content)


def names_of(certificate: x509.Certificate) -> list[str]:
    """Return the host names that a certificate is for."""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return found.get_values_for_type(x509.DNSName)
