"""The certificates that are imported are those that a real Traefik takes from the same files."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provider import imports
from provider.cli.files import sources
from provider.nouns.certificate import Certificate, facts
from tests import certs
from tests.e2e.directory import Directory, watched

ONE, OTHER, THIRD = certs.issue("one.test", common="One"), certs.issue("*.other.test"), certs.issue("one.test")
LOCKED = certs.written(ONE.private, b"secret")
EC = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    with watched(tmp_path_factory.mktemp("watched") / "traefik") as running:
        yield running


def pair(cert: str, key: str, **more: Any) -> dict[str, Any]:
    return {"certFile": cert, "keyFile": key, **more}


CASES: list[tuple[Callable[[str], dict[str, Any]], set[str]]] = [
    (lambda at: {"certificates": [pair(f"{at}/one.pem", f"{at}/one.key"), OTHER.pair]}, {"one.test", "*.other.test"}),
    (lambda at: {"certificates": [pair(f"{at}/both.pem", f"{at}/both.pem")]}, {"one.test"}),
    (lambda at: {"certificates": [pair(f"{at}/gone.pem", f"{at}/gone.key"), OTHER.pair]}, {"*.other.test"}),
    (lambda at: {"certificates": [pair(f"{at}/one.pem", OTHER.key), pair(at, at), OTHER.pair]}, {"*.other.test"}),
    (lambda at: {"certificates": [{"certFile": f"{at}/one.pem"}, {"keyFile": ONE.key}, OTHER.pair]}, {"*.other.test"}),
    (lambda _: {"certificates": [ONE.pair, ONE.pair, THIRD.pair]}, {"one.test"}),
    (lambda _: {"certificates": [pair(ONE.chain, ONE.key, stores=["mine"]), OTHER.pair]}, {"*.other.test"}),
    (lambda _: {"certificates": [pair(f" {ONE.chain}", ONE.key), OTHER.pair]}, {"*.other.test"}),
    (lambda _: {"certificates": [pair(ONE.chain.replace("\n", " \n "), ONE.key)]}, set()),
    (lambda _: {"certificates": [pair(ONE.chain.replace("\n", " \n"), EC + ONE.key)]}, {"one.test"}),
    (lambda _: {"certificates": [pair(ONE.chain, LOCKED), OTHER.pair]}, {"*.other.test"}),
    (lambda _: {"certificates": [OTHER.pair], "stores": {"default": {"defaultCertificate": ONE.pair}}},
     {"one.test", "*.other.test"}),
    (lambda _: {"stores": {"Default": {"defaultCertificate": ONE.pair}}, "certificates": [OTHER.pair]},
     {"*.other.test"}),
]  # fmt: skip


@pytest.mark.parametrize(("made", "names"), CASES, ids=range(len(CASES)))
def test_what_a_traefik_takes_is_imported(
    made: Callable[[str], dict[str, Any]], names: set[str], directory: Directory, tmp_path: Path
) -> None:
    written = {"one.pem": ONE.chain, "one.key": ONE.key, "both.pem": f"{ONE.key}\n{ONE.chain}\n"}
    for name, text in written.items():
        (tmp_path / name).write_text(text)
    file = tmp_path / "tls.yml"
    file.write_text(json.dumps({"tls": made(str(tmp_path))}))
    whole = sources.read_paths([str(file)]).whole
    found = imports.read(whole.document, origin=whole.provenance)
    held = [facts(each.cert_file) for each in found.declaration.all(Certificate).values()]
    assert {name for each in held for name in each.names} == names
    assert not directory.rejects({"tls.yml": file.read_bytes()})
    assert {int(each.serial, 16) for each in held} == {int(each) for each in directory.certificates()}
