"""`import` takes over what Let's Encrypt's client and Traefik itself keep: the newest of each, and no expired one."""

import base64
import json
from pathlib import Path

import httpx

from tests.certs import Issued, ca, issue
from tests.cli.running import Run

NEW, OLD = issue("a.test", "www.a.test", by=ca(), days=(-1, 80)), issue("a.test", "www.a.test", by=ca(), days=(-60, 30))
WILD, GONE = issue("*.b.test", by=ca()), issue("gone.test", by=ca(), days=(-90, -2))


def live(folder: Path, **pairs: Issued) -> Path:
    """Make a folder as certbot keeps it: links into an archive."""
    for name, issued in pairs.items():
        place, archive = (folder / part / name.replace("_", "-") for part in ("live", "archive"))
        place.mkdir(parents=True)
        archive.mkdir(parents=True)
        for file, text in (("fullchain", issued.chain), ("privkey", issued.key), ("cert", issued.pem)):
            (archive / f"{file}1.pem").write_text(text)
            (place / f"{file}.pem").symlink_to(Path("..", "..", "archive", place.name, f"{file}1.pem"))
    (folder / "live" / "README").write_text("This directory contains your keys and certificates.\n")
    return folder


def acme(*issued: Issued) -> str:
    """Return what Traefik keeps of a resolver."""

    def encoded(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    kept = [
        {
            "domain": {"main": "x"},
            "certificate": encoded(each.chain),
            "key": encoded(each.key),
            "Store": "default",
        }
        for each in issued
    ]
    return json.dumps(
        {"letsencrypt": {"Account": {"Email": "x@a.test", "PrivateKey": "c2VjcmV0"}, "Certificates": kept}}
    )


def held(client: httpx.Client) -> dict[str, str]:
    """Return the serial numbers of the certificates by their names."""
    return {each["name"]: each["serial"] for each in client.get("/certificates").json()["items"]}


def serial(issued: Issued) -> str:
    return f"{issued.certificate.serial_number:X}"


def keeps_the_keys(text: str) -> bool:
    return not any(line in text for each in (NEW, OLD, WILD, GONE) for line in each.key.splitlines()[1:-1])


def test_a_folder_of_lets_encrypt_is_taken_over_without_what_has_expired(
    cli: Run, client: httpx.Client, tmp_path: Path
) -> None:
    folder = live(tmp_path / "letsencrypt", a_test=OLD, a_test_0001=NEW, wild=WILD, gone=GONE)
    for form in ("table", "json"):
        tried = cli("import", str(folder), "--dry-run", "-o", form).check()
        assert "the certificate for gone.test expired on 20" in tried.out
        assert "another certificate for a.test, www.a.test is valid for longer" in tried.out
        assert keeps_the_keys(tried.out + tried.err)
    cli("import", str(folder), "--yes").check()
    assert held(client) == {"a-test": serial(NEW), "b-test": serial(WILD)}
    assert "Plan: nothing to do" in cli("import", str(folder / "live" / "a-test-0001"), "--yes").check().out


def test_what_traefik_keeps_itself_is_taken_over_too(cli: Run, client: httpx.Client, tmp_path: Path) -> None:
    file = tmp_path / "acme.json"
    file.write_text(acme(OLD, GONE, WILD, NEW))
    done = cli("import", str(file), "--yes").check()
    assert held(client) == {"a-test": serial(NEW), "b-test": serial(WILD)}
    assert "acme.json, letsencrypt, certificate 2" in done.out
    assert keeps_the_keys(done.out + done.err)
    assert "c2VjcmV0" not in done.out + done.err


def test_one_without_its_key_takes_the_place_of_no_other(cli: Run, client: httpx.Client, tmp_path: Path) -> None:
    folder = live(tmp_path / "letsencrypt", a_test=OLD, newer=NEW)
    (folder / "archive" / "newer" / "privkey1.pem").unlink()
    done = cli("import", str(folder), "--yes")
    assert "there is no such file" in done.out
    assert held(client) == {"a-test": serial(OLD)}
    client.delete("/certificates/a-test").raise_for_status()

    document = json.loads(acme(OLD, NEW))
    kept = document["letsencrypt"]["Certificates"]
    kept[1]["key"] = base64.b64encode(WILD.key.encode()).decode()
    (tmp_path / "acme.json").write_text(json.dumps(document))
    done = cli("import", str(tmp_path / "acme.json"), "--yes")
    assert "this key does not belong to the certificate" in done.out
    assert held(client) == {"a-test": serial(OLD)}


def test_a_copy_of_live_whose_links_lead_nowhere_is_not_passed_over(cli: Run, tmp_path: Path) -> None:
    live(tmp_path / "letsencrypt", a_test=NEW, wild=WILD)
    copied = (tmp_path / "letsencrypt" / "live").rename(tmp_path / "copied")
    for path in (copied, copied / "a-test"):
        done = cli("import", str(path), "--dry-run")
        assert (
            "fullchain.pem is a link to a file that is not there: import the whole folder, with archive and live"
            in (" ".join(done.out.split()))
        )
