"""Ask how the catalogue of each author turned over, by month, over any number of exports.

spark-submit --py-files examples/spark/exports.py examples/spark/churn.py EXPORT...
"""

import sys

from exports import read_tables, start_session
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

COMING = ("added", "returned", "first_observed")
GOING = ("missing",)


def compute_churn(spark: SparkSession, exports: list[str]) -> DataFrame:
    """Return the models that came and went by archive, author and month, and those that are listed now."""
    models = read_tables(spark, exports, "models")
    listed = models.groupBy("archive", "author").agg(
        F.count_if(F.col("missing_since").isNull()).alias("listed_now")
    )
    events = read_tables(spark, exports, "events").where("feed = 'models' and model is not null")
    moves = (
        events.withColumn("author", F.regexp_extract("model", "^~?([^/]*)", 1))
        .groupBy("archive", "author", F.date_format("hour", "yyyy-MM").alias("month"))
        .agg(
            F.count_if(F.col("kind").isin(*COMING)).alias("came"),
            F.count_if(F.col("kind").isin(*GOING)).alias("went"),
        )
    )
    return moves.join(listed, ["archive", "author"]).orderBy("archive", "author", "month")


if __name__ == "__main__":
    session = start_session("churn")
    compute_churn(session, sys.argv[1:]).show(100, truncate=False)
    session.stop()
