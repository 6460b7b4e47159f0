"""Values that change from hour to hour and mean little: health, scores, the order of rows.

Nothing is random: every number is drawn from a hash of its subject and the time. The words in the seeds are
part of what is served: another word would change every figure drawn with it.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

from orarchive.sample.catalogue import Row


# An hour draws for the same few names a thousand times.
@lru_cache(maxsize=4096)
def draw(*seed: object) -> float:
    """Return a number in [0, 1) that is always the same for the same seed."""
    digest = blake2b(repr(seed).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def shuffle(items: Iterable[str], *seed: object) -> list[str]:
    """Return the items in an order that depends on the seed alone."""
    return sorted(items, key=lambda item: draw(item, *seed))


def draw_health(key: str, hour: datetime, degraded_status: int | None) -> Row:
    """Return status, uptimes (percent), latency (ms) and throughput (tokens/s) of an endpoint at an hour.

    `degraded_status` is the status below 0 that its provider reports while it fails, or None.
    """
    # An endpoint with too little traffic has no uptime.
    idle = draw(key, "quiet") < 0.08
    passing = -2 if draw(key, hour, "status") < 0.02 else 0
    is_degraded = degraded_status is not None
    return {
        "status": degraded_status if is_degraded else passing,
        "uptime_last_5m": None if idle else _compute_uptime(is_degraded, draw(key, hour, "5m")),
        "uptime_last_30m": None if idle else _compute_uptime(is_degraded, draw(key, hour, "30m")),
        "uptime_last_1d": None if idle else _compute_uptime(is_degraded, draw(key, hour.date(), "1d")),
        "latency_last_30m": _spread_percentiles(200 + 3000 * draw(key, hour, "latency"), (1, 1.8, 2.6, 6.45)),
        "throughput_last_30m": _spread_percentiles(
            20 + 150 * draw(key, hour, "throughput"), (1, 1.2, 1.4, 1.7)
        ),
    }


def draw_scores(benchmarks: Row, model: str, hour: datetime) -> Row:
    """Return a model's benchmarks as they are on the hour's date: arena scores wander, indexes stay."""
    arena = [
        row
        | {
            "elo": row["elo"] + round(8 * draw(model, row["category"], hour.date())) - 4,
            "win_rate": round(row["win_rate"] + draw(model, row["category"], hour.date(), "wins") - 0.5, 1),
        }
        for row in benchmarks["design_arena"]
    ]
    return benchmarks | {"design_arena": arena}


def _compute_uptime(is_degraded: bool, luck: float) -> int | float:
    """Return an uptime in percent: half the time the integer 100, else 99.9 or a number with all its digits.

    While a provider fails it is far less.
    """
    if is_degraded:
        return 60 + 15 * luck
    if luck < 0.5:
        return 100
    return 99.9 if luck < 0.6 else 100 - 8 * (luck - 0.6) ** 3


def _spread_percentiles(median: float, factors: tuple[float, float, float, float]) -> Row:
    """Return the four percentiles, each a multiple of the median, as integers."""
    return {
        name: round(median * factor)
        for name, factor in zip(("p50", "p75", "p90", "p99"), factors, strict=True)
    }
