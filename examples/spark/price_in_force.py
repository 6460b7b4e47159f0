"""Price every request of a log with the prices that were in force when it was sent.

    spark-submit --py-files examples/spark/exports.py examples/spark/price_in_force.py EXPORT LOG.csv

The log has the columns request, requested_at (UTC), model, tag, n, prompt_tokens, completion_tokens; without
tag it is priced at the model's list price. Prices are exact decimals.
"""

import sys

from exports import read_tables, start_session
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

LOG_SCHEMA = (
    "request string, requested_at timestamp, model string, tag string, n bigint,"
    " prompt_tokens bigint, completion_tokens bigint"
)


def find_prices(spark: SparkSession, exports: list[str], log: DataFrame) -> DataFrame:
    """Return the price in force for each request of a log and each dimension.

    A price holds from `valid_from` until `superseded_at`, on its conditions; of those that hold at the same
    time the one with the highest position counts.
    """
    prices = read_tables(spark, exports, "prices").where("is_readable").alias("price")
    requests = log.withColumn("tag", F.coalesce("tag", F.lit(""))).withColumn("n", F.coalesce("n", F.lit(0)))
    minute = F.hour("requested_at") * 60 + F.minute("requested_at")
    weekday = F.lower(F.date_format("requested_at", "EEEE"))
    start, end = F.col("utc_start_minute"), F.col("utc_end_minute")
    is_in_window = (
        start.isNull()
        | end.isNull()
        | ((start < end) & (start <= minute) & (minute < end))
        | ((start >= end) & ((start <= minute) | (minute < end)))
    )
    in_force = requests.alias("log").join(
        prices,
        (F.col("price.model") == F.col("log.model"))
        & (F.col("price.tag") == F.col("log.tag"))
        & (F.col("price.n") == F.col("log.n"))
        & (F.col("valid_from") <= F.col("requested_at"))
        & (F.col("superseded_at").isNull() | (F.col("requested_at") < F.col("superseded_at")))
        & (F.col("min_prompt_tokens").isNull() | (F.col("prompt_tokens") > F.col("min_prompt_tokens")))
        & is_in_window
        & (F.col("utc_days").isNull() | F.array_contains("utc_days", weekday)),
    )
    last_first = Window.partitionBy("archive", "request", "dimension").orderBy(F.desc("position"))
    return (
        in_force.withColumn("place", F.row_number().over(last_first))
        .where("place = 1")
        .select(
            "archive", "request", "dimension", "unit", "price_usd", "price_sent", "valid_from", "condition"
        )
    )


def compute_costs(spark: SparkSession, export: str, log: DataFrame) -> DataFrame:
    """Return what the tokens of each request cost, in USD; null where a price is unknown or dynamic.

    The product of the two decimal types has all 38 digits that Spark holds, so nothing is rounded.
    """
    tokens = log.select(
        "request",
        F.explode(
            F.create_map(F.lit("prompt"), "prompt_tokens", F.lit("completion"), "completion_tokens")
        ).alias("dimension", "tokens"),
    )
    prices = find_prices(spark, [export], log).where("price_usd >= 0")
    cost = F.col("price_usd").cast("decimal(26,24)") * F.col("tokens").cast("decimal(11,0)")
    return (
        tokens.join(prices, ["request", "dimension"], "left")
        .groupBy("request")
        .agg(
            F.when(F.count("price_usd") == F.count("*"), F.sum(cost)).alias("usd"),
        )
        .orderBy("request")
    )


if __name__ == "__main__":
    session = start_session("price in force")
    folder, path = sys.argv[1:]
    requests = session.read.csv(path, header=True, schema=LOG_SCHEMA)
    compute_costs(session, folder, requests).show(100, truncate=False)
    session.stop()
