"""How the archive is doing, in lines: for an issue, a summary of a workflow, or a mail."""

import datetime as dt
import sys
from collections import Counter
from collections.abc import Collection, Iterator

import click

from orarchive import hours, ledger
from orarchive.archive import Archive
from orarchive.commands import NOT_WELL, plain, question
from orarchive.errors import NotArchivedError
from orarchive.feeds import FEEDS
from orarchive.history.coverage import coverage, stale
from orarchive.history.past import Past, past
from orarchive.hours import HOUR, prose
from orarchive.ledger import BAD, hour_of

THIN = 0.75
"""Share of a day's hours that is too small: four ticks an hour should leave none out, but many come late."""

DAY = 24 * HOUR
REASONS = 5


@question("report")
@click.option("--now", "moment", help="The hour to look from, instead of the clock's.")
def report(archive: Archive, moment: str | None) -> None:
    """Tell what is not well, with the reasons.

    Exit 3 when a feed or ranking has stopped, or fewer than three in four of the last 24 hours were good.
    """
    now = hours.parse(moment) if moment else hours.floor(dt.datetime.now(dt.UTC))
    try:
        whole = past(archive)
    except NotArchivedError:
        click.echo("No hour is archived yet.")
        return
    found = [*_stopped(whole, now), *_thin(whole, now), *_rankings(whole, now)]
    click.echo(f"As of {prose(now)}:" if found else f"All is well as of {prose(now)}.")
    for line in found:
        click.echo(plain(f"- {line}"))
    sys.exit(NOT_WELL if found else 0)


def _stopped(whole: Past, now: dt.datetime) -> Iterator[str]:
    """The feeds without a good hour for too long."""
    covered = coverage({name: whole.good(name) for name in FEEDS}, whole.asked, now)
    last = {one.feed: one.last for one in covered}
    for name in stale(covered, now):
        since = f"since {prose(hour)}" if (hour := last[name]) else "ever"
        why = _why(whole, [name], now) or "; nobody asked for it in the last day"
        yield f"{name} has no good hour {since}{why}"


def _thin(whole: Past, now: dt.datetime) -> Iterator[str]:
    """A day of which too few hours are good; a young archive's day is as long as it is."""
    begun = hour_of(whole.attempts[0])
    possible = min(24, int((now - begun) / HOUR) + 1)
    hourly = sorted(name for name, feed in FEEDS.items() if feed.cadence == "hourly" and name in whole.asked)
    counts = {name: sum(now - DAY < hour <= now for hour in whole.good(name)) for name in hourly}
    if counts and (least := min(counts.values())) < THIN * possible:
        names = [name for name, count in counts.items() if count == least]
        run = len({hour_of(line) for line in whole.attempts if now - DAY < hour_of(line) <= now})
        yield (
            f"a thin day: {least} of the last {possible} hours are good for {', '.join(names)};"
            f" in {run} of them a run was made{_why(whole, names, now)}"
        )


def _why(whole: Past, names: Collection[str], now: dt.datetime) -> str:
    """What the attempts at feeds in the last day said where they were not good."""
    said: Counter[str] = Counter()
    for line in whole.attempts:
        for name in names:
            if now - DAY < hour_of(line) <= now and ledger.outcome(line, name) in BAD:
                said.update(line["feeds"][name].get("reasons", []))
    return _counted(said)


def _rankings(whole: Past, now: dt.datetime) -> Iterator[str]:
    """The series that were asked for in the last two days, and never had."""
    lines = [
        line["rankings"]
        for line in whole.attempts
        if now - 2 * DAY < hour_of(line) <= now and "rankings" in line
    ]
    for name in sorted({name for reports in lines for name in reports}):
        own = [reports[name] for reports in lines if name in reports]
        if all(report["outcome"] in BAD for report in own):
            said = Counter(reason for report in own for reason in report.get("kept", {}).values())
            yield f"rankings {name} was not had in the last two days{_counted(said)}"


def _counted(said: Counter[str]) -> str:
    return (
        f": {', '.join(f'{reason} ({count})' for reason, count in said.most_common(REASONS))}" if said else ""
    )
