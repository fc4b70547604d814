"""The shell completes commands, options and the names of what exists."""

from collections.abc import Callable

import pytest

from provider.cli.nouns.words import kebab
from provider.nouns import NOUNS
from tests.cli.running import Run, run_process, variables
from tests.running import Service, free_port, wait_until

Complete = Callable[[str], list[str]]


def asked(typed: str) -> dict[str, str]:
    """What bash says when the last word of a line is to be completed."""
    words = typed.split(" ")
    return {
        "_WAYSHUB_PROVIDER_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }


@pytest.fixture
def complete(cli: Run, monkeypatch: pytest.MonkeyPatch) -> Complete:
    def complete(typed: str) -> list[str]:
        for name, value in asked(typed).items():
            monkeypatch.setenv(name, value)
        return cli().check().out.split()

    return complete


@pytest.mark.usefixtures("exposed")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (
            "",
            [
                "up",
                "serve",
                "migrate",
                "plan",
                "apply",
                "import",
                "lint",
                "rollback",
                "confirm",
                "export",
                "schema",
                "backup",
                "restore",
                "copy",
                "register",
                "ca",
                "expose",
                "adopt",
                "hand-back",
                "status",
                "audit",
                "explain",
                "check",
                *map(kebab, NOUNS),
                "edge",
                "lease",
                "revision",
                "rollout",
                "user",
                "secrets",
                "acme",
                "token",
            ],
        ),
        ("ser", ["serve", "servers-transport", "service", "server"]),
        ("server ", ["list", "show", "add", "set", "remove", "drain"]),
        ("serve --p", ["--port"]),
        ("server set wayshub a --st", ["--state"]),
        ("server set wayshub a --state ", ["ready", "drain", "maint"]),
        ("service set wayshub --strategy l", ["leasttime"]),
        ("domain list -o j", ["json"]),
        ("domain show ", ["alvin.xyz"]),
        ("domain retry ", ["alvin.xyz"]),
        ("domain remove alv", ["alvin.xyz"]),
        ("domain remove xyz", []),
        ("service show way", ["wayshub"]),
        ("server list ", ["wayshub"]),
        ("server show wayshub ", ["a", "b"]),
        ("server set wayshub b", ["b"]),
        ("server set nope ", []),
        ("server drain wayshub ", ["a", "b"]),
        ("router set ", ["wayshub"]),
        ("router add api --domain ", ["alvin.xyz"]),
        ("router add api --service w", ["wayshub"]),
        ("edge ", ["list", "show", "lift", "configure"]),
        ("user ", ["add", "list", "set", "remove", "password"]),
        ("token ", ["create", "list", "revoke"]),
        ("audit --out", ["--outcome", "--output"]),
        ("edge show def", ["default"]),
        ("edge lift defa", ["default"]),
    ],
)
def test_words_and_names_are_completed(complete: Complete, typed: str, offered: list[str]) -> None:
    # A service that does not answer within a second is not waited for.
    wait_until(lambda: complete(f"wayshub-provider {typed}") == offered, f"{offered} are offered for {typed}")


def test_the_address_that_was_typed_is_the_one_that_is_asked(
    complete: Complete, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVIDER_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("_WAYSHUB_PROVIDER_COMPLETE", raising=False)
    assert complete("wayshub-provider service show ") == []
    assert complete(f"wayshub-provider domain show --url {service.url} ") == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "not an address"])
def test_completion_is_silent_where_no_service_answers(url: str) -> None:
    environment = variables(PROVIDER_URL=url, **asked("wayshub-provider server show "))
    assert run_process(env=environment).check().out.strip() == ""


def test_the_script_for_a_shell_is_shown() -> None:
    environment = variables(_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert "complete -o default" in run_process("--show-completion", "bash", env=environment).check().out
