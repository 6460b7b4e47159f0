"""Relations: who makes which models, and who serves them."""

import sqlite3

from orarchive.domain.record_files import Key
from orarchive.domain.records import get_lab
from orarchive.history.replay import ReplayStep
from orarchive.index.context import AttemptContext
from orarchive.index.presence import Lifecycle
from orarchive.index.sql_values import escape_surrogates


def apply_attempt(
    db: sqlite3.Connection, presence: Lifecycle, moment: AttemptContext, step: ReplayStep
) -> None:
    """Write what an attempt did to them."""
    for key, (old, _) in step.records.get("models", {}).items():
        if old is None:
            lab = escape_surrogates(get_lab(key[0]))
            db.execute("insert or ignore into labs values (?, ?)", (lab, moment.hour))
            row = presence.ids["models", key]
            db.execute("insert or ignore into lab_models values (?, ?)", (lab, row))
    for key, (old, new) in step.records.get("endpoints", {}).items():
        if old is None:
            _serve(db, key, moment.hour)
        elif new is None:
            _serve_no_more(db, key, moment.span("endpoints", key[0])[0] or moment.hour)


def _serve(db: sqlite3.Connection, key: Key, hour: str) -> None:
    db.execute(
        "insert into provider_models values (?, ?, ?, null, 1) on conflict do update"
        " set endpoints = endpoints + 1, last = null",
        (*_pair(key), hour),
    )


def _serve_no_more(db: sqlite3.Connection, key: Key, last: str) -> None:
    db.execute(
        "update provider_models set endpoints = endpoints - 1,"
        " last = case endpoints when 1 then ? end where provider = ? and model = ?",
        (last, *_pair(key)),
    )


def _pair(key: Key) -> tuple[str, str]:
    """Provider and model of an endpoint."""
    model, tag, _ = key
    return escape_surrogates(tag.partition("/")[0]), escape_surrogates(model)
