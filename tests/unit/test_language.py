"""The language and layout of the code: docstrings, names, sizes of files, directions of imports."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "orarchive"
SCRIPTS = [ROOT / "scrape.py", ROOT / "build_site.py"]
PACKAGE_FILES = [*sorted(PACKAGE.rglob("*.py")), *SCRIPTS]
TEST_FILES = sorted((ROOT / "tests").rglob("*.py"))
BENCH_FILES = sorted((ROOT / "bench").rglob("*.py"))

OPENERS = {
    *("the", "a", "an"),
    *("what", "who", "which", "when", "where", "why", "how", "whether", "whose"),
}
"""Words that open a noun phrase or a clause; the docstring of a function opens with a verb."""

MAX_OPENERS_SHARE = 0.05

VAGUE_NAMES = {
    *("one", "ones", "some", "own", "those", "these", "them", "what", "thing", "things", "other", "others"),
    *("found", "said", "told", "held", "got", "asked", "wanted", "known", "shown", "had", "was"),
    *("near", "both"),
}
MAX_VAGUE_SHARE = 0.01

MIN_LINES, MAX_LINES = 15, 350
DUNDER = ("__init__.py", "__main__.py")
"""Files whose name Python gives; they may be tiny."""

MAX_ROOMS = 12

ENTRIES = ("", "__main__")
"""Modules that may import every room: the library and `python -m orarchive`."""

TOP_LEVEL = ("errors", "timestamps", "jsonl", "json_text", "paths", "progress")
ROOMS = (
    *("domain", "store", "collect", "importer", "history"),
    *("index", "catalog", "queries", "export", "publish", "cli", "sample"),
)
"""Folders of the package in the order of the data: each imports only from those before it."""


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield all functions and methods of a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def bindings(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the name and the line of each variable, argument and loop target of a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def test_docstrings_open_with_a_verb() -> None:
    docstrings = [
        (f"{path.relative_to(ROOT)}:{function.lineno} {text.splitlines()[0]}", text.split()[0].lower())
        for path in PACKAGE_FILES + TEST_FILES + BENCH_FILES
        for function in functions(path)
        if (text := ast.get_docstring(function))
    ]
    offenders = [line for line, word in docstrings if word.strip("`.,:") in OPENERS]
    assert len(offenders) <= MAX_OPENERS_SHARE * len(docstrings), "\n".join(offenders)


@pytest.mark.parametrize("files", [PACKAGE_FILES, TEST_FILES], ids=["package", "tests"])
def test_variables_are_nouns(files: list[Path]) -> None:
    names = [(name, f"{path.relative_to(ROOT)}:{line}") for path in files for name, line in bindings(path)]
    offenders = [f"{line} {name}" for name, line in names if name in VAGUE_NAMES]
    assert len(offenders) <= MAX_VAGUE_SHARE * len(names), "\n".join(offenders)


def test_files_are_neither_long_nor_tiny() -> None:
    sizes = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert [path for path, size in sizes.items() if size > MAX_LINES] == []
    assert [path for path, size in sizes.items() if size < MIN_LINES and path.name not in DUNDER] == []


# --- imports ------------------------------------------------------------------------------------------------


def module_name(path: Path) -> str:
    """Return the name of a file below the package: `collect.client`; `index` for `index/__init__.py`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(path: Path) -> set[str]:
    """Return the modules of the package that a file imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.removeprefix("orarchive.") for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("orarchive"):
            package = node.module.removeprefix("orarchive").removeprefix(".")
            members = [f"{package}.{alias.name}".removeprefix(".") for alias in node.names]
            names |= {member if member in MODULES else package for member in members}
    return names & MODULES.keys() - {""}


@cache
def read_imports() -> dict[str, set[str]]:
    """Return the modules that each module of the package imports."""
    return {name: imports(path) for name, path in MODULES.items()}


def room(module: str) -> str:
    """Return the folder of a module below the package; the module itself where it is in none."""
    return module.partition(".")[0]


def test_imports_go_to_earlier_rooms() -> None:
    rooms = {room(module) for module in MODULES} - {*TOP_LEVEL, *ENTRIES}
    assert rooms == set(ROOMS)
    assert len(rooms) <= MAX_ROOMS
    levels = {name: number for number, name in enumerate((*TOP_LEVEL, *ROOMS, *ENTRIES))}
    assert [
        f"{module} imports {imported}"
        for module, names in read_imports().items()
        for imported in sorted(names)
        if levels[room(imported)] > levels[room(module)]
    ] == []


def test_imports_make_no_circle() -> None:
    TopologicalSorter(read_imports()).prepare()  # CycleError names the modules


def test_test_modules_import_no_other() -> None:
    """Code that two test modules share lies in tests/support."""
    for path in (path for path in TEST_FILES if path.name.startswith("test_")):
        nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
        modules = {node.module for node in nodes if node.module and node.module.startswith("tests.")}
        assert {module for module in modules if not module.startswith("tests.support")} == set(), path
