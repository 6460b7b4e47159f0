"""A client of the sample service, for its own tests."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import requests

from orarchive.sample import Service

KEY = {"Authorization": "Bearer sample-key"}

Ask = Callable[..., requests.Response]


def make_ask(sample: Service, session: requests.Session) -> Ask:
    """Return a function that sends a GET for a path below the base, or for /openapi.json, to the sample.

    `at` first sets the time of the sample; other keywords are query parameters.
    """

    def ask(
        path: str, at: dt.datetime | None = None, headers: dict[str, str] = KEY, **query: Any
    ) -> requests.Response:
        sample.now = at or sample.now
        base = sample.base_url.removesuffix("/api/v1") if path.startswith("/") else f"{sample.base_url}/"
        return session.get(f"{base}{path}", params=query, headers=headers, timeout=5)

    return ask


def read_rows(response: requests.Response) -> list[Any]:
    """Return the rows of a good response: its `data`, or the endpoints in it."""
    assert response.status_code == 200, response.text
    data = response.json()["data"]
    return list(data["endpoints"] if isinstance(data, dict) else data)
