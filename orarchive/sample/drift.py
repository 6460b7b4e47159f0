"""What moves from hour to hour and means little: health, scores, the order of things.

Nothing is random: every number is drawn from a hash of what it belongs to and the time.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

from orarchive.sample.catalogue import Row


@lru_cache(maxsize=4096)  # an hour asks for the same few names a thousand times
def draw(*seed: object) -> float:
    """A number in [0, 1) that is always the same for the same seed."""
    digest = blake2b(repr(seed).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def shuffled(items: Iterable[str], *seed: object) -> list[str]:
    """The items in an order of the seed's own."""
    return sorted(items, key=lambda item: draw(item, *seed))


def health(key: str, hour: datetime, ill: int | None) -> Row:
    """Status, uptimes (percent), latency (ms) and throughput (tokens/s); `ill` is a status below 0."""
    quiet = draw(key, "quiet") < 0.08  # too little traffic for an uptime
    passing = -2 if draw(key, hour, "status") < 0.02 else 0
    return {
        "status": passing if ill is None else ill,
        "uptime_last_5m": None if quiet else _uptime(ill, draw(key, hour, "5m")),
        "uptime_last_30m": None if quiet else _uptime(ill, draw(key, hour, "30m")),
        "uptime_last_1d": None if quiet else _uptime(ill, draw(key, hour.date(), "1d")),
        "latency_last_30m": _percentiles(200 + 3000 * draw(key, hour, "latency"), (1, 1.8, 2.6, 6.45)),
        "throughput_last_30m": _percentiles(20 + 150 * draw(key, hour, "throughput"), (1, 1.2, 1.4, 1.7)),
    }


def scores(benchmarks: Row, model: str, hour: datetime) -> Row:
    """Benchmarks as they stand on a day: arena scores wander, the indexes stay."""
    arena = [
        row
        | {
            "elo": row["elo"] + round(8 * draw(model, row["category"], hour.date())) - 4,
            "win_rate": round(row["win_rate"] + draw(model, row["category"], hour.date(), "wins") - 0.5, 1),
        }
        for row in benchmarks["design_arena"]
    ]
    return benchmarks | {"design_arena": arena}


def _uptime(ill: int | None, luck: float) -> int | float:
    """Half the time a whole 100, else 99.9 or a number with all its digits; far less if ill."""
    if ill is not None:
        return 60 + 15 * luck
    if luck < 0.5:
        return 100
    return 99.9 if luck < 0.6 else 100 - 8 * (luck - 0.6) ** 3


def _percentiles(middle: float, factors: tuple[float, float, float, float]) -> Row:
    return {
        name: round(middle * factor)
        for name, factor in zip(("p50", "p75", "p90", "p99"), factors, strict=True)
    }
