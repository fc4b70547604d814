"""A job in a process of its own, which ends with it: it takes no interpreter from others, and gives all memory back.

The processes are forks of one that has read the modules and does nothing else, so that none has threads or
locks of the service. It starts with the first job, and ends with the service.
"""

import gc
import multiprocessing
import os
import pickle
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from typing import Any, Final

from provider.errors import ProviderError, Unavailable
from provider.messages import Message

Job = Callable[..., bytes]
"""A function of a module, with arguments that can be pickled."""

LONGEST_SECONDS: Final = 300.0
"""After this time a job is given up."""

_PRELOADED: Final = "provider.app"
_NICENESS: Final = 5
_LOOK_SECONDS: Final = 0.3
"""How often it is looked whether the service stops: nobody waits for what is computed then."""

_context = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True)
class Failed:
    """An error of ours, as the process that waits is told it: exceptions with arguments of their own do not pickle."""

    kind: type[ProviderError]
    members: dict[str, Any]

    def raised(self) -> ProviderError:
        """Return the error."""
        error = self.kind.__new__(self.kind, self.members["detail"])
        error.__dict__.update(self.members)
        return error


def run(
    job: Job,
    arguments: tuple[Any, ...],
    seconds: float = LONGEST_SECONDS,
    is_over: Callable[[], bool] = lambda: False,
) -> int:
    """Do a job in a new process, and return the descriptor of a file without a name that has what it gave.

    It waits for that, unless it `is_over`: the service stops. Raises the `ProviderError` that the job raised, and
    `Unavailable` where it came to no end.
    """
    _context.set_forkserver_preload([_PRELOADED])
    with tempfile.NamedTemporaryFile() as named:
        receiving, sending = _context.Pipe(duplex=False)
        process = _context.Process(target=_work, args=(sending, Path(named.name), job, arguments), daemon=True)
        with receiving:
            process.start()
            sending.close()
            told = _receive(receiving, seconds, is_over)
        process.kill()
        process.join()
        process.close()
        if isinstance(told, Failed):
            raise told.raised()
        return os.open(named.name, os.O_RDONLY | os.O_CLOEXEC)


def _receive(receiving: Connection, seconds: float, is_over: Callable[[], bool]) -> Failed | None:
    deadline = monotonic() + seconds
    try:
        while not is_over() and (left := deadline - monotonic()) > 0:
            if receiving.poll(min(left, _LOOK_SECONDS)):
                found: Failed | None = pickle.loads(receiving.recv_bytes())  # noqa: S301  # from a process of ours
                return found
    except EOFError:
        raise Unavailable(Message("this could not be computed: see the log")) from None
    if is_over():
        raise Unavailable(Message("wayshub-provider is stopping"))
    raise Unavailable(Message("this took too long to compute: ask for less"))


def _work(sending: Connection, path: Path, job: Job, arguments: tuple[Any, ...]) -> None:
    """Do a job, as the process that was made for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with its parent, which says when
    os.nice(_NICENESS)
    gc.disable()  # the process ends before it pays
    told: Failed | None = None
    try:
        content = job(*arguments)
    except ProviderError as error:
        told = Failed(type(error), error.__dict__)
    else:
        with path.open("wb") as file:
            file.write(content)
    sending.send_bytes(pickle.dumps(told))
    sending.close()
