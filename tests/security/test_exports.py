"""Exports with secrets are for admins, and noted."""

import httpx

from tests.api.checks import problem
from tests.running import AUTHORIZED, Service, http_client

SECRET = "as-you-like-it"


def bearer(client: httpx.Client, scope: str) -> dict[str, str]:
    made = client.post("/tokens", json={"name": scope, "scopes": [scope]}).raise_for_status().json()
    return {"Authorization": f"Bearer {made['token']}"}


def test_only_an_admin_exports_secrets_and_the_audit_says_who(client: httpx.Client, service: Service) -> None:
    client.put("/middlewares/login", json={"basicAuth": {"users": [f"a:{SECRET}"]}}).raise_for_status()
    masked = {"basicAuth": {"users": ["a:********"]}}
    for scope in ("read", "write"):
        headers = bearer(client, scope)
        assert client.get("/export", headers=headers).json()["middlewares"]["login"] == masked
        answer = client.get("/export", params={"secrets": True}, headers=headers)
        assert "only admins can export secrets" in problem(answer, "forbidden")["detail"]
    whole = client.get("/export", params={"secrets": True}, headers=AUTHORIZED).raise_for_status().json()
    (user,) = whole["middlewares"]["login"]["basicAuth"]["users"]
    assert user.startswith("a:$2")
    assert SECRET not in user
    entry = client.get("/audit", params={"limit": 1}).json()["items"][0]
    assert (entry["action"], entry["words"]) == ("state.export", "the state was exported with its secrets")
    with http_client(f"{service.url}/api/v1") as other:
        other.delete("/middlewares/login").raise_for_status()
        other.post("/apply", json=whole).raise_for_status()
    assert client.get("/export", params={"secrets": True}).json() == whole
