"""The files of the catalogue: they say what the catalogue says, and small ones stay small."""

import datetime as dt
import gzip
import json
from decimal import Decimal

import pytest
from icalendar import Calendar

from orarchive.catalog.id_check import parse_check_list
from orarchive.publish.pages import get_model_path
from orarchive.publish.views import View
from tests.support.api import read_data

MAX_SUMMARY_BYTES = 25 * 1024
"""Bytes of catalog.json, gzipped, for some 500 models."""


def test_the_summary_has_every_listed_model(view: View, site: dict[str, bytes]) -> None:
    """Prices, flags and classes are those of the catalogue, and the file is small."""
    rows = read_data(site, "catalog")
    listed = {key: info for key, info in view.catalog.models.items() if info.is_listed}
    assert [row["id"] for row in rows] == sorted(listed)
    for row in rows:
        info = listed[row["id"]]
        prompt = info.prices.get("prompt")
        expected = None if prompt is None else prompt * (1_000_000 if prompt > 0 else 1)
        assert (None if row["pricing"][0] is None else Decimal(row["pricing"][0])) == expected
        assert ("tools" in row["flags"]) is (info.flags["tools"].value is True)
        assert ("tools" in row["unknown_flags"]) is (info.flags["tools"].value is None)
        assert (row["tier"], row["family"]) == (info.price_class.tier, info.family.name)
    size = len(gzip.compress(site["api/v1/catalog.json"]))
    assert size < MAX_SUMMARY_BYTES


def test_lists_of_ids(view: View, site: dict[str, bytes]) -> None:
    """Each id stands in one of the two lists; what is free is also listed."""
    ids, free, gone = (site[f"api/v1/{name}.txt"].decode().splitlines() for name in ("ids", "free", "gone"))
    assert {*ids} | {*gone} == {*view.catalog.models}
    assert not {*ids} & {*gone}
    assert {*free} < {*ids}
    assert ids == sorted(ids)


def test_a_model_file_says_what_the_record_means(view: View, site: dict[str, bytes]) -> None:
    """Flags carry their source, a gone model its successor, and events are those of the months."""
    months = {
        event["id"]: event
        for path in site
        if path.startswith("api/v1/changes/")
        for event in json.loads(site[path])["data"]
    }
    seen = successors = 0
    for key, info in view.catalog.models.items():
        file = json.loads(site["api/v1/" + get_model_path(key).replace("/index.html", ".json")])["data"]
        assert {name: flag["value"] for name, flag in file["flags"].items() if name in info.flags} == {
            name: flag.value for name, flag in info.flags.items()
        }
        redirect = view.catalog.redirects.by_source.get(key)
        assert (file["successor"] or {}).get("to") == (redirect.target if redirect else None)
        assert all(months[event["id"]] == event for event in file["events"])
        seen += len(file["events"])
        successors += redirect is not None
    assert seen > 40
    assert successors


def test_the_calendar_has_the_days_of_retirements(view: View, site: dict[str, bytes]) -> None:
    """An event for each listed model with a date, on that day, without a time of its own making."""
    calendar = Calendar.from_ical(site["api/v1/calendar.ics"].decode())
    events = {str(event["summary"]).split()[0]: event for event in calendar.walk("VEVENT")}
    expected = {
        key: info.expires for key, info in view.catalog.models.items() if info.is_listed and info.expires
    }
    assert {key: event.decoded("dtstart") for key, event in events.items()} == expected
    day = dt.timedelta(days=1)
    assert all(event.decoded("dtend") - event.decoded("dtstart") == day for event in events.values())
    assert len({str(event["uid"]) for event in events.values()}) == len(events)
    assert all("eplacement: " in str(event["description"]) for event in events.values())


def test_badges_say_price_or_end(view: View, site: dict[str, bytes]) -> None:
    """The form is that of shields.io; a gone model's badge is red."""
    for key, info in view.catalog.models.items():
        path = get_model_path(key).replace("models/", "badges/").replace("/index.html", ".json")
        badge = json.loads(site[path])
        assert badge["schemaVersion"] == 1
        assert (badge["color"] == "red") is not info.is_listed
    assert (
        json.loads(site["badges/anthropic/claude-haiku-4.5.json"])["message"] == "$1.00 / $5.00 per M tokens"
    )


def test_the_list_of_checks_can_be_read(view: View, site: dict[str, bytes]) -> None:
    """The Action's script reads the file as it is published."""
    check_list = parse_check_list(site["api/v1/check.json"])
    assert check_list.as_of == view.catalog.hour
    assert {*check_list.alive, *check_list.expires, *check_list.gone} == {*view.catalog.models}


@pytest.mark.parametrize("name", ["shortlists", "aliases", "redirects", "gone", "direct", "best-value"])
def test_files_have_something_to_say(site: dict[str, bytes], name: str) -> None:
    """The sample fills every file."""
    data = read_data(site, name)
    assert data["models"] if name == "best-value" else data
