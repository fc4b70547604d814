"""The command `lease`."""

import httpx

from tests.cli.running import Run
from tests.running import wait_until

SERVERS = "/services/wayshub/servers"


def test_the_leases_of_held_servers_are_ended_only_where_some_are_held(cli: Run, client: httpx.Client) -> None:
    for name in ("wayshub", "other"):
        client.post("/services", json={"name": name}).raise_for_status()
    client.put(f"{SERVERS}/a", json={"url": "http://127.0.0.1:9", "ttl": "1s"}).raise_for_status()
    assert "No server is held: nothing changed." in cli("lease", "end").out
    wait_until(lambda: client.get("/leases").json()["held"] == 1, "the last server is held")
    assert "No server is held: nothing changed." in cli("lease", "end", "--service", "other").out
    ended = cli("lease", "end", "--service", "wayshub", "--message", "The rack is gone")
    assert "Drained the held servers (revision " in ended.out
    assert client.get("/revisions").json()["items"][0]["message"] == "The rack is gone"
    assert client.get(f"{SERVERS}/a").json()["state"] == "drain"
