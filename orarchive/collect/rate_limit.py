"""Pacing: all workers together stay below one rate, and all wait when the service says so."""

import threading
from collections.abc import Callable


class RateLimiter:
    """Hands out moments to send a request, evenly spaced over all threads.

    `clock` counts seconds, `sleep` waits that many; both are arguments so that tests need not wait.
    """

    def __init__(self, per_second: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._interval = 1 / per_second if per_second > 0 else 0.0
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = clock()

    def wait(self, until: float) -> str:
        """Wait for this thread's turn; where it would come after `until` says so at once: "deadline"."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            if turn >= until:
                return "deadline"
            self._next = turn + self._interval
        if turn > now:
            self._sleep(turn - now)
        return ""

    def hold(self, seconds: float) -> None:
        """Let no request start for so many seconds, whichever thread sends it."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)


class RequestBudget(RateLimiter):
    """A pacer that hands out so many moments and no more; `took` is told of each."""

    def __init__(
        self,
        left: int,
        per_second: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        took: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(per_second, clock, sleep)
        self._left = left
        self._took = took

    def wait(self, until: float) -> str:
        """Wait for a turn; says "budget" where none is left."""
        if self._left <= 0:
            return "budget"
        refused = super().wait(until)
        if not refused:
            self._left -= 1
            self._took()
        return refused
