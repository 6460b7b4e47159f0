"""Names that may have been meant: who asks for what is not there is told what is."""

import sqlite3
from collections.abc import Iterable
from difflib import get_close_matches
from typing import NoReturn

from orarchive.errors import NotArchivedError

MOST = 3


def refuse(what: str, key: str, names: Iterable[str]) -> NoReturn:
    """Raise NotArchivedError for a name that the archive does not have, with the nearest that it has."""
    known = sorted(set(names))
    near = get_close_matches(key, known, n=MOST, cutoff=0.6)
    near = near or [name for name in known if key and key.lower() in name.lower()][:MOST]
    msg = f"no {what} {key}" + (f"; near it: {', '.join(near)}" if near else "")
    raise NotArchivedError(msg)


def models(db: sqlite3.Connection) -> list[str]:
    """Every model id there ever was."""
    return [name for (name,) in db.execute("select key from records where feed = 'models'")]
