"""Rate limits: all workers together stay below one rate, and all of them wait when the service says so."""

import threading
from collections.abc import Callable


class RateLimiter:
    """Hands out send times, evenly spaced over all threads.

    `clock` returns seconds, `sleep` waits that many; both are arguments so that tests need not wait. A rate
    of 0 requests a second means no limit.
    """

    def __init__(self, per_second: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._interval = 1 / per_second if per_second > 0 else 0.0
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = clock()

    def wait(self, deadline: float) -> str:
        """Wait until this thread may send, and return "".

        Where that would be at the deadline (in seconds of `clock`) or later, return "deadline" at once.
        """
        with self._lock:
            now = self._clock()
            send_time = max(now, self._next)
            if send_time >= deadline:
                return "deadline"
            self._next = send_time + self._interval
        if send_time > now:
            self._sleep(send_time - now)
        return ""

    def hold(self, seconds: float) -> None:
        """Let no request start for a number of seconds, whichever thread sends it."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)


class RequestBudget(RateLimiter):
    """A rate limiter for a limited number of requests; `on_request` is called before each of them."""

    def __init__(
        self,
        max_requests: int,
        per_second: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        on_request: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(per_second, clock, sleep)
        self._remaining = max_requests
        self._on_request = on_request

    def wait(self, deadline: float) -> str:
        """Wait until this thread may send; return "budget" at once where no request is left."""
        if self._remaining <= 0:
            return "budget"
        refusal = super().wait(deadline)
        if not refusal:
            self._remaining -= 1
            self._on_request()
        return refusal
