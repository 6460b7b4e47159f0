"""Everything that reads an archive, at once: the commands, the next run, the index and the site."""

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
from orarchive.index.database import export_bytes, open_index
from orarchive.publish.build import build_files
from orarchive.publish.dataset import read_dataset
from orarchive.publish.views import build_view
from orarchive.sample import START, sample_service
from orarchive.timestamps import format_hour
from tests.support.archives import DAY, HOUR, Stage, edited, payloads, say
from tests.support.rankings import EARLY, Alter, Told, naming, stage_in
from tests.support.rankings import FEW as FEW_VALUES


def site(stage: Stage) -> dict[str, bytes]:
    """The whole site, made in this process."""
    with open_index(stage.archive) as db:
        return {**build_files(build_view(read_dataset(db)), None), "database": export_bytes(db)}


def questions_to(stage: Stage, hours: list[dt.datetime]) -> Iterator[list[str]]:
    """Every question that can be asked, each of everything that may be asked about."""
    first, *_, last = map(format_hour, hours)
    yield from (["status", "--now", last], ["report", "--now", last], ["verify"], ["index"])
    yield from (["diff", first, last], ["diff", first, last, "--json"])
    for feed in FEEDS:
        yield from (["at", last, feed], ["raw", last, feed])
    with open_index(stage.archive) as db:
        query = "select distinct key from records where feed = ? order by key"
        models, offers = ([key for (key,) in db.execute(query, (feed,))] for feed in ("models", "endpoints"))
    # a command line holds no NUL, and no half of a character
    models, offers = ([key for key in some if "\0" not in key] for some in (models, offers))
    for key in [*models, *offers[:5]]:
        yield ["log", "--", key]
    for key in models:
        yield from (["price", "--", key], ["price", "--json", "--at", last, "--", key])
        yield ["price", "--provider", "x", "--", key]


def ask(stage: Stage, *arguments: str) -> Result:
    """Ask a question in this process; whatever it comes to has a name."""
    return named(orarchive_command, arguments[0], "--archive", str(stage.root), *arguments[1:])


def named(command: click.Command, *arguments: str) -> Result:
    """Run a command in this process; it ends with a code that has a meaning, and 2 is said in one line."""
    done = CliRunner().invoke(command, arguments)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise AssertionError(arguments) from done.exception
    assert done.exit_code in (0, 1, 2, EXIT_FOUND), arguments
    if done.exit_code == 2:
        assert done.stderr.splitlines()[-1].startswith("Error: "), arguments
    return done


def everything(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ask, archive the next hour, ask again and build the site; how the run and the site ended."""
    monkeypatch.setenv("OPENROUTER_BASE_URL", stage.service.base_url)
    monkeypatch.setenv("SYNC_REQUESTS_PER_SECOND", "0")
    stage.serve(edited(payloads(START), "2"))
    root = ("--archive", str(stage.root))
    hours = [START, START + HOUR]
    for question in short(hours):
        ask(stage, *question)
    hour = ("--hour", format_hour(START + 2 * HOUR), "--force", "--no-rankings")
    run = named(scrape_command, *root, *hour).exit_code
    for question in short([START, START + 2 * HOUR]):
        ask(stage, *question)
    return [run, named(build_site_command, *root, "--out", str(stage.root / "../site")).exit_code]


def short(hours: list[dt.datetime]) -> Iterator[list[str]]:
    """One question of each kind."""
    first, last = map(format_hour, hours)
    model = "openai/gpt-5-image"
    yield from (["status", "--now", last], ["report", "--now", last], ["verify"], ["index"])
    yield from (["diff", first, last], ["at", last, "models"], ["at", last, "zdr"], ["log", model])
    yield from (["raw", last, "endpoints"], ["raw", last, "image_endpoints"], ["price", model])


def by_hand(stage: Stage, files: Mapping[str, bytes]) -> None:
    """Commit files below data/ as somebody does."""
    for path, content in files.items():
        (stage.root / "data" / path).write_bytes(content)
    say(stage.root, "add", "data")
    say(stage.root, "commit", "--quiet", "--allow-empty", "-m", "By hand")


def with_rankings(folder: Path, *alters: Alter, days: int = 2) -> Stage:
    """An archive with models, and with rankings of so many days that something has altered."""
    with sample_service(EARLY) as service:
        stage = stage_in(service, folder)
        assert stage.run(EARLY, feeds=("models", "providers")) == 0
        told = Told(service, [naming(FEW_VALUES), *alters])
        for day in range(days):
            service.now = EARLY + day * DAY
            told.service = service
            stage.run(EARLY + day * DAY, feeds=(), rankings=True)
    return stage
