"""A dot at the end of a host name: whoever asks with it, and servers that are named with it, mean the same."""

import httpx

from tests.e2e.traffic import expose
from tests.running import Service, Traefik, fetch, named_servers

TAKEN_BY = {
    "a.wild.test": "wild",
    "a.wild.test.": "wild",
    "A.WILD.test.": "wild",
    "app.wild.test": "app",
    "app.wild.test.": "app",
    "wild.test.": None,
    "b.a.wild.test.": None,
    "a.wild.test..": None,
}
"""The routers that take requests for hosts; that of `app.wild.test` ranks above that of `*.wild.test`."""


def test_a_host_asked_for_with_a_dot_goes_where_it_goes_without(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    with named_servers("wild", "app") as (wild, app):
        expose(client, (wild, 1), name="wild", host="*.wild.test")
        expose(client, (app, 1), name="app", host="app.wild.test")
        traefik.wait_for(service)
        for host, router in TAKEN_BY.items():
            answered = traefik.get(host)
            assert (answered.text if answered.status_code == 200 else None) == router, host
            explained = fetch(f"{service.url}/api/v1/explain", params={"url": f"http://{host}/"}).raise_for_status()
            assert explained.json()["router"] == router, host


def test_a_server_named_with_a_dot_serves_and_is_seen(client: httpx.Client, service: Service, traefik: Traefik) -> None:
    with named_servers("a") as (server,):
        url = server.url.replace("127.0.0.1", "app.localhost.")
        body = {"domain": "app.wild.test", "name": "app", "servers": [{"url": url}]}
        client.post("/expose", json=body).raise_for_status()
        traefik.wait_for(service)
        (kept,) = client.get("/services/app/servers").raise_for_status().json()["items"]
        assert kept["url"] == url
        assert list(traefik.objects("services")["app"]["serverStatus"]) == [url]
