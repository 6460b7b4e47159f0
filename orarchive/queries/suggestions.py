"""Suggestions: names that may have been meant where a name is not in the archive."""

import sqlite3
from collections.abc import Iterable
from difflib import get_close_matches
from typing import NoReturn

from orarchive.errors import UnknownError

MAX_SUGGESTIONS = 3
MIN_SIMILARITY = 0.6
"""Ratio of `difflib` from which on a name is similar to another."""


def raise_not_found(subject: str, key: str, names: Iterable[str], few: bool = False) -> NoReturn:
    """Raise UnknownError for a name that is not in the archive, with the most similar of its `names`.

    `subject` says what was looked for ("model"). Case does not count. If the names are `few`, some of them
    are listed even if none is similar.
    """
    candidates = sorted(set(names))
    matches = find_similar(key, candidates)
    hint = f"; did you mean {', '.join(matches)}?" if matches else ""
    if few and not matches:
        surplus = len(candidates) - MAX_SUGGESTIONS
        more = f" and {surplus} more" if surplus > 0 else ""
        hint = f"; there are: {', '.join(candidates[:MAX_SUGGESTIONS])}{more}"
        if not candidates:
            hint = "; there are none"
    msg = f"no {subject} {key}{hint}"
    raise UnknownError(msg)


def find_similar(key: str, candidates: list[str]) -> list[str]:
    """Return the candidates most similar to a key, or else some that contain it; case does not count."""
    key = key.lower()
    by_lower_case = {name.lower(): name for name in reversed(candidates)}
    matches = get_close_matches(key, by_lower_case, n=MAX_SUGGESTIONS, cutoff=MIN_SIMILARITY)
    if matches:
        return [by_lower_case[match] for match in matches]
    return [name for name in candidates if key and key in name.lower()][:MAX_SUGGESTIONS]


def list_model_ids(db: sqlite3.Connection) -> list[str]:
    """List the ids of all models that were ever observed."""
    return [name for (name,) in db.execute("select key from records where feed = 'models'")]
