"""The command `check`: which ids of models in files are alive."""

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from orarchive import timestamps
from orarchive.catalog.catalog import build_catalog
from orarchive.catalog.check_list import build_check_list
from orarchive.catalog.id_check import (
    UNKNOWN,
    CheckList,
    Finding,
    format_annotations,
    format_text,
    get_exit_code,
    judge,
    judge_matches,
    list_ids,
    read_check_list,
    to_json,
)
from orarchive.cli.checked_files import find_in_files, list_files
from orarchive.cli.options import (
    cache_option,
    is_progress_shown,
    json_option,
    print_json,
    print_note,
    with_archive,
)
from orarchive.domain.foreign_text import blank_unprintable
from orarchive.errors import ArchiveError
from orarchive.index.database import open_index
from orarchive.store.archive import Archive


@click.command("check")
@with_archive
@click.argument("names", nargs=-1, required=True, metavar="(FILE|FOLDER|ID)...")
@click.option(
    "--days",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    help="Report an id as expiring if it expires within this many days.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github"]),
    default="text",
    help="Lines for people, or annotations of a GitHub workflow.",
)
@click.option("--at", "time", help="Judge as of an hour (2026-11-20T06Z), a time or a date instead of now.")
@cache_option
@json_option
def check_command(
    archive: Archive,
    names: tuple[str, ...],
    days: int,
    form: str,
    time: str | None,
    cache: Path | None,
    as_json: bool,
) -> None:
    """Find the ids of models in files of any kind, and tell which are gone, expire soon or never existed.

    Of a folder the files that git tracks are read. An id can also be given itself. Exit 0: all are alive; 1:
    an id is gone or expiring; 2: an id is unknown, or the archive is more than 25 hours old and cannot say.
    """
    now = timestamps.parse_moment(time) if time is not None else dt.datetime.now(dt.UTC)
    if time is not None and timestamps.is_date(time):
        print_note(f"{time} means its last hour, {timestamps.format_hour(now)}")
    with open_index(archive, cache, progress=is_progress_shown()) as db:
        catalog = build_catalog(db, now if time is not None else None)
    check_list = read_check_list(build_check_list(catalog))
    findings = list(_find(names, check_list, now.date(), days))
    problem = check_list.describe_age(now)
    if as_json:
        print_json(to_json(findings, check_list, problem))
    else:
        lines = format_annotations(findings, problem) if form == "github" else format_text(findings)
        for line in lines:
            click.echo(blank_unprintable(line))
    unknown = list_ids(findings, UNKNOWN)
    if problem or unknown:
        print_note(f"Error: {problem or 'unknown: ' + ', '.join(unknown)}")
    sys.exit(get_exit_code(findings, problem))


def _find(names: tuple[str, ...], check_list: CheckList, today: dt.date, days: int) -> Iterator[Finding]:
    """Yield the ids in files and those that are given; raise ArchiveError for a name that is neither."""
    known = check_list.known
    for name in names:
        path = Path(name)
        if name in known.ids:
            yield Finding("", 0, 0, judge(name, check_list, today, days))
        elif path.exists():
            matches = find_in_files(list_files(path), known)
            yield from judge_matches(matches, check_list, today, days)
        elif name.count("/") == 1 and not name.startswith("."):
            yield Finding("", 0, 0, judge(name, check_list, today, days))
        else:
            msg = f"there is no file {name}, and it is no id of a model, such as openai/gpt-4o"
            raise ArchiveError(msg)
