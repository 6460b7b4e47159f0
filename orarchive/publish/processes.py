"""Work of a build in processes beside it."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from multiprocessing.connection import Connection
from typing import TypeVar

from orarchive.errors import ArchiveError

Item = TypeVar("Item")
Result = TypeVar("Result")

MIN_ITEMS = 50
"""Items, such as tasks or files, for which it is worth starting a further process."""


def count_processes() -> int:
    """Return how many processes work at once: one on each core; one alone where none can be forked."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def start_forked(function: Callable[[], Result]) -> Callable[[], Result]:
    """Start a function in a copy of this process; return what waits for its result, or raises its error.

    The copy has all that was read so far, which need not be sent. Its result is sent, as a pickle. Only Linux
    copies a process safely: elsewhere the function runs when its result is asked for.
    """
    if sys.platform != "linux":
        return cache(function)
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send_result, args=(function, sender), daemon=True)
    process.start()
    sender.close()

    @cache
    def wait() -> Result:
        try:
            message: tuple[Result, Exception | None] = receiver.recv()
        except EOFError:
            process.join()
            msg = f"a process of the build ended with {process.exitcode}; is there enough memory? Build again"
            raise ArchiveError(msg) from None
        process.join()
        result, error = message
        if error:
            raise error
        return result

    return wait


def share(function: Callable[[Sequence[Item]], Result], items: Sequence[Item]) -> list[Result]:
    """Return the results of a function for shares of many items, each made in a process on a core of its own.

    Each process takes every n-th item, as neighbours are alike in size. Less than MIN_ITEMS is one share.
    """
    count = min(count_processes(), 1 + len(items) // MIN_ITEMS)
    others = [start_forked(partial(function, items[number::count])) for number in range(1, count)]
    return [function(items[::count]), *(wait() for wait in others)]


def _send_result(function: Callable[[], object], sender: Connection) -> None:
    """Send the result of a function and None, or None and its error."""
    try:
        sender.send((function(), None))
    except Exception as error:
        sender.send((None, error))
