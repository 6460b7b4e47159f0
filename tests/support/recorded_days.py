"""Recorded days with endpoints, as the naive readings take them."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from tests.support.agreement import Recorded
from tests.support.naive_versions import Version, index_rows
from tests.support.recordings import written


def read_recorded_days(served: Mapping[str, tuple[Any, Any, Any]]) -> Recorded:
    """Return what was served in some hours: models, providers and endpoints, parsed with `exactly`."""
    versions, endpoints = [], []
    for name, (models, _, responses) in served.items():
        hour = dt.datetime.fromisoformat(name.replace("Z", ":00:00Z"))
        versions.append(Version(hour, index_rows(written(models).encode())))
        endpoints.append((hour, json.loads(written(responses))))
    return Recorded(versions, endpoints)
