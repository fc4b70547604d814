"""What Traefik cannot read is refused in what is typed and in files, with the field named."""

import json
from pathlib import Path

import httpx

from tests.cli.running import Run

RULE = "Host(`a.test`) && Path(`/\ufffe`)"
TOLD = "U+FFFE, which is not a character"


def test_the_commands_and_files_name_the_field(cli: Run, client: httpx.Client, tmp_path: Path) -> None:
    client.put("/services/s", json={}).raise_for_status()
    told = cli("router", "set", "r", "--create", "--rule", RULE, "--service", "s").error()
    assert TOLD in told
    assert "rule" in told
    router = {"rule": RULE, "service": "s", "entryPoints": ["web"]}
    pool = {"s": {"loadBalancer": {"servers": [{"url": "http://a.test"}]}}}
    files = {"apply": {"routers": {"r": router}}, "import": {"http": {"routers": {"r": router}, "services": pool}}}
    for name, content in files.items():
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(content, ensure_ascii=False))
        made = cli(name, str(file), "--yes")
        assert "rule" in made.out + made.err, name
        assert TOLD in made.out + made.err, name
    assert client.get("/routers").json()["items"] == []
