"""Cells of the tables: text that no spreadsheet evaluates, and the mark that says UTF-8."""

import pytest

from orarchive.publish.exports import _write_table

FORMULAS = (
    *("=1+1", "+1", "-1+2", "-x", "@SUM(A1)", "--1", "-"),
    *("\t=1", "\r=1", "\n=1", "\nx", "\tx"),
    *("＝1+1", "＋1", "－1", "＠SUM(A1)", "﹦1", "﹢1", "﹣1", "﹫SUM(A1)"),
    *(" =1+1", "\N{NO-BREAK SPACE}+1", "\N{IDEOGRAPHIC SPACE}＝1", " \n -1", " -1"),
)
"""Texts that a spreadsheet could evaluate, written as they are or after white space is dropped."""

PLAIN = ("-1", "-0.5", "12", "a=b", "'=1", "a\n=1", "", "\N{MINUS SIGN}1")


def write_cell(text: str) -> str:
    """Return the content of a cell that holds a text, as a reader of CSV sees it."""
    table = _write_table(["x"], [[text]]).decode("utf-8-sig")
    assert table.startswith("x\n")
    cell = table.removeprefix("x\n").removesuffix("\n")
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_that_could_be_a_formula_is_marked(text: str) -> None:
    assert write_cell(text).startswith(("'", "\\u000d"))


@pytest.mark.parametrize("text", PLAIN)
def test_other_cells_stay(text: str) -> None:
    assert write_cell(text) == text


def test_a_table_begins_with_one_byte_order_mark() -> None:
    """Let no foreign text bring a mark of its own."""
    assert _write_table(["x"], [["漢字"]]) == b"\xef\xbb\xbfx\n" + "漢字\n".encode()
    assert _write_table(["x"], [["\ufeff=1"]]).count(b"\xef\xbb\xbf") == 1
