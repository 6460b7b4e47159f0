"""The file of days on small archives: what a day shows is what was read last by its end."""

import datetime as dt
import json
from pathlib import Path

import pytest

from orarchive.index.database import open_index
from orarchive.sample import START
from orarchive.store.archive import open_archive
from orarchive.timestamps import DAY, HOUR
from tests.support.browser import build_site, build_snapshot, write_archive
from tests.support.day_prices import CLOCK, assert_days_agree, make_priced, read_day


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive read every ten hours on three days; a model is away for a reading of the first."""
    stays, timed = make_priced("a/stays", "0.000001"), make_priced("a/timed", "0.000001", overrides=CLOCK)
    dearer = make_priced("a/stays", "0.0000025", input_cache_read="0.0000001")
    hours = [
        *(
            [stays, make_priced("a/away", "0")],
            [stays],
            [stays, make_priced("a/away", "0"), timed],
            [dearer, timed],
        ),
        *([dearer, make_priced("a/short", "-1")], [stays, timed], [stays, timed]),
    ]
    snapshots = [build_snapshot(models) for models in hours]
    folder = tmp_path_factory.mktemp("days")
    write_archive(folder / "early", *snapshots, apart=10 * HOUR)
    return folder / "early"


def test_a_day_shows_what_the_program_answers(archive: Path, tmp_path: Path) -> None:
    """Compare every model on every day; the file is the site's."""
    site = build_site(archive, tmp_path / "site")
    file = json.loads(site["days/prices.json"])
    models = [row["id"] for row in file["models"]]
    assert models == ["a/away", "a/short", "a/stays", "a/timed"]
    days = [START.date() + dt.timedelta(n) for n in range(3)]
    with open_index(open_archive(archive)) as db:
        counts = assert_days_agree(db, file, [(model, day) for model in models for day in days])
    assert all(counts[kind] for kind in ("absent", "fixed", "ranges"))
    assert next(row["listed"] for row in file["models"] if row["id"] == "a/away") == [[0, 1]]
    assert [read_day(file, "a/short", day) for day in days] == [
        None,
        {"prompt": [-1], "completion": [2]},
        None,
    ]


def test_days_without_a_reading_are_named(tmp_path: Path) -> None:
    snapshots = [build_snapshot([make_priced("a/b", amount)]) for amount in ("0.000001", "0.000002")]
    archive = write_archive(tmp_path / "archive", *snapshots, apart=4 * DAY)
    file = json.loads(build_site(archive, tmp_path / "site")["days/prices.json"])
    assert file["unread"] == [[1, 3]]
    assert file["models"][0]["prices"][0] == [[0, "1"], [4, "2"]]


def test_an_archive_without_models_has_a_file(tmp_path: Path) -> None:
    site = build_site(write_archive(tmp_path / "archive", build_snapshot([])), tmp_path / "site")
    assert json.loads(site["days/prices.json"])["models"] == []


def test_models_have_what_they_can_do(tmp_path: Path) -> None:
    """Name abilities and what else than text goes in, and whether a provider has the list price."""
    record = make_priced("a/b", "0.000001")
    able = {
        **record,
        "supported_parameters": ["tools"],
        "benchmarks": {"artificial_analysis": {"intelligence_index": 50.5}},
        "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
    }
    cheap = make_priced("a/d", "0.0000005")["pricing"]
    offers = {
        "a/b": [{"tag": "p", "pricing": record["pricing"]}],
        "a/d": [{"tag": "q", "pricing": cheap, "context_length": 9, "supported_parameters": ["reasoning"]}],
    }
    listed = {**able, "id": "a/d", "benchmarks": None}
    snapshot = build_snapshot([able, make_priced("a/c", "0.000001"), listed], offers)
    site = build_site(write_archive(tmp_path / "archive", snapshot), tmp_path / "site")
    file = json.loads(site["days/prices.json"])
    assert [(row["supports"], row["has_provider"]) for row in file["models"]] == [
        (["tools", "image"], True),
        ([], None),
        (["image"], False),
    ], "of what the list says, a provider has image input alone"
    assert [(row.get("providers"), row.get("scores")) for row in file["models"]] == [
        (1, ["50.5", None]),
        (None, None),
        (1, None),
    ]
    offer = file["models"][2]["cheapest"]
    assert (offer["context"], offer["max_output"], offer["supports"]) == (9, None, ["reasoning", "image"])
