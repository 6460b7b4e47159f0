"""Archive one hour: `orarchive scrape`, `python scrape.py`."""

import datetime as dt
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from orarchive import timestamps
from orarchive.cli.options import archive_option, is_progress_shown, report_errors
from orarchive.domain.feeds import FEEDS
from orarchive.domain.ranking_series import SERIES
from orarchive.store.archive import open_archive


def _split_names(
    _context: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Split names of feeds (of `--accept`: also of ranking series) at commas; refuse unknown ones."""
    names = [name.strip() for value in values for name in value.split(",")]
    valid = [*FEEDS, *SERIES] if option.name == "accept" else [*FEEDS]
    if unknown := [name for name in names if name not in valid]:
        msg = f"no such feed: {', '.join(unknown)} (there are {', '.join(valid)})"
        raise click.BadParameter(msg)
    return tuple(names)


@click.command("scrape")
@archive_option
@click.option("--hour", help="The hour to archive, such as 2026-11-20T06Z; for replays and tests.")
@click.option("--feeds", multiple=True, callback=_split_names, help="Only these feeds, separated by commas.")
@click.option("--dry-run", is_flag=True, help="Write nothing; print what would be committed.")
@click.option("--force", is_flag=True, help="Ignore the minimum interval between attempts at one hour.")
@click.option("--commit/--no-commit", default=True, help="Commit what was written.")
@click.option("--push", is_flag=True, help="Push the commit; write again on top where another was first.")
@click.option("--rankings/--no-rankings", default=True, help="Read rankings, once a day; not with --feeds.")
@click.option(
    "--accept",
    multiple=True,
    callback=_split_names,
    help="A feed or ranking that is taken in spite of doubts about its size.",
)
@report_errors
def scrape_command(
    archive: Path,
    hour: str | None,
    feeds: tuple[str, ...],
    dry_run: bool,
    force: bool,
    commit: bool,
    push: bool,
    rankings: bool,
    accept: tuple[str, ...],
) -> None:
    """Archive this hour: fetch everything that is due from OpenRouter and commit it.

    Exit 0: done, or nothing was due; 1: something was not good (the rest is committed); 2: could not run or
    not push.
    """
    # The network client is imported here, so that no other command pays for it.
    from orarchive.collect.run import Run
    from orarchive.collect.settings import RunOptions, read_settings

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    if push and not commit:
        msg = "--push needs a commit; leave out --no-commit"
        raise click.UsageError(msg)
    options = RunOptions(
        hour=timestamps.parse_hour(hour) if hour is not None else timestamps.floor_hour(_read_clock()),
        is_hour_given=hour is not None,
        feeds=feeds or tuple(FEEDS),
        dry_run=dry_run,
        force=force,
        commit=commit,
        push=push,
        rankings=rankings and not feeds,
        accept=accept,
    )
    stopped = threading.Event()

    def sleep(seconds: float) -> None:
        stopped.wait(seconds)

    run = Run(
        open_archive(archive),
        read_settings(os.environ),
        options,
        _read_clock,
        progress=is_progress_shown(),
        sleep=sleep,
        stopped=stopped,
    )
    with _stop_on_signals(stopped):
        sys.exit(run.execute())


@contextmanager
def _stop_on_signals(stopped: threading.Event) -> Iterator[None]:
    """Set an event on Ctrl-C and on SIGTERM, so that no worker is waited for, and exit with 128 + signal."""

    def stop(number: int, _frame: object) -> None:
        stopped.set()
        sys.exit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _read_clock() -> dt.datetime:
    """Return the current time in UTC."""
    return dt.datetime.now(dt.UTC)
