"""What the console shows of servers that registered themselves, and ending the leases of those that are held."""

import httpx
import pytest

from tests.running import wait_until
from tests.web.filling import send, words

SERVICE = "/services/wayshub"
END = f"{SERVICE}/leases/end"


@pytest.fixture(autouse=True)
def held(client: httpx.Client) -> None:
    """A service with two servers that registered themselves and are held: nobody else could answer."""
    client.post("/services", json={"name": "wayshub"}).raise_for_status()
    for name in "ab":
        body = {"url": f"http://{name}.test:3000", "ttl": "1s"}
        client.put(f"{SERVICE}/servers/{name}", json=body).raise_for_status()
    wait_until(lambda: client.get("/leases").json()["held"] == 2, "both are held")


def test_one_lease_is_ended_on_the_page_of_its_server_and_all_on_that_of_the_service(
    console: httpx.Client, client: httpx.Client
) -> None:
    page = console.get(f"{SERVICE}/servers/a").raise_for_status()
    assert "The heartbeats of server a stopped. It is held:" in words(page)
    asked = console.get(END, params={"server": "a"}).raise_for_status()
    assert "server a at http://a.test:3000" in words(asked)
    assert "server b" not in words(asked)
    answer = send(console, asked, END, {"message": "x" * 1000})
    assert answer.status_code == 422
    answer = send(console, answer, END, {"message": "its machine is gone"})
    assert answer.headers["Location"] == f"{SERVICE}/servers/a"
    newest = client.get("/revisions").json()["items"][0]
    assert newest["message"] == "its machine is gone"
    assert f"Revision {newest['number']}" in words(console.get(answer.headers["Location"])).partition("History")[0]
    assert client.get(f"{SERVICE}/servers/b").json()["lease"]["state"] == "held"
    asked = console.get(END).raise_for_status()
    assert send(console, asked, END, {}).headers["Location"] == SERVICE
    wait_until(lambda: client.get(f"{SERVICE}/servers").json()["items"] == [], "both are gone")
    answer = console.get(END)
    assert answer.headers["Location"] == SERVICE
    assert "No server of wayshub is held." in words(console.get(SERVICE))
    assert "are already drained" in words(console.get(send(console, asked, END, {}).headers["Location"]))
