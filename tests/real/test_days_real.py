"""The file of days of the recorded archive, against the answers of the program on random days."""

import datetime as dt
import json
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from orarchive.index.database import open_index
from orarchive.publish.day_prices import build_day_prices
from orarchive.publish.pages import get_model_path
from orarchive.publish.views import read_view
from orarchive.store.archive import open_archive
from tests.support.day_prices import assert_days_agree

pytestmark = pytest.mark.real_data


def draw_days(file: dict[str, Any], last: str, count: int) -> list[tuple[str, dt.date]]:
    """Draw models, each with a day of the record."""
    chance, first = random.Random(18), dt.date.fromisoformat(file["first"])
    days = (dt.date.fromisoformat(last) - first).days
    models = [model["id"] for model in file["models"]]
    return [(chance.choice(models), first + dt.timedelta(chance.randint(0, days))) for _ in range(count)]


def test_days_of_two_years(out: Path) -> None:
    file = json.loads((out / "days/prices.json").read_bytes())
    assert len(json.dumps(file)) < 400_000
    with open_index(open_archive(out.parent / "archive")) as db:
        counts = assert_days_agree(db, file, draw_days(file, "2026-08-22", 600))
    assert min(counts["absent"], counts["fixed"]) > 200


def test_days_with_prices_by_the_time_of_day(august_index: sqlite3.Connection) -> None:
    view = read_view(august_index)
    paths = {model.model.id: get_model_path(model.model.id) for model in view.models}
    file = json.loads(
        json.dumps(build_day_prices(view.dataset, view.models, paths, dict.fromkeys(paths, ())))
    )
    first = dt.date.fromisoformat(file["first"])
    timed = [row["id"] for row in file["models"] if any(len(step) > 2 for step in row["prices"][0])]
    days = [first + dt.timedelta(n) for n in range((view.now.date() - first).days + 1)]
    counts = assert_days_agree(august_index, file, [(model, day) for model in timed for day in days])
    assert counts["ranges"] > 3
