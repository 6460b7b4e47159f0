"""The archive on recorded responses of the real service: `raw` gives everything back as it was sent.

`ARCHIVE_REAL_DATA` names the folder of recordings.
"""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest

from orarchive.collect import validate
from orarchive.domain import snapshot
from orarchive.domain.feeds import MODELS
from orarchive.jsonl import dumps, loads
from orarchive.sample import Service
from orarchive.sample.faults import Reply
from tests.support import requirements
from tests.support.all_readers import ask_at
from tests.support.archives import make_archive, read_git
from tests.support.bundles import versions
from tests.support.recordings import archive_hour, exactly, unordered

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def real() -> Path:
    return requirements.find_recordings()


def print_raw(archive: Path, *arguments: str) -> Any:
    """Run `raw` with these arguments and return what it prints, parsed with `exactly`."""
    result = ask_at(archive, "raw", *arguments)
    assert result.exit_code == 0, result.stderr
    return exactly(result.stdout_bytes)


def test_every_response_comes_back_as_it_was_sent(five_days: tuple[Path, dict[str, Any]]) -> None:
    archive, served = five_days
    for hour, (models, providers, endpoints) in served.items():
        assert unordered(print_raw(archive, hour, "models")) == unordered({"data": models["data"]})
        assert unordered(print_raw(archive, hour, "providers")) == unordered(providers)
        restored = print_raw(archive, hour, "endpoints")
        listed = [model for model in endpoints if model in {row["id"] for row in models["data"]}]
        assert len(listed) == len(endpoints) >= 350
        for model in listed:
            assert unordered(restored[model]) == unordered(endpoints[model]), model


def test_one_response_comes_back_by_its_model(five_days: tuple[Path, dict[str, Any]]) -> None:
    archive, served = five_days
    hour, (_, _, endpoints) = list(served.items())[-1]
    for model in (
        next(iter(endpoints)),
        next(model for model, response in endpoints.items() if not response["data"]["endpoints"]),
    ):
        assert unordered(print_raw(archive, hour, "endpoints", model)) == unordered(endpoints[model])


def test_the_price_log_is_readable(five_days: tuple[Path, dict[str, Any]]) -> None:
    archive, _ = five_days
    log = read_git(archive, "log", "-p", "--", "data/models/prices.jsonl")
    changed = [line for line in log.splitlines() if re.match(r"[-+]\{", line)]
    assert any('"prompt":"' in line for line in changed)
    assert max(map(len, changed)) < 1500, "a changed price should fit on a few lines of a terminal"
    assert "Binary files" not in log


def test_the_log_reads_as_a_changelog(five_days: tuple[Path, dict[str, Any]]) -> None:
    archive, _ = five_days
    subjects = read_git(archive, "log", "--format=%s").splitlines()
    assert all(re.match(r"2026-08-\d\dT06Z: ", subject) for subject in subjects)
    assert any(re.search(r"\d+ models? added", subject) for subject in subjects)
    body = read_git(archive, "log", "--format=%b")
    assert re.search(r"^~ \S+: \S+ \$[\d.]+ -> \$[\d.]+ per M", body, re.MULTILINE)
    assert re.search(r"^\+ \S+/\S+: added", body, re.MULTILINE)
    assert not re.search(r"\$-", body), "-1 is never a price"


def test_time_of_day_prices_do_not_flip_in_the_price_file(real: Path, tmp_path: Path) -> None:
    """Of nine flips in twenty versions, six hours apart, none is in prices and all are in spot."""
    archive = make_archive(tmp_path / "archive")
    history = versions(real / "models_sixhourly.bundle", tmp_path, "data/models.json")
    body = b""

    def respond(path: str, *_: object) -> Any:
        count = len(loads(body)["data"])
        return (200, {"data": {"count": count}}) if path == "models/count" else Reply(200, body)

    hours = [time[:13] + "Z" for time, _ in history]
    with Service(respond) as service:
        for number, (hour, (_, body)) in enumerate(zip(hours, history, strict=True)):
            archive_hour(archive, service, hour, "--feeds", "models")
            if number % 4 == 0:
                sent = exactly(body)["data"]
                assert unordered(print_raw(archive, hour, "models")) == unordered({"data": sent})
    spots = read_git(archive, "log", "--oneline", "--", "data/models/spot.jsonl").splitlines()
    assert len(spots) >= 9
    log = read_git(archive, "log", "-p", "-U0", "--format=", "--", "data/models/prices.jsonl")
    scheduled = [
        loads(line[1:]) for line in log.splitlines() if line.startswith(("-{", "+{")) and "utc_" in line
    ]
    assert scheduled
    assert not any("prompt" in row["pricing"] for row in scheduled)


@pytest.mark.parametrize("name", ["2026-08-04T032206Z", "2026-08-05T031928Z"])
def test_all_modalities_survive_the_files(real: Path, name: str) -> None:
    check_round_trip(gzip.decompress((real / f"models_v1_all_modalities/{name}.json.gz").read_bytes()))


def test_two_years_of_models_survive_the_files(real: Path, tmp_path: Path) -> None:
    """Every twentieth version since September 2024 survives, with the fields it had then."""
    history = versions(real / "models_history.bundle", tmp_path, "data/output.json", every=20)
    assert len(history) > 40
    for _, body in history:
        check_round_trip(body)


def check_round_trip(body: bytes) -> None:
    """Assert that a models response is the same after going through the files of a snapshot."""
    rows = validate.validate_list(MODELS, loads(body)).rows
    state = snapshot.make_empty_snapshot() | {"models": {(row["id"],): row for row in rows}}
    files = snapshot.format_snapshot_files(state)
    restored = snapshot.parse_snapshot_files(files.get)["models"]
    sent = {row["id"]: row for row in exactly(body)["data"]}
    assert {key[0] for key in restored} == sent.keys()
    for (key,), row in restored.items():
        assert unordered(exactly(dumps(row))) == unordered(sent[key]), key
    assert snapshot.format_snapshot_files(snapshot.parse_snapshot_files(files.get)) == files
