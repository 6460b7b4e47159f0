"""The examples for Spark, on two cores: three archives of half a year are exported, and asked."""

import csv
import datetime as dt
import random
import runpy
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from orarchive.domain.feeds import ENDPOINTS, MODELS
from orarchive.domain.prices import get_prices_at, list_scheduled_dimensions
from orarchive.domain.records import get_lab
from orarchive.domain.snapshot import get_records_by_key
from orarchive.export import columns
from orarchive.export.export import export_archive
from orarchive.export.manifest import read_manifest
from orarchive.export.schemas import TABLES
from orarchive.timestamps import parse_stamp
from tests.support.archives import ROOT
from tests.support.export_archives import HalfYear, make_half_year, read_rows
from tests.support.requirements import find_java

pytestmark = pytest.mark.spark

EXAMPLES = ROOT / "examples" / "spark"
SEEDS = (1, 2, 3)
SEED = 5
REQUESTS = 120
OPTIONS = " ".join(
    [
        "--master local[2] --conf spark.ui.enabled=false --conf spark.ui.showConsoleProgress=false",
        "--conf spark.sql.shuffle.partitions=2 --conf spark.sql.codegen.wholeStage=false",
        "--driver-java-options '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC'",
    ]
)
"""Options of Spark; the last two lines save half of the time, which goes into compiling code for one run."""

SPARK_TYPES = {
    columns.TEXT: "string",
    columns.TEXTS: "array<string>",
    columns.INTEGER: "bigint",
    columns.MEASURE: "double",
    columns.PRICE: "decimal(38,24)",
    columns.FLAG: "boolean",
    columns.DATE: "date",
    columns.TIME: "timestamp",
}


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[HalfYear]:
    """Return three archives of half a year."""
    folder = tmp_path_factory.mktemp("archives")
    return [make_half_year(folder / f"archive-{seed}", seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Start Spark in this process on two cores, with the examples importable here and in its workers."""
    find_java()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", f"{ROOT}:{EXAMPLES}")
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_SUBMIT_ARGS", f"{OPTIONS} pyspark-shell")
        patch.syspath_prepend(EXAMPLES)
        session = import_module("exports").start_session("tests")
        yield session
        session.stop()


@pytest.fixture(scope="module")
def exports(archives: list[HalfYear], spark: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Export the archives by the job; return the folders."""
    out = tmp_path_factory.mktemp("exports")
    folders = [archive.archive.root for archive in archives]
    manifests = import_module("export_months").export_archives(spark, folders, out)
    assert [manifest.as_of for manifest in manifests] == [
        archive.attempts[-1].line["hour"] for archive in archives
    ]
    return [out / folder.name for folder in folders]


def read_exported(folder: Path, table: str) -> list[dict[str, Any]]:
    manifest = read_manifest(folder)
    assert manifest
    return read_rows(folder, manifest, table)


def test_the_job_writes_what_the_command_writes(
    archives: list[HalfYear], exports: list[Path], tmp_path: Path
) -> None:
    for archive, folder in zip(archives, exports, strict=True):
        manifest, months = export_archive(archive.archive, tmp_path / folder.name)
        assert len(months) >= 6
        assert manifest == read_manifest(folder)
        for entry in manifest.files:
            assert (folder / entry.path).read_bytes() == (tmp_path / folder.name / entry.path).read_bytes()


def test_types_are_the_documented_ones(spark: Any, exports: list[Path]) -> None:
    read_table = import_module("exports").read_table
    for table in TABLES:
        frame = read_table(spark, str(exports[0]), table.name)
        assert dict(frame.dtypes) == {column.name: SPARK_TYPES[column.type] for column in table.columns}
        rows = [format_row(row) for row in frame.collect()]
        expected = [format_row(tuple(row.values())) for row in read_exported(exports[0], table.name)]
        assert sorted(rows) == sorted(expected)


def format_row(row: tuple[Any, ...]) -> str:
    """Format a row with times in UTC: Spark returns them in the machine's zone, without its name."""
    values = (value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value for value in row)
    return repr([*values])


def test_reliability_by_month_and_hour_of_the_day(spark: Any, exports: list[Path]) -> None:
    frame = import_module("provider_reliability").compute_reliability(spark, [str(path) for path in exports])
    uptimes: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for folder in exports:
        for row in read_exported(folder, "health"):
            if row["fresh"]:
                hour = row["hour"]
                uptimes[row["provider"], f"{hour:%Y-%m}", hour.hour].append(row["uptime_last_30m"])
    answers = {(row["provider"], row["month"], row["hour_of_day"]): row for row in frame.collect()}
    assert answers.keys() == uptimes.keys()
    for key, values in uptimes.items():
        numbers = [value for value in values if value is not None]
        assert answers[key]["readings"] == len(values)
        mean = sum(numbers) / len(numbers) if numbers else None
        assert answers[key]["uptime_percent"] == (None if mean is None else pytest.approx(mean))


def draw_requests(archive: HalfYear) -> Iterator[tuple[dict[str, Any], dict[str, Decimal]]]:
    """Yield random requests at archived hours, each with the prices that the files in git give for it.

    A price outside the windows of its schedule is left out: the files state only the rate of the moment.
    """
    chance = random.Random(SEED)
    attempts = [*{attempt.line["hour"]: attempt for attempt in archive.attempts}.values()]
    for number in range(REQUESTS):
        attempt, feed = chance.choice(attempts), chance.choice([MODELS, ENDPOINTS])
        records = get_records_by_key(feed, attempt.snapshot[feed.name])
        if not records:
            continue
        (model, *endpoint), record = chance.choice([*records.items()])
        tag, n = endpoint or ("", 0)
        hour, tokens = parse_stamp(attempt.line["hour"]), chance.choice([10, 1000, 1001, 5000])
        in_force = get_prices_at(record.get("pricing"), hour, Decimal(tokens - 1))
        scheduled = list_scheduled_dimensions(record.get("pricing"))
        prices = {name: price for name, (price, entry) in in_force.items() if entry or name not in scheduled}
        request = {"request": str(number), "requested_at": f"{hour:%Y-%m-%d %H:%M:%S}", "model": model}
        yield {**request, "tag": tag, "n": n, "prompt_tokens": tokens, "completion_tokens": 7}, prices


def test_the_price_in_force_is_that_of_the_archive(
    spark: Any, archives: list[HalfYear], exports: list[Path], tmp_path: Path
) -> None:
    job = import_module("price_in_force")
    drawn = list(draw_requests(archives[0]))
    path = tmp_path / "log.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*drawn[0][0]])
        writer.writeheader()
        writer.writerows(request for request, _ in drawn)
    log = spark.read.csv(str(path), header=True, schema=job.LOG_SCHEMA)
    folders = [str(exports[0])]
    answers: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in job.find_prices(spark, folders, log).collect():
        answers[row["request"]][row["dimension"]] = row["price_usd"]
    for request, prices in drawn:
        assert prices.items() <= answers[request["request"]].items()
    costs = {row["request"]: row["usd"] for row in job.compute_costs(spark, folders[0], log).collect()}
    assert costs.keys() == {request["request"] for request, _ in drawn}
    for request, prices in drawn:
        if {"prompt", "completion"} <= prices.keys():
            usd = prices["prompt"] * request["prompt_tokens"] + prices["completion"] * 7
            assert costs[request["request"]] == (None if prices["prompt"] < 0 else usd)


def test_churn_by_author(spark: Any, archives: list[HalfYear], exports: list[Path]) -> None:
    frame = import_module("churn").compute_churn(spark, [str(path) for path in exports])
    came, went = Counter[Any](), Counter[Any]()
    for folder in exports:
        for event in read_exported(folder, "events"):
            if event["feed"] == "models" and event["model"]:
                author = event["model"].removeprefix("~").partition("/")[0]
                key = (folder.name, author, f"{event['hour']:%Y-%m}")
                came[key] += event["kind"] in ("added", "returned", "first_observed")
                went[key] += event["kind"] == "missing"
    rows = {(row["archive"], row["author"], row["month"]): row for row in frame.collect()}
    assert {key: (row["came"], row["went"]) for key, row in rows.items()} == {
        key: (came[key], went[key]) for key in came
    }
    assert sum(went.values())
    last = archives[0].attempts[-1].snapshot["models"]
    listed = sum(get_lab(model) == "a" for (model,) in last)
    assert {rows[key]["listed_now"] for key in rows if key[:2] == (exports[0].name, "a")} == {listed}


def test_the_scripts_run_as_they_stand(
    spark: Any, archives: list[HalfYear], exports: list[Path], monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    """Run the job again as a script: it finds all months exported, says what there is, and ends Spark."""
    folders = [str(archive.archive.root) for archive in archives]
    script = EXAMPLES / "export_months.py"
    monkeypatch.setattr(sys, "argv", [str(script), "--out", str(exports[0].parent), *folders])
    runpy.run_path(str(script), run_name="__main__")
    lines = capfd.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [path.name for path in exports]
