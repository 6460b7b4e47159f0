"""Checkpoints: how far a long build has come, so that one that is cut off goes on from there."""

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from orarchive.history.attempts import AttemptCommit, HistoryRewritten
from orarchive.jsonl import dumps

CHECKPOINT_ATTEMPTS = 500
"""After so many attempts a long build is saved: 50 s of work at a tenth of a second each. Saving costs one
commit and one checksum of the file, well under a second."""

SELECT_CHECKPOINT = "select attempts, sha256, last_hour from checkpoint"

INSERT_CHECKPOINT = "insert into checkpoint (attempts, sha256, last_hour) values (?, ?, ?)"


def is_long(attempts: list[AttemptCommit]) -> bool:
    """Return whether there are so many attempts to index that checkpoints are saved."""
    return len(attempts) > CHECKPOINT_ATTEMPTS


def count_indexed(db: sqlite3.Connection, attempts: list[AttemptCommit]) -> int:
    """Count how many of the attempts since an index's tips its checkpoint covers; 0 without a checkpoint.

    Raise HistoryRewritten if the attempts are not those of the checkpoint, or end before the hour up to which
    that build was to go: it left out what would be too old at that hour.
    """
    row = db.execute(SELECT_CHECKPOINT).fetchone()
    if row is None:
        return 0
    count, digest, last_hour = row
    if hash_attempts(attempts[:count]) != digest or attempts[-1].attempt["hour"] < last_hour:
        msg = "the archive's attempts are not those that were indexed before the build was cut off"
        raise HistoryRewritten(msg)
    return int(count)


def hash_attempts(attempts: list[AttemptCommit], digest: str = "") -> str:
    """Hash attempts with their commits, each with the hash of those before it, which begins with `digest`."""
    for attempt in attempts:
        text = b"%s %s %s" % (digest.encode(), str(attempt.commit).encode(), dumps(attempt.attempt))
        digest = hashlib.sha256(text).hexdigest()
    return digest


@dataclass
class CheckpointWriter:
    """Saves a build whenever a checkpoint is due."""

    db: sqlite3.Connection
    attempts: list[AttemptCommit]
    """All attempts since the index's tips."""
    indexed: int
    """Number of these that are indexed; after each checkpoint so many more."""
    save: Callable[[], None]
    """Commits what the build has written, records its checksum, and opens the next transaction."""
    digest: str = ""

    def __post_init__(self) -> None:
        """Hash the attempts that are indexed."""
        self.digest = hash_attempts(self.attempts[: self.indexed])

    def is_due(self, indexed: int) -> bool:
        """Return whether to save a build that has indexed so many attempts."""
        return indexed - self.indexed == CHECKPOINT_ATTEMPTS

    def write(self, indexed: int) -> None:
        """Write a checkpoint and save the build."""
        self.digest = hash_attempts(self.attempts[self.indexed : indexed], self.digest)
        self.indexed = indexed
        self.db.execute("delete from checkpoint")
        self.db.execute(INSERT_CHECKPOINT, (indexed, self.digest, self.attempts[-1].attempt["hour"]))
        self.save()
