"""Health as typed columns: what does not fit a column is in `extra`, and nothing is lost."""

from typing import Any

from orarchive.export.health_table import MonthOfHealth
from orarchive.jsonl import loads
from orarchive.queries.health_attempts import HealthAttempt, HealthReading

ATTEMPT = HealthAttempt("2026-06-01T00:00:00Z", 1, "c", frozenset(["b/kept"]))
PERCENTILES = {"p50": 1, "p75": 2.5, "p90": 3, "p99": 4}


def build_rows(columns: dict[str, list[Any]], keys: list[tuple[str, str, int]] | None = None) -> list[Any]:
    """Return the rows of one reading, in the order of its endpoints unless keys are given."""
    count = len(next(iter(columns.values())))
    month = MonthOfHealth()
    keys = keys or [("a/x", "t", n) for n in range(count)]
    month.add(HealthReading(ATTEMPT, keys, columns, [True] * count))
    return [row for group in month.list_row_groups(2) for row in group.to_pylist()]


def test_numbers_that_fit() -> None:
    columns: dict[str, list[Any]] = {"status": [0, -(2**63) + 1, None], "uptime_last_1d": [99.5, 2**53, None]}
    rows = build_rows(columns)
    assert [row["status"] for row in rows] == columns["status"]
    assert [row["uptime_last_1d"] for row in rows] == columns["uptime_last_1d"]
    assert [row["extra"] for row in rows] == [None] * 3


def test_whole_numbers_that_no_column_holds_are_kept() -> None:
    rows = build_rows({"status": [2**63, 7]})
    assert [(row["status"], row["extra"]) for row in rows] == [(None, f'{{"status":{2**63}}}'), (7, None)]
    rows = build_rows({"uptime_last_1d": [2**53 + 1, 7]})
    assert [(row["uptime_last_1d"], row["extra"]) for row in rows] == [
        (None, f'{{"uptime_last_1d":{2**53 + 1}}}'),
        (7.0, None),
    ]


def test_values_that_do_not_fit_are_kept_as_sent() -> None:
    statuses = [True, loads("1.5"), "0", 2**63, [0], 7]
    uptimes = [loads("99.12345678901234567890"), 2**53 + 1, False, "all", {"p50": 1}, loads("1e400")]
    rows = build_rows({"status": statuses, "uptime_last_5m": uptimes})
    assert [row["status"] for row in rows] == [None] * 5 + [7]
    assert [row["uptime_last_5m"] for row in rows] == [None] * 6
    extras = [loads(row["extra"]) for row in rows]
    assert [extra.get("status") for extra in extras] == [*statuses[:5], None]
    assert [extra["uptime_last_5m"] for extra in extras] == uptimes


def test_numbers_with_a_spelling_of_their_own_fit_where_a_double_is_equal() -> None:
    (row,) = build_rows({"uptime_last_30m": [loads("99.50")]})
    assert (row["uptime_last_30m"], row["extra"]) == (99.5, None)


def test_percentiles_of_another_form_are_kept_whole() -> None:
    values = [PERCENTILES, None, {"p50": 1}, {**PERCENTILES, "p95": 3}, 5, {**PERCENTILES, "p99": "slow"}]
    rows = build_rows({"latency_last_30m": values})
    columns = [[row[f"latency_last_30m_{name}"] for name in PERCENTILES] for row in rows]
    assert columns == [[1, 2.5, 3, 4], *[[None] * 4] * 4, [1, 2.5, 3, None]]
    assert [row["extra"] and loads(row["extra"])["latency_last_30m"] for row in rows] == [
        None,
        None,
        *values[2:],
    ]


def test_fields_without_a_column_are_kept() -> None:
    rows = build_rows({"uptime_last_2w": [97, None], "status": [0, 0]})
    assert [row["extra"] for row in rows] == ['{"uptime_last_2w":97}', None]


def test_rows_are_sorted_by_endpoint_over_all_attempts() -> None:
    month = MonthOfHealth()
    keys = [[("b/kept", "t", 0)], [("b/kept", "t", 0), ("a/x", "t/eu", 1)], [("a/x", "t/eu", 1)]]
    for number, endpoints in enumerate(keys, start=1):
        attempt = HealthAttempt("2026-06-01T00:00:00Z", number, "c", frozenset(["b/kept"]))
        fresh = [None if model == "a/x" else False for model, _, _ in endpoints]
        month.add(HealthReading(attempt, endpoints, {"status": [number] * len(endpoints)}, fresh))
    groups = [group.to_pylist() for group in month.list_row_groups(3)]
    assert [len(group) for group in groups] == [3, 1]
    rows = [row for group in groups for row in group]
    assert [(row["model"], row["provider"], row["attempt"], row["status"]) for row in rows] == [
        *(("a/x", "t", number, number) for number in (2, 3)),
        *(("b/kept", "t", number, number) for number in (1, 2)),
    ]
    assert [row["fresh"] for row in rows] == [None, None, False, False]


def test_a_month_without_readings_is_an_empty_table() -> None:
    (group,) = MonthOfHealth().list_row_groups(2)
    assert group.num_rows == 0


def test_surrogates_in_keys_are_escaped() -> None:
    (row,) = build_rows({"status": [0]}, keys=[("a/\ud800", "t\udfff", 0)])
    assert (row["model"], row["tag"], row["provider"]) == ("a/\\ud800", "t\\udfff", "t\\udfff")
