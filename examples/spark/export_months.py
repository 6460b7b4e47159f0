"""Export many archives in parallel: first each archive's tables, then every (archive, month) of health.

    spark-submit examples/spark/export_months.py --out /shared/exports /shared/archives/*

Every executor must see the archives, the folder of the exports, and the package `orarchive[parquet]`.
"""

import argparse
from pathlib import Path

from pyspark.sql import SparkSession

from orarchive.export.export import Preparation, finish_export, prepare_export
from orarchive.export.manifest import Manifest
from orarchive.export.months import MonthTask, write_month
from orarchive.export.parquet_files import FileEntry
from orarchive.store.archive import open_archive


def export_archives(spark: SparkSession, archives: list[Path], out: Path) -> list[Manifest]:
    """Bring the export of each archive, `out`/NAME, up to date; return their manifests."""

    def prepare(archive: Path) -> Preparation:
        return prepare_export(open_archive(archive), out / archive.name)

    def write(task: MonthTask) -> tuple[Path, FileEntry]:
        return task.out, write_month(task)

    context = spark.sparkContext
    preparations = context.parallelize(archives, len(archives)).map(prepare).collect()
    tasks = [task for preparation in preparations for task in preparation.months]
    files = context.parallelize(tasks, max(1, len(tasks))).map(write).collect()
    return [
        finish_export(preparation, [entry for folder, entry in files if folder == preparation.folder])
        for preparation in preparations
    ]


def main() -> None:
    """Export the archives that the command line names, and print what each export has."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archives", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    spark = SparkSession.builder.appName("export archives").getOrCreate()
    archives = [archive.absolute() for archive in options.archives]
    for archive, manifest in zip(
        archives, export_archives(spark, archives, options.out.absolute()), strict=True
    ):
        rows = sum(entry.rows for entry in manifest.files)
        print(f"{archive.name}: {len(manifest.files)} files, {rows:,} rows, up to {manifest.as_of}")
    spark.stop()


if __name__ == "__main__":
    main()
