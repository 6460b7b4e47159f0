"""Facts about events and coverage, drawn at random."""

import json
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from orarchive.domain.event_kinds import EVENT_KINDS
from orarchive.domain.phrasing import DIMENSION_LABELS, label_dimension
from tests.support.price_facts import MAIN, list_points
from tests.support.surfaces import (
    ATOM,
    BADGE_WORDS,
    UNSTATED,
    Fact,
    Row,
    Surfaces,
    list_by_class,
    list_rows,
    read_amount,
    read_price,
    read_text,
    read_time,
)

KINDS_OF_RECORDS = ("added", "first_observed", "returned", "missing", "deprecated", "removed")
"""Kinds of events of a model that have a line of their own on every page."""

BEGINNINGS = ("added", "first_observed", "joined")
"""Kinds of events whose entries state the first prices, which the events themselves do not hold."""

ENTRY_ID = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:00:00Z)/([a-z_]+)/(.+)$")


def list_months(surfaces: Surfaces) -> list[str]:
    """List the months with events, as JSON has files of them."""
    return sorted(path.stem for path in (surfaces.site / "api/v1/changes").iterdir())


def list_json_events(surfaces: Surfaces) -> list[Row]:
    """List the events of all months."""
    return [event for month in list_months(surfaces) for event in surfaces.json(f"changes/{month}")]


@dataclass(frozen=True)
class PageLine:
    """A change on a page."""

    hour: str
    kind: str
    """Its label."""
    model: str
    """The name of the model; "" on the page of a model."""
    subjects: list[str]
    """What of the model it is about; [""] for the model alone."""
    element: ET.Element


def list_page_lines(page: ET.Element) -> list[PageLine]:
    """List the changes on a page: several of a model and hour share a row, and equal ones of it a line."""
    lines = []
    for section in [*list_by_class(page, "hour"), *list_by_class(page, "dayof")]:
        begin = str(read_time(section))
        for row in section.iter("li"):
            (kind,) = list_by_class(row, "kind")
            clock = row.find("time")
            for element in list_by_class(row, "how"):
                at = "".join(map(read_text, list_by_class(element, "at")))
                first, *rest = at.split(", ")
                words = next(map(read_text, list_by_class(element, "of")), read_text(kind))
                lines.append(
                    PageLine(
                        begin if clock is None else f"{begin}T{read_text(clock)}:00Z",
                        BADGE_WORDS.get(words, words),
                        "".join(map(read_text, list_by_class(row, "what"))),
                        [first, *(f"at {name}" for name in rest)],
                        element,
                    )
                )
    return lines


# --- counts -------------------------------------------------------------------------------------------------


def draw_month(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw how many events of a kind there are in a month, in one feed."""
    month = chance.choice(list_months(surfaces))
    events = surfaces.json(f"changes/{month}")
    feed, kind = chance.choice(sorted({(event["feed"], event["kind"]) for event in events}))
    query = "select count(*) from events where feed = ? and kind = ? and substr(hour, 1, 7) = ?"
    path = f"changes/{month}/index.html"
    answers = {
        "JSON": sum((event["feed"], event["kind"]) == (feed, kind) for event in events),
        "CSV": sum(
            (row["feed"], row["kind"], row["hour"][:7]) == (feed, kind, month)
            for row in surfaces.tables["events"]
        ),
        "SQL": surfaces.sql(query, feed, kind, month)[0],
        "SQL event_log": surfaces.sql(query.replace("from events", "from event_log"), feed, kind, month)[0],
    }
    if feed == "models" and kind in KINDS_OF_RECORDS:
        answers["page"] = sum(
            line.kind == EVENT_KINDS[kind].label and bool(line.model) and line.subjects == [""]
            for line in list_page_lines(surfaces.page(path))
        )
    return Fact("events of a kind in a month", f"{month} {feed} {kind}", answers)


def draw_model_events(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw how many events of a kind a model has."""
    model = chance.choice(sorted(surfaces.models))
    events = [event for event in list_json_events(surfaces) if is_about(event, model)]
    kind = chance.choice(sorted({event["kind"] for event in events} | {"missing"}))
    query = "select count(*) from event_log where kind = ? and (key = ? or substr(key, 1, ?) = ?)"
    printed = surfaces.ask("log", model)["events"]
    answers = {
        "JSON": sum(event["kind"] == kind for event in events),
        "CSV": sum(row["kind"] == kind and is_about(row, model) for row in surfaces.tables["events"]),
        "SQL": surfaces.sql(query, kind, model, len(model) + 1, f"{model}@")[0],
        "log": sum(event["kind"] == kind for event in printed),
    }
    if kind in KINDS_OF_RECORDS and all(
        event["feed"] == "models" for event in events if event["kind"] == kind
    ):
        lines = list_page_lines(surfaces.model_page(model))
        answers["page"] = sum(line.kind == EVENT_KINDS[kind].label for line in lines)
    return Fact("events of a model", f"{model} {kind}", answers)


def is_about(event: Row, model: str) -> bool:
    """Return whether an event is about a model or its endpoints."""
    return bool(event["key"] == model or event["key"].startswith(f"{model}@"))


# --- entries of news feeds ----------------------------------------------------------------------------------


def draw_entry(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw an entry of a model's news feed: the prices of its events, and how many events it stands for."""
    entries: list[ET.Element] = []
    while not entries:
        model = chance.choice(sorted(surfaces.models))
        feed = ET.fromstring(surfaces.read(f"{surfaces.get_path(model)}/changes.atom"))
        entries = feed.findall(f"{ATOM}entry")
    entry = chance.choice(entries)
    match = ENTRY_ID.search(entry.findtext(f"{ATOM}id", ""))
    assert match
    hour, feed_name, rest = match[1], match[2], unquote(match[3])
    key, kind, cause = split_event_id(rest)
    select = (hour, feed_name, key, kind)
    columns = "hour, feed, key, kind, field, old, new, cause"
    sources = {
        "JSON": surfaces.json(f"changes/{hour[:7]}"),
        "CSV": (_load_values(row) for row in surfaces.tables["events"]),
        "SQL": (
            _load_values(dict(row))
            for row in surfaces.sql(f"select {columns} from event_log where hour = ? and key = ?", hour, key)
        ),
        "log": surfaces.ask("log", model)["events"],
    }
    answers: dict[str, Any] = {name: _read_moves(rows, select, cause) for name, rows in sources.items()}
    if kind in BEGINNINGS and feed_name in ("models", "endpoints"):
        del answers["log"]
        for name, points in list_points(surfaces, feed_name, key).items():
            if answers[name] is not None:
                answers[name] = _list_first_prices(points, hour)
    # The summary leaves out what the title has said.
    sentence = f"{entry.findtext(f'{ATOM}summary')} {entry.findtext(f'{ATOM}title')}."
    published = entry.findtext(f"{ATOM}published", entry.findtext(f"{ATOM}updated", ""))
    assert published.startswith(hour[:19]), "the time of an entry is that of its event"
    if answers["JSON"] is not None:
        # What else changed of the model in that hour follows in sentences of their own.
        subject, _, words = sentence.partition(". ")[2].partition(": ")
        words = words.partition(f" {model}")[0]
        label = next(label for label in _list_labels(kind) if re.match(rf"{label}[,.]", words))
        dimensions = surfaces.sql("select distinct dimension from price_history")
        answers["Atom"] = read_sentence(words, dimensions)
        answers["page"] = _read_line(
            surfaces.model_page(model), hour, subject.removeprefix(model).strip(), label
        )
    return Fact("an entry of a news feed", f"{hour} {rest}", answers)


def split_event_id(text: str) -> tuple[str, str, str]:
    """Split the end of an entry's id into key, kind and cause."""
    parts = text.split("/")
    size = next(size for size in (1, 2) if parts[-size] in EVENT_KINDS)
    return "/".join(parts[:-size]), parts[-size], parts[-1] if size == 2 else ""


def _list_labels(kind: str) -> list[str]:
    labels = ("listed provider changed", "list price moved", "cut", "rise", EVENT_KINDS[kind].label)
    return sorted(labels, key=len, reverse=True)


def _load_values(row: Row) -> Row:
    """Return a row whose old and new values are JSON; a plain decimal in CSV stands without quotes."""
    values = {}
    for name in ("old", "new"):
        text = row[name] or None
        try:
            values[name] = json.loads(text) if text and text[0] in '["{' else text
        except ValueError:
            values[name] = text
    return {**row, **values}


def _read_moves(rows: Iterable[Row], select: tuple[str, ...], cause: str) -> Any:
    """Return old and new price by dimension of the events of an entry; None where there is no event."""
    events = [
        event
        for event in rows
        if tuple(event[name] for name in ("hour", "feed", "key", "kind")) == select
        and (event.get("cause") or "") == cause
    ]
    if not events:
        return None
    return {
        event["field"]: tuple(_read_plain(event.get(name)) for name in ("old", "new"))
        for event in events
        if event["kind"] == "repriced" and not _is_of_conditions(event)
    }


def _is_of_conditions(event: Row) -> bool:
    """Return whether prices under conditions alone changed: the plain one is equal, or missing at an end."""
    ends = [event.get(name) for name in ("old", "new")]
    old, new = map(_read_plain, ends)
    return any(isinstance(end, list) for end in ends) and (None in (old, new) or old == new)


def _list_first_prices(points: Iterable[Row], hour: str) -> Any:
    """Return the main prices that began in an hour, in the form of moves."""
    return {
        point["dimension"]: (None, point["usd"])
        for point in points
        if point["dimension"] in MAIN and not point["conditions"] and point["from"] == hour
    }


def _read_plain(value: Any) -> Decimal | None:
    """Return the price without conditions in a value of an event."""
    if isinstance(value, list):
        return next((Decimal(entry["price"]) for entry in value if entry.keys() == {"price"}), None)
    return None if value is None else Decimal(value)


DIMENSIONS = {label: name for name, label in DIMENSION_LABELS.items()}
AMOUNT = r"\$[\d.,]*\d|dynamic|none"
UNIT = r"(?: per \w+| \(unit not stated by OpenRouter\))?"


END = r"(?=[,.](?: |$))"


def read_sentence(words: str, dimensions: Iterable[str]) -> dict[str, Any]:
    """Return the plain prices in the sentence of an entry: `input $1.60 per M → $0.46 per M (+3%)`."""
    moves: dict[str, Any] = {}
    for name in dimensions:
        label = label_dimension(name)
        pattern = rf"(?<=, ){re.escape(label)} ({AMOUNT}){UNIT} → ({AMOUNT}){UNIT}(?: \([^ ]+%\))?{END}"
        match = re.search(pattern, words)
        if match:
            moves[name] = tuple(_read_end(text, name) for text in match.groups())
            continue
        match = re.search(rf"(?<=, ){re.escape(label)} ({AMOUNT}){UNIT}{END}", words)
        if match:
            moves[name] = (None, _read_end(match[1], name))
    return moves


def _read_end(text: str, dimension: str) -> Any:
    return None if text == "none" else read_amount(text, dimension)


def _read_line(page: ET.Element, hour: str, subject: str, label: str) -> Any:
    """Return the prices in the line of an entry on the page of a model."""
    lines = [
        line.element
        for line in list_page_lines(page)
        if (line.hour, line.kind) == (hour, label) and subject in line.subjects
    ]
    if not lines:
        return UNSTATED
    moves: dict[str, Any] = {}
    for line in lines:
        for move in list_by_class(line, "move"):
            name = DIMENSIONS.get((move.text or "").strip(), (move.text or "").strip())
            ends = [next(move.iter(tag), None) for tag in ("s", "b")]
            moves[name] = tuple(None if end is None else read_price(end, name) for end in ends)
    return moves


# --- coverage -----------------------------------------------------------------------------------------------


def draw_coverage(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw the last good hour of a feed, and in how many of the last hours it was good."""
    status = surfaces.json("status")
    feed = chance.choice(sorted(status["feeds"]))
    hour = surfaces.read_envelope("status")["as_of"]
    printed = surfaces.ask("status", "--now", f"{hour[:13]}Z")["feeds"][feed]
    answers = {
        name: _read_coverage(row)
        for name, row in (("status.json", status["feeds"][feed]), ("status", printed))
    }
    for cells in list_rows(surfaces.page("status/index.html"), "feeds"):
        if read_text(cells[0]).rpartition(" ")[0] == feed.replace("_", " "):
            answers["page"] = (read_time(cells[1]), *(read_text(cell) for cell in cells[2:5]))
    query = "select max(hour) from coverage where feed = ? and complete = 1"
    last = surfaces.sql(query, feed)[0]
    answers["SQL coverage"] = (last, *answers["status.json"][1:])
    return Fact("coverage of a feed", feed, answers)


def _read_coverage(row: Row) -> tuple[Any, ...]:
    spans = [f"{row['good'][span]} of {row['possible'][span]}" for span in sorted(row["good"], key=int)]
    return (row["last_good"], *spans)
