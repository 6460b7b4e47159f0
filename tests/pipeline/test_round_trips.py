"""Round trips: JSON, records and snapshots come out of the archive's files as they went in."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orarchive.domain.changes import diff_snapshots
from orarchive.domain.feeds import ENDPOINTS, FEEDS, MODELS, PROVIDERS, Feed
from orarchive.domain.record_files import is_same_json, join_record, split_record
from orarchive.domain.relations import count_relations
from orarchive.domain.snapshot import format_snapshot_files, parse_snapshot_files
from orarchive.jsonl import dumps, loads, read_lines, write_lines
from orarchive.sample import START, Reply
from orarchive.sample.faults import encode
from orarchive.store.commit_message import format_message
from orarchive.store.ledger import Attempt
from tests.support.archives import (
    HOUR,
    Stage,
    assert_tidy,
    build_payloads,
    encode_archived,
    make_responder,
    read_data_files,
)
from tests.support.random_records import JSON, NUMBERS, PYTHON_JSON, RandomRecords, examples


@examples(100)
@given(PYTHON_JSON)
def test_json_keeps_its_values(value: Any) -> None:
    """Read with the standard library the same value that it wrote before us."""
    assert json.loads(dumps(loads(json.dumps(value)))) == value
    if "\\ud" not in json.dumps(value):
        assert json.loads(dumps(loads(json.dumps(value, ensure_ascii=False)))) == value


@examples(100)
@given(NUMBERS)
def test_number_tokens(number: Any) -> None:
    """Write a number in the token in which it was sent."""
    token = dumps(number)
    assert dumps(loads(token)) == token
    assert math.isclose(float(token), float(str(number)))


@examples(100)
@given(JSON)
def test_lines(value: Any) -> None:
    """Write one canonical line, which is the same bytes when it is read and written again."""
    line = write_lines([{"value": value}])
    assert line.count(b"\n") == 1
    assert write_lines(read_lines(line, "test")) == line


@examples(100)
@given(JSON)
def test_half_a_character_changes_no_other_byte(value: Any) -> None:
    """Write what orjson cannot, such as half a character, beside the same bytes that orjson writes."""
    assert dumps([value, "\ud800"]) == b"[" + dumps(value) + b',"\\ud800"]'


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("route", ["providers", "models/z-ai/glm-5.1/endpoints"])
def test_deep_nesting(stage: Stage, route: str) -> None:
    """Archive a nested value exactly, or refuse it; no depth ends the run."""
    feed = "providers" if route == "providers" else "endpoints"
    outcomes = []
    for hour, depth in enumerate([0, 250, *range(340, 400, 5), 100_000]):
        deep = b'"deep":' + b'[{"a":' * (depth // 2) + b"0" + b"}]" * (depth // 2)
        body = encode(build_payloads(START)[route]).replace(b'"name":', deep + b',"name":', 1)
        stage.service.respond = make_responder({**build_payloads(START), route: Reply(200, body)})
        code = stage.run(START + hour * HOUR, feeds=("models", "providers", "endpoints"))
        outcomes.append(stage.read_report(feed)["outcome"])
        assert code == (outcomes[-1] != "ok")
        assert code or deep in b"".join(read_data_files(stage.root).values())
    refused = "quarantined" if feed == "providers" else "partial"
    assert [outcomes[0], outcomes[1], outcomes[-1]] == ["ok", "ok", refused]
    assert_tidy(stage.root)


@examples(100)
@given(feed=st.sampled_from([MODELS, PROVIDERS, ENDPOINTS]), seed=st.integers())
def test_facets(feed: Feed, seed: int) -> None:
    """Split a record, write and read its lines, and join them to the same record."""
    key_fields = {"model": "a/x", "n": 0} if feed is ENDPOINTS else {}
    keys = {name: "key" for name in feed.key if name not in key_fields}
    record = {**RandomRecords(seed).record(), **keys}
    lines = {
        file: read_lines(write_lines([line]), file)[0]
        for file, line in split_record(feed, key_fields, record)
    }
    assert is_same_json(join_record(feed, lines, key_fields), record)


@examples(300)
@given(st.integers())
def test_snapshot(seed: int) -> None:
    """Read the same snapshot from its files, and write the same bytes again."""
    snapshot = RandomRecords(seed).snapshot()
    files = format_snapshot_files(snapshot)
    copy = parse_snapshot_files(files.get)
    for name in FEEDS:
        if name == "zdr":
            assert sorted(map(dumps, copy[name].values())) == sorted(map(dumps, snapshot[name].values()))
        else:
            assert {key: encode_archived(record) for key, record in copy[name].items()} == {
                key: encode_archived(record) for key, record in snapshot[name].items()
            }
    assert format_snapshot_files(copy) == files


@examples(300)
@given(st.integers())
def test_a_commit_message_for_any_change(seed: int) -> None:
    """Write one subject and trailers that no value can forge, whatever differs."""
    old, new = RandomRecords(seed).snapshot(), RandomRecords(seed + 1).snapshot()
    attempt: Attempt = {
        "hour": "2026-06-01T00:00:00Z",
        "attempt": 1,
        "started": "2026-06-01T00:00:00Z",
        "finished": "2026-06-01T00:00:00Z",
        "origin": "live",
        "version": "0",
        "feeds": {},
        "relations": count_relations(new),
    }
    text = format_message(START, attempt, diff_snapshots(old, new), {})
    assert text.startswith("2026-06-01T00Z: ")
    assert text.split("\n")[1] == ""
    assert text.count("\nHour: ") == 1
    text.encode()
