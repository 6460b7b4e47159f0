"""An oracle: what an index must contain, derived naively from whole snapshots and from the design.

It uses nothing of `orarchive.index`, which is under test; the names of excuses are compared with those there.
"""

from tests.support.oracle.attempts import AttemptLog
from tests.support.oracle.facts import FactLog
from tests.support.oracle.fields import FieldOracle
from tests.support.oracle.health import HealthOracle
from tests.support.oracle.prices import PriceOracle
from tests.support.oracle.records import RecordOracle
from tests.support.random_histories import ArchivedAttempt


class Oracle:
    """Reads the attempts of a history one after the other, each as a whole, and derives what must follow."""

    def __init__(self, attempts: list[ArchivedAttempt]) -> None:
        self.log = AttemptLog(attempts)
        self.facts = FactLog(self.log)
        self.health = HealthOracle(self.log, self.facts)
        self.records = RecordOracle(self.log, self.facts, self.health)
        self.fields = FieldOracle(self.log, self.facts)
        self.prices = PriceOracle(self.log, self.facts)
        for position in range(len(attempts)):
            self.log.advance(position)
            self._apply_attempt()

    def _apply_attempt(self) -> None:
        new_paths = self.fields.find_new_paths()
        self.records.apply_attempt()
        self.prices.start_attempt(new_paths)
        self.fields.apply_attempt(new_paths, self.prices)
        self.prices.apply_models()
        for feed in self.log.list_read_feeds():
            self.records.update_absences(feed)
            self.fields.find_vanished(feed)
        self.health.apply_attempt(self.records.is_first_arrival)
