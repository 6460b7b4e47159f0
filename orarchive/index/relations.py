"""Relations: which lab makes which models, and which provider serves them."""

import sqlite3

from orarchive.domain.keys import Key, get_provider_of_tag
from orarchive.domain.records import get_lab
from orarchive.history.replay import ReplayStep
from orarchive.index.context import AttemptContext
from orarchive.index.sql_values import escape_surrogates

INSERT_PROVIDER_MODEL = """
    insert into provider_models (provider, model, first, last, endpoints)
    values (:provider, :model, :hour, null, 1)
    on conflict do update set endpoints = endpoints + 1, last = null
"""

UPDATE_PROVIDER_MODEL = """
    update provider_models set endpoints = endpoints - 1, last = case endpoints when 1 then :hour end
    where provider = :provider and model = :model
"""


def apply_attempt(context: AttemptContext, step: ReplayStep) -> None:
    """Update labs, their models and the providers of each model for an attempt."""
    db, rows = context.db, context.update.rows
    for key, (old, _) in step.records.get("models", {}).items():
        if old is None:
            lab = escape_surrogates(get_lab(key[0]))
            db.execute("insert or ignore into labs (lab, first) values (?, ?)", (lab, context.hour))
            values = (lab, rows.ids["models", key])
            db.execute("insert or ignore into lab_models (lab, model) values (?, ?)", values)
    for key, (old, new) in step.records.get("endpoints", {}).items():
        if old is None:
            _update_provider(db, INSERT_PROVIDER_MODEL, key, context.hour)
        elif new is None:
            last, _ = context.find_span("endpoints", key[0])
            _update_provider(db, UPDATE_PROVIDER_MODEL, key, last or context.hour)


def _update_provider(db: sqlite3.Connection, statement: str, key: Key, hour: str) -> None:
    """Count an endpoint of a provider and a model up or down."""
    model, tag, _ = key
    provider = escape_surrogates(get_provider_of_tag(tag))
    db.execute(statement, {"provider": provider, "model": escape_surrogates(model), "hour": hour})
