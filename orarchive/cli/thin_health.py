"""The command `thin-health`: export old health and cut it off its branch."""

import datetime as dt
import re
from pathlib import Path

import click

from orarchive.cli.options import cache_option, with_archive
from orarchive.store.archive import Archive, refuse_data_folder
from orarchive.store.health_branch import HEALTH_BRANCH, HEALTH_REF, REMOTE_HEALTH_REF
from orarchive.timestamps import parse_hour

PUSH_TIMEOUT_S = 600
"""Time that a push may take: the branch is sent as a whole."""


def _parse_days(_: click.Context, __: click.Parameter, value: str) -> dt.timedelta:
    """Return the time that a number of days is, such as `90d`."""
    if not re.fullmatch(r"[1-9][0-9]{0,4}d", value):
        msg = "it must be a number of days, such as 90d."
        raise click.BadParameter(msg)
    return dt.timedelta(days=int(value[:-1]))


@click.command("thin-health")
@with_archive
@click.option(
    "--keep", metavar="DAYS", callback=_parse_days, required=True, help="Days of health to keep, such as 90d."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="export",
    show_default=True,
    help="Folder of the export that gets the months first; see `orarchive export`.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, help="Processes that write months of health.")
@click.option(
    "--lost",
    "lost_hours",
    metavar="HOUR",
    multiple=True,
    help="An hour whose health the archive has lost: cut off its month although no export has it.",
)
@click.option("--push", is_flag=True, help="Also replace the branch at the remote `origin`.")
@cache_option
def thin_health_command(
    archive: Archive,
    keep: dt.timedelta,
    out: Path,
    jobs: int,
    lost_hours: tuple[str, ...],
    push: bool,
    cache: Path | None,
) -> None:
    """Cut whole months of old health off the branch `health`, after exporting them as Parquet.

    The record stays as it is. Nothing is cut off where a month cannot be exported, or where the archive has
    lost the health of an hour that no --lost names. Without --push the cut lasts until the branch is next
    fetched.
    """
    refuse_data_folder(out, archive)
    # pyarrow is imported here: it is an extra, and takes time to load.
    from orarchive.export.thinning import describe, thin_health
    from orarchive.store.commit import archive_lock
    from orarchive.store.health_commits import read_refs
    from orarchive.store.push import Remote, fetch_health, get_current_branch

    with archive_lock(archive):
        remote = Remote(archive, PUSH_TIMEOUT_S)
        if push:
            get_current_branch(archive)
            fetch_health(remote)
        thinning = thin_health(
            archive, out, keep, cache, jobs=jobs, lost_hours=[parse_hour(hour) for hour in lost_hours]
        )
        click.echo(describe(thinning))
        refs = read_refs(archive)
        if push and refs[HEALTH_REF] != refs[REMOTE_HEALTH_REF]:
            lease = f"--force-with-lease={HEALTH_BRANCH}:{refs[REMOTE_HEALTH_REF] or ''}"
            remote.run_git("push", "--quiet", lease, remote.name, HEALTH_BRANCH)
            archive.run_git("update-ref", REMOTE_HEALTH_REF, HEALTH_REF)
            click.echo("Pushed the branch health")
