"""Folding of lines that say little: one line of an hour stands for all models that list another provider."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from orarchive.domain.event_kinds import LISTED_PROVIDER
from orarchive.publish.changelog import MAX_ITEMS, ChangelogHour, ChangelogLine


def fold_listed_providers(hours: Iterable[ChangelogHour]) -> list[ChangelogHour]:
    """Return hours in which one line stands for all models that list another provider's values.

    No provider changed anything then; an hour may have dozens of them.
    """
    return [replace(hour, lines=list(_fold_lines(hour.lines))) for hour in hours]


def _fold_lines(lines: list[ChangelogLine]) -> Iterator[ChangelogLine]:
    noise = [line for line in lines if line.kind == LISTED_PROVIDER]
    yield from (line for line in lines if line.kind != LISTED_PROVIDER)
    if len(noise) == 1:
        yield from noise
    elif noise:
        names = [line.model or line.subject for line in noise]
        omitted = [f"and {len(names) - MAX_ITEMS:,} more"] if len(names) > MAX_ITEMS else []
        yield replace(
            noise[0],
            model=None,
            subject=f"{len(noise):,} models",
            event="listed providers",
            after=None,
            moves=(),
            parts=(*names[:MAX_ITEMS], *omitted),
        )
