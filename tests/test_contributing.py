"""The steps of CONTRIBUTING.md, on a copy of the tree: a field, a kind of middleware, a noun and a page are added."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml

from tests.running import ROOT, answers, free_port, http_client, wait_until

FIELDS: Final = {
    "provider/nouns/router.py": (
        "    enabled: bool = flag(",
        """    rule_syntax: str | None = field(
        Text(check_rule_syntax), "Rule syntax", "How Traefik reads the rule.", default=None
    )
    is_public: bool = flag("Public", "Anybody may find it.", default=False, ours=True)
    enabled: bool = flag(""",
    ),
    "provider/nouns/service.py": (
        "    drain_for: str | None = field(",
        """    review_every: str | None = field(
        DURATION, "Review every", "How often somebody looks at it.", default=None, ours=True
    )
    drain_for: str | None = field(""",
    ),
}
"""Fields: one of a router that Traefik gets, and one of a router and one of a service that are ours."""

CHECK: Final = '''

def check_rule_syntax(text: str) -> str:
    """Check the name of a syntax."""
    if text not in {"v2", "v3"}:
        raise Refusal("ruleSyntax.unknown", Message("this is v2 or v3"))
    return text


class TraceVerbosity(StrEnum):'''

KIND: Final = '''"""A kind in a module of its own."""

from typing import ClassVar

from provider.messages import Message
from provider.nouns.containers import ListOf
from provider.nouns.fields import field
from provider.nouns.middlewares import Kind, Purpose
from provider.nouns.protocol import EXPRESSION


class StripPrefixRegex(Kind):
    """Cuts what matches off the path."""

    title = "Cut a matching prefix"
    purpose = Purpose.PATH
    about = "Cuts what an expression matches off the path."
    example: ClassVar = {"regex": ["^/v[0-9]+"]}

    regex: list[str] = field(
        ListOf(EXPRESSION, least=1, most=100), "Expressions", "In Go's syntax.", option="--strip-prefix-regex"
    )

    def does(self) -> Message:
        """Say what it cuts."""
        return Message("Cuts {regex} off", regex=self.regex[0])
'''

NOUN: Final = '''"""Tenants: whose application is behind a router."""

from enum import StrEnum
from typing import ClassVar

from provider.nouns.common import DURATION, TEXT, labels_field, name_field, reference
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.fields import field, flag
from provider.nouns.noun import Noun
from provider.nouns.texts import Text
from provider.nouns.types import Choice, Whole, Word
from provider.values import check_name, check_text


class Tier(StrEnum):
    """How much one matters."""

    GOLD = "gold"
    SILVER = "silver"


class Tenant(Noun):
    """Whose application is behind a router."""

    kind = "tenant"
    title = "Tenant"
    about = "whose applications are behind routers"
    texts = ("name", "router")
    example: ClassVar = {"name": "shop", "router": "wayshub", "labels": {}}

    name: str = name_field()
    router: str = field(reference("router"), "Router", "Which router leads to it.")
    owner: str = field(TEXT, "Owner", "Who looks after it.", default="", column=True)
    tier: Tier = field(
        Choice(Tier, {Tier.GOLD: Word("Gold"), Tier.SILVER: Word("Silver")}), "Tier", "Its rank.", default=Tier.SILVER
    )
    is_public: bool = flag("Public", "Anybody may find it.", default=False)
    seats: int | None = field(Whole(1, 10_000), "Seats", "How many people use it.", default=None)
    review_every: str | None = field(DURATION, "Review every", "How often somebody looks at it.", default=None)
    tags: list[str] = field(ListOf(Text(check_name)), "Tags", "Where it belongs.", default=[], option="--tag")
    links: dict[str, str] = field(MapOf(Text(check_text), key=Text(check_name)), "Links", "More.", default={})
    labels: dict[str, str] = labels_field()
'''

WITHIN: Final = '''"""Notes: what people write of a tenant."""

from typing import ClassVar

from provider.nouns.common import TEXT, labels_field, name_field
from provider.nouns.fields import field
from provider.nouns.noun import Noun


class Note(Noun):
    """What people write of a tenant."""

    kind = "note"
    within = "tenant"
    title = "Note"
    about = "what people write of tenants"
    example: ClassVar = {"name": "why", "text": "the shop"}

    name: str = name_field()
    text: str = field(TEXT, "Text", "What is to be said.")
    labels: dict[str, str] = labels_field()
'''

PAGE: Final = '''"""The catalog: the tenants that anybody may find."""

from fastapi import APIRouter, Depends, Request, Response

from provider.dependencies import RevisionsDependency
from provider.nouns.tenant import Tenant
from provider.security import needs
from provider.store import nouns
from provider.web.rendering import render

router = APIRouter(prefix="/catalog", include_in_schema=False, dependencies=[Depends(needs.PAGE)])


@router.get("")
def catalog(request: Request, revisions: RevisionsDependency) -> Response:
    """Show them."""
    with revisions.reading() as session:
        listed = [item for _key, item in nouns.read_all(session, Tenant) if item.is_public]
    return render(request, "catalog.html", listed=listed)
'''

TEMPLATE: Final = """{% extends "base.html" %}
{% block title %}{{ _("Catalog") }}{% endblock %}
{% block content %}
<h1>{{ _("Catalog") }}</h1>
<ul>{% for each in listed %}<li>{{ each.name }}</li>{% endfor %}</ul>
{% endblock %}
"""

SHOP: Final = {
    "name": "shop",
    "router": "wayshub",
    "owner": "sari",
    "tier": "gold",
    "isPublic": True,
    "seats": 5,
    "reviewEvery": "30m",
    "tags": ["a", "b"],
    "links": {"wiki": "wiki.test"},
    "labels": {},
}


@dataclass(frozen=True)
class Tree:
    """A copy of the tree, and a service of it that runs."""

    root: Path
    url: str
    client: httpx.Client
    environment: dict[str, str]

    def run(self, *arguments: str, status: int = 0) -> str:
        """Run a command of the copy, and return what it says."""
        return run(self.root, self.environment, "provider", *arguments, status=status)


def run(root: Path, environment: dict[str, str], *arguments: str, status: int = 0) -> str:
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout + done.stderr


def put(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new))


def add_everything(root: Path) -> None:
    """Follow the steps, as far as they are about the product: its tests and docs are not copied."""
    for name, (old, new) in FIELDS.items():
        put(root / name, old, new)
    put(root / "provider/nouns/router.py", "\n\nclass TraceVerbosity(StrEnum):", CHECK)
    paths = root / "provider/nouns/middlewares/paths.py"
    lines = paths.read_text().splitlines(keepends=True)
    former = next(node for node in ast.parse("".join(lines)).body if getattr(node, "name", "") == "StripPrefixRegex")
    paths.write_text("".join([*lines[: former.lineno - 1], *lines[former.end_lineno :]]))
    (root / "provider/nouns/middlewares/cuts.py").write_text(KIND)
    (root / "provider/nouns/tenant.py").write_text(NOUN)
    (root / "provider/nouns/note.py").write_text(WITHIN)
    registry = root / "provider/nouns/registry.py"
    put(registry, "Service, Server, Router)", "Service, Server, Router, Tenant, Note)")
    put(
        registry,
        "from provider.nouns.tls_option",
        "from provider.nouns.note import Note\nfrom provider.nouns.tenant import Tenant\n"
        "from provider.nouns.tls_option",
    )
    (root / "provider/web/catalog.py").write_text(PAGE)
    (root / "provider/web/templates/catalog.html").write_text(TEMPLATE)
    put(root / "provider/app.py", "ca, audit_pages),", "ca, audit_pages, catalog),")
    put(root / "provider/app.py", "    ca,\n    checks,", "    ca,\n    catalog,\n    checks,")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    root = tmp_path_factory.mktemp("tree")
    for name in ("provider", "migrations"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    add_everything(root)
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PROVIDER_")}
    port = free_port()
    environment |= {
        "PROVIDER_DATABASE_URL": f"sqlite:///{root / 'provider.db'}",
        "PROVIDER_PORT": str(port),
        "PROVIDER_URL": f"http://127.0.0.1:{port}",
    }
    run(root, environment, "alembic", "upgrade", "head")
    run(root, environment, "alembic", "revision", "--autogenerate", "--rev-id", "9999", "-m", "tenants")
    run(root, environment, "alembic", "upgrade", "head")
    run(root, environment, "alembic", "check")
    made = run(root, environment, "provider", "token", "create", "tests", "--scope", "admin")
    environment["PROVIDER_TOKEN"] = made.split()[-1]
    process = subprocess.Popen([sys.executable, "-m", "provider", "serve"], cwd=root, env=environment)
    url = environment["PROVIDER_URL"]
    try:
        wait_until(lambda: answers(f"{url}/readyz") or process.poll() is not None, "the service of the copy is ready")
        with http_client(url, headers={"Authorization": f"Bearer {environment['PROVIDER_TOKEN']}"}) as client:
            client.post("/api/v1/domains", json={"name": "alvin.xyz"}).raise_for_status()
            client.post("/api/v1/services", json={"name": "wayshub"}).raise_for_status()
            client.post("/api/v1/routers", json={"name": "wayshub", "domains": ["alvin.xyz"], "service": "wayshub"})
            client.post("/api/v1/tenants", json=SHOP).raise_for_status()
            yield Tree(root, url, client, environment)
    finally:
        process.terminate()
        process.wait(timeout=60)


def document(tree: Tree) -> dict[str, Any]:
    found: dict[str, Any] = tree.client.get("/traefik/configuration").raise_for_status().json()
    return found


def check_field(tree: Tree) -> None:
    changed = {"ruleSyntax": "v3", "isPublic": True}
    shown = tree.client.patch("/api/v1/routers/wayshub", json=changed).raise_for_status().json()
    assert changed.items() <= shown.items()
    refused = tree.client.patch("/api/v1/routers/wayshub", json={"ruleSyntax": "v4", "isPublic": 1}).json()
    assert {each["pointer"] for each in refused["errors"]} == {"/ruleSyntax", "/isPublic"}
    tree.run("service", "set", "wayshub", "--review-every", "30m")
    assert "30m" in tree.run("service", "show", "wayshub")
    assert "reviewEvery: '5x' is not a duration" in tree.run(
        "service", "set", "wayshub", "--review-every", "5x", status=1
    )
    served = document(tree)["http"]
    assert served["routers"]["wayshub"]["ruleSyntax"] == "v3"
    assert "isPublic" not in served["routers"]["wayshub"]
    assert "reviewEvery" not in json.dumps(served)
    form = tree.client.get("/routers/wayshub/edit").text
    assert "Anybody may find it." in form
    assert 'name="ruleSyntax"' in form
    assert "Rule syntax" in tree.client.get("/routers/wayshub").text
    assert {"ruleSyntax", "isPublic"} <= tree.client.get("/openapi.json").json()["components"]["schemas"]["Router"][
        "properties"
    ].keys()
    assert "--no-rule-syntax" in tree.run("router", "set", "--help")


def check_kind(tree: Tree) -> None:
    tree.run("middleware", "add", "versions", "--strip-prefix-regex", "^/v[0-9]+")
    assert document(tree)["http"]["middlewares"]["versions"] == {"stripPrefixRegex": {"regex": ["^/v[0-9]+"]}}
    assert "Cut a matching prefix" in tree.client.get("/middlewares/new").text
    assert "Expressions" in tree.client.get("/middlewares/versions/edit").text
    file = tree.root / "traefik.yml"
    file.write_text("http: {middlewares: {read: {stripPrefixRegex: {regex: ['^/w']}}}}\n")
    tree.run("import", str(file), "--yes")
    read = tree.client.get("/api/v1/middlewares/read").raise_for_status().json()
    assert read["stripPrefixRegex"] == {"regex": ["^/w"]}


def check_noun(tree: Tree) -> None:
    shown = tree.client.get("/api/v1/tenants/shop")
    assert shown.json() == SHOP
    assert tree.client.get("/api/v1/tenants", params={"q": "wayshub"}).json()["items"] == [SHOP]
    replaced = tree.client.put("/api/v1/tenants/other", json={"name": "other", "router": "none"}).json()
    assert [each["pointer"] for each in replaced["errors"]] == ["/router"]
    tree.run("tenant", "add", "other", "--router", "wayshub", "--tier", "gold", "--tag", "b")
    assert "other" in tree.run("tenant", "list", "-q", "other")
    in_use = tree.client.delete("/api/v1/routers/wayshub")
    assert (in_use.status_code, "tenant shop" in in_use.text) == (409, True)
    assert "sari" in tree.client.get("/tenants").text
    assert "Gold" in tree.client.get("/tenants/shop").text
    assert "Who looks after it." in tree.client.get("/tenants/shop/edit").text
    assert "tenant shop, which needs it" in tree.client.get("/routers/wayshub/remove").text
    gone = tree.client.delete("/api/v1/routers/wayshub", params={"cascade": "true", "dryRun": "true"})
    told = {(each["kind"], each["name"]) for each in gone.raise_for_status().json()["difference"]["objects"]}
    assert {("tenant", "shop"), ("router", "wayshub")} <= told


def check_noun_in_files(tree: Tree) -> None:
    exported = yaml.safe_load(tree.run("export"))
    assert exported["tenants"]["shop"]["tags"] == ["a", "b"]
    assert "tenants" in tree.client.get("/api/v1/schema").json()["properties"]
    exported["tenants"]["shop"]["seats"] = 6
    file = tree.root / "state.yml"
    file.write_text(yaml.safe_dump(exported))
    assert "seats: 5 → 6" in tree.run("plan", str(file), status=2)
    tree.run("apply", str(file), "--yes")
    assert tree.client.get("/api/v1/tenants/shop").json()["seats"] == 6
    tree.run("revision", "undo", str(tree.client.get("/api/v1/revisions").json()["items"][0]["number"]), "--yes")
    assert tree.client.get("/api/v1/tenants/shop").json()["seats"] == 5


def check_noun_within(tree: Tree) -> None:
    tree.run("note", "add", "other", "why", "--text", "the shop")
    shown = tree.client.get("/api/v1/tenants/other/notes/why").raise_for_status().json()
    assert shown == {"name": "why", "text": "the shop", "labels": {}}
    assert yaml.safe_load(tree.run("export"))["tenants"]["other"]["notes"] == {"why": {"text": "the shop"}}
    page = tree.client.get("/tenants/other").text
    assert 'href="/tenants/other/notes/why"' in page
    assert 'href="/tenants/other/notes/new"' in page
    assert "the shop" in tree.client.get("/tenants/other/notes/why").text
    tree.run("tenant", "remove", "other", "--yes")
    assert tree.client.get("/api/v1/tenants/other/notes/why").status_code == 404


def check_page(tree: Tree) -> None:
    assert "<li>shop</li>" in tree.client.get("/catalog").raise_for_status().text
    assert httpx.get(f"{tree.url}/catalog").status_code in {303, 401}


def test_what_is_added_by_the_guide_is_there_in_every_door(tree: Tree) -> None:
    """One test: to copy the tree and to start it takes longest."""
    for check in (check_field, check_kind, check_noun, check_noun_within, check_noun_in_files, check_page):
        check(tree)
