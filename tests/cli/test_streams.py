"""Standard streams that are closed, full or gone: every command ends in an orderly way."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.running import PROGRAM, Result, run_forked, run_program, variables
from tests.running import Service, answers, free_port, wait_until

pytestmark = pytest.mark.usefixtures("exposed")

COMMANDS = ["domain list", "domain list -o json", "export", "schema", "--help", "--version"]


def redirected(service: Service, command: str, redirection: str) -> Result:
    line = f"{PROGRAM} {command} {redirection}"
    return run_program(["sh", "-c", line], env=variables(PROVIDER_URL=service.url))


@pytest.mark.parametrize("command", COMMANDS)
def test_an_answer_that_does_not_fit_on_the_disk_is_told_in_one_line(service: Service, command: str) -> None:
    with Path("/dev/full").open("wb") as full:
        environment = variables(PROVIDER_URL=service.url)
        done = run_forked(*command.split(), env=environment, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert (done.status, done.err) == (
        1,
        "wayshub-provider: the answer cannot be written to standard output: No space left on device\n",
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])  # as in many images of containers
def test_an_answer_that_does_not_fit_is_told_alike_however_python_writes_it(service: Service, unbuffered: str) -> None:
    line = f"PYTHONUNBUFFERED={unbuffered} {PROGRAM} domain list >/dev/full"
    done = run_program(["sh", "-c", line], env=variables(PROVIDER_URL=service.url))
    assert done.error() == "the answer cannot be written to standard output: No space left on device"


@pytest.mark.parametrize("command", ["domain list", "--help"])
def test_an_answer_for_which_there_is_no_output_is_told_in_one_line(service: Service, command: str) -> None:
    done = redirected(service, command, ">&-")
    assert done.error() == "the answer cannot be written to standard output: Bad file descriptor"


@pytest.mark.parametrize(("redirection", "status"), [("2>&-", 0), ("<&- >&- 2>&-", 1), (">/dev/full 2>&1", 1)])
def test_no_stream_is_needed_to_end_in_an_orderly_way(service: Service, redirection: str, status: int) -> None:
    done = redirected(service, "domain list", redirection)
    assert (done.status, done.err) == (status, "")


def test_no_stream_is_needed_to_fail_in_an_orderly_way(service: Service) -> None:
    failed = redirected(service, "domain show absent.test", "<&- >&- 2>&-")
    assert (failed.status, failed.err) == (1, "")


def test_who_closes_a_pipe_has_seen_enough(service: Service) -> None:
    line = f"{{ {PROGRAM} schema; echo $? >&2; }} | true"
    done = run_program(["sh", "-c", line], env=variables(PROVIDER_URL=service.url))
    assert done.err in {"0\n", "1\n"}  # if all was in the pipe before, or not


def test_a_service_runs_without_standard_streams_and_keeps_their_numbers_free(migrated: Path, tmp_path: Path) -> None:
    (tmp_path / "provider.db").write_bytes(migrated.read_bytes())
    port = free_port()
    environment = variables(PROVIDER_DATABASE_URL=f"sqlite:///{tmp_path / 'provider.db'}", PROVIDER_PORT=str(port))
    process = subprocess.Popen(["sh", "-c", f"exec {PROGRAM} serve <&- >&- 2>&-"], env=environment, cwd=tmp_path)
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "the service is ready")
        assert {Path(f"/proc/{process.pid}/fd/{number}").readlink() for number in range(3)} == {Path(os.devnull)}
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) in {0, -signal.SIGTERM}
