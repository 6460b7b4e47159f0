"""How the archive is doing, in lines: for an issue, a summary of a workflow, or a mail."""

import datetime as dt
import sys
from collections import Counter
from collections.abc import Collection, Iterator

import click

from orarchive import timestamps
from orarchive.cli.options import (
    EXIT_FOUND,
    to_one_line,
    with_archive,
)
from orarchive.errors import NotArchivedError
from orarchive.history.coverage import find_stale
from orarchive.history.history import History, read_history
from orarchive.store import ledger
from orarchive.store.archive import Archive
from orarchive.store.ledger import BAD_OUTCOMES, Attempt, attempt_hour
from orarchive.timestamps import DAY, HOUR, format_hour

THIN = 0.75
"""Share of a day's hours that is too small: four ticks an hour should leave none out, but many come late."""

REASONS = 5


@click.command("report")
@with_archive
@click.option("--now", "moment", help="The hour to look from, instead of the clock's.")
def report_command(archive: Archive, moment: str | None) -> None:
    """Tell what is not well, with the reasons.

    Exit 3 when a feed or ranking has stopped, or fewer than three in four of the last 24 hours were good.
    """
    now = timestamps.parse_hour(moment) if moment else timestamps.floor_hour(dt.datetime.now(dt.UTC))
    try:
        whole = read_history(archive)
    except NotArchivedError:
        click.echo("No hour is archived yet.")
        return
    found = [*_stopped(whole, now), *_thin(whole, now), *_rankings(whole, now)]
    click.echo(f"As of {format_hour(now)}:" if found else f"All is well as of {format_hour(now)}.")
    for line in found:
        click.echo(to_one_line(f"- {line}"))
    sys.exit(EXIT_FOUND if found else 0)


def _stopped(whole: History, now: dt.datetime) -> Iterator[str]:
    """The feeds without a good hour for too long."""
    covered = whole.compute_coverage(now)
    last = {one.feed: one.last for one in covered}
    for name in find_stale(covered, now):
        since = f"since {format_hour(hour)}" if (hour := last[name]) else "ever"
        why = _why(whole, [name], now) or "; nobody asked for it in the last day"
        yield f"{name} has no good hour {since}{why}"


def _thin(whole: History, now: dt.datetime) -> Iterator[str]:
    """A day of which too few hours are good; a young archive's day is as long as it is."""
    possible = min(24, int((now - attempt_hour(whole.attempts[0])) / HOUR) + 1)
    covered = [one for one in whole.compute_coverage(now) if one.was_requested and one.cadence == "hourly"]
    least = min((one.good[24] for one in covered), default=possible)
    if least < THIN * possible:
        names = sorted(one.feed for one in covered if one.good[24] == least)
        run = len({attempt_hour(line) for line in _since(whole, now - DAY, now)})
        yield (
            f"a thin day: {least} of the last {possible} hours are good for {', '.join(names)};"
            f" in {run} of them a run was made{_why(whole, names, now)}"
        )


def _since(whole: History, begin: dt.datetime, now: dt.datetime) -> list[Attempt]:
    """The attempts after an hour, up to now."""
    return [line for line in whole.attempts if begin < attempt_hour(line) <= now]


def _why(whole: History, names: Collection[str], now: dt.datetime) -> str:
    """What the attempts at feeds in the last day said where they were not good."""
    said: Counter[str] = Counter()
    for line in _since(whole, now - DAY, now):
        for name in names:
            if ledger.feed_outcome(line, name) in BAD_OUTCOMES:
                said.update(line["feeds"][name].get("reasons", []))
    return _counted(said)


def _rankings(whole: History, now: dt.datetime) -> Iterator[str]:
    """The series that were asked for in the last two days, and never had."""
    lines = [line["rankings"] for line in _since(whole, now - 2 * DAY, now) if "rankings" in line]
    for name in sorted({name for reports in lines for name in reports}):
        own = [reports[name] for reports in lines if name in reports]
        if all(report["outcome"] in BAD_OUTCOMES for report in own):
            said = Counter(reason for report in own for reason in report.get("kept", {}).values())
            yield f"rankings {name} was not had in the last two days{_counted(said)}"


def _counted(said: Counter[str]) -> str:
    return (
        f": {', '.join(f'{reason} ({count})' for reason, count in said.most_common(REASONS))}" if said else ""
    )
