"""The command `import`: take the history of another repository into an archive."""

import datetime as dt

import click

from orarchive.cli.options import (
    is_progress_shown,
    json_option,
    print_json,
    with_archive,
)
from orarchive.domain.foreign_text import blank_unprintable
from orarchive.importer import report
from orarchive.importer.convert import import_versions
from orarchive.store.archive import Archive


@click.command("import")
@with_archive
@click.argument("repository")
@click.option("--path", required=True, help="The file in that repository, such as data/output.json.")
@click.option("--name", help="Name of the import; by default that of the repository.")
@click.option("--branch", help="The branch to read, if the repository does not name a default.")
@click.option("--scope", default="models", help="Route and query of the responses (default: models).")
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
    imported = import_versions(
        archive,
        repository,
        path,
        dt.datetime.now(dt.UTC),
        name=name,
        branch=branch,
        scope=scope,
        accept=accept,
        progress=is_progress_shown(),
    )
    if as_json:
        print_json(report.to_json(imported))
    else:
        for line in report.format_summary(imported):
            click.echo(blank_unprintable(line))
