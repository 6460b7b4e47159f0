"""An answer of the service, or the reason why there is none."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FetchResult:
    """What asking for one path brought: a body, or the reason why there is none.

    `refused` tells a payload that came whole and was refused from one that was not had; `raw` holds it.
    """

    body: Any = None
    reason: str | None = None
    is_rejected: bool = False
    raw: bytes = b""
    age: int | None = None
    date: str | None = None
    requests: int = 0
    rate_limited: int = 0
    """Of these requests those that were told to come back later (429)."""
