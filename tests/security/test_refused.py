"""Whoever is not let in is told why, and what to do."""

from pathlib import Path

import httpx
import pytest

from tests.people import nobody
from tests.running import Service, running_service

TOKEN = "wayshub_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, "send a token as `Authorization: Bearer …`, or log in"),
        ({"Authorization": f"Bearer {TOKEN}"}, "this token is not valid: it is mistyped, expired or revoked"),
        ({"Authorization": "Basic YTpi"}, "the Authorization header has no token: send it as"),
        ({"Authorization": "Bearer"}, "the Authorization header has no token: send it as"),
    ],
)
def test_a_wrong_token_is_not_called_a_missing_one(shared_service: Service, headers: dict[str, str], told: str) -> None:
    with nobody(shared_service) as client:
        answer = client.get("/api/v1/routers", headers=headers)
        assert (answer.status_code, answer.json()["detail"][: len(told)]) == (401, told)
        if headers.get("Authorization", "").startswith("Bearer w"):
            polled = client.get("/traefik/configuration", headers=headers)
            assert polled.json()["detail"].startswith("the edge's token is not valid")


def test_a_link_that_is_not_good_any_more_is_told_with_what_to_do(shared_service: Service) -> None:
    with nobody(shared_service) as client:
        for answer in (
            client.get("/password", params={"link": TOKEN}),
            client.post("/password", data={"secret": TOKEN, "password": "x" * 20, "repeat": "x" * 20}),
        ):
            assert answer.status_code == 404
            assert "This link was used already, or has expired." in answer.text
            assert "wayshub-provider user password" in answer.text
            assert "may have been removed" not in answer.text


def test_who_comes_to_log_in_before_anybody_can_is_told_where_the_first_link_is(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service, httpx.Client(base_url=service.url) as client:
        page = client.get("/login")
        assert page.status_code == 200
        assert "no password has been set" in page.text
        assert "first-login.txt" in page.text
