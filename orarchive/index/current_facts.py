"""Facts of models and endpoints as columns, for the views: fields of the last version of each."""

import datetime as dt
import sqlite3
from typing import Any

from orarchive.domain.feeds import ENDPOINTS, MODELS
from orarchive.domain.keys import Key
from orarchive.domain.records import as_integer, as_moment, as_text, parse_expiry
from orarchive.history.replay import ReplayStep
from orarchive.index.context import AttemptContext, IndexUpdate
from orarchive.index.sql_values import escape_values
from orarchive.jsonl import Record
from orarchive.timestamps import DAY, format_stamp, parse_stamp

NEW_PERIOD = dt.timedelta(days=7)
"""For so long a model that was added is new."""

MAX_GAP = DAY
"""A model that comes after a longer gap may have been there before: new is then what was created lately."""

TABLES = {MODELS.name: "model_facts", ENDPOINTS.name: "endpoint_facts"}

SELECT_FIRST = "select first from records where id = ?"

SELECT_BEFORE = """
    select hour from reads where feed = 'models' and good = 1 and hour < ? order by attempt desc limit 1
"""

SELECT_VERSION = "select 1 from versions where record = ? limit 1"

INSERT_MODEL = """
    insert or replace into model_facts
        (record, name, canonical_slug, created, context_length, expiration_date, expires, new_until)
    values
        (:record, :name, :canonical_slug, :created, :context_length, :expiration_date, :expires, :new_until)
"""

INSERT_ENDPOINT = """
    insert or replace into endpoint_facts (record, model, tag, provider_name, quantization, context_length)
    values (:record, :model, :tag, :provider_name, :quantization, :context_length)
"""


def apply_attempt(context: AttemptContext, step: ReplayStep) -> None:
    """Note the models and endpoints that an attempt changed; those that left keep their last facts.

    A record that an earlier attempt at the same hour added, and this one takes back, has no facts.
    """
    changed = context.update.changed_records
    for feed, table in TABLES.items():
        for key, (_, record) in step.records.get(feed, {}).items():
            row_id = context.update.rows.ids[feed, key]
            if record is not None:
                changed[row_id] = (feed, key, record)
            elif not context.db.execute(SELECT_VERSION, (row_id,)).fetchone():
                changed.pop(row_id, None)
                context.db.execute(f"delete from {table} where record = ?", (row_id,))


def write_facts(update: IndexUpdate) -> None:
    """Write the facts of the records that changed: of each the last, however often it changed."""
    db = update.db
    for row_id, (feed, key, record) in update.changed_records.items():
        if feed == MODELS.name:
            (first,) = db.execute(SELECT_FIRST, (row_id,)).fetchone()
            db.execute(INSERT_MODEL, escape_values({"record": row_id, **_read_model(db, record, first)}))
        else:
            db.execute(INSERT_ENDPOINT, escape_values({"record": row_id, **_read_endpoint(record, key)}))
    update.changed_records.clear()


def _read_model(db: sqlite3.Connection, facts: Record, first: str) -> dict[str, Any]:
    """Return the columns of a model that was first seen in an hour."""
    created, expiration_date = as_moment(facts.get("created")), facts.get("expiration_date")
    return {
        "name": as_text(facts.get("name")),
        "canonical_slug": as_text(facts.get("canonical_slug")),
        "created": created.replace(tzinfo=None).isoformat(" ") if created else None,
        "context_length": as_integer(facts.get("context_length")),
        "expiration_date": as_text(expiration_date),
        "expires": expiration_date if parse_expiry(expiration_date) else None,
        "new_until": _find_end_of_newness(db, created, first),
    }


def _find_end_of_newness(db: sqlite3.Connection, created: dt.datetime | None, first: str) -> str:
    """Return the hour from which on a model that was first seen in an hour is not new; `first` if never."""
    hour, before = parse_stamp(first), db.execute(SELECT_BEFORE, (first,)).fetchone()
    if before and hour - parse_stamp(before[0]) <= MAX_GAP:
        return format_stamp(hour + NEW_PERIOD)
    return format_stamp(min(hour, created) + NEW_PERIOD) if created else first


def _read_endpoint(facts: Record, key: Key) -> dict[str, Any]:
    """Return the columns of an endpoint with a key."""
    model, tag, *_ = key
    return {
        "model": model,
        "tag": tag,
        "provider_name": as_text(facts.get("provider_name")),
        "quantization": as_text(facts.get("quantization")),
        "context_length": as_integer(facts.get("context_length")),
    }
