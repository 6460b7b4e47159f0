"""Names that may have been meant: who asks for what is not there is told what is."""

import sqlite3
from collections.abc import Iterable
from difflib import get_close_matches
from typing import NoReturn

from orarchive.errors import NotArchivedError

MAX_SUGGESTIONS = 3


def raise_not_found(what: str, key: str, names: Iterable[str], few: bool = False) -> NoReturn:
    """Raise NotArchivedError for a name that the archive does not have, with the nearest that it has.

    Case does not count. Of `few` names some are told even where none is near.
    """
    known = sorted(set(names))
    near = _near(key.lower(), known)
    said = f"; near it: {', '.join(near)}" if near else ""
    if few and not near:
        more = f" and {len(known) - MAX_SUGGESTIONS} more" if len(known) > MAX_SUGGESTIONS else ""
        said = f"; there are: {', '.join(known[:MAX_SUGGESTIONS])}{more}" if known else "; there are none"
    msg = f"no {what} {key}{said}"
    raise NotArchivedError(msg)


def _near(key: str, known: list[str]) -> list[str]:
    """The names most like a key, or else some that have it in them."""
    lower = {name.lower(): name for name in reversed(known)}
    near = [lower[name] for name in get_close_matches(key, lower, n=MAX_SUGGESTIONS, cutoff=0.6)]
    return near or [name for name in known if key and key in name.lower()][:MAX_SUGGESTIONS]


def list_model_ids(db: sqlite3.Connection) -> list[str]:
    """Every model id there ever was."""
    return [name for (name,) in db.execute("select key from records where feed = 'models'")]
