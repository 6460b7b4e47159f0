"""The limits of the Data API: one allowance that all its routes share."""

import math
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from threading import Lock

MINUTE = 60.0  # seconds


class Limits:
    """Requests a UTC day of the service's clock and, if `per_minute` is set, within any 60 s of `clock`.

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

    def take(self, now: datetime) -> int | None:
        """Count a request, or give the seconds until the next may come."""
        with self._lock:
            today, moment = now.astimezone(UTC).date(), self.clock()
            while self._recent and moment - self._recent[0] >= MINUTE:
                self._recent.popleft()
            if self.counted.get(today, 0) >= self.per_day:
                midnight = datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(days=1)
                return math.ceil((midnight - now).total_seconds())
            if self.per_minute is not None and len(self._recent) >= self.per_minute:
                return math.ceil(self._recent[-self.per_minute] + MINUTE - moment)
            self.counted[today] = self.counted.get(today, 0) + 1
            self._recent.append(moment)
            return None
