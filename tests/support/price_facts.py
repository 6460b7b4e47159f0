"""Facts about prices, drawn at random: now, at a moment, and under a condition."""

import datetime as dt
import json
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from orarchive.domain.phrasing import label_dimension, list_conditions
from orarchive.publish.changelog import PAGE_STYLE
from orarchive.publish.render import capitalize_first
from tests.support.surfaces import (
    UNSTATED,
    Fact,
    Row,
    Surfaces,
    get_label,
    list_by_class,
    list_rows,
    read_amount,
    read_price,
    read_text,
    read_time,
    to_decimal,
)

MAIN = ("prompt", "completion")
SHOWN = (*MAIN, "input_cache_read")
"""Prices in the table of endpoints on the page of a model."""

WINDOW = ("utc_start", "utc_end", "utc_days")
CONDITIONS = ("min_prompt_tokens", *WINDOW)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Tariff = list[tuple[Row, Decimal]]
"""Prices of a dimension: each with the conditions under which it holds, {} for the plain price."""


# --- tariffs, read naively ----------------------------------------------------------------------------------


def is_in_force(conditions: Row, moment: dt.datetime) -> bool:
    """Return whether conditions hold at a moment for a prompt of ordinary length."""
    if conditions.keys() - {*CONDITIONS} or int(conditions.get("min_prompt_tokens") or 0):
        return False
    if WEEKDAYS[moment.weekday()] not in (conditions.get("utc_days") or WEEKDAYS):
        return False
    start, end = int(conditions.get("utc_start") or 0), int(conditions.get("utc_end") or 0)
    now = moment.hour * 100 + moment.minute
    return start <= now < end if start < end else now >= start or now < end


def is_of_clock(tariff: Tariff) -> bool:
    """Return whether a price depends on the time of day."""
    return any(name in conditions for conditions, _ in tariff for name in WINDOW)


def compute_price(tariff: Tariff, moment: dt.datetime) -> Any:
    """Return the price at a moment; UNSTATED where a tariff without order, or without rate, does not say."""
    amounts = {amount for conditions, amount in tariff if conditions and is_in_force(conditions, moment)}
    plain = [amount for conditions, amount in tariff if not conditions]
    if len(amounts) > 1 or (is_of_clock(tariff) and not amounts):
        return UNSTATED
    return next(iter([*amounts, *plain]), None)


def read_raw_price(pricing: Row, dimension: str, moment: dt.datetime) -> Any:
    """Return the price of a dimension in a price object as it was sent; the last entry in force wins."""
    amount = read_raw_amount(pricing.get(dimension))
    if not amount and dimension not in MAIN:
        amount = None
    for entry in pricing.get("overrides") or []:
        conditions = {name: value for name, value in entry.items() if not isinstance(value, str)}
        if dimension in entry and is_in_force(conditions, moment):
            amount = Decimal(entry[dimension])
    return amount


def read_raw_amount(value: Any) -> Decimal | None:
    """Read a price as it was sent; None where it is no number."""
    try:
        return None if value is None else Decimal(value)
    except ArithmeticError:
        return None


# --- price points -------------------------------------------------------------------------------------------


def list_points(surfaces: Surfaces, feed: str, key: str) -> dict[str, list[Row]]:
    """Return every price point of a record on each surface, in one form."""
    record = surfaces.model(key) if feed == "models" else surfaces.endpoints[key]
    series: list[tuple[str, Row, list[Row]]] = [
        *((name, {}, points) for name, points in record["price_history"].items()),
        *(
            (part["dimension"], part["condition"], part["points"])
            for part in record["conditional_price_history"]
        ),
    ]
    query = """
        select dimension, condition, first as "from", last as "to", amount as usd from price_history
        where feed = ? and key = ?
    """
    rows = surfaces.prices.get((feed, key), [])
    return {
        "JSON": [
            make_point(name, conditions, point["from"], point["to"], point["price"])
            for name, conditions, points in series
            for point in points
        ],
        "CSV": [make_point(*_read_point(row)) for row in rows],
        "SQL": [make_point(*_read_point(row)) for row in surfaces.sql(query, feed, key)],
    }


def _read_point(row: Any) -> tuple[str, Row, str, str, str]:
    conditions = json.loads(row["condition"]) if row["condition"] else {}
    return row["dimension"], conditions, row["from"], row["to"], row["usd"]


def make_point(dimension: str, conditions: Row, begin: str, end: str | None, amount: str) -> Row:
    """Return a price point."""
    return {
        "dimension": dimension,
        "conditions": conditions,
        "from": begin,
        "to": end or None,
        "usd": Decimal(amount),
    }


def select_tariff(points: Iterable[Row], dimension: str, hour: str | None) -> Tariff:
    """Return the prices of a dimension that held in an hour."""
    return [
        (point["conditions"], point["usd"])
        for point in points
        if hour
        and point["dimension"] == dimension
        and point["from"] <= hour
        and (point["to"] is None or hour <= point["to"])
    ]


def list_page_points(surfaces: Surfaces, model: str) -> list[Row] | None:
    """Return the plain price points in the table on the page of a model; None where it has none."""
    rows = list_rows(surfaces.model_page(model), "points")
    names = {capitalize_first(label_dimension(name)): name for name in surfaces.model(model)["price_history"]}
    points = []
    span: list[ET.Element] = []
    for *times, name, cell, unit in rows:
        # Prices of the same hours share the cells that say them.
        begin, end = span = times or span
        if dimension := names.get(read_text(name)):
            amount = read_price(cell, find_unit_dimension(dimension, unit))
            points.append(make_point(dimension, {}, str(read_time(begin)), read_time(end), str(amount)))
    return points if rows else None


def find_unit_dimension(dimension: str, unit: ET.Element) -> str:
    """Return the dimension whose unit stands beside a price: that of images may be by their tokens."""
    return "image_token" if re.match("M (image )?tokens", read_text(unit)) else dimension


def read_endpoint_price(cell: ET.Element, dimension: str) -> Any:
    """Read the price in a cell of the table of providers, where notes stand before it."""
    notes = [note for note in cell if note.tag == "small" or note.get("class") in ("cheap", "dear")]
    copy = ET.Element("td")
    copy.text = (cell.text or "") + "".join(note.tail or "" for note in notes)
    copy.extend(child for child in cell if child not in notes)
    return None if read_text(copy) == "–" else read_price(copy, dimension)


# --- prices now ---------------------------------------------------------------------------------------------


def draw_model_price(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw the price of a model now; of one that is gone that of its last hour."""
    model = _draw_model(surfaces, chance)
    row, record = surfaces.models[model], surfaces.model(model)
    dimension = chance.choice([*MAIN, *MAIN, *row["pricing"]])
    answers = {
        "models.json": to_decimal(row["pricing"].get(dimension)),
        "model.json": to_decimal(record["pricing"].get(dimension)),
        "SQL current_prices": _select_current(surfaces, "models", model, dimension),
        "page, prices": _read_price_table(surfaces.model_page(model), dimension),
        "price": _ask_price(surfaces, model, row["last_seen"], dimension)[model],
        **_compute_current(surfaces, "models", model, dimension, row["last_seen"]),
    }
    if dimension in MAIN:
        number = MAIN.index(dimension)
        (cells,) = (cells for cells in surfaces.tables["models"] if cells["id"] == model)
        answers["CSV"] = to_decimal(cells[dimension])
        answers["SQL models"] = to_decimal(
            *surfaces.sql(f"select {dimension} from models where id = ?", model)
        )
        facts = surfaces.read_facts(surfaces.model_page(model))
        answers["page, facts"] = read_price(facts[("Input", "Output")[number]], dimension)
        for path in ("models/index.html", "models/gone/index.html"):
            if cells_of_page := surfaces.find_model_cells(path, model):
                answers[path] = read_price(cells_of_page[("in", "out")[number]], dimension)
        for path, table, column in (
            ("graveyard/index.html", "graves", 4),
            (f"labs/{row['author']}/index.html", "lab-models", 1),
            (f"labs/{row['author']}/index.html", "variants", 1),
        ):
            if row_of_page := surfaces.find_model_row(path, table, model):
                answers[path] = read_price(row_of_page[column + number], dimension)
    return Fact("price of a model now", f"{model} {dimension}", answers)


def _draw_model(surfaces: Surfaces, chance: random.Random) -> str:
    """Draw a model of a random sort: sorts of few models come as often as those of many."""
    sorts: dict[str, list[str]] = {}
    for model, row in surfaces.models.items():
        prompt = row["pricing"].get("prompt")
        amount = {None: "none", "-1": "dynamic", "0": "zero"}.get(prompt, "positive")
        sorts.setdefault(f"{amount} {row['has_conditions']} {row['last_seen'] is None}", []).append(model)
    return chance.choice(sorts[chance.choice(sorted(sorts))])


def draw_endpoint_price(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw the price of an endpoint now; of one that left that of its last hour."""
    key = chance.choice(sorted(surfaces.endpoints))
    endpoint = surfaces.endpoints[key]
    model, label = endpoint["model"], get_label(endpoint)
    dimension = chance.choice([*SHOWN, *endpoint["pricing"]])
    answers = {
        "model.json": to_decimal(endpoint["pricing"].get(dimension)),
        "SQL current_prices": _select_current(surfaces, "endpoints", key, dimension),
        "price": _ask_price(surfaces, model, endpoint["last_seen"], dimension, endpoint["tag"]).get(key),
        **_compute_current(surfaces, "endpoints", key, dimension, endpoint["last_seen"]),
    }
    listed = [row for row in surfaces.json("endpoints") if (row["model"], get_label(row)) == (model, label)]
    if listed:
        answers["endpoints.json"] = to_decimal(listed[0]["pricing"].get(dimension))
    for cells in list_rows(surfaces.model_page(model), "endpoints"):
        if dimension in SHOWN and cells[0][-1].get("title") == label:
            answers["page"] = read_endpoint_price(cells[1 + SHOWN.index(dimension)], dimension)
    provider = f"providers/{endpoint['tag'].partition('/')[0]}/index.html"
    if listed and dimension in MAIN and (surfaces.site / provider).exists():
        for cells in list_rows(surfaces.page(provider), "serves"):
            if read_text(cells[0][-1]) == label and surfaces.is_about_model(provider, cells[0], model):
                answers[provider] = read_price(cells[1 + MAIN.index(dimension)], dimension)
    return Fact("price of an endpoint now", f"{key} {dimension}", answers)


def _select_current(surfaces: Surfaces, feed: str, key: str, dimension: str) -> Decimal | None:
    query = """
        select amount from current_prices left join endpoints on endpoint = record
        where case when endpoint is null then 'models' else 'endpoints' end = ?
            and coalesce(key, current_prices.model) = ? and dimension = ?
    """
    return to_decimal(next(iter(surfaces.sql(query, feed, key, dimension)), None))


def _read_price_table(page: ET.Element, dimension: str) -> Any:
    """Return the price in the table of prices on the page of a model."""
    rows = list_rows(page, "prices")
    if not rows:
        words = "".join(map(read_text, page.iterfind(".//section[@aria-labelledby='prices-title']")))
        if "Dynamic" in words and dimension == "prompt":
            return Decimal(-1)
        return None if "Unpriced" in words else UNSTATED
    for cells in rows:
        if read_text(cells[0]).lower().removesuffix(" time-of-day price") == label_dimension(dimension):
            unit_dimension = find_unit_dimension(dimension, cells[1])
            return None if read_text(cells[2]) == "–" else read_price(cells[2], unit_dimension)
    return None


def _ask_price(
    surfaces: Surfaces, model: str, time: str | None, dimension: str, provider: str | None = None
) -> dict[str, Any]:
    """Return what `price` says of a dimension at a time, or now, by model or by endpoint."""
    options = (*(("--at", time) if time else ()), *(("--provider", provider) if provider else ()))
    printed = surfaces.ask("price", model, *options)
    quotes = printed["quotes"] if printed else []
    prices = {quote["key"]: quote["prices"].get(dimension, {"price": None}) for quote in quotes}
    return {key: to_decimal(price["price"]) for key, price in prices.items()} or {model: None}


def _compute_current(
    surfaces: Surfaces, feed: str, key: str, dimension: str, last: str | None
) -> dict[str, Any]:
    """Return by surface the price that the points of its last hour make."""
    hour = last or str(surfaces.find_seen_hour(feed, key))
    moment = dt.datetime.fromisoformat(hour)
    return {
        f"{name} points": compute_price(select_tariff(points, dimension, hour), moment)
        for name, points in list_points(surfaces, feed, key).items()
    }


# --- prices at a moment -------------------------------------------------------------------------------------


def draw_price_at(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw the price of a model or an endpoint at a moment, by the hour or by the minute."""
    feed = chance.choice(["models", "endpoints"])
    keys = sorted(surfaces.models if feed == "models" else surfaces.endpoints)
    key = _draw_model(surfaces, chance) if feed == "models" else chance.choice(keys)
    entry = surfaces.models[key] if feed == "models" else surfaces.endpoints[key]
    by_surface = list_points(surfaces, feed, key)
    dimension = chance.choice([*MAIN, *(point["dimension"] for point in by_surface["SQL"])])
    end = entry["last_seen"] or surfaces.read_envelope("status")["as_of"]
    moment = _draw_moment(chance, entry["first_seen"], end, [point["from"] for point in by_surface["SQL"]])
    seen = surfaces.find_seen_hour(feed, key, moment)
    model = key if feed == "models" else entry["model"]
    tag = None if feed == "models" else entry["tag"]
    answers = {
        f"{name} points": compute_price(select_tariff(points, dimension, seen), moment)
        for name, points in by_surface.items()
    }
    answers["price --at"] = _ask_price(surfaces, model, f"{moment:%Y-%m-%dT%H:%MZ}", dimension, tag).get(key)
    if seen and (record := surfaces.ask("at", f"{seen[:13]}Z", feed, key)) and record["hour"] == seen:
        pricing = record["records"][0].get("pricing") or {}
        if not record["kept"]:
            answers["at"] = read_raw_price(pricing, dimension, moment)
    page_points = list_page_points(surfaces, key) if feed == "models" else None
    tariff = select_tariff(by_surface["SQL"], dimension, seen)
    if page_points is not None and not any(conditions for conditions, _ in tariff):
        answers["page, points"] = compute_price(select_tariff(page_points, dimension, seen), moment)
    return Fact(f"price at a moment, {feed}", f"{key} {dimension} {moment:%Y-%m-%dT%H:%MZ}", answers)


def _draw_moment(chance: random.Random, first: str, last: str, begins: list[str]) -> dt.datetime:
    """Draw a moment between two hours, or one at which a price began, on the hour or by the minute."""
    begin, end = map(dt.datetime.fromisoformat, (first, last))
    if begins and chance.random() < 0.5:
        minutes = chance.choice([-1, 0, 0, 30])
        return dt.datetime.fromisoformat(chance.choice(begins)) + dt.timedelta(minutes=minutes)
    moment = begin + dt.timedelta(minutes=chance.randint(0, int((end - begin).total_seconds() // 60) + 60))
    return moment.replace(minute=0) if chance.random() < 0.5 else moment


def draw_conditional_price(surfaces: Surfaces, chance: random.Random) -> Fact | None:
    """Draw a price that holds under a condition now."""
    query = """
        select feed, key, dimension, condition from price_history
        where last is null and condition != '' order by feed, key, dimension, condition
    """
    rows = surfaces.sql(query)
    if not rows:
        return None
    row = chance.choice(rows)
    feed, key, dimension, condition = row["feed"], row["key"], row["dimension"], json.loads(row["condition"])
    answers: dict[str, Any] = {
        f"{name} points": [
            point["usd"]
            for point in points
            if (point["dimension"], point["conditions"], point["to"]) == (dimension, condition, None)
        ]
        for name, points in list_points(surfaces, feed, key).items()
    }
    answers = {name: amounts[0] if amounts else None for name, amounts in answers.items()}
    words = list_conditions(condition, PAGE_STYLE) or ["always"]
    if feed == "models":
        (quote,) = surfaces.ask("price", key)["quotes"]
        answers["page"] = _read_condition_column(surfaces.model_page(key), dimension, words)
    else:
        endpoint = surfaces.endpoints[key]
        quotes = surfaces.ask("price", endpoint["model"], "--provider", endpoint["tag"])["quotes"]
        (quote,) = (quote for quote in quotes if quote["key"] == key)
        answers["page"] = _read_condition_row(surfaces, endpoint, dimension, words)
    answers["price"] = _find_entry_price(quote["overrides"], dimension, condition)
    answers["price, as sent"] = _find_entry_price(quote["pricing"]["overrides"], dimension, condition)
    return Fact("price under a condition", f"{key} {dimension} {condition}", answers)


def _find_entry_price(entries: list[Row], dimension: str, condition: Row) -> Decimal:
    """Return the price in the last entry of a schedule with a condition."""
    return [
        Decimal(entry[dimension])
        for entry in entries
        if dimension in entry
        and {name: entry[name] for name in entry if name in CONDITIONS or name in condition} == condition
    ][-1]


def _read_condition_column(page: ET.Element, dimension: str, words: list[str]) -> Any:
    """Return the price of a dimension in the column of a condition."""
    heads = [[read_text(span) for span in head] for head in list_by_class(page, "when")]
    columns = [number for number, head in enumerate(heads) if head == words]
    prices = [
        (find_unit_dimension(dimension, cells[1]), cells[3 + number])
        for cells in list_rows(page, "prices")
        if read_text(cells[0]).lower().removesuffix(" time-of-day price") == label_dimension(dimension)
        for number in reversed(columns)
    ]
    amounts = (
        read_price(cell, unit_dimension) for unit_dimension, cell in prices if read_text(cell) != "same"
    )
    return next(amounts, UNSTATED)


def _read_condition_row(surfaces: Surfaces, endpoint: Row, dimension: str, words: list[str]) -> Any:
    """Return the price in the row of an endpoint and a condition."""
    rows = [
        cells
        for cells in list_rows(surfaces.model_page(endpoint["model"]), "conditional")
        if read_text(cells[0]) == get_label(endpoint) and read_text(cells[1]) == ", ".join(words)
    ]
    amounts = [amount for cells in rows for amount in _list_amounts(cells[2], dimension)]
    return amounts[-1] if amounts else UNSTATED


def _list_amounts(cell: ET.Element, dimension: str) -> list[Any]:
    """Return the price of a dimension among those in a cell: `input $1.00, output <span>$2.00</span>`."""
    texts = [cell.text or ""]
    for child in cell:
        texts[-1] += child.get("title", "").removeprefix("exactly ") or read_text(child)
        texts[-1] += child.tail or ""
    label = label_dimension(dimension)
    parts = [part.strip() for part in "".join(texts).split(", ")]
    prices = [part.removeprefix(label).strip() for part in parts if part.startswith(f"{label} ")]
    return [read_amount(price, dimension) for price in prices if price[0] in "$dfu"]
