"""`log`: what happened to a model, an endpoint or a provider."""

import pytest

from orarchive.jsonl import loads
from orarchive.sample import START
from orarchive.timestamps import format_hour, format_stamp
from tests.support.all_readers import ask
from tests.support.archives import Stage, build_payloads
from tests.support.histories import list_commits, make_commits
from tests.support.questions import (
    ALIAS,
    BAD,
    DEEPSEEK,
    DUPLICATES,
    FIRST,
    FREE,
    GEMINI,
    GLM,
    HAIKU,
    IMAGE,
    LAST,
    ROUTER,
    SECOND,
    answer,
    answer_json,
    assert_refused,
    get_model,
    list_facts,
)


def test_log_lists_the_events_of_a_model_and_its_endpoints(four_hours: Stage) -> None:
    """Its endpoints were kept in the fourth hour, so their changes may have happened further back."""
    cut = ("0.0000014", "0.0000012")
    assert list_facts(four_hours, GLM) == [
        ("zdr lost", f"{GLM}@together", "", format_stamp(FIRST), None, None),
        ("models edited", GLM, "name", format_stamp(FIRST), "Z.ai: GLM 5.1", "GLM\n\x1b[31m5.1 \u202e"),
        ("endpoints repriced", f"{GLM}@z-ai", "prompt", format_stamp(FIRST), *cut),
        ("models repriced", GLM, "prompt", format_stamp(FIRST), "0.00000105", cut[1]),
        ("endpoints left", f"{GLM}@parasail/fp8", "", format_stamp(SECOND), None, None),
        ("endpoints repriced", f"{GLM}@novita/fp8", "prompt", format_stamp(SECOND), "0.00000138", "0.000001"),
    ]


def test_log_prints_a_line_for_each_event(four_hours: Stage) -> None:
    """Control characters in texts of the service are replaced."""
    lines = answer(four_hours, "log", GLM).splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        f"{GLM} (models): active, first seen 2026-06-01T00Z, last seen 2026-06-01T04Z",
        "in after what to",
        "2026-06-01T01Z 2026-06-01T00Z zdr lost @together",
        "2026-06-01T01Z 2026-06-01T00Z edited name Z.ai: GLM 5.1 -> GLM [31m5.1",
        "2026-06-01T01Z 2026-06-01T00Z repriced @z-ai prompt $1.40 per M -> $1.20 per M (-14%)",
        "2026-06-01T01Z 2026-06-01T00Z repriced prompt $1.05 per M -> $1.20 per M (+14%),"
        " changed by a provider",
        "2026-06-01T04Z 2026-06-01T01Z left @parasail/fp8",
        "2026-06-01T04Z 2026-06-01T01Z repriced @novita/fp8 prompt $1.38 per M -> $1.00 per M (-28%)",
    ]
    columns = {line.index(word) for line in lines for word in ("prompt $", "name Z") if word in line}
    assert len(columns) == 1


def test_log_lists_absence_expiry_and_a_moved_alias(four_hours: Stage) -> None:
    assert list_facts(four_hours, FREE) == [
        ("models missing", FREE, "", format_stamp(SECOND), None, None),
        ("endpoints left", f"{FREE}@deepinfra/bf16", "", format_stamp(BAD), None, None),
    ]
    printed = answer(four_hours, "log", FREE)
    assert "missing" in printed and "gone" in printed and "with its model" in printed
    assert list_facts(four_hours, IMAGE) == [
        ("models expiry_set", IMAGE, "expiration_date", format_stamp(SECOND), None, "2026-12-24")
    ]
    assert "alias moved" in answer(four_hours, "log", ALIAS)
    assert f"openai/gpt-5.5 -> {GEMINI}" in answer(four_hours, "log", ALIAS)


def test_log_of_an_endpoint_lists_its_own_events(four_hours: Stage) -> None:
    assert [fact[:3] for fact in list_facts(four_hours, f"{GLM}@z-ai")] == [
        ("endpoints repriced", f"{GLM}@z-ai", "prompt")
    ]
    assert [fact[0] for fact in list_facts(four_hours, f"{GLM}@together")] == ["zdr lost"]


def test_log_of_a_provider_lists_its_endpoints_with_their_models(four_hours: Stage) -> None:
    """The provider `z-ai` has the same name as the lab of the model."""
    assert [fact[:3] for fact in list_facts(four_hours, "z-ai")] == [
        ("endpoints repriced", f"{GLM}@z-ai", "prompt"),
        ("providers policy_changed", "z-ai", "headquarters"),
    ]
    assert f"repriced        {GLM}@z-ai" in answer(four_hours, "log", "z-ai")
    assert [fact[:2] for fact in list_facts(four_hours, "parasail")] == [
        ("endpoints left", f"{GLM}@parasail/fp8")
    ]
    assert "z-ai/glm-5.1@parasail/fp8" in answer(four_hours, "log", "parasail")


def test_log_says_that_nothing_happened(four_hours: Stage) -> None:
    """A price that is only spelled in another way has not moved."""
    for key in (DUPLICATES, HAIKU, ROUTER, "groq", f"{DUPLICATES}@deepinfra/fp8"):
        *records, last_line = answer(four_hours, "log", key).splitlines()
        assert last_line == f"Nothing has happened to {key} since its record began."
        printed = answer_json(four_hours, "log", key)
        assert printed == {"key": key, "records": printed["records"], "events": []}
        assert len(records) == len(printed["records"]) == (2 if "@" in key else 1), "zdr has it as well"


def test_log_prints_a_threshold_that_was_dropped(four_hours: Stage) -> None:
    line = "prompt ($1.25, prompt over 200,000 tokens $2.50) per M -> $1.25 per M"
    assert line in answer(four_hours, "log", GEMINI)


@pytest.mark.parametrize(
    ("key", "suggestion"),
    [
        ("z-ai/glm5.1", "did you mean z-ai/glm-5.1"),
        ("glm", "did you mean z-ai/glm-5.1"),
        ("gpt-oss", FREE),
        ("deepinfr", "did you mean deepinfra"),
        ("Z-AI/GLM-5.1", "did you mean z-ai/glm-5.1"),
        ("DEEPINFRA", "did you mean deepinfra"),
        ("FP8", "fp8"),
        ("%", None),
        ("z%", None),
        ("deepinfr_", "did you mean deepinfra"),
        ("", None),
        ("nothing-like-it", None),
    ],
)
def test_log_suggests_similar_names(four_hours: Stage, key: str, suggestion: str | None) -> None:
    for options in ((), ("--json",)):
        result = ask(four_hours, "log", key, *options)
        assert_refused(result, 1, f"no model, endpoint or provider {key}", suggestion or "")
        assert ("did you mean" in result.stderr) == bool(suggestion)
        assert result.stderr.count(", ") <= 3, "three names at most"


def test_log_begins_with_a_summary_of_the_records(four_hours: Stage) -> None:
    """State, first and last hour; a listed record was last seen in the last read that contained it."""
    active = {"state": "active", "first_seen": format_stamp(FIRST)}
    for key, records in {
        GLM: [{"feed": "models", **active, "last_seen": format_stamp(LAST)}],
        FREE: [{"feed": "models", **active, "state": "stale", "last_seen": format_stamp(SECOND)}],
        f"{GLM}@z-ai": [{"feed": "endpoints", **active, "last_seen": format_stamp(LAST)}],
        f"{GLM}@together": [
            {"feed": "endpoints", **active, "last_seen": format_stamp(LAST)},
            {"feed": "zdr", **active, "state": "lost", "last_seen": format_stamp(FIRST)},
        ],
        f"{GLM}@parasail/fp8": [
            {"feed": "endpoints", **active, "state": "left", "last_seen": format_stamp(SECOND)},
            {"feed": "zdr", **active, "last_seen": format_stamp(LAST)},
        ],
        "z-ai": [{"feed": "providers", **active, "last_seen": format_stamp(LAST)}],
        "novita/fp8": [],
    }.items():
        printed = answer_json(four_hours, "log", key)["records"]
        assert printed == [{**record, "key": key} for record in records], key
        lines = answer(four_hours, "log", key).splitlines()[: len(records)]
        assert lines == [
            f"{key} ({record['feed']}): {record['state']}, first seen 2026-06-01T00Z,"
            f" last seen {record['last_seen'][:13]}Z"
            for record in records
        ]


def test_an_endpoint_was_last_seen_when_its_model_was_last_read(stage: Stage) -> None:
    stage.serve(build_payloads(START))
    assert stage.run(START) == 0
    stage.service.fail(f"models/{GLM}/endpoints", "404")
    stage.run(SECOND)
    for key, last_seen in ((f"{GLM}@z-ai", FIRST), (f"{HAIKU}@amazon-bedrock/eu-west-1", SECOND)):
        records = {record["feed"]: record for record in answer_json(stage, "log", key)["records"]}
        assert records["endpoints"]["last_seen"] == format_stamp(last_seen)


def test_log_of_a_model_that_no_list_ever_had(stage: Stage) -> None:
    """Its endpoints were requested, but it was never seen itself."""
    stage.serve(build_payloads(START))
    assert stage.run(START, feeds=("models", "endpoints")) == 0
    (commit,) = list_commits(stage.archive)
    files: dict[str, bytes | None] = {}
    for path in (path.removeprefix("data/") for path in commit.files):
        if path.startswith("models/"):
            lines = commit[path].splitlines(keepends=True)
            files[path] = b"".join(line for line in lines if loads(line)["id"] != GLM)
    make_commits(stage.root, [commit.with_files(files)])
    (record,) = answer_json(stage, "log", GLM)["records"]
    assert (record["state"], record["first_seen"], record["last_seen"]) == ("unlisted", None, None)
    assert answer(stage, "log", GLM).splitlines()[0] == f"{GLM} (models): unlisted"


def test_log_of_a_provider_that_only_endpoints_name(stage: Stage) -> None:
    bodies = build_payloads(START)
    rows = [row for row in bodies["providers"]["data"] if row["slug"] != "parasail"]
    stage.serve(bodies | {"providers": {"data": rows}})
    assert stage.run(START) == 0
    assert answer(stage, "log", "parasail") == "Nothing has happened to parasail since its record began.\n"
    assert_refused(ask(stage, "log", "PARASAIL"), 1, "did you mean parasail, parasail/fp8")


def test_log_lists_a_model_that_returned_with_its_endpoint(returning: Stage) -> None:
    lines = [" ".join(line.split()) for line in answer(returning, "log", FREE).splitlines()]
    assert lines[-2] == "2026-06-01T03Z 2026-06-01T02Z returned was stale"
    assert lines[-1] == "2026-06-01T03Z 2026-06-01T02Z joined @deepinfra/bf16 with its model"


def test_an_orphaned_model_was_so_from_the_first_hour(returning: Stage) -> None:
    """That nobody serves a model becomes known after two hours running."""
    (line,) = [line for line in answer(returning, "log", HAIKU).splitlines() if "orphaned" in line]
    assert line.split() == ["2026-06-01T01Z", "2026-06-01T00Z", "orphaned"]


def test_log_prints_the_hours_of_a_schedule_that_ended(returning: Stage) -> None:
    windows = "10:00-01:00 UTC $0.435, 01:00-04:00 UTC $0.87, 04:00-06:00 UTC $0.435, 06:00-10:00 UTC $0.87"
    line = f"prompt ({windows}, Saturday/Sunday UTC $0.435) per M -> $0.435 per M, changed by a provider"
    assert line in answer(returning, "log", DEEPSEEK)


def test_text_of_the_service_cannot_control_a_terminal(stage: Stage) -> None:
    """Nor forge a line: an id may contain anything."""
    name = "lab/red\x1b[31m\nError: forged"
    bodies = build_payloads(START)
    bodies["models"]["data"].append(get_model(bodies, DUPLICATES) | {"id": name})
    bodies["models"]["total_count"] += 1
    bodies["models/count"]["data"]["count"] += 1
    stage.serve(bodies | {f"models/{name}/endpoints": {"data": {"id": name, "endpoints": []}}})
    assert stage.run(START) == 0
    printed = answer(stage, "price", name)
    assert printed.splitlines()[0] == "lab/red [31m Error: forged at 2026-06-01T00:00Z"
    assert "\x1b" not in printed
    suggestion = "did you mean lab/red [31m Error: forged"
    assert_refused(ask(stage, "log", "lab/red"), 1, suggestion)
    assert_refused(ask(stage, "at", format_hour(START), "models", "lab/red"), 1, suggestion)
