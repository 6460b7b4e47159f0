"""Find the problems of an archive: feeds that have stopped, days with few good hours, rankings not read."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator

from orarchive.history.coverage import find_stopped_feeds
from orarchive.history.history import History
from orarchive.store import ledger
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.ledger import BAD_OUTCOMES, Attempt, get_attempt_hour
from orarchive.store.reports import describe_new_doubts
from orarchive.timestamps import DAY, HOUR, format_hour

MIN_DAY_SHARE = 0.75
"""Share of good hours below which a day is thin. Four scheduled runs an hour should leave none out, but many
of them come late."""

MAX_FILE_BYTES = 40_000_000
"""Size above which a file of data/ is a problem: there is time to act before GitHub warns at 50 MB."""

MAX_REASONS = 5
"""Reasons that one problem names."""


def find_problems(history: History, now: dt.datetime) -> list[str]:
    """List the problems at `now`, a sentence each with the reasons that the ledger gives."""
    return [
        *_describe_stopped_feeds(history, now),
        *_find_day_with_few_good_hours(history, now),
        *_find_missing_rankings(history, now),
        *_list_believed(history, now),
        *_find_large_files(history.archive),
    ]


def _describe_stopped_feeds(history: History, now: dt.datetime) -> Iterator[str]:
    """Yield a sentence for each feed without a good hour for too long."""
    coverages = history.compute_coverage(now)
    last_hours = {coverage.feed: coverage.last_complete for coverage in coverages}
    for name in find_stopped_feeds(coverages, now):
        since = f"since {format_hour(hour)}" if (hour := last_hours[name]) else "ever"
        reasons = _describe_reasons(history, [name], now) or "; no run requested it in the last day"
        yield f"{name} has no good hour {since}{reasons}"


def _find_day_with_few_good_hours(history: History, now: dt.datetime) -> Iterator[str]:
    """Yield a sentence where too few hours of the last day are good; a new archive's day is shorter."""
    possible = min(24, int((now - get_attempt_hour(history.attempts[0])) / HOUR) + 1)
    hourly = [
        coverage
        for coverage in history.compute_coverage(now)
        if coverage.was_requested and coverage.cadence == "hourly"
    ]
    least = min((coverage.complete_counts[24] for coverage in hourly), default=possible)
    if least < MIN_DAY_SHARE * possible:
        names = sorted(coverage.feed for coverage in hourly if coverage.complete_counts[24] == least)
        hours_with_run = len({get_attempt_hour(line) for line in _select_attempts(history, now - DAY, now)})
        yield (
            f"only {least} of the last {possible} hours are good for {', '.join(names)};"
            f" in {hours_with_run} of them a run was made{_describe_reasons(history, names, now)}"
        )


def _find_missing_rankings(history: History, now: dt.datetime) -> Iterator[str]:
    """Yield a sentence for each series that was requested in the last two days and never read."""
    attempts = [
        line["rankings"] for line in _select_attempts(history, now - 2 * DAY, now) if "rankings" in line
    ]
    for name in sorted({name for reports in attempts for name in reports}):
        reports_of_series = [reports[name] for reports in attempts if name in reports]
        if all(report["outcome"] in (*BAD_OUTCOMES, "retired") for report in reports_of_series):
            reasons = Counter(
                reason for report in reports_of_series for reason in report.get("kept", {}).values()
            )
            yield f"rankings {name} was not read in the last two days{_format_counts(reasons)}"


def _list_believed(history: History, now: dt.datetime) -> Iterator[str]:
    """Yield a sentence for each list that was taken in the last day in spite of doubts."""
    for line in _select_attempts(history, now - DAY, now):
        for name, report in line["feeds"].items():
            for doubt in describe_new_doubts(report):
                hour = format_hour(get_attempt_hour(line))
                yield f"{name} was taken at {hour} in spite of a doubt: {doubt}"


def _find_large_files(archive: Archive) -> Iterator[str]:
    """Yield a sentence for each file of data/ at HEAD that nears the size at which GitHub warns."""
    output = archive.run_git("ls-tree", "-r", "-l", "-z", "HEAD", "--", DATA_PREFIX)
    for entry in filter(None, output.split("\0")):
        description, _, path = entry.partition("\t")
        size = description.split()[-1]
        if size.isdigit() and int(size) > MAX_FILE_BYTES:
            yield (
                f"{path} has {int(size) / 1e6:.0f} MB; GitHub warns at 50 MB and refuses a push at 100 MB"
                " (see Large files in OPERATIONS.md)"
            )


def _select_attempts(history: History, begin: dt.datetime, end: dt.datetime) -> list[Attempt]:
    """Return the attempts at hours after `begin`, up to and with `end`."""
    return [line for line in history.attempts if begin < get_attempt_hour(line) <= end]


def _describe_reasons(history: History, names: Collection[str], now: dt.datetime) -> str:
    """List the reasons in the ledger for which feeds were not good in the last day."""
    reasons: Counter[str] = Counter()
    for line in _select_attempts(history, now - DAY, now):
        for name in names:
            if ledger.get_feed_outcome(line, name) in BAD_OUTCOMES:
                reasons.update(line["feeds"][name].get("reasons", []))
    return _format_counts(reasons)


def _format_counts(reasons: Counter[str]) -> str:
    """Format the most frequent reasons with their counts; "" where there are none."""
    if not reasons:
        return ""
    return f": {', '.join(f'{reason} ({count})' for reason, count in reasons.most_common(MAX_REASONS))}"
