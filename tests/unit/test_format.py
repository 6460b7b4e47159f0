"""The archive's format: canonical JSON Lines, hours, prices, and records as lines of files."""

import datetime as dt
import hashlib
from decimal import Decimal
from typing import Any

import pytest

from orarchive import timestamps
from orarchive.domain import prices, record_files, snapshot
from orarchive.domain.feeds import ENDPOINTS, FEEDS, MODELS
from orarchive.domain.keys import EndpointKey, get_model_of_key
from orarchive.domain.records import Model, as_moment
from orarchive.errors import ArchiveError, NotJSON
from orarchive.jsonl import Number, dumps, loads, read_lines, write_lines
from orarchive.sample import START
from tests.support.archives import KEYLESS_FEEDS, Stage


@pytest.mark.parametrize(
    ("sent", "archived"),
    [
        ('{"b":1,"a":2}', '{"a":2,"b":1}'),
        ('\ufeff\n {"a":1} \r\n\t', '{"a":1}'),
        ("1.0", "1.0"),
        ("1e-7", "1e-7"),
        ("1E+400", "1E+400"),
        ("-0", "-0"),
        ("-0.0", "-0.0"),
        ("9007199254740993", "9007199254740993"),
        ("1180591620717411303424", "1180591620717411303424"),
        ('"\\ud800 alone"', '"\\ud800 alone"'),
        ('"\\ud83d\\ude00"', '"\U0001f600"'),
        ('"\\u2028\\u0007"', '"\u2028\\u0007"'),
        ('{"\\ud800":{"b":[1.10],"a":"\\"\\n"}}', '{"\\ud800":{"a":"\\"\\n","b":[1.10]}}'),
        ('{"é":1,"z":2,"\U0001f600":3}', '{"z":2,"é":1,"\U0001f600":3}'),
    ],
)
def test_values_are_kept_as_sent(sent: str, archived: str) -> None:
    assert dumps(loads(sent.encode())) == archived.encode()
    assert dumps(loads(archived.encode())) == archived.encode()


@pytest.mark.parametrize(
    "sent",
    [
        *(b"", b"{", b"{}{}", b"{}\n]", b"NaN", b"[Infinity]", b'{"a":1,"a":2}', b'"\xff"'),
        *(b"[" * 100_000, b"1e9999999999999999999"),
    ],
)
@pytest.mark.usefixtures("no_collection")
def test_other_than_strict_json_is_refused(sent: bytes) -> None:
    with pytest.raises(NotJSON):
        loads(sent)


def test_deep_nesting_that_orjson_cannot_write_is_written_exactly() -> None:
    text = b"[" * 300 + b"1.50" + b"]" * 300
    assert dumps(loads(text)) == text


def test_a_number_keeps_its_value_and_its_token() -> None:
    number = loads(b"0.0000000416666666666667")
    assert isinstance(number, Number)
    assert number * 1_000_000 == Decimal("0.0416666666666667")


def test_lines_are_split_at_line_ends_only() -> None:
    records = [{"id": "a\u2028b\x85c"}, {"id": "d"}]
    assert read_lines(write_lines(records), "x") == records


def test_a_broken_line_is_named() -> None:
    with pytest.raises(ArchiveError, match=r"data/x\.jsonl, line 2"):
        read_lines(b'{"id":1}\n{"id":\n', "data/x.jsonl")


@pytest.mark.parametrize("text", ["2026-11-20T06Z", "2026-11-20T06:00:00Z"])
def test_an_hour_has_two_forms(text: str) -> None:
    hour = timestamps.parse_hour(text)
    assert hour == dt.datetime(2026, 11, 20, 6, tzinfo=dt.UTC)
    assert timestamps.format_stamp(hour) == "2026-11-20T06:00:00Z"
    assert timestamps.format_hour(hour) == "2026-11-20T06Z"


@pytest.mark.parametrize("text", ["2026-11-20", "2026-11-20T06:30:00Z", "2026-13-01T00Z", "2026-11-20T06"])
def test_other_text_is_no_hour(text: str) -> None:
    with pytest.raises(ArchiveError, match="not a UTC hour"):
        timestamps.parse_hour(text)


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2026-11-20T06Z", "2026-11-20T06:00:00Z"),
        ("2026-11-20T06:45Z", "2026-11-20T06:45:00Z"),
        ("2026-11-20T06:45:12Z", "2026-11-20T06:45:12Z"),
        ("2026-11-20T06:45+05:30", "2026-11-20T01:15:00Z"),
        ("2026-11-20T06:45:12-01:00", "2026-11-20T07:45:12Z"),
        ("2026-11-20", "2026-11-20T23:00:00Z"),
    ],
)
def test_a_moment_has_many_forms(text: str, stamp: str) -> None:
    """Read what our own JSON holds, times with an offset, and dates."""
    assert timestamps.format_stamp(timestamps.parse_moment(text)) == stamp


@pytest.mark.parametrize("text", ["", "2026-02-30", "2026-11-20T06:99Z", "2026-11-20T06:45", "20261120T06Z"])
def test_other_text_is_no_moment(text: str) -> None:
    with pytest.raises(ArchiveError, match="not a UTC hour"):
        timestamps.parse_moment(text)


def test_a_byte_order_mark_is_read_past() -> None:
    assert loads(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


@pytest.mark.parametrize(
    ("dimension", "sent", "words"),
    [
        ("prompt", "0.00000125", "$1.25 per M"),
        ("prompt", "0.0000000416666666666667", "$0.0416666666666667 per M"),
        ("prompt", "0.00001", "$10.00 per M"),
        ("web_search", "0.01", "$0.01 per search"),
        ("prompt", "0", "$0"),
        ("prompt", "-1", "dynamic"),
        ("prompt", None, "none"),
        ("prompt", "NaN", "none"),
        ("prompt", "soon", "none"),
        ("prompt", True, "none"),
        ("prompt", "1e999", "none"),
    ],
)
def test_prices_in_words(dimension: str, sent: Any, words: str) -> None:
    assert prices.format_price(dimension, prices.parse_price(sent)) == words


def test_a_number_keeps_its_spelling() -> None:
    """An equal number that was read before does not lend it its own."""
    assert [f"{prices.parse_price(Number(token))}" for token in ("0.20", "0.2")] == ["0.20", "0.2"]


TIME_OF_DAY_PRICING = {
    "prompt": "0.2",
    "completion": "0.6",
    "web_search": "0.01",
    "overrides": [
        {"min_prompt_tokens": 200000, "web_search": "0.02"},
        {"utc_start": 1000, "utc_end": 100, "prompt": "0.1", "completion": "0.3"},
    ],
}


def test_only_dimensions_of_timed_entries_depend_on_the_time_of_day() -> None:
    assert prices.list_time_of_day_keys(TIME_OF_DAY_PRICING) == {"prompt", "completion"}
    assert prices.list_time_of_day_keys({"overrides": [{"utc_days": ["sunday"], "prompt": "1"}]}) == {
        "prompt"
    }


@pytest.mark.parametrize(
    "pricing", [None, [], {}, {"overrides": None}, {"overrides": ["x"]}, {"overrides": {"utc_start": 1}}]
)
def test_pricing_of_another_shape_has_no_time_of_day_prices(pricing: Any) -> None:
    assert prices.list_time_of_day_keys(pricing) == set()


@pytest.mark.parametrize(
    ("sent", "text"), [(0, "00:00"), (30, "00:30"), ("930", "09:30"), (1000, "10:00"), (2359, "23:59")]
)
def test_times_of_day_are_sent_as_numbers(sent: Any, text: str) -> None:
    minute = prices.parse_time_of_day(sent)
    assert minute is not None
    assert prices.format_time_of_day(minute) == text


@pytest.mark.parametrize("sent", [None, "x", 1.5, [30]])
def test_other_values_are_no_times_of_day(sent: Any) -> None:
    assert prices.parse_time_of_day(sent) is None


@pytest.mark.parametrize(
    ("old", "new", "percent"),
    [
        ("2", "1", "-50"), ("1", "3", "200"), ("0", "1", None), ("1", "0", None), ("-1", "1", None),
        (None, "1", None), ("1", None, None),
    ],
)  # fmt: skip
def test_only_positive_prices_have_a_change_in_percent(
    old: str | None, new: str | None, percent: str | None
) -> None:
    amounts = (prices.parse_price(price) for price in (old, new))
    assert prices.compute_percent_change(*amounts) == prices.parse_price(percent)


def test_time_of_day_prices_have_their_own_file() -> None:
    record = {"id": "a/b", "pricing": TIME_OF_DAY_PRICING, "name": "B"}
    lines = dict(record_files.split_record(MODELS, {}, record))
    assert lines["spot"] == {"id": "a/b", "pricing": {"prompt": "0.2", "completion": "0.6"}}
    assert lines["prices"]["pricing"].keys() == {"web_search", "overrides"}
    assert lines["facts"] == {"id": "a/b", "name": "B"}
    assert record_files.join_record(MODELS, lines)["pricing"] == TIME_OF_DAY_PRICING


@pytest.mark.parametrize("pricing", [None, [], "x", {}, {"overrides": []}])
def test_pricing_of_another_shape_goes_through_the_files(pricing: Any) -> None:
    record = {"id": "a/b", "pricing": pricing}
    assert record_files.join_record(MODELS, dict(record_files.split_record(MODELS, {}, record))) == record


def test_the_archives_own_names_do_not_hide_the_services() -> None:
    record = {"tag": "p", "model": "sent", "n": 7, "lacks": [1], "=model": "too", "response": None}
    lines = dict(record_files.split_record(ENDPOINTS, {"model": "a/b", "n": 0}, record))
    assert lines["facts"]["model"] == "a/b"
    assert ENDPOINTS.own_key_fields == ("model", "n")
    assert record_files.join_record(ENDPOINTS, lines, ENDPOINTS.own_key_fields) == record


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a/b@azure/eu", EndpointKey("a/b", "azure/eu", 0)),
        ("a/b:free@azure/eu#2", EndpointKey("a/b:free", "azure/eu", 2)),
        ("a/b@x@y", EndpointKey("a/b@x", "y", 0)),
        ("a/b@x%40y", EndpointKey("a/b", "x@y", 0)),
        ("a/b@x%230", EndpointKey("a/b", "x#0", 0)),
        ("a/b@x%2301#1", EndpointKey("a/b", "x#01", 1)),
    ],
)
def test_keys_of_endpoints_have_a_text_form(text: str, key: EndpointKey) -> None:
    assert EndpointKey.parse(text) == key
    assert key.text == text
    assert get_model_of_key(text) == key.model
    assert key.provider == key.tag.split("/")[0]


def test_keys_without_a_tag_are_no_endpoints() -> None:
    assert EndpointKey.parse("a/b#1") is None
    assert get_model_of_key("a/b#1") == "a/b#1"


def test_duplicates_keep_their_numbers_when_health_changes() -> None:
    duplicates: list[dict[str, Any]] = [
        {"tag": "p", "quantization": "fp8", "context_length": 9, "uptime_last_1d": 1},
        {"tag": "p", "quantization": "fp4", "context_length": 9, "uptime_last_1d": 2},
    ]
    swapped = [{**item, "uptime_last_1d": 3 - item["uptime_last_1d"]} for item in reversed(duplicates)]
    before, after = (
        [(n, item["quantization"]) for n, item in record_files.list_numbered(ENDPOINTS, items)]
        for items in (duplicates, swapped)
    )
    assert before == after == [(0, "fp4"), (1, "fp8")]


def test_a_row_matches_the_duplicate_with_the_fewest_differences() -> None:
    endpoints: snapshot.State = {
        ("a/b", "p", 0): {"model_id": "a/b", "tag": "p", "quantization": "fp4"},
        ("a/b", "p", 1): {"model_id": "a/b", "tag": "p", "quantization": "fp8"},
    }
    row = {"model_id": "a/b", "tag": "p", "quantization": "fp8"}
    unmatched = {"model_id": "a/b", "tag": "q"}
    assert record_files.match_copies(ENDPOINTS, [unmatched, row], endpoints) == {
        ("a/b", "p", 1): row,
        ("a/b", "q", 0): unmatched,
    }


def test_a_line_has_only_differences_from_its_base() -> None:
    base = {"id": "a", "name": "A", "size": 1}
    for record in (
        {"id": "a", "name": "A", "size": 1},
        {"id": "a"},
        {"id": "a", "size": loads(b"1.0"), "x": None},
    ):
        line = record_files.shorten_record(record, base)
        assert record_files.restore_record(line, base) == record
    assert record_files.shorten_record({"id": "a", "name": "A", "size": 1}, base) == {}
    assert record_files.shorten_record({"id": "a", "name": "A"}, base) == {"lacks": ["size"]}
    assert record_files.shorten_record({**base, "size": loads(b"1.0")}, base).keys() == {"size"}


def test_the_ledgers_hash_is_that_of_the_files(stage: Stage) -> None:
    """Hash the feed's files one after the other, as data/README.md says."""
    assert stage.run(START) == 0
    for name in KEYLESS_FEEDS:
        paths = [stage.root / "data" / path for path in FEEDS[name].files]
        content = b"".join(path.read_bytes() for path in paths if path.exists())
        assert stage.read_report(name)["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_facet_line_without_its_record_is_an_error() -> None:
    files = {"models/prices.jsonl": b'{"id":"a/b","pricing":{}}\n'}
    with pytest.raises(ArchiveError, match="not in facts"):
        snapshot.parse_snapshot_files(files.get)


@pytest.mark.parametrize("seconds", [10**14, -(10**14), "x", None])
def test_numbers_out_of_range_are_no_times(seconds: Any) -> None:
    assert as_moment(seconds) is None


@pytest.mark.parametrize(
    ("architecture", "inputs", "outputs"),
    [
        ({"modality": "text+image->text"}, ("text", "image"), ("text",)),
        (
            {"modality": "text->text", "input_modalities": ["text", "file"], "output_modalities": []},
            ("text", "file"),
            (),
        ),
        ({"modality": "text"}, (), ()),
        ({"modality": "->"}, (), ()),
        ({"modality": ["text"]}, (), ()),
        ({}, (), ()),
    ],
)
def test_old_records_name_their_modalities_in_one_word(
    architecture: dict[str, Any], inputs: tuple[str, ...], outputs: tuple[str, ...]
) -> None:
    model = Model.from_record({"id": "a/b", "architecture": architecture}, START)
    assert (model.inputs, model.outputs) == (inputs, outputs)
