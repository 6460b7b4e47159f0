"""Ask how reliable each provider was, by month and hour of the day (UTC), over any number of exports.

spark-submit --py-files examples/spark/exports.py examples/spark/provider_reliability.py EXPORT...
"""

import sys

from exports import read_tables, start_session
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


def compute_reliability(spark: SparkSession, exports: list[str]) -> DataFrame:
    """Return uptime, abnormal status and latency by provider, month and hour of the day.

    Only what was read counts: values that stayed from an earlier attempt are not fresh.
    """
    health = read_tables(spark, exports, "health").where("fresh")
    return (
        health.groupBy(
            "provider",
            F.date_format("hour", "yyyy-MM").alias("month"),
            F.hour("hour").alias("hour_of_day"),
        )
        .agg(
            F.count("*").alias("readings"),
            F.avg("uptime_last_30m").alias("uptime_percent"),
            F.avg((F.col("status") != 0).cast("int")).alias("abnormal_share"),
            F.percentile_approx("latency_last_30m_p50", 0.5).alias("median_latency_ms"),
        )
        .orderBy("provider", "month", "hour_of_day")
    )


if __name__ == "__main__":
    session = start_session("provider reliability")
    compute_reliability(session, sys.argv[1:]).show(100, truncate=False)
    session.stop()
