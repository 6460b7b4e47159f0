"""Merging: each source is merged once in each try to write, whatever else the attempt does with it."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from orarchive.collect import feed_group, ranking_merge
from orarchive.sample import START, Service, sample_service
from tests.support.archives import Stage, build_payloads
from tests.support.probes import FREE, NEXT, without
from tests.support.rankings import EARLY, run, stage_in
from tests.support.writers import Writers

Merges = Counter[str]
"""Source -> how often it was merged."""


@pytest.fixture
def merges(monkeypatch: pytest.MonkeyPatch) -> Merges:
    """Count the merges of feeds and of ranking slices from now on."""
    counts: Merges = Counter()

    def count(module: Any, name: str, get_source: Callable[[Any], str]) -> None:
        merge = getattr(module, name)

        def counting(fetched: Any, *arguments: Any, **options: Any) -> Any:
            counts[get_source(fetched)] += 1
            return merge(fetched, *arguments, **options)

        monkeypatch.setattr(module, name, counting)

    count(feed_group, "merge_list", lambda fetched: fetched.feed.name)
    count(feed_group, "merge_fan_out", lambda fetched: fetched.feed.name)
    count(ranking_merge, "merge_slice", lambda fetched: f"{fetched.series.name}/{fetched.slice_name}")
    return counts


@pytest.fixture
def writers(begun: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writers:
    """Two writers; ours is about to archive an hour in which a model has left the list."""
    writers = Writers(begun, tmp_path, monkeypatch)
    writers.ours.serve(without(build_payloads(START), FREE))
    return writers


HOURLY = ("models", "endpoints", "providers", "zdr")


@pytest.mark.parametrize("lost_pushes", [0, 1, 3])
def test_a_feed_is_merged_once_a_try(writers: Writers, lost_pushes: int, merges: Merges) -> None:
    """The probes complete the report of the models without merging them again."""
    writers.before = [partial(writers.edit_theirs, f"{number}.md") for number in range(lost_pushes)]
    assert writers.ours.run(NEXT, push=True) == 0
    assert writers.lost == lost_pushes
    assert writers.ours.read_report("models")["vanished"] == {FREE: "gone"}
    assert merges == dict.fromkeys(HOURLY, 1 + lost_pushes)


def test_a_feed_that_another_writer_has_archived_is_not_merged_again(
    writers: Writers, merges: Merges
) -> None:
    theirs: Merges = Counter()

    def archive() -> None:
        ours = merges.copy()
        writers.archive_theirs(NEXT, build_payloads(START), "providers")
        theirs.update(merges - ours)

    writers.before = [archive]
    assert writers.ours.run(NEXT, push=True) == 0
    assert merges - theirs == {**dict.fromkeys(HOURLY, 1), "providers": 2}


def test_feeds_of_an_archive_without_hours(stage: Stage, merges: Merges) -> None:
    assert stage.run(START) == 0
    assert merges == dict.fromkeys((*HOURLY, "images", "image_endpoints", "videos"), 1)


@pytest.fixture
def service() -> Any:
    with sample_service(EARLY) as service:
        yield service


def test_a_slice_is_merged_once(service: Service, tmp_path: Path, merges: Merges) -> None:
    stage = stage_in(service, tmp_path / "archive", key=None)
    assert run(stage, EARLY) == 0
    assert {*merges} >= {"order/", "order/programming"}
    assert {*merges.values()} == {1}
