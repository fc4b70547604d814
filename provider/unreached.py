"""Why something could not be reached: what the system said, in words that can be translated."""

import errno
import socket
from collections.abc import Mapping
from typing import Final

from provider.messages import Message, template

_WORDS: Final[Mapping[int, str]] = {
    errno.ECONNREFUSED: template("Connection refused"),
    errno.ECONNRESET: template("Connection reset by peer"),
    errno.EHOSTUNREACH: template("No route to host"),
    errno.ENETUNREACH: template("Network is unreachable"),
    errno.ETIMEDOUT: template("Connection timed out"),
    socket.EAI_NONAME: template("Name or service not known"),
    socket.EAI_AGAIN: template("Temporary failure in name resolution"),
}


def reason(error: BaseException) -> str:
    """Return the innermost reason of a failed request: what is around it names classes of libraries."""
    while (cause := _cause(error)) is not None:
        error = cause
    known = _WORDS.get(error.errno or 0) if isinstance(error, OSError) else None
    return Message(known) if known else " ".join(str(getattr(error, "strerror", None) or error).split())


def _cause(error: BaseException) -> BaseException | None:
    """Return what an error came from; of several, which is one for each address that was tried, the first."""
    return error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error.__cause__ or error.__context__
