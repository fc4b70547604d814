"""The page of the CA: chosen with a tick, shown with who accepted its terms, and left."""

import httpx

from tests.running import Service, http_client
from tests.web.visiting import read

FORM = {"ca": "other", "directory": "https://127.0.0.1:9/dir", "contact": "admin@alvin.test", "terms": ""}


def test_a_ca_is_chosen_once_its_terms_are_accepted_and_left_again(admin: httpx.Client, peopled: Service) -> None:
    assert "None is chosen yet" in read(admin.get("/ca")).text
    refused = read(admin.post("/ca", data=FORM), 422)
    assert "read the CA\u2019s terms" in refused.text or "read the CA's terms of service" in refused.text
    assert FORM["directory"] in refused.paths()
    assert admin.post("/ca", data={**FORM, "terms": "true"}).status_code == 303
    page = read(admin.get("/ca"))
    assert FORM["directory"] in page.text
    with http_client(f"{peopled.url}/api/v1") as client:
        chosen = client.get("/acme").json()
        assert (chosen["directory"], chosen["contact"]) == (FORM["directory"], FORM["contact"])
        assert chosen["acceptedBy"] in page.text
        assert admin.post("/ca/leave").status_code == 303
        assert client.get("/acme").json()["directory"] is None


def test_another_ca_checks_names_at_the_same_dns_provider_and_has_no_external_account_yet(
    admin: httpx.Client, peopled: Service
) -> None:
    dns = {"provider": "cloudflare", "options": {"auth_token": "secret"}}
    wanted = {"directory": "https://127.0.0.1:9/dir", "termsAccepted": True, "dns": dns, "challenge": "dns-01"}
    with http_client(f"{peopled.url}/api/v1") as client:
        client.put("/acme", json={**wanted, "eab": {"kid": "k3v9", "key": "c2VjcmV0"}}).raise_for_status()
        assert admin.post("/ca", data={**FORM, "terms": "true"}).status_code == 303
        assert client.get("/acme").json()["eab"] == {"kid": "k3v9"}
        other = {**FORM, "directory": "https://127.0.0.1:8/dir", "terms": "true"}
        assert admin.post("/ca", data=other).status_code == 303
        chosen = client.get("/acme").json()
        assert (chosen["directory"], chosen["eab"], chosen["challenge"]) == (other["directory"], None, "dns-01")
        assert chosen["dns"] == {"provider": "cloudflare", "options": ["auth_token"]}
        client.delete("/acme").raise_for_status()


def test_what_is_wrong_is_told_at_its_field(admin: httpx.Client) -> None:
    page = read(admin.post("/ca", data={**FORM, "directory": "nowhere", "contact": "nobody", "terms": "true"}), 422)
    assert "this is not the URL of a CA" in page.text
    assert "this is not an e-mail address" in page.text
