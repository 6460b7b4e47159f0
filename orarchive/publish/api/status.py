"""The file of the static API about the archive itself: hours, the last run, coverage and gaps."""

from orarchive.publish.api.status_types import FeedCoverage, LastRun, Status, StatusTotals
from orarchive.publish.views import View
from orarchive.timestamps import format_stamp


def build_status(view: View, months: list[str]) -> Status:
    """Build the status; `months` are those that have a file of changes. The digest is added at the end."""
    return Status(
        hour=format_stamp(view.hour),
        begun=format_stamp(view.dataset.first_hour),
        last_run=_build_last_run(view),
        next_expected=format_stamp(view.last_run.next_hour),
        last_complete=format_stamp(view.complete_hours[-1]) if view.complete_hours else None,
        complete={str(span): count for span, count in view.complete_counts.items()},
        totals=StatusTotals(**view.totals),
        feeds={coverage.feed: FeedCoverage(**coverage.to_json()) for coverage in view.coverage},
        gaps=[(format_stamp(last), format_stamp(following)) for last, following in view.long_gaps],
        changes=months,
        digest="",
    )


def _build_last_run(view: View) -> LastRun:
    run = view.last_run
    return LastRun(
        hour=format_stamp(run.hour),
        started=format_stamp(run.started),
        finished=format_stamp(run.finished),
        seconds=run.seconds,
        outcome="not good" if run.not_good else "ok",
        not_good=run.not_good,
        records=run.records,
        models_added=run.added,
        models_missing=run.missing,
        requests=run.requests,
        retries=run.retries,
        rate_limited=run.limited,
    )
