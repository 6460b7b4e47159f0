"""The limits of the Data API: one allowance that all its routes share."""

import math
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from threading import Lock

MINUTE_S = 60.0


class Limits:
    """Limits of requests a UTC day of the service and, if `per_minute` is set, within 60 s of `clock`.

    Settable at any time: `per_day`, `per_minute` (30 is the service's; None: no such limit) and `clock`
    (monotonic seconds).
    """

    def __init__(self) -> None:
        self.per_day = 500
        self.per_minute: int | None = None
        self.clock: Callable[[], float] = time.monotonic
        self.counted: dict[date, int] = {}
        self._recent: deque[float] = deque()
        self._lock = Lock()

    def count_request(self, now: datetime) -> int | None:
        """Count a request and return None, or return the seconds until the next one is allowed."""
        with self._lock:
            today, seconds = now.astimezone(UTC).date(), self.clock()
            while self._recent and seconds - self._recent[0] >= MINUTE_S:
                self._recent.popleft()
            if self.counted.get(today, 0) >= self.per_day:
                midnight = datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(days=1)
                return math.ceil((midnight - now).total_seconds())
            if self.per_minute is not None and len(self._recent) >= self.per_minute:
                return math.ceil(self._recent[-self.per_minute] + MINUTE_S - seconds)
            self.counted[today] = self.counted.get(today, 0) + 1
            self._recent.append(seconds)
            return None
