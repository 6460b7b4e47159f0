"""Surfaces of a site: its pages, JSON, CSV, Atom and SQLite files, and the commands on its archive."""

import csv
import datetime as dt
import io
import json
import re
import sqlite3
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from orarchive.publish.search_index import SEARCH_PATH
from tests.support.all_readers import ask_at
from tests.support.pages import resolve_link
from tests.support.search import read_search_index

VOID_TAGS = ("meta", "link", "br", "wbr", "input", "img", "hr")

UNSTATED = object()
"""Answer of a surface that does not state the fact: a model that is charged otherwise than by the token."""

PER_UNIT = ("request", "image", "web_search", "image_output")
"""Prices that pages do not show by the million; repeated here, to be independent of the code under test."""

PRICE_WORDS = re.compile(r"\$[\d.,]+|free|dynamic|unpriced|other|$")

GONE_WORDS = {
    "missing": "stale",
    "deprecated": "deprecated",
    "removed": "removed",
    "unobserved": "unobserved",
}
"""Word of the pages for the state of a model that is gone -> the index's."""

BADGE_WORDS = {"no provider": "orphaned", "gone": "deprecated"}
"""Words of a badge or a change on pages -> those of files for programs."""

ATOM = "{http://www.w3.org/2005/Atom}"

Row = dict[str, Any]


class _Tree(HTMLParser):
    """Builds the tree of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.builder = ET.TreeBuilder()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID_TAGS:
            self.builder.end(tag)

    def handle_endtag(self, tag: str) -> None:
        self.builder.end(tag)

    def handle_data(self, data: str) -> None:
        self.builder.data(data)


def parse_tree(content: bytes) -> ET.Element:
    """Parse a page whose tags are all closed."""
    tree = _Tree()
    tree.feed(content.decode())
    return tree.builder.close()


def read_text(element: ET.Element) -> str:
    """Return the text of an element, with runs of white space as one space."""
    return " ".join("".join(element.itertext()).split())


def read_number(text: str) -> int:
    """Read a count with commas; blank is 0."""
    return int(text.replace(",", "") or 0)


def list_by_class(element: ET.Element, name: str) -> list[ET.Element]:
    """List the elements of a class."""
    return [child for child in element.iter() if name in child.get("class", "").split()]


def find_id(page: ET.Element, name: str) -> ET.Element:
    """Return the element of a page with an id."""
    return next(element for element in page.iter() if element.get("id") == name)


def list_rows(page: ET.Element, table: str) -> list[list[ET.Element]]:
    """List the rows of a table, or of all tables of a section, by its id, each as its cells."""
    return [list(row) for body in page.iterfind(f".//*[@id='{table}']//tbody") for row in body]


def read_amount(text: str, dimension: str) -> Any:
    """Read a price in the words of a page: USD per unit, -1 for dynamic, None for none, or UNSTATED."""
    if text in ("", "unpriced"):
        return None
    if text in ("other", "free", "dynamic"):
        return {"other": UNSTATED, "free": Decimal(0), "dynamic": Decimal(-1)}[text]
    amount = Decimal(text.removeprefix("$").replace(",", ""))
    return amount if dimension in PER_UNIT else amount.scaleb(-6)


def read_price(cell: ET.Element, dimension: str) -> Any:
    """Read the price in a cell of a page, the exact form where it is rounded."""
    titles = (span.get("title", "") for span in cell.iter("span"))
    exact = next((title for title in titles if title.startswith("exactly ")), "")
    words = PRICE_WORDS.match(exact.removeprefix("exactly ") or _read_before_notes(cell))
    assert words, read_text(cell)
    return read_amount(words[0], dimension)


def _read_before_notes(cell: ET.Element) -> str:
    """Return the text of a cell up to the first note in small print."""
    texts = [cell.text or ""]
    for child in cell:
        if child.tag == "small":
            break
        texts += ["".join(child.itertext()), child.tail or ""]
    return "".join(texts).strip()


def read_time(element: ET.Element) -> str | None:
    """Return the first time in an element, as programs read it; None where there is none."""
    return next((time.get("datetime") for time in element.iter("time")), None)


def list_badges(element: ET.Element) -> list[str]:
    """List the states in an element, by the words of the files."""
    words = [read_text(badge) for badge in list_by_class(element, "badge")]
    return [BADGE_WORDS.get(word, word) for word in words]


def to_decimal(text: str | None) -> Decimal | None:
    """Read an exact price of a file for programs; empty is no price."""
    return Decimal(text) if text else None


@dataclass
class Surfaces:
    """All surfaces of one archive."""

    archive: Path
    site: Path

    def read(self, path: str) -> bytes:
        """Read a file of the site."""
        return (self.site / path).read_bytes()

    @cached_property
    def _pages(self) -> dict[str, ET.Element]:
        return {}

    def page(self, path: str) -> ET.Element:
        """Return the tree of a page."""
        if path not in self._pages:
            self._pages[path] = parse_tree(self.read(path))
        return self._pages[path]

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {}

    def json(self, name: str) -> Any:
        """Return the data of a file below `api/v1/`, given without `.json`."""
        return self.read_envelope(name)["data"]

    def read_envelope(self, name: str) -> Any:
        """Return a file below `api/v1/`, given without `.json`."""
        if name not in self._values:
            self._values[name] = json.loads(self.read(f"api/v1/{name}.json"))
        return self._values[name]

    @cached_property
    def tables(self) -> dict[str, list[dict[str, str]]]:
        """Return the CSV tables, by name."""
        names = ("models", "endpoints", "prices", "events")
        texts = {name: self.read(f"data/{name}.csv").decode("utf-8-sig") for name in names}
        return {name: list(csv.DictReader(io.StringIO(text, newline=""))) for name, text in texts.items()}

    @cached_property
    def database(self) -> sqlite3.Connection:
        """Return the database for download."""
        connection = sqlite3.connect(":memory:")
        connection.deserialize(self.read("archive.sqlite"))
        connection.row_factory = sqlite3.Row
        return connection

    def sql(self, query: str, *values: Any) -> list[Any]:
        """Return the rows of a query, the values of queries of one column."""
        rows = self.database.execute(query, values).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]

    @cached_property
    def search(self) -> list[dict[str, str]]:
        """Return the models of the search index."""
        return read_search_index(self.read(SEARCH_PATH))

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Return the samples for Prometheus, by name with labels."""
        lines = self.read("metrics.prom").decode().splitlines()
        samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    def ask(self, name: str, *arguments: str) -> Any:
        """Return what a command prints as JSON; None where the archive does not hold the answer."""
        result = ask_at(self.archive, name, "--json", *arguments)
        return json.loads(result.stdout) if result.stdout else None

    # --- models ---------------------------------------------------------------------------------------------

    @cached_property
    def models(self) -> dict[str, Row]:
        """Return the rows of `models.json`, by id."""
        return {row["id"]: row for row in self.json("models")}

    @cached_property
    def endpoints(self) -> dict[str, Row]:
        """Return every endpoint in the files of the models, current or former, by key, with its model."""
        return {
            f"{model}@{get_label(row)}": {**row, "model": model}
            for model in self.models
            for row in self.model(model)["endpoints"]
        }

    @cached_property
    def prices(self) -> dict[tuple[str, str], list[dict[str, str]]]:
        """Return the rows of `prices.csv`, by feed and key."""
        rows: dict[tuple[str, str], list[dict[str, str]]] = {}
        for row in self.tables["prices"]:
            rows.setdefault((row["feed"], row["key"]), []).append(row)
        return rows

    def find_seen_hour(self, feed: str, key: str, moment: dt.datetime | None = None) -> str | None:
        """Return the last good hour up to a moment that read a record; of all where none is given.

        A moment on the hour means the snapshot of that hour, one with minutes what had started by then.
        """
        column = "hour" if moment is None or not moment.minute else "started"
        model = self.endpoints[key]["model"] if feed == "endpoints" else ""
        until = f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else "9"
        query = f"""
            select attempts.hour as hour, kept from reads join attempts using (attempt)
            where feed = ? and good = 1 and attempts.{column} <= ? order by attempt desc
        """
        rows = self.sql(query, feed, until)
        return next((row["hour"] for row in rows if model not in json.loads(row["kept"] or "{}")), None)

    def model(self, model: str) -> Row:
        """Return the file of a model."""
        row: Row = self.json(self.get_path(model))
        return row

    def get_path(self, model: str) -> str:
        """Return the path of the page of a model, without the name of the file."""
        link = self.models[model]["links"]["details"]
        return str(link.partition("/api/v1/")[2].removesuffix(".json"))

    def model_page(self, model: str) -> ET.Element:
        """Return the page of a model."""
        return self.page(f"{self.get_path(model)}/index.html")

    @cached_property
    def _linked_rows(self) -> dict[tuple[str, str], dict[str, list[ET.Element]]]:
        return {}

    def find_row(self, path: str, table: str, target: str) -> list[ET.Element] | None:
        """Return the row of a table whose head links to a page; None where there is none."""
        if (path, table) not in self._linked_rows:
            rows = {}
            for row in list_rows(self.page(path), table):
                link = next((link for cell in row if cell.tag == "th" for link in cell.iter("a")), None)
                rows[resolve_link(path, link.get("href", "")) if link is not None else ""] = row
            self._linked_rows[path, table] = rows
        return self._linked_rows[path, table].get(target)

    def find_model_row(self, path: str, table: str, model: str) -> list[ET.Element] | None:
        """Return the row of a model in a table; None where there is none."""
        return self.find_row(path, table, f"{self.get_path(model)}/index.html")

    def find_model_cells(self, path: str, model: str) -> dict[str, ET.Element] | None:
        """Return the cells of a model in a table of models by the names of their columns; None without it."""
        row = self.find_model_row(path, "models", model)
        if row is None:
            return None
        heads = self.page(path).iterfind(".//table[@id='models']/thead/tr/th")
        return dict(zip((head.get("data-key", "") for head in heads), row, strict=True))

    def is_about_model(self, path: str, cell: ET.Element, model: str) -> bool:
        """Return whether a cell of a page links to a model."""
        links = (resolve_link(path, link.get("href", "")) for link in cell.iter("a"))
        return f"{self.get_path(model)}/index.html" in links

    def read_facts(self, page: ET.Element) -> dict[str, ET.Element]:
        """Return the facts of a page, those in large print included, as the cells of their grids by label."""
        grids = [*list_by_class(page, "numbers")[:1], *list_by_class(page, "facts")[:2]]
        return {read_text(cell[0]): cell[1] for grid in grids for cell in grid}


def get_label(row: Row) -> str:
    """Return the tag of an endpoint, from the second one with the same tag on with its number."""
    return f"{row['tag']}#{row['n']}" if int(row["n"]) else str(row["tag"])


@dataclass(frozen=True)
class Fact:
    """A fact, and what each surface that states it says."""

    kind: str
    subject: str
    answers: dict[str, Any]

    def __post_init__(self) -> None:
        """Drop the surfaces that do not state the fact."""
        for surface in [name for name, answer in self.answers.items() if answer is UNSTATED]:
            del self.answers[surface]

    @property
    def is_agreed(self) -> bool:
        """Return whether all answers are equal."""
        answers = list(self.answers.values())
        return all(answer == answers[0] for answer in answers)
