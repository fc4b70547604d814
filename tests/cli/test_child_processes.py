"""Child processes: their output, their end, and how long to wait before the next."""

import asyncio
import signal
import sys

from provider.cli.running.processes import Backoff, Process, ending

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); signal.pause()"


def test_all_that_a_process_prints_can_be_read() -> None:
    async def run() -> tuple[list[str], int]:
        code = "import sys; print('one'); print('x' * 100_000); sys.stderr.write('no newline'); sys.exit(3)"
        process = await Process.start([sys.executable, "-u", "-c", code])
        return [line async for line in process.lines()], await process.wait()

    lines, status = asyncio.run(run())
    assert lines == ["one", "x" * 100_000, "no newline"]
    assert ending(status) == "ended with exit status 3"


def test_a_process_that_does_not_stop_is_ended() -> None:
    async def run() -> int:
        process = await Process.start([sys.executable, "-c", STUBBORN])
        async for line in process.lines():
            assert line == "ready"
            break
        await process.stop(0.1)
        return await process.wait()

    assert ending(asyncio.run(run())) == "was ended by SIGKILL"


def test_stopping_what_has_ended_is_no_error() -> None:
    async def run() -> int:
        process = await Process.start([sys.executable, "-c", ""])
        await process.wait()
        await process.stop(0.1)
        process.kill()
        return await process.wait()

    assert asyncio.run(run()) == 0


def test_a_program_that_cannot_be_run_says_so() -> None:
    async def run() -> tuple[list[str], int]:
        process = await Process.start(["/nowhere"])
        return [line async for line in process.lines()], await process.wait()

    lines, status = asyncio.run(run())
    assert lines == ["/nowhere cannot be run: No such file or directory"]
    assert status == 126


def test_a_signal_without_a_name_is_told_by_its_number() -> None:
    assert ending(-signal.SIGTERM) == "was ended by SIGTERM"
    assert ending(-(signal.SIGRTMIN + 1)) == f"was ended by signal {signal.SIGRTMIN + 1}"


def test_each_wait_is_twice_the_one_before_up_to_15_s() -> None:
    backoff = Backoff()
    assert [backoff.pause_seconds(1) for _ in range(7)] == [0.5, 1, 2, 4, 8, 15, 15]


def test_the_waiting_begins_anew_after_it_ran_for_a_while() -> None:
    backoff = Backoff()
    assert [backoff.pause_seconds(ran) for ran in (1, 1, 1, 31, 1)] == [0.5, 1, 2, 0.5, 1]
