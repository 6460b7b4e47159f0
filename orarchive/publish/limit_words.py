"""Words for limits of a model, which its listed provider usually repeats."""

from collections.abc import Iterable, Iterator

LISTED_PROVIDER_FIELD = "top_provider"
"""Field of a model that repeats the limits of the endpoint that OpenRouter lists first."""


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
