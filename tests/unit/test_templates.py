"""Templates draw: Python computes what they show, and gives it to them ready."""

from collections.abc import Iterator

import pytest
from jinja2 import Environment, nodes
from jinja2.meta import find_undeclared_variables

from orarchive.publish.render import TEMPLATES, make_environment

MAX_LINE_LENGTH = 160

TEMPLATE_NAMES = sorted(path.name for path in TEMPLATES.glob("*.html"))
FILE_NAMES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*") if path.is_file())

GIVEN_NAMES = {"page", "site", "macros"}
"""What a template is given: the content of its page, the site around it, and the macros of `macros.html`."""

FORMATTING_FILTERS = set(make_environment().filters) - set(Environment().filters) | {
    *("capitalize", "join", "length", "tojson", "truncate"),
}
"""The filters of this project, and those of Jinja that only format."""

COMPUTATIONS = (
    *(nodes.Assign, nodes.AssignBlock, nodes.NSRef, nodes.Concat),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Neg),
    *(nodes.Dict, nodes.List, nodes.Getitem),
)
"""Assignments, arithmetic, and look-ups by key or position."""


def parse(name: str) -> nodes.Template:
    """Parse a template."""
    env = make_environment()
    return env.parse((TEMPLATES / name).read_text(), name, name)


def find_computations(template: nodes.Template) -> Iterator[str]:
    """Find what a template computes, each as line and kind."""
    for node in template.find_all(COMPUTATIONS):
        yield f"line {node.lineno}: {type(node).__name__}"
    for filtered in template.find_all(nodes.Filter):
        if filtered.name not in FORMATTING_FILTERS:
            yield f"line {filtered.lineno}: filter {filtered.name}"
    macro_names = {macro.name for macro in template.find_all(nodes.Macro)} | {"caller"}
    modules = list_modules(template)
    for call in template.find_all(nodes.Call):
        if not is_allowed_call(call.node, macro_names, modules):
            yield f"line {call.lineno}: call"


def list_modules(template: nodes.Template) -> set[str]:
    """List the names that a template gives to files of macros."""
    return {"macros", *(module.target for module in template.find_all(nodes.Import))}


def is_allowed_call(callee: nodes.Expr, macro_names: set[str], modules: set[str]) -> bool:
    """Return whether a call is one of a macro, of a link or a name of the site, or of a block."""
    if isinstance(callee, nodes.Getattr) and isinstance(callee.node, nodes.Name):
        is_link = callee.node.name == "site" and callee.attr.endswith(("_href", "_name"))
        return is_link or callee.node.name in (*modules, "self")
    return isinstance(callee, nodes.Name) and callee.name in macro_names


@pytest.mark.parametrize("name", TEMPLATE_NAMES)
def test_a_template_computes_nothing(name: str) -> None:
    assert list(find_computations(parse(name))) == []


@pytest.mark.parametrize("name", TEMPLATE_NAMES)
def test_a_template_reads_its_page_and_the_site(name: str) -> None:
    template = parse(name)
    macro_names = {macro.name for macro in template.find_all(nodes.Macro)}
    assert find_undeclared_variables(template) - macro_names - list_modules(template) <= GIVEN_NAMES


@pytest.mark.parametrize(
    "source",
    [
        "{% set count = 1 %}",
        "{{ page.count + 1 }}",
        "{{ page.name ~ '.html' }}",
        "{{ page.rows[0] }}",
        "{{ page.rows | map(attribute='name') | join }}",
        "{{ page.rows | sum }}",
        "{{ page.prices.get('prompt') }}",
        "{{ page.date.isoformat() }}",
    ],
)
def test_a_computation_is_found(source: str) -> None:
    assert list(find_computations(make_environment().parse(source)))


@pytest.mark.parametrize("name", FILE_NAMES)
def test_lines_fit_a_screen(name: str) -> None:
    lines = (TEMPLATES / name).read_text().splitlines()
    assert [n for n, line in enumerate(lines, start=1) if len(line) > MAX_LINE_LENGTH] == []
