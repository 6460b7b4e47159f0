"""Everything that reads an archive: the commands, the next run, the index and the site."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from orarchive.cli.build_site import build_site_command
from orarchive.cli.main import main as orarchive_command
from orarchive.cli.options import EXIT_FOUND
from orarchive.cli.scrape import scrape_command
from orarchive.domain.feeds import FEEDS
from orarchive.index.database import open_index
from orarchive.publish.build import build_files
from orarchive.publish.views import read_view
from orarchive.sample import START, sample_service
from orarchive.timestamps import format_hour
from tests.support.archives import DAY, HOUR, Stage, build_payloads, edit_records, read_git
from tests.support.downloads import export_bytes
from tests.support.rankings import EARLY, Alter, Recorder, allow_values, stage_in
from tests.support.rankings import FEW as FEW_VALUES


def run_command(command: click.Command, *arguments: str, **environment: str) -> Result:
    """Run a command in this process and return its result.

    Assert that its exit code is one with a meaning, and that 2 comes with a line that says why.
    """
    result = CliRunner().invoke(command, arguments, env=environment)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise AssertionError(arguments) from result.exception
    assert result.exit_code in (0, 1, 2, EXIT_FOUND), arguments
    if result.exit_code == 2:
        assert result.stderr.splitlines()[-1].startswith("Error: "), arguments
    return result


def ask_at(folder: Path, name: str, *arguments: str, **environment: str) -> Result:
    """Run a command of `orarchive` on the archive in a folder; see `run_command`."""
    return run_command(orarchive_command, name, "--archive", str(folder), *arguments, **environment)


def ask(stage: Stage, name: str, *arguments: str, **environment: str) -> Result:
    """Run a command of `orarchive` on an archive; see `run_command`."""
    return ask_at(stage.root, name, *arguments, **environment)


def site(stage: Stage) -> dict[str, bytes]:
    """Build the whole site in this process; return its files by path, and the database for download."""
    with open_index(stage.archive) as db:
        return {**build_files(read_view(db), None), "database": export_bytes(db)}


def questions_to(stage: Stage, hours: list[dt.datetime]) -> Iterator[list[str]]:
    """Yield the arguments of every question about an archive, for every key that can be asked about."""
    first, *_, last = map(format_hour, hours)
    yield from (["status", "--now", last], ["report", "--now", last], ["verify"], ["index"])
    yield from (["diff", first, last], ["diff", first, last, "--json"])
    yield from (["pick", "--at", last], ["models", "--sort", "price", "--json"], ["models", "--gone"])
    for feed in FEEDS:
        yield from (["at", last, feed], ["raw", last, feed])
    with open_index(stage.archive) as db:
        query = "select distinct key from records where feed = ? order by key"
        keys = {feed: [key for (key,) in db.execute(query, (feed,))] for feed in ("models", "endpoints")}
    # a command line can hold neither NUL nor a lone surrogate
    models, endpoints = ([key for key in keys[feed] if "\0" not in key] for feed in ("models", "endpoints"))
    for key in [*models, *endpoints[:5]]:
        yield ["log", "--", key]
    for key in models:
        yield from (["price", "--", key], ["price", "--json", "--at", last, "--", key])
        yield ["price", "--provider", "x", "--", key]
    for key in models[:3]:
        yield ["resolve", "--", key]
        yield ["cost", "--input", "300000", "--output", "9", "--cached", "9", "--at", last, "--", key]
    yield ["check", "--at", last, "--", "openai/gpt-99", *models]


def list_sample_questions(hours: list[dt.datetime]) -> Iterator[list[str]]:
    """Yield the arguments of one question of each kind."""
    first, last = map(format_hour, hours)
    model = "openai/gpt-5-image"
    yield from (["status", "--now", last], ["report", "--now", last], ["verify"], ["index"])
    yield from (["diff", first, last], ["at", last, "models"], ["at", last, "zdr"], ["log", model])
    yield from (["pick", "--at", last], ["cost", model, "--input", "9"], ["check", "--at", last, model])
    yield from (["raw", last, "endpoints"], ["raw", last, "image_endpoints"], ["price", model])
    yield from (["resolve", model], ["resolve", "unknown"])


def run_everything(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ask an archive of two hours, archive the next hour, ask again if it was archived, and build the site.

    Return the exit codes of the run and of the site; every question must be answered or refused in words.
    """
    monkeypatch.setenv("OPENROUTER_BASE_URL", stage.service.base_url)
    monkeypatch.setenv("SYNC_REQUESTS_PER_SECOND", "0")
    stage.serve(edit_records(build_payloads(START), "2"))
    root = ("--archive", str(stage.root))
    for question in list_sample_questions([START, START + HOUR]):
        ask(stage, *question)
    head = stage.archive.resolve_commit()
    hour = ("--hour", format_hour(START + 2 * HOUR), "--force", "--no-rankings")
    run_code = run_command(scrape_command, *root, *hour).exit_code
    # a run that was refused leaves the archive for which the answers are known
    if stage.archive.resolve_commit() != head:
        for question in list_sample_questions([START, START + 2 * HOUR]):
            ask(stage, *question)
    site_result = run_command(build_site_command, *root, "--out", str(stage.root / "../site"))
    return [run_code, site_result.exit_code]


def commit_by_hand(stage: Stage, files: Mapping[str, bytes]) -> None:
    """Write files below data/ and commit them, as a person with an editor does."""
    for path, content in files.items():
        (stage.root / "data" / path).write_bytes(content)
    read_git(stage.root, "add", "data")
    read_git(stage.root, "commit", "--quiet", "--allow-empty", "-m", "By hand")


def with_rankings(folder: Path, *alters: Alter, days: int = 2) -> Stage:
    """Make an archive with models, and with rankings of so many days that `alters` have changed."""
    with sample_service(EARLY) as service:
        stage = stage_in(service, folder)
        assert stage.run(EARLY, feeds=("models", "providers")) == 0
        responder = Recorder(service, [allow_values(FEW_VALUES), *alters])
        for day in range(days):
            service.now = EARLY + day * DAY
            responder.service = service
            stage.run(EARLY + day * DAY, feeds=(), rankings=True)
    return stage
