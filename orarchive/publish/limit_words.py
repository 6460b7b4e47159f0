"""Words for limits of a model, which its listed provider usually repeats, and how far limits moved."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from orarchive.domain.records import as_number
from orarchive.index.events import Event

LISTED_PROVIDER_FIELD = "top_provider"
"""Field of a model that repeats the limits of the endpoint that OpenRouter lists first."""


MAX_SMALL_SHARE = Decimal("0.01")
"""Share of a limit below which a change of it is small: 65,535 tokens are as good as 65,536."""


def is_small_change(event: Event) -> bool:
    """Return whether each limit in an event moved by less than `MAX_SMALL_SHARE`, and each flag is still off.

    A flag that is not stated is off.
    """
    old, new = (side if isinstance(side, dict) else {"": side} for side in (event.old, event.new))
    names = [name for name in old.keys() | new.keys() if old.get(name) != new.get(name)]
    return all(_is_small(old.get(name), new.get(name)) for name in names)


def _is_small(old: object, new: object) -> bool:
    if old in (None, False) and new in (None, False):
        return True
    before, after = as_number(old), as_number(new)
    if not before or not after:
        return False
    return abs(after / before - 1) < MAX_SMALL_SHARE


def drop_repeated_limits(changes: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the words for changed fields, given with their names, without limits that another one states.

    Limits of the listed provider that differ from those of the model say whose they are.
    """
    fields = [*changes]
    limits = {
        limit for field, words in fields if field != LISTED_PROVIDER_FIELD for limit in words.split(", ")
    }
    for field, words in fields:
        if field != LISTED_PROVIDER_FIELD or not limits:
            yield words
        elif rest := [limit for limit in words.split(", ") if limit not in limits]:
            yield "listed provider: " + ", ".join(rest)
