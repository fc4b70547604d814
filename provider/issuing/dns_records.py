"""TXT records by which a CA sees that a name is ours: set by a hook, or by a library that knows many DNS providers.

They are taken away in the end. The CA is told to look once all name servers of the zone have them.
"""

import asyncio
import contextlib
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Self

from provider.database.database import Database
from provider.issuing.failures import NoCertificateError, not_led
from provider.issuing.means import Means
from provider.issuing.threads import aside
from provider.late import Late
from provider.messages import Message
from provider.store import acme

if TYPE_CHECKING:
    from provider.issuing import lookups, providers
else:
    lookups, providers = Late("provider.issuing.lookups"), Late("provider.issuing.providers")

_HOOK_SECONDS: Final = 120
_CHANGE_SECONDS: Final = 150.0
"""Some DNS providers are asked without a limit: what does not end must not keep other names waiting."""

_SEEN_SECONDS: Final = 300.0
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 10.0
_LONGEST_WORDS: Final = 200


def record_of(name: str) -> str:
    """Return the name of the record by which a CA sees that a name is ours, a wildcard too."""
    return f"_acme-challenge.{name.removeprefix('*.')}"


class DnsRecords:
    """The records of one order."""

    def __init__(self, means: Means, database: Database, name: str) -> None:
        self._means = means
        self._database = database
        self._record = record_of(name)
        self._put: list[str] = []

    async def __aenter__(self) -> Self:
        return self

    async def put(self, content: str) -> None:
        """Set a record, and wait until it is seen. Raises `NoCertificateError`."""
        if content in self._put:
            return
        self._put.append(content)
        await self._tell("add", content)
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + _SEEN_SECONDS, _FIRST_PAUSE_SECONDS
        while not await aside(_is_seen, self._record, content, self._means):
            if loop.time() > deadline:
                told = {"record": self._record, "minutes": int(_SEEN_SECONDS // 60)}
                raise not_led(
                    Message("the TXT record {record} was set, but is not in DNS after {minutes} minutes", **told)
                )
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for content in self._put:
            with contextlib.suppress(NoCertificateError):  # one that is left is no harm
                await self._tell("remove", content)

    async def _tell(self, what: Literal["add", "remove"], content: str) -> None:
        try:
            async with asyncio.timeout(_CHANGE_SECONDS):
                await aside(self._change, what, content)
        except TimeoutError:
            told = {"record": self._record, "seconds": int(_CHANGE_SECONDS)}
            raise not_led(Message("the TXT record {record} could not be changed within {seconds} s", **told)) from None

    def _change(self, what: Literal["add", "remove"], content: str) -> None:
        with self._database.reading() as session:
            account = acme.find_account(session)
            provider = None if account is None else account.dns_provider
            options = {} if account is None else dict(account.dns_credentials or {})
        if provider is not None:
            providers.change(what, self._record, content, provider, options, self._means)
        elif self._means.hook is not None:
            run_hook(self._means.hook, [what, self._record, content])


def _is_seen(record: str, content: str, means: Means) -> bool:
    return lookups.is_seen(record, content, means)


def run_hook(hook: Path, arguments: Sequence[str]) -> None:
    """Run the operator's program. Raises `NoCertificateError` with the last that it said."""
    try:
        subprocess.run(  # noqa: S603  # the program that the settings name, and no shell
            [hook, *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=_HOOK_SECONDS
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        told = {"hook": str(hook), "status": error.returncode, "why": said[-1][:_LONGEST_WORDS] if said else ""}
        raise not_led(Message("the hook {hook} failed with status {status}: {why}", **told)) from error
    except subprocess.TimeoutExpired as error:
        raise not_led(
            Message("the hook {hook} did not end within {seconds} s", hook=str(hook), seconds=_HOOK_SECONDS)
        ) from error
    except OSError as error:
        raise not_led(Message("the hook {hook} cannot be run: {why}", hook=str(hook), why=error.strerror)) from error
