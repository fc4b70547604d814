"""An expected error is one line on standard error that names the remedy, and exit status 1."""

import json
import socket
import threading

import httpx
import pytest

from provider.cli.client import Client, Unreachable
from tests.cli.running import Run, answering, silence
from tests.running import Service, free_port

COMMANDS = [
    ("status",),
    ("expose", "alvin.xyz", "http://127.0.0.1:3000"),
    ("domain", "list"),
    ("service", "show", "wayshub"),
    ("server", "add", "wayshub", "a", "http://127.0.0.1:3000"),
    ("router", "set", "wayshub", "--enabled", "--create"),
    ("domain", "remove", "alvin.xyz"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_without_a_service_each_command_says_how_to_start_it(run: Run, command: tuple[str, ...]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    told = run(*command, "--url", url).error()
    assert told == (
        f"no answer from {url} (Connection refused): start the service with `wayshub-provider up` or "
        "`wayshub-provider serve`, or set --url or PROVIDER_URL to its address"
    )


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_something_else_on_that_port_is_recognised(run: Run, command: tuple[str, ...]) -> None:
    with answering(200, "text/html", "<h1>It works!</h1>") as stranger:
        told = run(*command, "--url", stranger.url).error()
    assert told.startswith(f"{stranger.url} is not a wayshub-provider (")
    assert told.endswith("): set --url or PROVIDER_URL to its address")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_something_else_that_speaks_json_is_recognised(run: Run, command: tuple[str, ...]) -> None:
    with answering(200, "application/json", "{}") as stranger:
        told = run(*command, "--url", stranger.url).error()
    assert told.startswith(f"{stranger.url} is not a wayshub-provider (")


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (404, "application/json", '{"detail": "Not Found"}'),
        (502, "text/html", "<h1>Bad Gateway</h1>"),
        (302, "text/html", ""),
        (200, "application/json", "<h1>no JSON</h1>"),
        (200, "application/json", "[]"),
        (200, "application/json", '{"items": 7}'),
        (500, "application/problem+json", "null"),
    ],
)
def test_no_answer_of_a_stranger_makes_a_traceback(run: Run, status: int, kind: str, body: str) -> None:
    with answering(status, kind, body) as stranger:
        assert "is not a wayshub-provider" in run("domain", "list", "--url", stranger.url).error()


@pytest.mark.parametrize("errors", ["7", "{}", "[]", "[7]", "null"])
def test_a_problem_whose_fields_are_none_is_told_by_its_detail(run: Run, errors: str) -> None:
    with answering(422, "application/problem+json", f'{{"detail": "it is wrong", "errors": {errors}}}') as stranger:
        assert run("domain", "list", "--url", stranger.url).error() == "it is wrong"


def test_a_problem_is_told_with_its_fields_on_one_line_that_a_terminal_does_not_obey(run: Run) -> None:
    errors = [{"pointer": f"/servers/{index}/url", "code": "x", "detail": "wrong\n\x1b[31m"} for index in range(7)]
    problem = {"type": "urn:wayshub-provider:invalid", "status": 422, "detail": "many things", "errors": errors}
    with answering(422, "application/problem+json", json.dumps(problem)) as stranger:
        told = run("service", "show", "wayshub", "--url", stranger.url).error()
    assert told.startswith("servers/0/url: wrong \\x1b[31m; servers/1/url: ")
    assert told.endswith("; and 2 more")


def test_not_ready_is_told_with_why(run: Run) -> None:
    problem = {"type": "urn:wayshub-provider:unavailable", "status": 503, "detail": "the database is missing"}
    with answering(503, "application/problem+json", json.dumps(problem)) as stranger:
        assert run("status", "--url", stranger.url).error() == "the database is missing"
        assert run("status", "-o", "json", "--url", stranger.url).error() == "the database is missing"


def test_a_service_that_does_not_answer_is_given_up() -> None:
    with silence() as url, Client(url, timeout_seconds=0.1) as client:
        with pytest.raises(Unreachable, match=r"did not answer within 0\.1 s$"):
            client.get("/domains/alvin.xyz")
        with pytest.raises(Unreachable, match="the change may have been made"):
            client.post("/domains", {"name": "alvin.xyz"})


def test_a_connection_that_breaks_off_is_one_line(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection, _address = listener.accept()
            # What is left unread when a connection is closed resets it: that would be another error.
            received = b""
            while not received.endswith(b"}"):
                received += connection.recv(65536)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        told = run("domain", "add", "alvin.xyz", "--url", url).error()
        thread.join()
    assert told.startswith(f"the connection to {url} failed: Server disconnected")
    assert "the change may have been made" in told


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "127.0.0.1:8000", "http://", "http://h:abc", "http://h/?x=1", "x"])
def test_an_address_that_is_none_is_one_line(run: Run, url: str) -> None:
    assert run("status", "--url", url).error().endswith("write --url (or PROVIDER_URL) as http://127.0.0.1:8000")


def test_a_password_in_the_address_is_refused_and_not_shown(run: Run) -> None:
    told = run("status", "--url", "http://admin:s3cret@127.0.0.1").error()
    assert "PROVIDER_TOKEN" in told
    assert "s3cret" not in told


def test_the_token_goes_out_as_a_bearer_and_is_never_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_TOKEN", "s3cret\n")  # as `$(cat file)` in some shells leaves it
    problem = '{"type": "urn:wayshub-provider:unauthorized", "detail": "no such token"}'
    with answering(401, "application/problem+json", problem) as stranger:
        assert run("domain", "list", "--url", stranger.url).error() == "no such token"
        assert stranger.seen[0]["Authorization"] == "Bearer s3cret"
    monkeypatch.setenv("PROVIDER_TOKEN", "s3cret\r\nX: y")
    assert run("domain", "list").error() == "PROVIDER_TOKEN has a character that cannot be in a token"
    assert "s3cret" not in run("domain", "list", "--help").out


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"PROVIDER_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1"),
        ({"PROVIDER_URL": " http://127.0.0.1:1\n"}, "http://127.0.0.1:1"),
        ({"PROVIDER_URL": "  ", "PROVIDER_PORT": "1"}, "http://127.0.0.1:1"),
        ({"PROVIDER_PORT": "1"}, "http://127.0.0.1:1"),
        ({"PROVIDER_HOST": "0.0.0.0", "PROVIDER_PORT": "1"}, "http://127.0.0.1:1"),
        ({"PROVIDER_HOST": "::1", "PROVIDER_PORT": "1"}, "http://[::1]:1"),
        ({"PROVIDER_URL": "http://127.0.0.1:1/", "PROVIDER_PORT": "2"}, "http://127.0.0.1:1"),
    ],
)
def test_the_environment_says_where_the_service_is(
    run: Run, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert run("status").error().startswith(f"no answer from {url} (")


def test_a_proxy_for_the_world_is_not_asked_for_this_machine(
    cli: Run, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")
    assert cli("status").check().out.startswith(f"{service.url} is ready.")


def test_bytes_that_are_no_text_are_one_line(cli: Run) -> None:
    for command in (("domain", "show", "\udcff"), ("domain", "add", "\udcff"), ("service", "list", "-q", "\udcff")):
        assert cli(*command).error() == "an argument has bytes that are not UTF-8 text"


@pytest.mark.usefixtures("exposed")
@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("domain show nope.example", "there is no domain nope.example"),
        ("service show nope", "there is no service nope"),
        ("server show wayshub nope", "there is no server "),
        ("server list nope", "there is no service nope"),
        ("router show nope", "there is no router nope"),
        ("router show ..", "there is nothing at this path"),
        ("domain add alvin.xyz", "name: domain alvin.xyz already exists"),
        ("service add wayshub", "name: service wayshub already exists"),
        ("server add wayshub a http://h:1", "name: server "),
        ("server add nope a http://h:1", "there is no service nope"),
        ("router add wayshub --service wayshub --domain alvin.xyz", "name: router wayshub already exists"),
        ("router add x --service nope --domain nope.example", "domains/0: there is no domain nope.example: add it "),
        ("router set wayshub --no-domain", "domains: a router needs a domain, a path prefix or both"),
        ("router set wayshub --priority 0", "priority: "),
        ("service add Way_Hub", "name: 'Way_Hub' is not a name: use 1 to 63 of the characters a-z, 0-9 and '-'"),
        ("service set wayshub --health-check x", "healthCheck/path: 'x' is not a path: begin with one '/'"),
        ("service set wayshub --sticky-cookie a;b", "sticky/cookie/name: 'a;b' is not a cookie's name"),
        ("server set wayshub a --weight 1001", "weight: the weight is a whole number from 1 to 1000, not 1001"),
        ("server set wayshub a http://h:1/path", "url: Traefik drops '/path': set preservePath"),
        ("server set wayshub new --create", "url: this field is required"),
    ],
)
def test_what_the_service_refuses_names_the_field_and_the_remedy(
    cli: Run, client: httpx.Client, command: str, told: str
) -> None:
    before = client.get("/routers/wayshub").headers["ETag"]
    assert cli(*command.split()).error().startswith(told)
    assert client.get("/routers/wayshub").headers["ETag"] == before


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("", ""),
        ("nope", "No such command 'nope'."),
        ("serv", "No such command 'serv'. Did you mean 'serve'"),
        ("server add wayshub c", "Invalid value for SERVER_URL: the URL of the server is missing"),
        ("router add x", "Missing option '--service'."),
        ("server set wayshub a", "Invalid value: there is nothing to change: --help lists the options"),
        ("server set wayshub a --weight x", "Invalid value for '--weight'"),
        ("server set wayshub a --state gone", "Invalid value for '--state'"),
        ("domain list -o xml", "Invalid value for '--output' / '-o'"),
        (
            "domain set x --if-match é",
            "Invalid value for '--if-match': this is not an ETag: copy the one that `show` or `plan` printed",
        ),
        ("domain set x --create --if-match a", "Invalid value: --create and --if-match cannot be combined"),
        (
            "service set x --no-health-check --health-check /",
            "Invalid value: healthCheck cannot be both set and removed",
        ),
        ("router set x --no-priority --priority 0", "Invalid value: priority cannot be both set and removed"),
        ("serve --prot 1", "No such option: --prot"),
    ],
)
def test_a_wrong_command_is_a_usage_error_with_exit_status_2(run: Run, command: str, told: str) -> None:
    if command:
        assert run(*command.split()).usage_error().startswith(told)
    else:
        assert run().status == 2


def test_variables_that_are_ignored_are_told_by_every_command(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_URLL", "x")
    monkeypatch.setenv("PROVIDER_PORT", "tcp://10.96.0.7:8000")
    told = cli("domain", "list")
    assert (told.status, told.err.count("Warning: ")) == (0, 2)
    assert "Warning: PROVIDER_URLL is not a setting, so it is ignored: did you mean PROVIDER_URL?\n" in told.err


@pytest.mark.usefixtures("exposed")
@pytest.mark.parametrize(
    "command",
    ["server set wayshub a --url http://127.0.0.1:1", "server set wayshub a --url http://127.0.0.1:1 --weight 3"],
)
def test_a_servers_url_that_is_given_as_that_of_the_service_is_told(cli: Run, command: str) -> None:
    done = cli(*command.split())
    assert "wayshub-provider server set wayshub a http://127.0.0.1:3000" in done.err
    assert "--url is the URL of wayshub-provider" in done.err


@pytest.mark.usefixtures("exposed")
def test_who_adds_a_server_with_its_url_as_an_option_is_told_where_it_stands(cli: Run) -> None:
    done = cli("server", "add", "wayshub", "c", "--url", "http://127.0.0.1:3002")
    assert done.usage_error() == (
        "Invalid value for SERVER_URL: the URL of the server is missing; --url is the URL of wayshub-provider. Give a "
        "server's URL without an option: `wayshub-provider server add wayshub c http://127.0.0.1:3000`"
    )


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("server set shop a --weight three", "'--weight': this has to be a whole number"),
        ("server set shop a --weight 1.5", "'--weight': this has to be a whole number"),
        ("server set shop a --state up", "'--state': 'up' is not one of 'ready', 'drain', 'maint'."),
        ("server set shop a --wait -1", "'--wait': this has to be from 0s to 300s"),
        ("server set shop a --wait 6m", "'--wait': this has to be from 0s to 300s"),
        ("server set shop a --wait soon", "'--wait': this is not a time: write 10s, 1m30s or a number of seconds"),
        ("revision show first", "'NUMBER': this has to be a whole number"),
        ("rollback first", "'NUMBER': this has to be a whole number"),
        ("user add budi --role root", "'--role': 'root' is not one of 'viewer', 'operator', 'admin'."),
        ("up --web-port 70000", "'--web-port': this has to be at most 65535"),
    ],
)
def test_a_value_that_does_not_fit_is_told_in_our_words(run: Run, command: str, told: str) -> None:
    assert run(*command.split()).usage_error() == f"Invalid value for {told}"
