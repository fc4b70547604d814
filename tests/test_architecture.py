"""Who may know whom: the layout, held by the imports themselves."""

import ast
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from inspect import getsourcelines
from itertools import permutations
from pathlib import Path

import pytest

import provider
from provider.nouns.middlewares import KINDS
from tests.written import table

ROOT = Path(provider.__file__).parent

LAYERS = [
    "garbage",
    "late",
    "patterns",
    "loops",
    "version",
    "messages",
    "errors",
    "failures",
    "tags",
    "cursors",
    "addresses",
    "texts",
    "unreached",
    "typed_hosts",
    "durations",
    "moments",
    "values",
    "hosts",
    "server_urls",
    "directories",
    "validation",
    "names",
    "rules",
    "certificates",
    "nouns",
    "passages",
    "balancing",
    "answers",
    "json_mistakes",
    "display_strings",
    "documents",
    "models",
    "undoing",
    "summaries",
    "listening",
    "declarations",
    "plans",
    "footprints",
    "brake",
    "leases",
    "parts",
    "terms",
    "decoding",
    "configuration",
    "verification",
    "shares",
    "rendering",
    "overlays",
    "pools",
    "shifts",
    "outages",
    "differences",
    "ranking",
    "explanations",
    "draining",
    "rising",
    "routes",
    "traffic",
    "nearby",
    "handling",
    "surroundings",
    "views",
    "transitions",
    "sticky_cookies",
    "rivals",
    "findings",
    "collisions",
    "conflicts",
    "inventory",
    "dependents",
    "handshakes",
    "foreigners",
    "listeners",
    "validity",
    "unheeded",
    "neighbours",
    "survey",
    "imports",
    "linting",
    "replacements",
    "database",
    "duties",
    "apart",
    "store",
    "snapshots",
    "effects",
    "attempts",
    "meanwhile",
    "lineage",
    "revisions",
    "unconfirmed",
    "confirmations",
    "serving",
    "drains",
    "rises",
    "adoption",
    "routing",
    "lost",
    "backups",
    "moving",
    "edges",
    "authority",
    "issuing",
    "rollouts",
    "leasing",
    "availability",
    "observations",
    "events",
    "environment",
    "health",
    "tls",
    "setting_texts",
    "settings",
    "logs",
    "systemd",
    "sample",
    "alarms",
    "metrics",
    "security",
    "control_plane",
    "noun_paths",
    "dependencies",
    "api",
    "web",
    "guests",
    "connections",
    "life",
    "app",
    "server",
    "cli",
]
"""Each knows only those before it."""

DOORS = ["api", "web", "cli"]
PURE = [
    *("messages", "errors", "failures", "tags", "cursors", "validation"),
    *(
        "addresses",
        "texts",
        "typed_hosts",
        "patterns",
        "durations",
        "values",
        "hosts",
        "server_urls",
        "directories",
        "names",
        "rules",
        "certificates",
        "nouns",
        "passages",
        "balancing",
        "answers",
        "display_strings",
        "documents",
    ),
    "json_mistakes",
    *("undoing", "summaries", "listening", "declarations", "plans", "footprints", "brake", "leases"),
    *(
        "parts",
        "terms",
        "decoding",
        "configuration",
        "verification",
        "shares",
        "rendering",
        "overlays",
        "pools",
        "shifts",
        "outages",
        "differences",
        "transitions",
        "models",
        "ranking",
        "explanations",
        "draining",
        "rising",
        "routes",
        "traffic",
        "nearby",
        "handling",
        "surroundings",
        "views",
    ),
    *("sticky_cookies", "rivals", "findings", "collisions", "conflicts", "inventory", "dependents", "handshakes"),
    *("foreigners", "listeners", "validity", "unheeded", "neighbours", "survey"),
    "imports",
    "linting",
]
IMPURE_MODULES = {
    *("asyncio", "datetime", "logging", "os", "pathlib", "random", "secrets", "socket", "sqlite3", "subprocess"),
    *("threading", "time", "uuid"),
    *("alembic", "fastapi", "httpx", "starlette", "typer", "uvicorn"),
}
IMPURE_NAMES = {"Session", "Engine", "Connection", "create_engine", "select", "sessionmaker"}
WIRED = {
    *(
        "database_at",
        "Revisions",
        "Serving",
        "Issuing",
        "Rollouts",
        "Events",
        "Polls",
        "Memory",
        "Metrics",
        "Fallback",
        "Access",
        "Gate",
        "Refusals",
        "Logins",
        "Routing",
        "Trials",
        "Turns",
        "EntryPoints",
    ),
    "Templates",
    *("Api", "FastAPI", "ConfigurationEndpoint", "Requests", "Browsers", "Hosts", "ErrorPages", "Proxies", "Heads"),
}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class Trees(Mapping[str, ast.Module]):
    """What the modules say, by their names; each is read when it is asked for."""

    def __init__(self) -> None:
        paths = (path for path in sorted(ROOT.rglob("*.py")) if "migrations" not in path.parts)
        self._paths = {module_name(path): path for path in paths}
        self._read: dict[str, ast.Module] = {}

    def __getitem__(self, module: str) -> ast.Module:
        if module not in self._read:
            path = self._paths[module]
            self._read[module] = ast.parse(path.read_text(), str(path))
        return self._read[module]

    def __contains__(self, module: object) -> bool:
        return module in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


TREES = Trees()


def layer(module: str) -> str:
    """Return the part of the package that a module belongs to: `api` for `provider.api.bodies`."""
    return module.split(".")[1] if "." in module else ""


def imports(module: str) -> Iterator[tuple[str, str]]:
    """Return what a module imports: the module, and the name in it, which may be a module too."""
    for statement in ast.walk(TREES[module]):
        if isinstance(statement, ast.Import):
            yield from ((alias.name, "") for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            assert statement.level == 0, f"{module} imports by a relative path"
            assert statement.module
            yield from ((statement.module, alias.name) for alias in statement.names)


def internal(module: str) -> set[str]:
    """Return the modules of ours that a module imports."""
    found = {f"{source}.{name}" if f"{source}.{name}" in TREES else source for source, name in imports(module)}
    return {name for name in found if name in TREES}


def test_every_module_has_its_place() -> None:
    assert {layer(module) for module in TREES} - {"", "__main__"} <= set(LAYERS)


def test_the_map_has_a_line_for_every_room() -> None:
    rooms = table("rooms")  # in docs/architecture.md
    assert [(name, is_pure) for name, is_pure, _words in rooms] == [
        (name, "yes" if name in PURE else "") for name in LAYERS
    ]
    assert all(words for _name, _is_pure, words in rooms)


def test_dependencies_point_upwards() -> None:
    downwards = [
        f"{module} imports {known}"
        for module in TREES
        if layer(module) in LAYERS
        for known in internal(module)
        if layer(known) and layer(known) not in LAYERS[: LAYERS.index(layer(module)) + 1]
    ]
    assert downwards == []


def test_no_modules_import_one_another_in_a_circle() -> None:
    graph = {module: internal(module) - {module} for module in TREES}
    assert set(TopologicalSorter(graph).static_order()) == set(TREES)


@pytest.mark.parametrize(("one", "other"), list(permutations(DOORS, 2)))
def test_the_doors_know_nothing_of_one_another(one: str, other: str) -> None:
    known = {known for module in TREES if layer(module) == one for known in internal(module)}
    assert other not in {layer(module) for module in known}


def test_the_pure_modules_know_nothing_of_sessions_clocks_and_http() -> None:
    known = [
        f"{module} imports {name or source}"
        for module in TREES
        if layer(module) in PURE
        for source, name in imports(module)
        if source.partition(".")[0] in IMPURE_MODULES or name in IMPURE_NAMES
    ]
    assert known == []


def test_only_the_composition_root_puts_the_parts_together() -> None:
    making = {
        (module, call.func.id)
        for module, tree in TREES.items()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in WIRED
    }
    assert {module for module, _part in making} == {"provider.app", "provider.cli.direct", "provider.apart.turns"}
    # Commands that need no service, and processes that compute apart, open the database, and put nothing on it.
    assert {part for module, part in making if module != "provider.app"} == {"database_at"}
    knowing = {module for module in TREES if {"api", "web"} & {layer(known) for known in internal(module)}}
    assert {layer(module) for module in knowing} <= {"api", "web", "app"}


def test_only_the_database_commits() -> None:
    committing = {
        module
        for module, tree in TREES.items()
        for part in ast.walk(tree)
        if isinstance(part, ast.Attribute) and part.attr in {"commit", "rollback"}
    }
    assert committing == {"provider.database.file", "provider.database.server"}


def test_one_module_puts_files_in_the_place_of_others() -> None:
    putting = {
        module
        for module, tree in TREES.items()
        for part in ast.walk(tree)
        if isinstance(part, ast.Attribute) and part.attr in {"mkstemp", "fsync"}
    }
    assert putting == {"provider.replacements"}


def test_what_goes_along_with_a_session_has_a_name_and_a_type() -> None:
    importing = {module for module in TREES for found in imports(module) if found == ("sqlmodel", "Session")}
    assert importing == {"provider.database.sessions"}  # all others have ours
    untyped = {
        module
        for module, tree in TREES.items()
        for part in ast.walk(tree)
        if isinstance(part, ast.Attribute) and part.attr == "info" and ast.unparse(part.value).endswith("session")
    }
    assert untyped == set()


def test_the_parts_of_an_app_are_found_by_their_types() -> None:
    untyped = {
        module
        for module, tree in TREES.items()
        for part in ast.walk(tree)
        if isinstance(part, ast.Attribute) and part.attr == "state" and ast.unparse(part.value).endswith(("app", "api"))
    }
    assert untyped == set()


def test_what_only_sqlite_understands_stays_with_the_database() -> None:
    own = {"instr", "casefold", "json_extract", "json_each", "group_concat", "strftime", "julianday", "ifnull"}
    asking = {
        module
        for module, tree in TREES.items()
        for part in ast.walk(tree)
        if isinstance(part, ast.Attribute) and part.attr in own and ast.unparse(part.value) == "func"
    }
    assert {layer(module) for module in asking} <= {"database"}


def test_all_sql_outside_the_database_is_sqlalchemys() -> None:
    """SQLAlchemy writes it for either kind of database; a program that has a driver of its own writes for one."""
    asking = {
        module
        for module, tree in TREES.items()
        for part in ast.walk(tree)
        if isinstance(part, ast.Attribute)
        and ast.unparse(part) in {"sqlite3.connect", "psycopg.connect", "connection.exec_driver_sql"}
    }
    asking |= {module for module in TREES for found in imports(module) if found == ("sqlalchemy", "text")}
    assert {layer(module) for module in asking} <= {"database"}


def named(statement: ast.stmt) -> str | None:
    """Return the name that a statement gives to a class or to a type: neither a constant nor a type's variable."""
    if isinstance(statement, ast.ClassDef):
        return statement.name
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        name, value = statement.targets[0].id, statement.value
        is_type = not name.isupper() and name.lstrip("_")[:1].isupper()
        return None if not is_type or ast.unparse(value).startswith("TypeVar(") else name
    return None


def test_no_name_of_a_class_or_a_type_means_two_things() -> None:
    places: dict[str, list[str]] = {}
    for module, tree in TREES.items():
        for name in filter(None, map(named, tree.body)):
            places.setdefault(name, []).append(module)
    public = {name for name in places if not name.startswith("_")}
    assert {name: places[name] for name in public if len(places[name]) > 1} == {}
    assert {name: places[name] for name in places.keys() - public if name.lstrip("_") in public} == {}


def test_a_middleware_kind_is_declared_in_at_most_60_lines() -> None:
    lines = {
        f"{kind}: {each.__name__}": len(getsourcelines(each)[0])
        for kind, model in KINDS.items()
        for each in model.__mro__
        if each.__module__.startswith("provider.nouns.middlewares.")
    }
    assert {name: count for name, count in lines.items() if count > 60} == {}


def is_optional(statement: ast.stmt) -> bool:
    """Tell whether a statement goes on where what it imports is not there."""
    return isinstance(statement, ast.Try) and any(
        isinstance(handler.type, ast.Name) and handler.type.id == "ImportError" for handler in statement.handlers
    )


def test_nothing_is_imported_inside_a_function() -> None:
    inside = [
        f"{module}:{statement.lineno}"
        for module, tree in TREES.items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for statement in function.body
        if any(isinstance(part, ast.Import | ast.ImportFrom) for part in ast.walk(statement))
        and not is_optional(statement)
    ]
    assert inside == []


def test_importing_the_application_opens_nothing() -> None:
    module_level = {
        call.func.id
        for tree in TREES.values()
        for statement in tree.body
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for call in ast.walk(statement)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }
    assert not module_level & {"open", "read_settings", "Settings", "create_app", "create_engine", *WIRED}
