"""Exports as Spark reads them: the files that the manifest names, from any file system that Spark knows."""

import json
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


def start_session(name: str) -> SparkSession:
    """Start Spark, or return the session that runs; times are in UTC, whatever zone the machine has."""
    builder = SparkSession.builder.appName(name)
    return builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()


def read_table(spark: SparkSession, export: str, table: str) -> DataFrame | None:
    """Read a table of an export, given as the address of its folder; None if it has no files."""
    (row,) = spark.read.text(f"{export}/manifest.json", wholetext=True).collect()
    files = json.loads(row["value"])["files"]
    paths = [f"{export}/{file['path']}" for file in files if file["table"] == table]
    return spark.read.parquet(*paths) if paths else None


def read_tables(spark: SparkSession, exports: list[str], table: str) -> DataFrame:
    """Read a table of several exports; the column `archive` says which export a row is of."""
    frames = [
        frame.withColumn("archive", F.lit(export.rstrip("/").rpartition("/")[2]))
        for export in exports
        if (frame := read_table(spark, export, table)) is not None
    ]
    return reduce(DataFrame.unionByName, frames)
