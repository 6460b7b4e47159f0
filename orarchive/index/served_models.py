"""Served models: which models have to have endpoints, and the endpoints of each; in memory while indexing."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from orarchive.domain.keys import Key
from orarchive.domain.prices import is_dynamic, read_prices
from orarchive.domain.records import is_alias
from orarchive.history.replay import Pair, ReplayState, ReplayStep
from orarchive.index.record_rows import RecordRows
from orarchive.jsonl import Record


def needs_endpoints(record: Record) -> bool:
    """Return whether a model has to have endpoints: aliases and routers never have any."""
    return not is_alias(record) and not is_dynamic(read_prices(record.get("pricing")).get("prompt"))


@dataclass
class ServedModels:
    """The models and endpoints that are listed, kept up to date by the changes of each attempt."""

    needing: dict[str, int] = field(default_factory=dict)
    """Model id -> row id of the models that have to have endpoints."""
    endpoints: dict[str, dict[Key, Record]] = field(default_factory=dict)
    """Model id -> its endpoints by key; no id without one."""

    @classmethod
    def load(cls, state: ReplayState, rows: RecordRows) -> "ServedModels":
        """Read the models and endpoints of a state."""
        served = cls()
        for feed in ("models", "endpoints"):
            served._apply_pairs(feed, ((key, (None, new)) for key, new in state.records[feed].items()), rows)
        return served

    def apply(self, step: ReplayStep, rows: RecordRows) -> None:
        """Apply the changed records of an attempt."""
        for feed in ("models", "endpoints"):
            self._apply_pairs(feed, step.records.get(feed, {}).items(), rows)

    def _apply_pairs(self, feed: str, pairs: Iterable[tuple[Key, Pair]], rows: RecordRows) -> None:
        for key, (_, record) in pairs:
            model = key[0]
            if feed == "models":
                self.needing.pop(model, None)
                if record is not None and needs_endpoints(record):
                    self.needing[model] = rows.ids[feed, key]
            elif record is not None:
                self.endpoints.setdefault(model, {})[key] = record
            else:
                self.endpoints[model].pop(key, None)
                if not self.endpoints[model]:
                    del self.endpoints[model]
