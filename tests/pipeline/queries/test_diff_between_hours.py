"""`diff`: what differs between two hours of an archive."""

import json

from orarchive.timestamps import format_hour, format_stamp
from tests.support.all_readers import ask
from tests.support.archives import Stage
from tests.support.questions import (
    ALIAS,
    BAD,
    FIRST,
    FREE,
    GAP,
    GEMINI,
    GLM,
    LAST,
    SECOND,
    answer,
    answer_json,
)


def test_diff_prints_a_line_for_each_change(four_hours: Stage) -> None:
    lines = answer(four_hours, "diff", format_hour(FIRST), format_stamp(SECOND)).splitlines()
    assert lines == [
        f"~ {GLM}@z-ai: prompt $1.40 -> $1.20 per M",
        f"~ {GLM}: name Z.ai: GLM 5.1 -> GLM [31m5.1",
        f"~ {ALIAS}: alias moved openai/gpt-5.5 -> {GEMINI}",
        "~ providers: z-ai: headquarters SG -> NZ",
        f"- zdr: {GLM}@together: lost",
    ]
    assert answer(four_hours, "diff", format_hour(FIRST), format_hour(FIRST)) == ""
    backwards = answer(four_hours, "diff", format_hour(LAST), format_hour(FIRST)).splitlines()
    assert backwards[0].startswith(f"+ {FREE}: returned")


def test_diff_of_one_feed(four_hours: Stage) -> None:
    hours = (format_hour(FIRST), format_hour(SECOND))
    assert answer(four_hours, "diff", *hours, "zdr") == f"- zdr: {GLM}@together: lost\n"
    assert answer_json(four_hours, "diff", *hours, "endpoints") == {
        "hours": [format_stamp(FIRST), format_stamp(SECOND)],
        "changes": [
            {
                "feed": "endpoints",
                "key": f"{GLM}@z-ai",
                "kind": "repriced",
                "field": "prompt",
                "old": "0.0000014",
                "new": "0.0000012",
                "percent": -14.2857,
                "cause": "",
            }
        ],
    }


def test_diff_in_a_gap_uses_the_last_good_hour_and_says_so(four_hours: Stage) -> None:
    result = ask(four_hours, "diff", format_hour(GAP), format_hour(LAST), "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["hours"] == [format_stamp(SECOND), format_stamp(LAST)]
    assert result.stderr == "No good hour of models at 2026-06-01T02Z; this is 2026-06-01T01Z\n"
    result = ask(four_hours, "diff", format_hour(SECOND), format_hour(BAD), "providers")
    assert (result.exit_code, result.stderr, result.stdout) == (0, "", ""), "they were read in that hour"
