"""Import: a new archive need not begin at zero."""

import datetime as dt
import sys

import click

from orarchive.cli.options import (
    json_option,
    print_json,
    to_one_line,
    with_archive,
)
from orarchive.importer.convert import import_versions
from orarchive.importer.report import format_summary
from orarchive.importer.report import to_json as told_json
from orarchive.store.archive import Archive


@click.command("import")
@with_archive
@click.argument("repository")
@click.option("--path", required=True, help="The file in that repository, such as data/output.json.")
@click.option("--name", help="What the past is called; by default as the repository.")
@click.option("--branch", help="The branch to read, where the repository does not say.")
@click.option("--scope", default="models", help="What was asked for: route and query (default: models).")
@click.option("--accept", multiple=True, metavar="COMMIT", help="A source commit whose list truly shrank.")
@json_option
def import_command(
    archive: Archive,
    repository: str,
    path: str,
    name: str | None,
    branch: str | None,
    scope: str,
    accept: tuple[str, ...],
    as_json: bool,
) -> None:
    """Import every version of a raw /models response that another git REPOSITORY has recorded.

    REPOSITORY is a path, a bundle or a URL. Each version becomes an hour of this archive: on its branch if it
    has no hours yet, otherwise on a branch past/NAME, which is read before it. Nothing is rewritten.
    """
    found = import_versions(
        archive,
        repository,
        path,
        dt.datetime.now(dt.UTC),
        name=name,
        branch=branch,
        scope=scope,
        accept=accept,
        progress=sys.stderr.isatty(),
    )
    if as_json:
        print_json(told_json(found))
    else:
        for line in format_summary(found):
            click.echo(to_one_line(line))
