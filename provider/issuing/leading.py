"""Whether a name leads to an edge: its addresses are asked for a file that only this service has, by way of the edge.

So a wrong entry in DNS costs no failed validation. The network is asked as a CA would: by DNS, and not by the files of
this machine; redirects are followed, whatever certificate is shown there.
"""

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from provider.edges.handshakes import any_certificate
from provider.issuing.challenges import FOLDER
from provider.issuing.failures import not_led
from provider.issuing.means import Means
from provider.late import Late, httpx
from provider.messages import Message, listed
from provider.unreached import reason

if TYPE_CHECKING:
    from provider.issuing import lookups
else:
    lookups = Late("provider.issuing.lookups")

_TIMEOUT_SECONDS: Final = 5.0
_MOST_REDIRECTS: Final = 5
_MOST_BYTES: Final = 1_024
_PLAIN: Final = {"Accept-Encoding": "identity"}
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_NAMED: Final = 3


def check(name: str, token: str, content: str, means: Means, *, is_renewal: bool = False) -> None:
    """Check that a name leads to an edge which answers a token with a content. Raises `NoCertificateError`.

    Where an address of IPv6 cannot be reached, a CA tries one of IPv4. Of those it takes any, and no other after that.
    For a renewal one edge is enough: a failed validation costs less than a certificate that expires on all of them.
    """
    wrong: list[str] = []
    away: list[tuple[str, str]] = []
    answered = False
    for address in lookups.find_addresses(name, means):
        try:
            found = _ask(address, name, token, means)
        except httpx.HTTPError as error:
            away.append((address, reason(error) or Message("no answer")))
            continue
        answered = answered or found == content
        if found != content:
            wrong.append(address)
    if is_renewal and answered:
        return
    if wrong:
        raise not_led(
            Message(
                "{name} points to {addresses}, where no edge of yours answers",
                name=name,
                addresses=listed(wrong, _NAMED),
            )
        )
    if away and (not answered or any(":" not in address for address, _why in away)):
        addresses = listed([address for address, _why in away], _NAMED)
        told = {"name": name, "addresses": addresses, "port": means.http_port, "why": away[0][1]}
        raise not_led(Message("{name} points to {addresses}, where nothing answers on port {port}: {why}", **told))


def _ask(address: str, name: str, token: str, means: Means) -> str | None:
    """Return what is answered for the file; None for anything that cannot be it. Raises `httpx.HTTPError`."""
    try:
        return _follow(address, name, token, means)
    except (ValueError, httpx.InvalidURL):  # a redirect leads to what is no address
        return None


def _follow(address: str, name: str, token: str, means: Means) -> str | None:
    host = f"[{address}]" if ":" in address else address
    scheme, port, path = "http", means.http_port, FOLDER + token
    with httpx.Client(headers=_PLAIN, verify=any_certificate(), trust_env=False, timeout=_TIMEOUT_SECONDS) as client:
        for _redirect in range(_MOST_REDIRECTS):
            request = client.build_request(
                "GET", f"{scheme}://{host}:{port}{path}", headers={"Host": name}, extensions={"sni_hostname": name}
            )
            answer = client.send(request, stream=True)
            try:
                if answer.status_code == 200:
                    return _read(answer)
                target = urlsplit(answer.headers.get("location", ""))
            finally:
                answer.close()
            if answer.status_code not in _MOVED or (target.hostname or name) != name:
                return None
            scheme, path = target.scheme or scheme, target.path
            port = target.port or (443 if scheme == "https" else means.http_port)
    return None


def _read(answer: "httpx.Response") -> str | None:
    content = b""
    for chunk in answer.iter_raw():  # what is compressed all the same may stand for gigabytes, and is not it
        content += chunk
        if len(content) > _MOST_BYTES:
            return None
    return content.decode("ascii", "replace").strip()
