"""`lint` says "rejected" exactly where a real Traefik's file provider rejects, and "disabled" where it disables."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from provider import imports, linting
from provider.cli.files import sources
from provider.imports.references import MISSING
from provider.linting import Consequence, LintFinding
from tests.e2e import mutations
from tests.e2e.directory import Directory, watched
from tests.running import cases

MUTATIONS = 1_000
S = "  services: {s: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}}\n"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    with watched(tmp_path_factory.mktemp("watched") / "traefik") as running:
        yield running


def looked(path: Path) -> Sequence[LintFinding]:
    gathered = sources.read_paths([str(path)])
    return linting.find(gathered.folder, gathered.whole)


def is_rejected(found: Sequence[LintFinding]) -> bool:
    return any(each.consequence is Consequence.REJECTED for each in found)


@pytest.mark.parametrize("part", range(cases(2, 20)))
def test_what_is_called_rejected_is_what_a_traefik_rejects(part: int, directory: Directory, tmp_path: Path) -> None:
    documents = mutations.documents()
    share = MUTATIONS // 20
    seeds = range(part * share, (part + 1) * share)
    wrong = []
    for seed in seeds if cases(0, 1) else list(seeds)[::5]:
        name, text = mutations.mutated(seed, documents)
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / name).write_bytes(content)
        found = looked(tmp_path / name)
        if directory.rejects({name: content}) != is_rejected(found):
            wrong.append((seed, [each.detail for each in found]))
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "# nothing here yet\n",
        "",
        "http:\n  routers: {r: {rule: 'Host(`a.test`)', service: s}}\n  middlewares: {}\n" + S,
        "http:\n  routers: {r: {rule: 'Host(`a.test`)', service: s}}\n  middlewares:\n" + S,
        "http:\n\trouters:\n",
        "---\nhttp:\n" + S + "---\nhttp: {routers: {r: {rule: 'Host(`a.test`)', service: s}}}\n",
        "http:\n  routers: {r: {rule: 'HeadersRegexp(`X`, `b`)', service: s}}\n" + S,
        "http:\n  routers: {r: {rule: 'Host(`A_B.Test`)', service: s}, q: {rule: 'Host(`a.test.`)', service: s@file}}\n"
        + S,
        "http:\n  routers: {r: {rule: 'PathPrefix(`/`)', service: s, priority: 9223372036854775806}}\n" + S,
        "http:\n  routers: {r: {rule: 'PathPrefix(`/`)', service: s, priority: 9223372036854774807}}\n" + S,
        "http:\n  routers: {r: {rule: 'PathPrefix(`/`)', service: s, priority: '-1'}}\n" + S,
        "http:\n  routers: {r: {rule: 'Host(`a`, `b`)', ruleSyntax: v2, service: s}}\n" + S,
        "http:\n  routers: {r: {rule: 'Host(`a`, `b`)', service: s}}\n" + S,
        "http:\n  routers: {r: {rule: 'Host(`a`)', service: s, middlewares: [m]}}\n" + S,
        "http:\n  routers: {r: {rule: 'Host(`a`)', service: t}}\n" + S,
        "http:\n  routers: {r: {rule: 'Host(`a`)'}, q: {service: s}}\n" + S,
        "http:\n  routers: {r: {rule: 'Host(`a.test`)', service: s}}\n"
        + S.replace("http://127.0.0.1:1", "h2c://app_server:1").replace(
            "servers: [", "sticky: {cookie: {}}, servers: [{url: 'http://[::1]:2/path'}, "
        ),
        "http:\n  routers: {r: {rule: 'Host(`a.test`)', service: s}}\n"
        + S.replace("servers:", "healthCheck: {path: /up, port: 1, timeout: 3, interval: 1s, hostname: x}, servers:"),
        "http:\n  routers:\n    a: {rule: 'HOST(`A.test`) && !Path(`/x`)', service: s, priority: 1e3}\n"
        "    b: {rule: 'HostRegexp(`{sub:[a-z]+}.a.test`)', service: s, entrypoints: web}\n"
        "    c: {rule: 'Host(`a.test`) && PathPrefix(`/{id:[0-9]+}`)', service: s}\n"
        "    d: {rule: 'Query(`a=b`)', service: s}\n    e: {rule: 'Host(`*.a.test`)', service: s}\n" + S,
        "http:\n  routers: {r: {rule: 'Host(`a.{{ env \"NO_SUCH:-test\" }}`)', service: s}}\n" + S,
        "http:\n  routers: {r: {rule: 'PathPrefix(`/`)', service: s, middlewares: ''}}\n"
        + S.replace("{url: 'http://127.0.0.1:1'}", ""),
        "http: {services: {s: {loadBalancer: {servers: [], tls: {insecureSkipVerify: true}}}}}\n",
        "http: {services: {s: {loadBalancer: {servers: [], sticky: {cookie: {}}, healthCheck: {path: /h}}}}}\n",
        "http:\n  routers:\n    a: {rule: 'Host(`a`)', service: s@x@y}\n"
        "    b: {rule: 'Host(`b`)', service: none@internal}\n"
        "    c: {rule: 'Host(`c`)', service: s, middlewares: [m@]}\n    d: {rule: 'Host(`d`)', service: s@file}\n" + S,
        "tcp:\n  routers:\n    a: {rule: 'HostSNI(`*`) && ClientIP(`10.0.0.0/33`)', service: s}\n"
        "    b: {rule: 'HostSNI(`*`)', service: none@internal}\n" + S.replace("url: 'http://", "address: '"),
        "http:\n  middlewares: {m: {retry: {initialInterval: 1s}}, n: {redirectRegex: {permanent: true}}}\n"
        "  routers:\n    a: {rule: 'Host(`a`)', service: s, middlewares: [m]}\n"
        "    b: {rule: 'Host(`b`)', service: w}\n    c: {rule: 'Host(`c`)', service: f}\n"
        + S.replace("{s:", "{w: {weighted: {services: [{weight: 1}]}}, f: {failover: {fallback: s}}, s:"),
        "entryPoints: {web: {address: ':1'}}\nproviders: {docker: {}}\n",
        "tcp:\n  routers: {r: {rule: 'HostSNI(`a.test`)', service: s}}\n" + S.replace("url: 'http://", "address: '"),
    ],
)
def test_what_is_called_disabled_is_what_a_traefik_disables(text: str, directory: Directory, tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(text)
    gathered = sources.read_paths([str(tmp_path)])
    found = linting.find(gathered.folder, gathered.whole)
    assert directory.rejects({"a.yml": text}) == is_rejected(found)
    if not is_rejected(found):
        disabled = {each.subject for each in found if each.consequence is Consequence.DISABLED}
        assert disabled == directory.disabled()
        held = imports.read(gathered.whole.document, origin=gathered.whole.provenance)
        revived = {each.name for each in held.findings if each.before}
        hanging = {each.name for each in held.findings if any(cause.code == MISSING for cause in each.causes)}
        assert {*held.declaration.routers} - hanging == directory.enabled_routers() | revived


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("wide.yml", "\ufeffhttp:\n  routers: {r: {rule: 'Host(`a.test`)', service: s}}\n".encode("utf-16-le")),
        ("wide.yml", "\ufeffhttp: {routers: {}}\n".encode("utf-16-be")),
        ("wide.yml", "http: {}\n".encode("utf-16-le")),
        ("wide.toml", "\ufeff[http.routers.r]\nrule = 'x'\nservice = 's'\n".encode("utf-16-le")),
        ("marked.toml", "\ufeff[http.routers.r]\nrule = 'x'\nservice = 's'\n".encode()),
        ("other.yml", "# é\n".encode("latin-1") + b"http: {routers: {r: {rule: x}}}\n"),
        ("lines.yml", b"http:\r  routers:\r    r: {rule: x}\r"),
        ("deep.yml", b"x: " + b"[" * 500 + b"]" * 500),
    ],
)
def test_bytes_are_read_as_a_traefik_reads_them(
    name: str, content: bytes, directory: Directory, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    assert directory.rejects({name: content}) == is_rejected(looked(tmp_path / name))
