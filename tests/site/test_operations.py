"""How the archive reports on itself: the last run for people, for programs and for Prometheus."""

import datetime as dt
import re
from pathlib import Path

from click.testing import CliRunner

from orarchive.cli.main import main as orarchive_command
from orarchive.sample import START, sample_service
from orarchive.timestamps import HOUR, format_hour, format_stamp
from tests.support.api import read_data
from tests.support.archives import Stage, build_payloads
from tests.support.browser import build_site, read_files
from tests.support.pages import Html
from tests.support.rankings import EARLY, stage_in


def test_the_ledger_counts_what_was_repeated(stage: Stage) -> None:
    """Count repeats after a 429 apart from others; leave out both counts where nothing was repeated."""
    stage.service.fail("models", "429", times=2)
    stage.service.fail("providers", "503", times=1)
    assert stage.run(START) == 0
    models, providers, zdr = (stage.read_report(name) for name in ("models", "providers", "zdr"))
    assert (models["requests"], models["retries"], models["limited"]) == (4, 2, 2), "one is the count"
    assert (providers["requests"], providers["retries"]) == (2, 1)
    assert "limited" not in providers
    assert not {"retries", "limited"} & zdr.keys()


def test_the_last_run_is_described(stage: Stage, tmp_path: Path) -> None:
    """Name its duration, the feeds that were not good, models added and missing; two attempts are one run.

    The duration is that of the attempts, without the 2,400 seconds between them.
    """
    assert stage.run(START) == 0
    bodies = build_payloads(START)
    rows = [row for row in bodies["models"]["data"] if row["id"] != "~openai/gpt-latest"]
    bodies["models"]["data"] = rows
    bodies["models"]["total_count"] = bodies["models/count"]["data"]["count"] = len(bodies["models"]["data"])
    stage.serve(bodies)
    stage.service.fail("providers", "503")
    stage.service.fail("models", "429", times=1)
    assert stage.run(START + HOUR) == 1
    site = build_site(stage.root, tmp_path / "site")
    status = read_data(site, "status")
    run = status["last_run"]
    assert (run["hour"], status["next_expected"]) == (
        format_stamp(START + HOUR),
        format_stamp(START + 2 * HOUR),
    )
    assert (run["outcome"], run["not_good"]) == ("not good", ["providers"])
    assert (run["models_added"], run["models_missing"]) == (0, 1)
    assert run["records"]["models"] == len(bodies["models"]["data"])
    assert run["rate_limited"] == 1
    assert run["retries"] == 1 + 3, "the models once, the providers three times"
    page = Html(site["status/index.html"]).text
    assert "not good: providers" in page
    assert "4 retries, 1 rate-limited" in page
    assert "0 added, 1 missing" in page

    stage.service.heal()
    assert stage.run(START + HOUR, now=START + HOUR + dt.timedelta(minutes=40)) == 0
    again = read_data(build_site(stage.root, tmp_path / "again"), "status")["last_run"]
    assert (again["outcome"], again["requests"]) == ("ok", run["requests"] + 1)
    assert again["seconds"] == 0, "the minutes between two attempts are no work"


def test_metrics_are_what_prometheus_reads(stage: Stage, tmp_path: Path) -> None:
    """Give each metric its help and its type, and each sample a number."""
    assert stage.run(START) == 0
    text = build_site(stage.root, tmp_path / "site")["metrics.prom"].decode()
    names = re.findall(r"^# HELP (\S+) .+\n# TYPE \1 gauge$", text, re.MULTILINE)
    samples = re.findall(r"^(\w+)(?:\{[^}]*\})? ([\d.]+)$", text, re.MULTILINE)
    assert len(samples) + 2 * len(names) == len(text.splitlines())
    assert {name for name, _ in samples} == set(names)
    required = {"sync_duration", "sync_errors", "sync_requests", "sync_retries", "sync_rate_limited"}
    required |= {"models_total", "models_added"}
    assert {f"openrouter_{name}" for name in required} <= set(names)
    models = len(build_payloads(START)["models"]["data"])
    assert ("openrouter_models_total", str(models)) in samples
    assert 'openrouter_coverage{feed="models",hours="24"} 0.04166666667' in text
    assert "metrics.prom" in read_files(tmp_path / "site")


def run_report(stage: Stage, now: dt.datetime) -> tuple[int, str]:
    """Run `report` as the Watch workflow does; return its exit code and output."""
    arguments = ["report", "--archive", str(stage.root), "--now", format_hour(now)]
    result = CliRunner().invoke(orarchive_command, arguments)
    return result.exit_code, result.output


def test_a_report_names_each_trouble(stage: Stage) -> None:
    """Name a feed that stopped, with the reasons, and a day with few good hours, until both recover."""
    for n in range(20):
        assert stage.run(START + n * HOUR, feeds=("models", "providers")) == 0
    assert run_report(stage, START + 19 * HOUR) == (
        0,
        f"All is well as of {format_hour(START + 19 * HOUR)}.\n",
    )
    code, output = run_report(stage, START + 27 * HOUR)
    assert code == 3
    assert "- only 16 of the last 24 hours are good for models, providers" in output
    assert "in 16 of them a run was made\n" in output
    stage.service.fail("providers", "503")
    for n in range(20, 46):
        assert stage.run(START + n * HOUR, feeds=("models", "providers")) == 1
    code, output = run_report(stage, START + 45 * HOUR)
    assert code == 3
    assert f"- providers has no good hour since {format_hour(START + 19 * HOUR)}: 503 (24)" in output
    assert "0 of the last 24 hours are good for providers; in 24 of them a run was made: 503 (24)\n" in output
    assert "models" not in output
    stage.service.heal()
    for n in range(46, 70):
        assert stage.run(START + n * HOUR, feeds=("models", "providers")) == 0
    assert run_report(stage, START + 69 * HOUR)[0] == 0
    assert "no run requested it in the last day" in run_report(stage, START + 100 * HOUR)[1]


def test_an_archive_that_never_had_an_hour_is_ill(stage: Stage) -> None:
    text = "No hour is archived yet: no run has ended well, or none was started.\n"
    assert run_report(stage, START) == (3, text)


def test_a_young_archive_is_well(stage: Stage) -> None:
    """Judge an archive that is younger than a day by the hours it could have."""
    for n in range(9):
        assert stage.run(START + n * HOUR, feeds=("models",)) == 0
    assert run_report(stage, START + 8 * HOUR)[0] == 0
    code, output = run_report(stage, START + 12 * HOUR)
    assert (code, "9 of the last 13 hours are good for models" in output) == (3, True)


def test_rankings_that_fail_are_reported(tmp_path: Path) -> None:
    """Report a wrong key in the API, in the metrics and in the report."""
    with sample_service(EARLY) as service:
        stage = stage_in(service, tmp_path)
        stage.options["key"] = "another key"
        assert stage.run(EARLY, feeds=("models", "providers"), rankings=True) == 1
        code, output = run_report(stage, EARLY + HOUR)
    assert code == 3
    assert "- rankings models was not read in the last two days: 401 (1)\n" in output
    assert "rankings order" not in output
    site = build_site(stage.root, tmp_path / "site")
    run = read_data(site, "status")["last_run"]
    assert run["outcome"] == "not good"
    assert "rankings models" in run["not_good"] and "rankings order" not in run["not_good"]
    assert f"openrouter_sync_errors {len(run['not_good'])}\n" in site["metrics.prom"].decode()


def test_an_hour_that_failed_is_not_the_last_complete_one(stage: Stage, tmp_path: Path) -> None:
    """Name the last complete hour apart from the last hour."""
    assert stage.run(START) == 0
    stage.service.fail("models", "503")
    assert stage.run(START + HOUR) == 1
    status = read_data(build_site(stage.root, tmp_path / "site"), "status")
    assert (status["hour"], status["last_complete"]) == (format_stamp(START + HOUR), format_stamp(START))
