"""How the archive is doing, as Markdown: for an issue, a summary of a workflow, or a mail."""

import datetime as dt
import sys
from collections import Counter
from collections.abc import Iterator

import click

from orarchive import hours, ledger
from orarchive.archive import Archive
from orarchive.commands import plain, question
from orarchive.feeds import FEEDS
from orarchive.history.coverage import coverage, stale
from orarchive.history.past import Past, past
from orarchive.ledger import BAD, hour_of

THIN = 18
"""Hours of the last 24 that are too few: four ticks an hour should leave none out, and schedules are late."""

REASONS = 5


@question("report")
@click.option("--now", "moment", help="The hour to look from, instead of the clock's.")
def report(archive: Archive, moment: str | None) -> None:
    """Tell in Markdown what is not well, with the reasons.

    Exit 1 when a feed has stopped, or fewer than 18 of the last 24 hours were read completely.
    """
    now = hours.parse(moment) if moment else hours.floor(dt.datetime.now(dt.UTC))
    found = list(_troubles(past(archive), now))
    if found:
        click.echo(f"As of {hours.prose(now)}:\n")
    for line in found or [f"All is well as of {hours.prose(now)}."]:
        click.echo(plain(line))
    sys.exit(int(bool(found)))


def _troubles(whole: Past, now: dt.datetime) -> Iterator[str]:
    """A line for each thing that is not well."""
    good = {name: whole.good(name) for name in FEEDS}
    covered = coverage(good, whole.asked, now)
    last = {one.feed: one.last for one in covered}
    for name in stale(covered, now):
        since = f"since {hours.prose(last[name])}" if last[name] else "ever"  # type: ignore[arg-type]
        yield f"- **{name}** has no good hour {since}{_why(whole, name, now)}"
    hourly = {name for name, feed in FEEDS.items() if feed.cadence == "hourly" and name in whole.asked}
    day = now - 24 * hours.HOUR
    counts = {name: sum(day < hour <= now for hour in good[name]) for name in sorted(hourly)}
    if counts and (least := min(counts.values())) < THIN:
        names = ", ".join(name for name, count in counts.items() if count == least)
        run = len({hour_of(line) for line in whole.attempts if day < hour_of(line) <= now})
        thin = f"{least} of the last 24 hours are good for {names}; in {run} of them a run was made"
        yield f"- **A thin day**: {thin}"


def _why(whole: Past, name: str, now: dt.datetime) -> str:
    """What its attempts in the last day said."""
    said: Counter[str] = Counter()
    for line in whole.attempts:
        if now - 24 * hours.HOUR < hour_of(line) <= now and ledger.outcome(line, name) in BAD:
            said.update(line["feeds"][name].get("reasons", []))
    told = [f"{reason} ({count})" for reason, count in said.most_common(REASONS)]
    return f": {', '.join(told)}" if told else "; nobody asked for it in the last day"
