"""Attacks on logins: while somebody guesses, the one whose account it is has to get in."""

import threading
import time

import httpx

from provider.models import Role
from tests.benchmarks.target import Target, attack
from tests.people import PASSWORD, add_account


def _try(client: httpx.Client, target: Target, password: str) -> httpx.Response:
    form = {"name": "admin", "password": password}
    return client.post(f"{target.url}/login", data=form, timeout=60)


@attack("wrong logins from the address of the admin")
def guess(target: Target, seconds: float) -> str:
    add_account(target.folder / "provider.db", "admin", Role.ADMIN)
    own = httpx.Client(base_url=target.url)  # a browser in which the admin has logged in before
    assert _try(own, target, PASSWORD).status_code == 303
    own.post("/logout")
    stop, others = threading.Event(), httpx.Client()

    def guess_on() -> None:
        while not stop.is_set():
            _try(others, target, "a wrong password")

    thread = threading.Thread(target=guess_on, daemon=True)
    thread.start()
    deadline, tries, good = time.monotonic() + max(seconds, 60), 0, 0
    while time.monotonic() < deadline:
        answer = _try(own, target, PASSWORD)
        tries, good = tries + 1, good + (answer.status_code == 303)
        if answer.status_code == 303:
            break
        stop.wait(float(answer.headers.get("Retry-After", "1")))
    stop.set()
    thread.join()
    return f"{good} of {tries} tries with the right password let in"
