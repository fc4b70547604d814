"""Everything that is long at 30,000 routers, one after the other, as people who may do it ask for it."""

import http.client
import json
import threading
import time
from collections.abc import Callable
from functools import cache
from statistics import median

from tests.benchmarks.target import Run, Target, attack
from tests.benchmarks.test_plans import declared
from tests.running import AUTHORIZED

ROUTERS = 30_000
_TIMEOUT_SECONDS = 900
_CHANGED = 15_000


def ask(target: Target, method: str, path: str, body: bytes | None = None) -> http.client.HTTPResponse:
    """Ask, and take the whole answer without a look at it: nothing here shall keep who watches from watching."""
    connection = http.client.HTTPConnection(target.host, target.port, timeout=_TIMEOUT_SECONDS)
    headers = AUTHORIZED | ({"Content-Type": "application/json"} if body is not None else {})
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    while response.read(1024 * 1024):
        pass
    connection.close()
    return response


def asking(method: str, path: str, body: Callable[[], bytes] | None = None) -> Run:
    """Ask once, and say how long that took."""

    def run(target: Target, _seconds: float) -> str:
        content = None if body is None else body()
        start = time.perf_counter()
        status = ask(target, method, path, content).status
        return f"{status} in {time.perf_counter() - start:.2f} s"

    return run


@cache
def declaration() -> bytes:
    """A declaration in which half of the applications get another weight."""
    names = [f"app-{index:05d}" for index in range(_CHANGED)]
    server = {"url": "http://10.0.0.1:1", "weight": 7}
    document = {
        "domains": {f"{name}.example.com": {} for name in names},
        "services": {name: {"servers": {"a": server}} for name in names},
        "routers": {name: {"domains": [f"{name}.example.com"], "service": name} for name in names},
    }
    return json.dumps(document).encode()


@cache
def many_declared() -> bytes:
    """A declaration of 10,000 routers, and of a domain and a service of two servers for each."""
    return json.dumps(declared(10_000)).encode()


declaration(), many_declared()  # before anybody watches

for name, method, path, body in (
    ("plan of 15,000 applications", "POST", "/api/v1/apply?dryRun=true", declaration),
    ("apply of 15,000 applications", "POST", "/api/v1/apply", declaration),
    ("difference of revisions", "GET", "/api/v1/revisions/1/difference", None),
    ("comparison in the console", "GET", "/revisions/1?compare=1", None),
    ("audit", "GET", "/api/v1/audit?limit=100", None),
    ("audit page", "GET", "/audit", None),
    ("export", "GET", "/api/v1/export", None),
    ("conflicts", "GET", "/api/v1/conflicts", None),
    ("overview", "GET", "/", None),
    ("dry run of one server", "PATCH", "/api/v1/services/app-00001/servers/a?dryRun=true", lambda: b'{"weight": 3}'),
    ("one write", "PATCH", "/api/v1/services/app-00001/servers/a", lambda: b'{"weight": 3}'),
):
    attack(f"30,000 routers: {name}", routers=ROUTERS)(asking(method, path, body))


attack("10,000 routers applied to nothing")(asking("POST", "/api/v1/apply", many_declared))
attack("30,000 routers: overview of what is wrong", routers=ROUTERS)(asking("GET", "/?state=wrong"))


@attack("30,000 routers: router list", routers=ROUTERS)
def list_all(target: Target, _seconds: float) -> str:
    """Read all pages of the list, as `router list` does."""
    start, after, pages = time.perf_counter(), "", 0
    while pages == 0 or after:
        connection = http.client.HTTPConnection(target.host, target.port, timeout=_TIMEOUT_SECONDS)
        connection.request("GET", f"/api/v1/routers?limit=1000{after}", headers=AUTHORIZED)
        following = json.loads(connection.getresponse().read())["next"]
        connection.close()
        after, pages = "" if following is None else f"&cursor={following}", pages + 1
    return f"{pages} pages in {time.perf_counter() - start:.2f} s"


@attack("30,000 routers: others' writes beside a plan", routers=ROUTERS)
def write_beside(target: Target, _seconds: float) -> str:
    """Write all the time while a plan and an apply are made."""
    paths = ("/api/v1/apply?dryRun=true", "/api/v1/apply")
    return "; ".join(beside(target, path, declaration(), "/api/v1/services/app-29999/servers/a") for path in paths)


@attack("3,000 routers: others' writes beside what replaces everything", routers=3_000)
def replace_beside(target: Target, _seconds: float) -> str:
    """Write all the time, also to what is replaced, while everything is rolled back and a file replaces everything."""
    every = json.dumps(declared(3_000, weight=8)).encode()
    ask(target, "POST", "/api/v1/apply", every)
    asked = (("/api/v1/revisions/1/rollback", None), ("/api/v1/apply?prune=true", every))
    return "; ".join(beside(target, path, body, "/api/v1/services/app-00007/servers/a") for path, body in asked)


def beside(target: Target, path: str, body: bytes | None, server: str) -> str:
    """Give a server another weight all the time until something is answered, and say how long that took each time."""
    ended = threading.Event()
    statuses: list[int] = []

    def plan() -> None:
        statuses.append(ask(target, "POST", path, body).status)
        ended.set()

    threading.Thread(target=plan).start()
    waited, refused, number = [], 0, 0
    while not ended.wait(0.1):
        start, number = time.perf_counter(), number + 1
        patched = json.dumps({"weight": 1 + number % 1000}).encode()
        refused += ask(target, "PATCH", server, patched).status != 200
        waited.append(time.perf_counter() - start)
    told = f"{len(waited)} writes, {median(waited):.2f} s (p50), {max(waited):.2f} s, {refused} refused"
    return f"{path}: {statuses[0]}, {told}"
