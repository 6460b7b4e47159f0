"""Compiled templates that one build leaves for the next."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jinja2 import Environment

from orarchive.publish import render
from orarchive.publish.render import TEMPLATES, keep_compiled, make_environment

NAME = "moved.html"
"""A template that extends another one, which is compiled only when a page is rendered."""


@pytest.fixture
def count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], int]]:
    """Return what loads a template by a program in a new environment, and counts how often it is compiled."""
    compiled: list[object] = []
    compile_template = Environment.compile

    def spy(*values: object, **options: object) -> object:
        compiled.append(values)
        return compile_template(*values, **options)  # type: ignore[call-overload]

    def load(program: str) -> int:
        compiled.clear()
        make_environment.cache_clear()
        with keep_compiled(tmp_path / "compiled", program):
            make_environment().get_template(NAME)
        return len(compiled)

    shutil.copytree(TEMPLATES, tmp_path / "templates")
    monkeypatch.setattr(render, "TEMPLATES", tmp_path / "templates")
    monkeypatch.setattr(Environment, "compile", spy)
    yield load
    make_environment.cache_clear()


def test_a_template_is_compiled_once(count: Callable[[str], int]) -> None:
    assert [count("a"), count("a")] == [1, 0]


def test_another_program_compiles_anew(count: Callable[[str], int]) -> None:
    """Options of the environment and filters with constant values are compiled in."""
    assert [count("a"), count("b"), count("b")] == [1, 1, 0]


def test_another_source_is_compiled_anew(count: Callable[[str], int], tmp_path: Path) -> None:
    assert count("a") == 1
    path = tmp_path / "templates" / NAME
    path.write_text(path.read_text() + "\n")
    assert [count("a"), count("a")] == [1, 0]


def test_what_is_damaged_is_compiled_anew(count: Callable[[str], int], tmp_path: Path) -> None:
    assert count("a") == 1
    [path] = (tmp_path / "compiled").iterdir()
    code = path.read_bytes()
    for damaged in (code[:-1], code[:-1] + bytes([code[-1] ^ 1]), b""):
        path.write_bytes(damaged)
        assert [count("a"), count("a")] == [1, 0]
