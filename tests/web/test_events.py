"""The page of events: what happened lately, in words."""

from collections.abc import Callable

import httpx

from tests.running import Service, http_client, let_wait, wait_until
from tests.web.filling import words


def test_what_happens_is_listed_in_words_the_newest_first(start_service: Callable[..., Service]) -> None:
    service = start_service()
    with http_client(f"{service.url}/api/v1") as client, http_client(service.url) as console:
        console.headers["Accept"] = "text/html"
        assert "Nothing has happened yet" in words(console.get("/events"))
        client.post("/services", json={"name": "wayshub"}).raise_for_status()
        wait_for(console, "/events", "service wayshub added")
        for name, ttl in (("steady", None), ("a", "1s")):
            body = {"url": "http://127.0.0.1:9", "ttl": ttl}
            client.put(f"/services/wayshub/servers/{name}", json=body).raise_for_status()
        let_wait(client, "alvin.xyz")
        wait_for(console, "/events", "No certificate for alvin.xyz")
        made = client.put("/domains/short.test", params={"confirmWithin": "1h"}, json={}).raise_for_status()
        told = [
            f"Revision {made.headers['Config-Revision']} is waiting to be confirmed.",
            "No certificate for alvin.xyz: the CA 127.0.0.1 cannot be reached",
            "service wayshub added",
        ]
        leases = [
            "Server a of wayshub registered itself.",
            "Server a of wayshub stopped sending heartbeats: it is drained.",
            "The lease of server a of wayshub has ended.",
            "Removed server a of wayshub: no heartbeat for",
        ]
        wait_for(console, "/events", *told, *leases)
        page = words(console.get("/events"))
        places = [page.index(each) for each in told]
        assert places == sorted(places)
        alone = words(console.get("/events", params={"kind": "lease"}))
        assert "registered itself" in alone
        assert "alvin.xyz" not in alone


def wait_for(console: httpx.Client, path: str, *texts: str) -> None:
    wait_until(lambda: all(text in words(console.get(path)) for text in texts), f"{path} says {texts}")
