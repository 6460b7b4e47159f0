"""Exports of an archive that lost health, and of a folder that lost its manifest."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from orarchive.errors import ArchiveError
from orarchive.export.export import export_archive
from orarchive.export.manifest import MANIFEST_NAME, Manifest, read_manifest
from orarchive.export.readme import describe_lost_health
from orarchive.export.release import write_assets
from orarchive.export.schemas import HEALTH, HEALTH_DAYS
from orarchive.export.thinning import thin_health
from orarchive.jsonl import Record
from orarchive.queries.health_attempts import LostHealth
from orarchive.sample import START
from orarchive.store.archive import Archive, open_archive
from orarchive.timestamps import DAY
from tests.support.browser import build_snapshot, write_archive
from tests.support.damaged_health import damage_health
from tests.support.export_archives import read_rows
from tests.support.six_hours import run_orarchive

MODEL = {"id": "a/b", "name": "b", "pricing": {"prompt": "1"}}
LOST = LostHealth("2026-06-21T00:00:00Z", 1, "damaged")
JUNE, JULY = (HEALTH.build_path(month) for month in ("2026-06", "2026-07"))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Return an archive of three hours, two of June and one of July, with a health of their own each."""
    endpoints: list[list[Record]] = [[{"tag": "x", "status": n}] for n in range(3)]
    snapshots = [build_snapshot([MODEL], {"a/b": items}) for items in endpoints]
    return open_archive(write_archive(tmp_path / "archive", *snapshots, start=START, apart=20 * DAY))


def list_statuses(out: Path, manifest: Manifest) -> list[int]:
    return [row["status"] for row in read_rows(out, manifest, HEALTH.name)]


def test_a_month_is_exported_without_what_is_lost(archive: Archive, tmp_path: Path) -> None:
    """The manifest, the README and the messages name the hours that are missing."""
    damage_health(archive, 1)
    out = tmp_path / "out"
    done = run_orarchive("export", "--archive", archive.root, "--out", out)
    words = "The archive has lost the health of 2026-06-21T00:00:00Z (attempt 1, damaged)"
    assert done.returncode == 0
    assert done.stderr == f"{words}; the export has all but that, and its manifest names all\n"
    assert f"## Missing\n\n{words}.\n" in (out / "README.md").read_text()
    manifest = read_manifest(out)
    assert manifest
    assert manifest.lost_health == (LOST,)
    assert list_statuses(out, manifest) == [0, 2]
    assert export_archive(archive, out) == (manifest, [])
    paths, lost = write_assets(archive, tmp_path / "assets", [])
    assert ([path.name for path in paths], lost) == (["health-2026-06.parquet"], [LOST])


def test_a_month_that_was_exported_before_the_loss_stays(archive: Archive, tmp_path: Path) -> None:
    manifest, _ = export_archive(archive, tmp_path / "out")
    damage_health(archive, 0, 1)
    again, months = export_archive(archive, tmp_path / "out", tmp_path / "cache")
    assert (again, months) == (manifest, [])
    assert list_statuses(tmp_path / "out", again) == [0, 1, 2]
    path = tmp_path / "out" / HEALTH_DAYS.build_path("2026")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArchiveError, match="holds the health of some of its days; restore the file"):
        export_archive(archive, tmp_path / "out", tmp_path / "cache")
    new, months = export_archive(archive, tmp_path / "new", tmp_path / "cache")
    assert (months, [entry.hour[:10] for entry in new.lost_health]) == (
        ["2026-07"],
        ["2026-06-01", "2026-06-21"],
    )


def test_a_day_of_which_hours_are_lost_stays_as_it_was_exported(tmp_path: Path) -> None:
    """The index that is built after the loss has two of the three hours of the day."""
    endpoints: list[list[Record]] = [[{"tag": "x", "status": n}] for n in range(3)]
    snapshots = [build_snapshot([MODEL], {"a/b": items}) for items in endpoints]
    archive = open_archive(write_archive(tmp_path / "archive", *snapshots, start=START))
    out = tmp_path / "out"
    manifest, _ = export_archive(archive, out)
    damage_health(archive, 0)
    again, _ = export_archive(archive, out, tmp_path / "cache")
    assert again == manifest
    (day,) = read_rows(out, again, HEALTH_DAYS.name)
    assert (day["hours"], day["abnormal_hours"]) == (3, 2)
    new, _ = export_archive(archive, tmp_path / "new", tmp_path / "cache")
    (day,) = read_rows(tmp_path / "new", new, HEALTH_DAYS.name)
    assert (day["hours"], day["abnormal_hours"]) == (2, 2)


def test_many_lost_hours_are_counted() -> None:
    assert describe_lost_health([LOST] * 3, 1).endswith(
        "2026-06-21T00:00:00Z (attempt 1, damaged), and 2 more"
    )


def test_an_hour_that_only_an_export_has_is_not_written_over(archive: Archive, tmp_path: Path) -> None:
    """Another hour of the month was archived between the export and the loss."""
    out, tip = tmp_path / "out", archive.resolve_commit()
    archive.run_git("reset", "--quiet", "--hard", "HEAD~2")
    manifest, _ = export_archive(archive, out, tmp_path / "before")
    assert list_statuses(out, manifest) == [0]
    archive.run_git("reset", "--quiet", "--hard", str(tip))
    damage_health(archive, 0)
    with pytest.raises(ArchiveError, match="the archive has lost since"):
        export_archive(archive, out)
    assert list_statuses(out, manifest) == [0]


def test_health_is_taken_up_without_a_manifest(archive: Archive, tmp_path: Path) -> None:
    """A month that was cut off is known by the hash of its attempts; days that only the folder has stay."""
    out = tmp_path / "out"
    thin_health(archive, out, DAY)
    manifest = read_manifest(out)
    assert manifest
    (out / MANIFEST_NAME).unlink()
    assert export_archive(archive, out) == (manifest, [])
    (out / MANIFEST_NAME).unlink()
    assert export_archive(archive, out, tmp_path / "cache") == (manifest, [])
    assert (out / JUNE).exists()


@pytest.mark.parametrize("source", ["another archive", "damage"])
def test_health_of_unknown_origin_is_refused(archive: Archive, tmp_path: Path, source: str) -> None:
    out = tmp_path / "out"
    thin_health(archive, out, DAY)
    (out / MANIFEST_NAME).unlink()
    if source == "damage":
        (out / JUNE).write_bytes(b"PAR1")
    else:
        pq.write_table(pq.read_table(out / JUNE).replace_schema_metadata(None), out / JUNE)
    with pytest.raises(ArchiveError, match="is not known to be of this archive, which has no"):
        export_archive(archive, out)
    (out / JULY).unlink()
    with pytest.raises(ArchiveError, match="is not known to be of this archive"):
        export_archive(archive, out, health=False)
