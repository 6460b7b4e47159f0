"""Facts about records, drawn at random: states, first and last hours, and counts."""

import random
import re
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as ET

from tests.support.surfaces import (
    GONE_WORDS,
    UNSTATED,
    Fact,
    Row,
    Surfaces,
    find_id,
    get_label,
    list_badges,
    list_by_class,
    list_rows,
    read_number,
    read_text,
    read_time,
)

LISTS = ("models/index.html", "models/gone/index.html")
"""Pages that list models with their states."""

# --- models -------------------------------------------------------------------------------------------------


def draw_state(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw whether a model is listed, or for how long it has been missing."""
    model = _draw_by_state(surfaces, chance)
    (cells,) = (cells for cells in surfaces.tables["models"] if cells["id"] == model)
    search = next(entry for entry in surfaces.search if entry["id"] == model)
    records = surfaces.ask("log", model)["records"]
    answers = {
        "models.json": surfaces.models[model]["state"],
        "model.json": surfaces.model(model)["state"],
        "CSV": _name_state(cells["states"].split()),
        "SQL models": surfaces.sql("select state from models where id = ?", model)[0],
        "log": next(record["state"] for record in records if record["feed"] == "models"),
        "search": _name_state([search["state"]]),
        "page": _name_state(list_badges(list_by_class(surfaces.model_page(model), "head")[0])),
    }
    for path in LISTS:
        if cells_of_page := surfaces.find_model_cells(path, model):
            answers[path] = _name_state(list_badges(cells_of_page["name"]))
    return Fact("state of a model", model, answers)


def _draw_by_state(surfaces: Surfaces, chance: random.Random) -> str:
    states: dict[tuple[str, ...], list[str]] = {}
    for model, row in surfaces.models.items():
        states.setdefault(tuple(row["states"]), []).append(model)
    return chance.choice(states[chance.choice(sorted(states))])


def _name_state(words: Iterable[str]) -> str:
    """Return the index's state in the words of a page."""
    return next((GONE_WORDS[word] for word in words if word in GONE_WORDS), "active")


def _read_words(surfaces: Surfaces, model: str) -> dict[str, list[str]]:
    """Read the words for the state of a model, by surface."""
    (cells,) = (cells for cells in surfaces.tables["models"] if cells["id"] == model)
    return {
        "models.json": surfaces.models[model]["states"],
        "CSV": cells["states"].split(),
        "page": list_badges(list_by_class(surfaces.model_page(model), "head")[0]),
    }


def draw_words(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw all that is said of a model's state: new, expiring, orphaned and so on."""
    model = _draw_by_state(surfaces, chance)
    answers = {**_read_words(surfaces, model), "model.json": surfaces.model(model)["states"]}
    for path in LISTS:
        if cells := surfaces.find_model_cells(path, model):
            answers[path] = list_badges(cells["name"]) or ["live"]
    return Fact("words for the state of a model", model, answers)


def draw_flags(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw whether a model is new, and whether it is orphaned."""
    model = _draw_by_state(surfaces, chance)
    (row,) = surfaces.sql("select is_new, is_orphaned from models where id = ?", model)
    words = _read_words(surfaces, model)
    answers = {name: ("new" in states, "orphaned" in states) for name, states in words.items()}
    answers["SQL models"] = (bool(row["is_new"]), bool(row["is_orphaned"]))
    return Fact("a model is new, orphaned", model, answers)


def draw_model_span(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw the first and the last hour of a model; a listed one has no last hour."""
    model = _draw_by_state(surfaces, chance)
    (cells,) = (cells for cells in surfaces.tables["models"] if cells["id"] == model)
    (record,) = surfaces.sql("select first, last from records where feed = 'models' and key = ?", model)
    answers = {
        "models.json": _read_span(surfaces.models[model]),
        "model.json": _read_span(surfaces.model(model)),
        "CSV": _read_span(cells),
        "SQL records": (record["first"], record["last"]),
    }
    return Fact("first and last hour of a model", model, answers)


def draw_model_hours(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw the last hour in which a model was seen, that of a listed one included, or its dates."""
    model = _draw_by_state(surfaces, chance)
    row, page = surfaces.models[model], surfaces.model_page(model)
    (record,) = surfaces.sql("select first_seen, last_seen from models where id = ?", model)
    printed = next(record for record in surfaces.ask("log", model)["records"] if record["feed"] == "models")
    if row["last_seen"] is None:
        last = surfaces.json("status")["feeds"]["models"]["last_good"]
    else:
        last = read_time(list_by_class(page, "notice")[0])
    answers = {
        "SQL models": (record["first_seen"], record["last_seen"]),
        "log": (printed["first_seen"], printed["last_seen"]),
        "JSON": (row["first_seen"], row["last_seen"] or surfaces.find_seen_hour("models", model)),
        "page": (_find_page_start(surfaces, model, row["first_seen"]), last),
    }
    return Fact("hours of a model", model, answers)


def _find_page_start(surfaces: Surfaces, model: str, first: str) -> str | None:
    """Return the first hour if the page has its date, otherwise that date."""
    facts = surfaces.read_facts(surfaces.model_page(model))
    cell = facts.get("Added", facts.get("First seen"))
    date = read_time(cell) if cell is not None else None
    return first if date == first[:10] else date


def draw_grave(surfaces: Surfaces, chance: random.Random) -> Fact | None:
    """Draw the date on which a model that is gone was last seen."""
    gone = sorted(model for model, row in surfaces.models.items() if row["last_seen"])
    if not gone:
        return None
    model = chance.choice(gone)
    row, lab = surfaces.models[model], f"labs/{surfaces.models[model]['author']}/index.html"
    (cells,) = (cells for cells in surfaces.tables["models"] if cells["id"] == model)
    answers = {
        "models.json": row["last_seen"][:10],
        "CSV": cells["last_seen"][:10],
        "SQL": surfaces.sql("select last_seen from models where id = ?", model)[0][:10],
        "graveyard": read_time((surfaces.find_model_row("graveyard/index.html", "graves", model) or [])[1]),
    }
    for item in surfaces.page(lab).iter("li"):
        if "last seen" in read_text(item) and surfaces.is_about_model(lab, item, model):
            answers["lab page"] = read_time(item)
    return Fact("date of the end of a model", model, answers)


def _read_span(row: Row) -> tuple[str, str | None]:
    return row["first_seen"], row["last_seen"] or None


# --- endpoints, providers and labs --------------------------------------------------------------------------


def draw_endpoint_span(surfaces: Surfaces, chance: random.Random) -> Fact | None:
    """Draw the first and the last hour of an endpoint; a current one has no last hour."""
    keys = sorted(surfaces.endpoints)
    left = [key for key in keys if surfaces.endpoints[key]["last_seen"]]
    key = chance.choice(left if left and chance.random() < 0.5 else keys)
    endpoint = surfaces.endpoints[key]
    model, label = endpoint["model"], get_label(endpoint)
    names = (model, endpoint["tag"], str(endpoint["n"]))
    (cells,) = (
        cells for cells in surfaces.tables["endpoints"] if (cells["model"], cells["tag"], cells["n"]) == names
    )
    (record,) = surfaces.sql(
        "select first, last, state from records where feed = 'endpoints' and key = ?", key
    )
    (view,) = surfaces.sql("select first_seen, last_seen from endpoints where key = ?", key)
    printed = next(record for record in surfaces.ask("log", key)["records"] if record["feed"] == "endpoints")
    span = _read_span(endpoint)
    answers: dict[str, Any] = {
        "model.json": span,
        "CSV": _read_span(cells),
        "SQL records": (record["first"], record["last"]),
        "SQL endpoints": (view["first_seen"], view["last_seen"] if span[1] else None),
        "log": (printed["first_seen"], printed["last_seen"] if span[1] else None),
        "page": _read_endpoint_dates(surfaces, key, label, span),
    }
    listed = [row for row in surfaces.json("endpoints") if (row["model"], get_label(row)) == (model, label)]
    answers["endpoints.json"] = _read_span(listed[0]) if listed else UNSTATED
    return Fact("first and last hour of an endpoint", key, answers)


def _read_endpoint_dates(
    surfaces: Surfaces, key: str, label: str, span: tuple[str, str | None]
) -> tuple[str | None, str | None] | object:
    """Return the span of an endpoint if the page has its dates, otherwise those dates.

    The page has since when it is there without a break.
    """
    page = surfaces.model_page(surfaces.endpoints[key]["model"])
    query = """
        select max(hour) from events join records on records.id = record
        where records.feed = 'endpoints' and key = ? and kind = 'joined'
    """
    (joined,) = surfaces.sql(query, key)
    # Where all have one date, it stands below the table, and not in each row.
    section = page.find(".//section[@aria-labelledby='endpoints-title']")
    assert section is not None
    notes = [each for each in section.iterfind("p") if "All have been listed since" in read_text(each)]
    for cells in list_rows(page, "endpoints"):
        if cells[0][-1].get("title") == label:
            date = read_time(notes[0] if notes else cells[-1])
            return (span[0] if date == max(span[0], joined or "")[:10] else date, None)
    for item in section.iter("li"):
        if read_text(item[0]) == label:
            dates = [time.get("datetime") for time in item.iter("time")]
            return span if dates == [str(hour)[:10] for hour in span] else (dates[0], dates[1])
    return UNSTATED


def draw_endpoint_state(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw whether a provider serves a model, and with how many endpoints."""
    pairs = sorted({(row["model"], row["tag"].partition("/")[0]) for row in surfaces.endpoints.values()})
    model, provider = chance.choice(pairs)
    query = "select endpoints from provider_models where provider = ? and model = ? and last is null"
    path = f"providers/{provider}/index.html"
    page = surfaces.model_page(model)
    rows = list_rows(page, "endpoints")
    answers: dict[str, Any] = {
        "model.json": _count_endpoints(surfaces.endpoints.values(), provider, model),
        "endpoints.json": _count_endpoints(surfaces.json("endpoints"), provider, model),
        "CSV": _count_endpoints(surfaces.tables["endpoints"], provider, model),
        "SQL provider_models": sum(surfaces.sql(query, provider, model)),
        "page": sum(re.split("[/#]", cells[0][-1].get("title", ""))[0] == provider for cells in rows)
        if page.findall(".//h2[@id='endpoints-title']")
        else UNSTATED,
        "provider page": sum(
            surfaces.is_about_model(path, cells[0], model)
            for cells in list_rows(surfaces.page(path), "serves")
        ),
    }
    count = answers["model.json"]
    is_served = provider in surfaces.models[model]["providers"]
    answers["models.json"] = count if is_served == bool(count) else is_served
    is_related = [provider, model] in surfaces.json("relations")["provider_models"]
    answers["relations.json"] = count if is_related == bool(count) else is_related
    return Fact("endpoints of a provider for a model", f"{provider} {model}", answers)


def _count_endpoints(rows: Iterable[Row], provider: str, model: str) -> int:
    """Count the current endpoints of a provider for a model."""
    tags = (row["tag"] for row in rows if row["model"] == model and not row["last_seen"])
    return sum(tag.partition("/")[0] == provider for tag in tags)


def draw_provider(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw how many endpoints a provider has, and how many left."""
    row = chance.choice(surfaces.json("providers"))
    slug, path = row["slug"], f"providers/{row['slug']}/index.html"
    cells = surfaces.find_row("providers/index.html", "providers", path) or [
        ET.Element("th"),
        ET.Element("td"),
    ]
    facts = surfaces.read_facts(surfaces.page(path))
    rows = [each for each in surfaces.tables["endpoints"] if each["provider"] == slug]
    endpoints = [each for each in surfaces.endpoints.values() if each["tag"].partition("/")[0] == slug]
    models = {each["model"] for each in endpoints if not each["last_seen"]}
    query = "select last is null from records join endpoints on record = id where endpoints.provider = ?"
    current = surfaces.sql(query, slug)
    answers = {
        "providers.json": (row["endpoints"], row["left"]),
        "provider page": tuple(
            read_number(read_text(facts[name])) for name in ("Endpoints", "Former endpoints")
        ),
        "provider page, rows": (len(list_rows(surfaces.page(path), "serves")), row["left"]),
        "providers page": (
            row["endpoints"] if read_number(read_text(cells[1])) == len(models) else cells[1],
            row["left"],
        ),
        "CSV": _count_spans(rows),
        "model.json": _count_spans(endpoints),
        "SQL": (sum(current), len(current) - sum(current)),
    }
    return Fact("endpoints of a provider", slug, answers)


def _count_spans(rows: Iterable[Row]) -> tuple[int, int]:
    """Count what is there, and what is not."""
    are_there = [not row["last_seen"] for row in rows]
    return sum(are_there), len(are_there) - sum(are_there)


def draw_provider_span(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw state, first and last hour of a provider."""
    row = chance.choice([row for row in surfaces.json("providers") if row["first_seen"]])
    slug, path = row["slug"], f"providers/{row['slug']}/index.html"
    query = "select state, first, last from records where feed = 'providers' and key = ?"
    (record,) = surfaces.sql(query, slug)
    printed = next(each for each in surfaces.ask("log", slug)["records"] if each["feed"] == "providers")
    cell = surfaces.read_facts(surfaces.page(path))["Listed since"]
    is_gone = "no longer listed" in read_text(cell)
    state, first, last = row["state"], row["first_seen"], row["last_seen"]
    answers = {
        "providers.json": (state, first, last),
        "SQL": (record["state"], record["first"], record["last"]),
        "log": (printed["state"], printed["first_seen"], printed["last_seen"] if last else None),
        "provider page": (
            state if is_gone == (state != "active") else is_gone,
            first if read_time(cell) == first[:10] else read_time(cell),
            last,
        ),
    }
    return Fact("state and hours of a provider", slug, answers)


def draw_lab(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw how many models of a lab are listed and how many are gone, and the first hour of any."""
    row = chance.choice(surfaces.json("authors"))
    name, path = row["author"], f"labs/{row['author']}/index.html"
    cells = surfaces.find_row("labs/index.html", "labs", path)
    past = surfaces.find_row("labs/index.html", "past", path) or []
    rows = [each for each in surfaces.tables["models"] if each["author"] == name]
    page = surfaces.page(path)
    (words,) = (each for each in page.iter("p") if "first seen" in read_text(each))
    counts = [
        read_number(count) for count in re.findall(r"(\d+) (?:models? listed|not listed)", read_text(words))
    ]
    first = row["first_seen"]
    query = """
        select last is null as is_there, records.first as first
        from models join records on records.id = record where lab = ?
    """
    records = surfaces.sql(query, name)
    listed = sum(record["is_there"] for record in records)
    gone_items = page.iterfind(".//section[@aria-labelledby='gone-title']//li")
    answers = {
        "authors.json": (row["models"], row["gone"], first),
        "labs page": (
            read_number(read_text(cells[1])) if cells else 0,
            read_number(read_text(cells[6] if cells else past[1])),
            first if read_time(cells[7] if cells else past[2]) == first[:10] else None,
        ),
        "lab page": (*counts, read_time(words)),
        "lab page, lists": (
            len([*list_rows(page, "lab-models"), *list_rows(page, "variants")]),
            len(list(gone_items)),
            first,
        ),
        "CSV": (*_count_spans(rows), min(each["first_seen"] for each in rows)),
        "SQL": (listed, len(records) - listed, min(record["first"] for record in records)),
        "SQL labs": (
            row["models"],
            row["gone"],
            *surfaces.sql("select first_seen from labs where lab = ?", name),
        ),
        "relations.json": (
            sum(pair[0] == name for pair in surfaces.json("relations")["author_models"]) - row["gone"],
            row["gone"],
            first,
        ),
    }
    return Fact("models of a lab", name, answers)


def draw_endpoint_count(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw how many endpoints a model has, and how many left."""
    served = sorted({row["model"] for row in surfaces.endpoints.values()})
    model = chance.choice(served)
    page = surfaces.model_page(model)
    heads = [head for head in page.iter("h2") if head.get("id") == "endpoints-title"]
    rows = [each for each in surfaces.tables["endpoints"] if each["model"] == model]
    query = "select state = 'active' from endpoints where model = ?"
    current = surfaces.sql(query, model)
    answers: dict[str, Any] = {
        "model.json": _count_spans(surfaces.model(model)["endpoints"]),
        "CSV": _count_spans(rows),
        "SQL": (sum(current), len(current) - sum(current)),
    }
    if heads:
        former = list(page.iterfind(".//section[@aria-labelledby='endpoints-title']//li"))
        answers["page"] = (len(list_rows(page, "endpoints")), len(former))
        # `Providers 3, 5 endpoints`, or `Providers 5` where each has one.
        words = read_text(heads[0]).removeprefix("Providers").removesuffix("endpoints").rpartition(", ")[2]
        answers["page, title"] = (read_number(words.strip()), len(former))
    listed = [row for row in surfaces.json("endpoints") if row["model"] == model]
    answers["endpoints.json"] = (len(listed), answers["model.json"][1])
    return Fact("endpoints of a model", model, answers)


# --- totals -------------------------------------------------------------------------------------------------

TOTALS = ("gone", "ever", "models", "served", "endpoints", "providers", "free", "zdr")


SUM_OF_PAIRS = "select sum(endpoints) from provider_models where last is null"


def draw_total(surfaces: Surfaces, chance: random.Random) -> Fact:
    """Draw a total of the archive."""
    name = chance.choice(TOTALS)
    status = surfaces.json("status")
    totals = {**status["totals"], "gone": status["totals"]["ever"] - status["totals"]["models"]}
    answers: dict[str, Any] = {"status.json": totals[name], **_count_total(surfaces, name)}
    if name in ("models", "endpoints", "providers", "zdr"):
        answers["SQL"] = surfaces.sql("select count(*) from records where feed = ? and last is null", name)[0]
        answers["metrics"] = surfaces.metrics.get(f'openrouter_records{{feed="{name}"}}', UNSTATED)
        hour = surfaces.sql("select max(hour) from coverage where feed = ? and complete = 1", name)[0]
        answers["at"] = len(surfaces.ask("at", f"{hour[:13]}Z", name)["records"])
        if name == "endpoints":
            answers["at"] = sum(
                len(record["data"]["endpoints"]) if "data" in record else 1
                for record in surfaces.ask("at", f"{hour[:13]}Z", name)["records"]
            )
    return Fact("a total", name, answers)


def _count_total(surfaces: Surfaces, name: str) -> dict[str, int]:
    """Count a total on each surface that lists what is counted."""
    listed = [row for row in surfaces.models.values() if row["last_seen"] is None]
    page = surfaces.page("models/index.html")
    rows = [row for body in page.iterfind(".//table[@id='models']/tbody") for row in body]
    if name == "models":
        return {
            "models.json": len(listed),
            "CSV": sum(not row["last_seen"] for row in surfaces.tables["models"]),
            "models page": len(rows),
            "models page, count": read_number(read_text(find_id(page, "count")).split()[-1]),
            "authors.json": sum(row["models"] for row in surfaces.json("authors")),
            "metrics, models": int(surfaces.metrics["openrouter_models_total"]),
        }
    if name == "gone":
        return {
            "models.json": len(surfaces.models) - len(listed),
            "CSV": sum(bool(row["last_seen"]) for row in surfaces.tables["models"]),
            "gone page": len(list_rows(surfaces.page("models/gone/index.html"), "models")),
            "graveyard": len(list_rows(surfaces.page("graveyard/index.html"), "graves")),
            "authors.json": sum(row["gone"] for row in surfaces.json("authors")),
        }
    if name == "ever":
        return {
            "models.json": len(surfaces.models),
            "CSV": len(surfaces.tables["models"]),
            "SQL models": surfaces.sql("select count(*) from models where state != 'unlisted'")[0],
            "search": len(surfaces.search),
        }
    if name == "endpoints":
        return {
            "endpoints.json": len(surfaces.json("endpoints")),
            "CSV": sum(not row["last_seen"] for row in surfaces.tables["endpoints"]),
            "SQL provider_models": surfaces.sql(SUM_OF_PAIRS)[0],
            "providers.json": sum(row["endpoints"] for row in surfaces.json("providers")),
        }
    if name == "providers":
        return {"providers.json": sum(row["state"] == "active" for row in surfaces.json("providers"))}
    if name == "served":
        query = """
            select count(distinct model) from provider_models join models on models.id = model
            where last is null and state = 'active'
        """
        return {
            "models.json": sum(bool(row["providers"]) for row in listed),
            "SQL": surfaces.sql(query)[0],
            "models page": sum(bool(row.get("data-by")) for row in rows),
        }
    if name == "free":
        free = {entry["id"] for entry in surfaces.search if entry["note"] == "free" and not entry["state"]}
        aliases = {model for model, row in surfaces.models.items() if "alias" in row["states"]}
        return {
            "search": len(free - aliases),
            "models page": sum(
                "free" in row.get("data-has", "").split() and "alias" not in list_badges(row) for row in rows
            ),
        }
    return {}
